package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker in a release.
var version string

type versionCommand struct{}

// Run prints the version, and how the binary was built.
func (versionCommand) Run() error { //nolint:unparam // kong calls it
	name := version
	if info, ok := debug.ReadBuildInfo(); ok && name == "" {
		name = info.Main.Version
	}
	fmt.Printf("accolade %s (%s, %s/%s)\n", name, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
