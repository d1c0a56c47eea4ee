// Command errors writes the list of every code that the service answers with: docs/errors.md.
//
//	go run ./build/errors > docs/errors.md
//
// It reads the sources of the rooms and follows the faults that they make: from package fault through
// functions that are given a code, a text or a field. It fails on a code that is neither a literal nor a constant,
// for nobody could look such a code up. It may import fault, and problem for the statuses.
package main

import (
	"fmt"
	"io"
	"os"
)

// module is what the rooms' import paths begin with.
const module = "github.com/seed-504bad89/accolade/internal/"

func main() {
	if err := run(os.Stdout, "internal"); err != nil {
		fmt.Fprintln(os.Stderr, "errors:", err)
		os.Exit(1)
	}
}

// run writes the page about the rooms below the directory.
func run(w io.Writer, root string) error {
	house, err := read(root)
	if err != nil {
		return err
	}
	found, err := house.faults()
	if err != nil {
		return err
	}
	write(w, found)
	return nil
}

// skipped are the rooms whose faults never are answers: the configuration's are told at start, the
// others' nowhere.
var skipped = map[string]bool{"config": true, "testkit": true, "bench": true}

// atStart are the functions of the other rooms that run before anything is served, and once.
var atStart = map[string]bool{
	"automation.New": true, "forge.Check": true, "store.Open": true, "store.parsePostgres": true, "store.Check": true, "store.lockFile": true,
	"notify.ParseSender": true, "notify.badServer": true,
	"operation.EnsureAdmin": true, "operation.checkAdminToken": true, "operation.adminUser": true,
}
