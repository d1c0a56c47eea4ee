package main

import (
	"encoding/json"
	"os"
)

// printed is how a command prints what it found: for people, or for programs as the API has it.
type printed struct {
	Output string `help:"How to print: text or json." short:"o" enum:"text,json" default:"text"`
}

// json prints the value if that is asked for, and reports whether it is.
func (p printed) json(value any) (bool, error) {
	if p.Output != "json" {
		return false, nil
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return true, encoder.Encode(value)
}
