package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

type sourceCheckCommand struct {
	configured
	printed

	Name string `arg:"" optional:"" help:"The name of a source; default: all." placeholder:"NAME"`
}

// finding is one thing that was looked at.
type finding struct {
	Source string `json:"source"`
	OK     bool   `json:"ok"`
	What   string `json:"what"`
	// Remedy is what to do about it.
	Remedy string `json:"remedy,omitempty"`
}

// Run looks at everything that a source needs, and fails when something is missing.
func (c sourceCheckCommand) Run(ctx context.Context) error {
	_, cfg, err := c.load()
	if err != nil {
		return err
	}
	sources := cfg.Sources
	if c.Name != "" {
		source, err := sourceNamed(cfg, c.Name)
		if err != nil {
			return err
		}
		sources = []forge.Source{source}
	}
	if len(sources) == 0 {
		return errors.New("no source is configured: add one by accolade source add")
	}
	findings := []finding{}
	for _, source := range sources {
		findings = append(findings, c.look(ctx, cfg, source)...)
	}
	inJSON, err := c.json(findings)
	if err != nil {
		return err
	}
	wrong := 0
	for _, f := range findings {
		if !f.OK {
			wrong++
		}
		if !inJSON {
			printFinding(os.Stdout, f)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d things are wrong or missing", wrong, len(findings))
	}
	return nil
}

func printFinding(out io.Writer, f finding) {
	if f.OK {
		fmt.Fprintf(out, "ok      %s: %s\n", f.Source, f.What)
		return
	}
	fmt.Fprintf(out, "WRONG   %s: %s\n        %s\n", f.Source, f.What, f.Remedy)
}

func (c sourceCheckCommand) look(ctx context.Context, cfg app.Config, source forge.Source) []finding {
	good := func(what string) finding { return finding{source.Name, true, what, ""} }
	wrong := func(what, remedy string) finding { return finding{source.Name, false, what, remedy} }
	var found []finding
	address, err := c.hookURL(cfg, source.Name)
	if err != nil {
		found = append(found, wrong("it is not known where forges reach the service", err.Error()))
	} else {
		found = append(found, knock(ctx, source.Name, address))
	}
	if source.DryRun {
		found = append(found, wrong("it is on trial: its deliveries cause nothing", "take dry_run out of its configuration when you have seen enough"))
	}
	switch {
	case source.Forge == forge.CloudEvents:
		return found
	case source.Token == "":
		return append(found, wrong("it has no token, so that nothing more can be looked at; imports and reconciling need one too",
			"set token_file; docs/sources.md says what the token must be allowed"))
	case len(source.Projects) == 0:
		return append(found, wrong("it names no projects", "list the repositories or groups that it is for in projects"))
	}
	api, err := forgeapi.New(source, forgeapi.Config{})
	if err != nil {
		return append(found, wrong("its forge cannot be asked", err.Error()))
	}
	if err := api.Ask(ctx); err != nil {
		return append(found, wrong("its forge does not answer as it should", err.Error()))
	}
	found = append(found, good("its forge answers, and knows the token"))
	if address == "" {
		return found
	}
	hooks, err := api.Hooks(ctx, address)
	if err != nil {
		return append(found, wrong("its hooks cannot be looked at: "+err.Error(), "let the token read and write webhooks; docs/sources.md says how"))
	}
	for _, hook := range hooks {
		found = append(found, ofHook(source, hook))
	}
	return found
}

func ofHook(source forge.Source, hook forgeapi.Hook) finding {
	remedy := fmt.Sprintf("run accolade source add %s %s", source.Forge, source.Name)
	switch {
	case hook.ID == "":
		return finding{source.Name, false, hook.Place + " has no hook", remedy}
	case !hook.Active:
		return finding{source.Name, false, "the hook of " + hook.Place + " is switched off", remedy}
	case len(hook.Missing) > 0:
		return finding{source.Name, false, "the hook of " + hook.Place + " does not tell of " + strings.Join(hook.Missing, ", "), remedy}
	case hook.Problem != "":
		return finding{source.Name, false, "the hook of " + hook.Place + ": " + hook.Problem, "look at its deliveries on the forge; docs/forges/" + source.Forge + ".md says where"}
	}
	return finding{source.Name, true, "the hook of " + hook.Place + " is there and tells of everything", ""}
}

// knock sends an unsigned delivery, which a service that knows the source refuses and does not keep.
func knock(ctx context.Context, name, address string) finding {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("{}"))
	if err != nil {
		return finding{name, false, address + " is no address", "set base_url to where forges reach the service"}
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return finding{name, false, "the service does not answer at " + address + ": " + err.Error(), "start it, or set base_url to where forges reach it"}
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return finding{name, true, "the service answers at " + address + " and refuses what is not signed", ""}
	case http.StatusNotFound:
		return finding{name, false, "the service at " + address + " does not know the source", "restart it after changing its configuration"}
	}
	return finding{name, false, address + " answers " + answer.Status, "set base_url to where forges reach the service"}
}
