package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is how a test ended, when, and on which machine.
type result struct {
	Outcome string  `json:"outcome"` // pass, fail or skip
	Seconds float64 `json:"seconds"`
	Date    string  `json:"date"`
	Machine string  `json:"machine"`
	// Short says that it took a tenth of its time.
	Short bool `json:"short,omitempty"`
}

// results are the last ones of every test, by what test.String says of it.
type results map[string]result

func readResults(path string) (results, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return results{}, nil
	}
	if err != nil {
		return nil, err
	}
	read := results{}
	err = json.Unmarshal(text, &read)
	return read, err
}

func (r results) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // everybody may read it
}

// run runs the tests of the rows, a package at a time, and returns how many failed.
func (r results) run(ctx context.Context, root string, rows []row, short bool) (failed int, err error) {
	type place struct{ room, tag string }
	names := map[place][]string{}
	for _, one := range rows {
		for _, t := range one.tried {
			at := place{t.room, t.tag}
			if !slices.Contains(names[at], t.name) {
				names[at] = append(names[at], t.name)
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(names), func(a, b place) int { return strings.Compare(a.room+a.tag, b.room+b.tag) })
	date, host := time.Now().UTC().Format(time.DateOnly), machine()
	for _, at := range order {
		fmt.Fprintf(os.Stderr, "%s: %d tests\n", at.room, len(names[at]))
		short := short && at.tag != "" // only those that are asked for by a tag take long
		ended, err := goTest(ctx, root, at.room, at.tag, short, names[at])
		if err != nil {
			return failed, err
		}
		for _, name := range names[at] {
			got, ok := ended[name]
			if !ok {
				got.Outcome = "fail" // it was never reached: its package did not build, or another test ended the process
			}
			if got.Outcome == "fail" {
				failed++
				fmt.Fprintf(os.Stderr, "FAIL %s.%s\n", at.room, name)
			}
			got.Date, got.Machine, got.Short = date, host, short
			r[at.room+"."+name] = got
		}
	}
	return failed, nil
}

// goTest runs tests of one package and returns how each ended. That some fail is no error.
func goTest(ctx context.Context, root, room, tag string, short bool, names []string) (map[string]result, error) {
	command := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=2h", fmt.Sprintf("-short=%t", short), "-tags="+tag, //nolint:gosec // the names are those of our tests
		"-run=^("+strings.Join(names, "|")+")$", "./"+room)
	command.Dir = root
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Run(); err != nil {
		if _, failed := errors.AsType[*exec.ExitError](err); !failed || ctx.Err() != nil {
			return nil, err
		}
	}
	ended, said := map[string]result{}, map[string]string{}
	lines := bufio.NewScanner(&out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct {
			Action  string  `json:"Action"`
			Test    string  `json:"Test"`
			Output  string  `json:"Output"`
			Elapsed float64 `json:"Elapsed"`
		}
		if json.Unmarshal(lines.Bytes(), &event) != nil {
			continue
		}
		name, _, part := strings.Cut(event.Test, "/")
		switch event.Action {
		case "output":
			said[name] += event.Output
		case "pass", "fail", "skip":
			if !part && name != "" {
				ended[name] = result{Outcome: event.Action, Seconds: event.Elapsed}
			}
			if !part && event.Action == "fail" {
				fmt.Fprint(os.Stderr, said[name])
			}
		}
	}
	return ended, lines.Err()
}

// machine says what the tests run on.
func machine() string {
	return fmt.Sprintf("%d cores, %s/%s, %s%s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), memory())
}

// memory says how much there is, where the system tells.
func memory() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return ""
	}
	kilobytes, err := strconv.Atoi(fields[1])
	if err != nil {
		return ""
	}
	return fmt.Sprintf(", %d GiB", (kilobytes+1<<19)>>20)
}
