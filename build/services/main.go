// Command services runs a command beside a throw-away Postgres and Redis.
//
//	go run ./build/services [-durable] [-browser=false] -- go test ./...
//
// Both listen on free ports of the loopback interface, keep their files in a temporary directory,
// and are gone when the command ends, however it ends. The command finds them by the environment:
// ACCOLADE_TEST_POSTGRES_URL, ACCOLADE_TEST_REDIS_URL, and ACCOLADE_TEST_REQUIRE, which forbids
// tests to skip what needs them. ACCOLADE_TEST_CHROMIUM and ACCOLADE_TEST_RSVG are the paths of a browser and
// of another renderer of SVG, which tests start themselves. As root on Debian, missing programs are installed. It uses the standard library alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	durable := flag.Bool("durable", false, "sync every commit to the disk, as a real database does; without it tests are faster")
	browser := flag.Bool("browser", true, "find, and install, a browser and a renderer of SVG as well; the tests of pages need them")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: services [-durable] [-browser=false] -- COMMAND [ARGUMENT ...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code, err := run(ctx, options{*durable, *browser}, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "services:", err)
	}
	os.Exit(code)
}

// options are the flags.
type options struct{ durable, browser bool }

// run returns the command's exit code.
func run(ctx context.Context, options options, command []string) (code int, err error) {
	found, err := locate(ctx, options.browser)
	if err != nil {
		return 1, err
	}
	place, err := os.MkdirTemp("", "accolade-services-")
	if err != nil {
		return 1, fmt.Errorf("making a temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(place)) }()

	database := &postgres{binaries: found.postgres, place: place, durable: options.durable}
	defer func() { err = errors.Join(err, database.stop()) }()
	if err := database.start(ctx); err != nil {
		return 1, err
	}
	memory := &redis{binary: found.redis, place: place}
	defer func() { err = errors.Join(err, memory.stop()) }()
	if err := memory.start(ctx); err != nil {
		return 1, err
	}
	return execute(ctx, command, []string{
		"ACCOLADE_TEST_POSTGRES_URL=" + database.url(), "ACCOLADE_TEST_REDIS_URL=" + memory.url(),
		"ACCOLADE_TEST_CHROMIUM=" + found.chromium, "ACCOLADE_TEST_RSVG=" + found.rsvg, "ACCOLADE_TEST_REQUIRE=1",
	})
}

// execute runs the command; an interrupt is passed on to it.
func execute(ctx context.Context, command, environment []string) (int, error) {
	process := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running what it is told is its purpose
	process.Stdin, process.Stdout, process.Stderr = os.Stdin, os.Stdout, os.Stderr
	process.Env = append(os.Environ(), environment...)
	process.Cancel = func() error { return process.Process.Signal(syscall.SIGTERM) }
	process.WaitDelay = 20 * time.Second
	err := process.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, fmt.Errorf("running %s: %w", command[0], err)
	}
	return 0, nil
}
