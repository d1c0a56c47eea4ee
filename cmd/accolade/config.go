package main

import (
	"fmt"
	"os"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/config"
)

type configCommand struct {
	List  configListCommand  `cmd:"" help:"List every setting with its default."`
	Check configCheckCommand `cmd:"" help:"Read the present configuration and say what is wrong with it."`
}

type configListCommand struct{}

// Run prints the settings as docs/configuration.md has them.
func (configListCommand) Run() error { //nolint:unparam // kong calls it
	config.WriteReference(os.Stdout)
	return nil
}

type configCheckCommand struct{}

// Run loads the configuration and its rules as serve would, looks whether it could write where it keeps things, and makes of it
// what needs nothing from outside. Nothing of it stays.
func (configCheckCommand) Run() error {
	for _, name := range config.Unknown(os.Environ()) {
		fmt.Fprintf(os.Stderr, "warning: %s is no setting of Accolade, and is ignored\n", name)
	}
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return err
	}
	if err := cfg.CheckPlaces(); err != nil {
		return err
	}
	seen, err := cache.NewSeen(cfg.Cache) // it does not connect
	if err != nil {
		return err
	}
	defer seen.Close()
	declared := 0
	if cfg.Rules != nil {
		files, err := app.RulesFiles(cfg.Rules)
		if err != nil {
			return err
		}
		set, err := checkRules(files)
		if err != nil {
			return err
		}
		declared = len(set.Declared())
	}
	fmt.Printf("The configuration is good: %d sources, %d achievements by rules, listening on %s.\n", len(cfg.Sources), declared, cfg.Listen)
	return nil
}
