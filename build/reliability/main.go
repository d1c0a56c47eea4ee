// Command reliability says what the service withstands, and by which tests that is known: docs/reliability.md.
//
//	go run ./build/reliability                       write the page from rows.yaml and the last results
//	go run ./build/reliability -run all              run the tests of all rows first
//	go run ./build/reliability -run 15,23-33         or of some
//	go run ./build/reliability -run all -short       processes are killed and frozen a tenth as often
//
// rows.yaml holds the faults, each with the tests that try it. A test whose name begins with TestRow and a number belongs to
// that row without being listed. The results are kept in docs/reliability.json, so that rows can be run a few at a time.
// It may import only what reads YAML; the tests run in processes of their own, with what build/services offers.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

const (
	pagePath    = "docs/reliability.md"
	resultsPath = "docs/reliability.json"
)

func main() {
	which := flag.String("run", "", "rows whose tests to run: all, or as 15,23-33")
	short := flag.Bool("short", false, "run those that take long for a tenth of their time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, ".", *which, *short)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "reliability:", err)
		os.Exit(1)
	}
}

// run writes the page of the repository at root, after running the tests of the rows that are named.
func run(ctx context.Context, root, which string, short bool) error {
	rows, err := gather(root)
	if err != nil {
		return err
	}
	results, err := readResults(filepath.Join(root, resultsPath))
	if err != nil {
		return err
	}
	failed := 0
	if which != "" {
		chosen, err := choose(rows, which)
		if err != nil {
			return err
		}
		if failed, err = results.run(ctx, root, chosen, short); err != nil {
			return err
		}
		if err := results.write(filepath.Join(root, resultsPath)); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(root, pagePath), []byte(page(rows, results)), 0o644); err != nil { //nolint:gosec // everybody may read the page
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d tests failed", failed)
	}
	return nil
}
