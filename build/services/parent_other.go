//go:build !linux

package main

import "syscall"

// dieWithParent is for Linux; elsewhere a killed run may leave its servers behind.
func dieWithParent(*syscall.SysProcAttr) {}
