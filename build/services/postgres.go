package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// postgres is a throw-away cluster.
type postgres struct {
	server

	binaries, place string
	durable         bool
}

// account is whom Postgres, which refuses to run as root, runs as then.
const account = "postgres"

func (p *postgres) start(ctx context.Context) error {
	data := filepath.Join(p.place, "postgres")
	identity, err := p.identity(data)
	if err != nil {
		return err
	}
	initdb := exec.CommandContext(ctx, filepath.Join(p.binaries, "initdb"), //nolint:gosec // the arguments are ours
		"--pgdata", data, "--username", "accolade", "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	initdb.SysProcAttr = identity
	initdb.Dir = data
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("making a Postgres cluster: %w\n%s", err, out)
	}
	settings := []string{"-D", data, "-k", data, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"}
	if p.durable {
		// What is measured is the service, not how Postgres reads its own pages anew.
		settings = append(settings, "-c", "shared_buffers=512MB")
	} else {
		settings = append(settings, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	return p.server.start(ctx, filepath.Join(p.place, "postgres.log"), func(port int) *exec.Cmd {
		process := exec.Command(filepath.Join(p.binaries, "postgres"), append(settings, "-p", strconv.Itoa(port))...) //nolint:noctx,gosec // stop ends it, in order; the arguments are ours
		process.SysProcAttr, process.Dir = clone(identity), data
		return process
	})
}

// identity makes the directory and returns what runs Postgres as its owner.
func (p *postgres) identity(data string) (*syscall.SysProcAttr, error) {
	if err := os.Mkdir(data, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory for Postgres: %w", err)
	}
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // as whoever we are
	}
	owner, err := user.Lookup(account)
	if err != nil {
		return nil, fmt.Errorf("finding the account that Postgres runs as: %w", err)
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the id of %s: %w", account, err)
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the group of %s: %w", account, err)
	}
	if err := os.Chown(data, int(uid), int(gid)); err != nil {
		return nil, fmt.Errorf("giving Postgres its directory: %w", err)
	}
	// The directory around it must let the account through.
	if err := os.Chmod(p.place, 0o711); err != nil { //nolint:gosec // nothing in it is secret
		return nil, fmt.Errorf("opening the temporary directory: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func clone(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attributes == nil {
		return nil
	}
	copied := *attributes
	return &copied
}

// stop shuts down fast: connections are closed, nothing is waited for.
func (p *postgres) stop() error { return p.stopWith(syscall.SIGINT) }

func (p *postgres) url() string {
	return "postgres://accolade@" + p.address() + "/postgres?sslmode=disable"
}
