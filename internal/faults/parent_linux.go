package faults

import "syscall"

// dieWithUs has the kernel end the process when the tests end, even by SIGKILL.
func dieWithUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
