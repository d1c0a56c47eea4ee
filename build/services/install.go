package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// binaries are where the programs are: a directory for Postgres, files for Redis, the browser and the second renderer of SVG.
type binaries struct{ postgres, redis, chromium, rsvg string }

// browsers are the names under which systems install Chromium, the best one first.
var browsers = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

// dejavu is where systems keep the font that pages are compared in.
var dejavu = []string{"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/*/DejaVuSans.ttf", "/usr/share/fonts/*/*/DejaVuSans.ttf"}

// debianPostgres is where Debian keeps the programs of each version.
const debianPostgres = "/usr/lib/postgresql/*/bin/postgres"

// locate finds the programs, and installs what is missing where it can.
func locate(ctx context.Context, browser bool) (binaries, error) {
	found, missing := look(browser)
	if len(missing) == 0 {
		return found, nil
	}
	if err := install(ctx, missing); err != nil {
		return found, err
	}
	if found, missing = look(browser); len(missing) > 0 {
		return found, fmt.Errorf("%s was installed and is still not found", strings.Join(missing, ", "))
	}
	return found, nil
}

// look returns what is there, and the Debian packages of what is not.
func look(browser bool) (found binaries, missing []string) {
	if path, err := exec.LookPath("postgres"); err == nil {
		found.postgres = filepath.Dir(path)
	} else if newest := newestPostgres(); newest != "" {
		found.postgres = filepath.Dir(newest)
	} else {
		missing = append(missing, "postgresql")
	}
	var err error
	if found.redis, err = exec.LookPath("redis-server"); err != nil {
		missing = append(missing, "redis-server")
	}
	if browser {
		missing = append(missing, lookForRenderers(&found)...)
	}
	return found, missing
}

// lookForRenderers finds what draws pages and pictures, and the font that both draw in.
func lookForRenderers(found *binaries) (missing []string) {
	for _, name := range browsers {
		if found.chromium == "" {
			found.chromium, _ = exec.LookPath(name) // empty where there is none
		}
	}
	if found.chromium == "" {
		missing = append(missing, "chromium")
	}
	var err error
	if found.rsvg, err = exec.LookPath("rsvg-convert"); err != nil {
		missing = append(missing, "librsvg2-bin")
	}
	for _, pattern := range dejavu {
		if paths, _ := filepath.Glob(pattern); len(paths) > 0 { // fails for a bad pattern only
			return missing
		}
	}
	return append(missing, "fonts-dejavu-core")
}

func newestPostgres() string {
	paths, _ := filepath.Glob(debianPostgres) // fails for a bad pattern only
	slices.SortFunc(paths, func(x, y string) int { return version(x) - version(y) })
	if len(paths) == 0 {
		return ""
	}
	return paths[len(paths)-1]
}

// version returns the 15 of /usr/lib/postgresql/15/bin/postgres.
func version(path string) int {
	number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return number
}

// install installs Debian packages, which only root can, and leaves no service running.
func install(ctx context.Context, packages []string) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("the tests need Postgres, Redis, Chromium and librsvg; install the packages %s (on Debian: apt-get install %s), or run this as root",
			strings.Join(packages, " and "), strings.Join(packages, " "))
	}
	fmt.Fprintln(os.Stderr, "services: installing", strings.Join(packages, " "))
	first := aptGet(ctx, apt, append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
	if first == nil {
		return nil
	}
	// A machine that is new has no lists of packages yet.
	if err := aptGet(ctx, apt, "update"); err != nil {
		return errors.Join(first, err)
	}
	return aptGet(ctx, apt, append([]string{"install", "-y", "--no-install-recommends"}, packages...)...)
}

func aptGet(ctx context.Context, apt string, arguments ...string) error {
	process := exec.CommandContext(ctx, apt, append([]string{"-q"}, arguments...)...) //nolint:gosec // apt-get with our arguments
	// RUNLEVEL=1 keeps packages from starting their services.
	process.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
	if out, err := process.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", arguments[0], err, out)
	}
	return nil
}
