// Package rules is the pack of rules that ships with Accolade, with its tests.
//
// It imports nothing; the command line reads the files from here when it has no others.
package rules

import "embed"

// Files are the pack's rules (*.yaml) and the tests for them (*_test.yaml).
//
//go:embed *.yaml
var Files embed.FS
