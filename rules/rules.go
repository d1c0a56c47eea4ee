// Package rules is the pack of rules that ships with Accolade, with its tests and pictures.
//
// It imports nothing; the command line reads the files from here when it has no others.
package rules

import "embed"

// Files are the pack's rules (*.yaml), the tests for them (*_test.yaml), and their achievements' pictures.
//
//go:embed *.yaml avatars/*.png
var Files embed.FS

// Starter are the sets to begin with: first contributions, their rhythm, and teams; with the pictures.
//
//go:embed contributions*.yaml rhythm*.yaml teams*.yaml avatars/*.png
var Starter embed.FS
