//go:build !linux

package faults

import "syscall"

// dieWithUs is for Linux; elsewhere tests that are killed may leave processes behind.
func dieWithUs() *syscall.SysProcAttr { return nil }
