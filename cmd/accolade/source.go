package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

type sourceCommand struct {
	List   sourceListCommand   `cmd:"" help:"List the configured sources."`
	Add    sourceAddCommand    `cmd:"" help:"Add a source to the configuration file, and with a token its hooks to the forge."`
	Remove sourceRemoveCommand `cmd:"" help:"Take a source out of the configuration file, and its hooks from the forge."`
	Check  sourceCheckCommand  `cmd:"" help:"Say what is missing for sources to work."`
}

// configured is the configuration file that a command works on.
type configured struct {
	Config string `help:"The configuration file." env:"ACCOLADE_CONFIG" placeholder:"FILE"`
	URL    string `name:"url" help:"The service's address as forges reach it; default: the configured base_url." placeholder:"URL"`
}

// load reads the file with the environment; there need not be a file yet.
func (c configured) load() (text []byte, cfg app.Config, err error) {
	if c.Config == "" {
		return nil, cfg, errors.New("which configuration file? Set ACCOLADE_CONFIG, for this command and for the service, or say --config FILE")
	}
	text, err = os.ReadFile(c.Config)
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return nil, cfg, fmt.Errorf("reading the configuration: %w", err)
	}
	cfg, err = config.Load(func(name string) string {
		switch {
		case name == config.FileVariable && missing:
			return ""
		case name == config.FileVariable:
			return c.Config
		}
		return os.Getenv(name)
	})
	return text, cfg, err
}

// hookURL returns where the hooks of a source deliver to.
func (c configured) hookURL(cfg app.Config, name string) (string, error) {
	base := c.URL
	if base == "" {
		base = cfg.BaseURL
	}
	address, err := forgeapi.HookURL(base, name)
	if err != nil {
		return "", errors.New("how do forges reach the service? Set base_url in its configuration, or say --url https://accolade.example.com")
	}
	return address, nil
}

func sourceNamed(cfg app.Config, name string) (forge.Source, error) {
	for _, source := range cfg.Sources {
		if source.Name == name {
			return source, nil
		}
	}
	return forge.Source{}, fmt.Errorf("there is no source %q; accolade source list shows those that there are", name)
}

type sourceListCommand struct {
	configured
	printed
}

// listedSource is a source without its secrets.
type listedSource struct {
	Name     string   `json:"name"`
	Forge    string   `json:"forge"`
	BaseURL  string   `json:"base_url"`
	Projects []string `json:"projects"`
	Token    bool     `json:"token"`
	DryRun   bool     `json:"dry_run"`
}

// Run prints the sources.
func (c sourceListCommand) Run() error {
	_, cfg, err := c.load()
	if err != nil {
		return err
	}
	listed := make([]listedSource, len(cfg.Sources))
	for i, s := range cfg.Sources {
		listed[i] = listedSource{Name: s.Name, Forge: s.Forge, BaseURL: s.BaseURL, Projects: append([]string{}, s.Projects...), Token: s.Token != "", DryRun: s.DryRun}
	}
	if done, err := c.json(listed); done {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tFORGE\tADDRESS\tPROJECTS\tTOKEN\tON TRIAL")
	for _, s := range listed {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Forge, s.BaseURL, strings.Join(s.Projects, " "), yesNo(s.Token), yesNo(s.DryRun))
	}
	return table.Flush()
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

type sourceRemoveCommand struct {
	configured

	Name      string `arg:"" help:"The name of the source." placeholder:"NAME"`
	KeepHooks bool   `help:"Leave the hooks on the forge as they are."`
	DryRun    bool   `help:"Change nothing; say what would be done."`
}

// Run deletes the hooks, then the entry, then the secret that was made for it: in this order, so that what failed can be
// tried again.
func (c sourceRemoveCommand) Run(ctx context.Context) error {
	text, cfg, err := c.load()
	if err != nil {
		return err
	}
	source, err := sourceNamed(cfg, c.Name)
	if err != nil {
		return err
	}
	removed, err := config.RemoveSource(text, c.Name)
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("the source %q is not in %s", c.Name, c.Config)
	}
	if err != nil {
		return err
	}
	if !c.KeepHooks && source.Token != "" && len(source.Projects) > 0 {
		if err := c.removeHooks(ctx, cfg, source); err != nil {
			return err
		}
	}
	secret, err := c.secretFile(c.Name)
	if err != nil {
		return err
	}
	if c.DryRun {
		fmt.Printf("would take the source %q out of %s\n", c.Name, c.Config)
		return nil
	}
	if err := replaceFile(c.Config, string(removed)); err != nil {
		return err
	}
	if err := os.Remove(secret); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the source is removed, but not its secret: %w", err)
	}
	fmt.Printf("the source %q is removed; restart the service to let it know\n", c.Name)
	return nil
}

func (c sourceRemoveCommand) removeHooks(ctx context.Context, cfg app.Config, source forge.Source) error {
	address, err := c.hookURL(cfg, source.Name)
	if err != nil {
		return err
	}
	api, err := forgeapi.New(source, forgeapi.Config{})
	if err != nil {
		return err
	}
	hooks, err := api.Hooks(ctx, address)
	if err != nil {
		return fmt.Errorf("finding the hooks (say --keep-hooks to leave them): %w", err)
	}
	for _, hook := range hooks {
		switch {
		case hook.ID == "":
		case c.DryRun:
			fmt.Printf("would delete the hook of %s\n", hook.Place)
		default:
			if err := api.DeleteHook(ctx, hook); err != nil {
				return fmt.Errorf("deleting the hook of %s (say --keep-hooks to leave it): %w", hook.Place, err)
			}
			fmt.Printf("the hook of %s is deleted\n", hook.Place)
		}
	}
	return nil
}
