package main

import "syscall"

// dieWithParent has the kernel end the process when this one ends, even by SIGKILL.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGTERM }
