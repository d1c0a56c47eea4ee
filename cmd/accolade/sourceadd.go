package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

type sourceAddCommand struct {
	configured

	Forge     string   `arg:"" help:"The kind of forge: github, gitlab, gitea, forgejo, bitbucket, bitbucket-server or cloudevents." placeholder:"FORGE"`
	Name      string   `arg:"" optional:"" help:"What to call the source; default: as the forge." placeholder:"NAME"`
	Project   []string `help:"A repository (acme/rocket), or a group or organisation (acme) for all of its; may be repeated." placeholder:"PATH"`
	BaseURL   string   `help:"Where the forge is, unless it is the public one of its kind." placeholder:"URL"`
	APIURL    string   `name:"api-url" help:"Where its API is, if that does not follow from its address." placeholder:"URL"`
	TokenFile string   `help:"A file with a token of the forge's API: with it the hooks are made, too." placeholder:"FILE"`
	DryRun    bool     `help:"Change nothing; say what would be done."`
}

// Run adds the source unless it is there, and makes its hooks unless they are there.
func (c sourceAddCommand) Run(ctx context.Context) error {
	text, cfg, err := c.load()
	if err != nil {
		return err
	}
	c.Name = cmp.Or(c.Name, c.Forge)
	source, err := sourceNamed(cfg, c.Name)
	fresh := err != nil
	if !fresh && source.Forge != c.Forge {
		return fmt.Errorf("there is a source %q already, of %s: choose another name", c.Name, source.Forge)
	}
	if fresh {
		if source, err = c.write(text); err != nil {
			return err
		}
	} else {
		fmt.Printf("the source %q is in %s already\n", c.Name, c.Config)
		if source, err = c.complete(text, source); err != nil {
			return err
		}
	}
	if source.Token == "" || len(source.Projects) == 0 {
		return c.explain(cfg, source)
	}
	return c.hook(ctx, cfg, source)
}

// secretFile returns the file that the secret of a source is kept in, beside the configuration.
func (c configured) secretFile(name string) (string, error) {
	path, err := filepath.Abs(c.Config)
	if err != nil {
		return "", fmt.Errorf("finding the configuration: %w", err)
	}
	return filepath.Join(filepath.Dir(path), name+".secret"), nil
}

// write adds the source to the file, and returns it as the service will know it.
func (c sourceAddCommand) write(text []byte) (forge.Source, error) {
	secretFile, err := c.secretFile(c.Name)
	if err != nil {
		return forge.Source{}, err
	}
	entry := config.Entry{Name: c.Name, Forge: c.Forge, SecretFile: secretFile, BaseURL: c.BaseURL, APIURL: c.APIURL, Projects: c.Project}
	source := forge.Source{Name: c.Name, Forge: c.Forge, BaseURL: c.BaseURL, APIURL: c.APIURL, Projects: c.Project}
	if c.TokenFile != "" {
		if entry.TokenFile, source.Token, err = c.token(); err != nil {
			return source, err
		}
	}
	secret, known, err := c.secret(secretFile)
	if err != nil {
		return source, err
	}
	source.Secrets = []string{secret}
	if err := source.Check(); err != nil {
		return source, err
	}
	added, err := config.AddSource(text, entry)
	if err != nil {
		return source, err
	}
	if c.DryRun {
		fmt.Printf("would make the secret %s and write into %s:\n\n%s\n", secretFile, c.Config, difference(text, added))
		return source, nil
	}
	if !known {
		if err := replaceFile(secretFile, secret+"\n"); err != nil {
			return source, err
		}
		if err := ownAs(secretFile, c.Config); err != nil {
			return source, err
		}
	}
	if _, err := config.Check(added); err != nil {
		return source, fmt.Errorf("the configuration would not load any more, and is as it was: %w", err)
	}
	if err := replaceFile(c.Config, string(added)); err != nil {
		return source, err
	}
	fmt.Printf("the source %q is in %s, its secret in %s; restart the service to let it know\n", c.Name, c.Config, secretFile)
	return source, nil
}

// complete adds to the entry of a source that is there what it does not say yet.
func (c sourceAddCommand) complete(text []byte, source forge.Source) (forge.Source, error) {
	entry := config.Entry{Name: c.Name, BaseURL: c.BaseURL, APIURL: c.APIURL, Projects: c.Project}
	if c.TokenFile != "" && source.Token == "" {
		var err error
		if entry.TokenFile, source.Token, err = c.token(); err != nil {
			return source, err
		}
	}
	completed, changed, err := config.CompleteSource(text, entry)
	switch {
	case err != nil || !changed:
		return source, err
	case c.DryRun:
		fmt.Printf("would write into %s:\n\n%s\n", c.Config, difference(text, completed))
	default:
		if err := replaceFile(c.Config, string(completed)); err != nil {
			return source, err
		}
		fmt.Printf("its entry is completed; restart the service to let it know\n")
	}
	cfg, err := config.Check(completed)
	if err != nil {
		return source, err
	}
	return sourceNamed(cfg, c.Name)
}

// token returns the file with the forge's token, and the token.
func (c sourceAddCommand) token() (file, token string, err error) {
	if file, err = filepath.Abs(c.TokenFile); err != nil {
		return "", "", fmt.Errorf("finding the token: %w", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", "", fmt.Errorf("reading the token: %w", err)
	}
	if token = strings.TrimSpace(string(text)); token == "" {
		return "", "", fmt.Errorf("%s holds no token", c.TokenFile)
	}
	return file, token, nil
}

// secret returns the secret that was made for a source before, or a new one: 32 random bytes in hex.
func (sourceAddCommand) secret(file string) (secret string, known bool, err error) {
	kept, err := os.ReadFile(file)
	if err == nil && strings.TrimSpace(string(kept)) != "" {
		return strings.TrimSpace(string(kept)), true, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", false, fmt.Errorf("reading the secret: %w", err)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // It never fails: see crypto/rand.
	return hex.EncodeToString(random), false, nil
}

// difference returns the lines that were added.
func difference(before, after []byte) string {
	had := map[string]int{}
	for line := range strings.Lines(string(before)) {
		had[strings.TrimRight(line, "\r\n")]++
	}
	var added strings.Builder
	for line := range strings.Lines(string(after)) {
		line = strings.TrimRight(line, "\r\n")
		had[line]--
		if had[line] < 0 {
			added.WriteString("+ " + line + "\n")
		}
	}
	return added.String()
}

// hook makes the hooks of a source on its forge. One that is refused hinders no other.
func (c sourceAddCommand) hook(ctx context.Context, cfg app.Config, source forge.Source) error {
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
		return fmt.Errorf("the source is configured, but its hooks are not made: %w\nrun the same command again when that is mended", err)
	}
	var failed []error
	for _, hook := range hooks {
		if c.DryRun {
			fmt.Printf("would see to the hook of %s\n", hook.Place)
			continue
		}
		changed, err := api.PutHook(ctx, hook, forgeapi.HookWish{URL: address, Secret: source.Secrets[0]})
		switch {
		case err != nil:
			failed = append(failed, fmt.Errorf("the hook of %s is not made: %w", hook.Place, err))
		case !changed:
			fmt.Printf("the hook of %s is there already\n", hook.Place)
		case hook.ID == "":
			fmt.Printf("the hook of %s is made\n", hook.Place)
		default:
			fmt.Printf("the hook of %s is mended\n", hook.Place)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%w\nrun the same command again when that is mended", errors.Join(failed...))
	}
	return nil
}

// explain says what is left to be done by hand.
func (c sourceAddCommand) explain(cfg app.Config, source forge.Source) error {
	address, err := c.hookURL(cfg, source.Name)
	if err != nil {
		return err
	}
	secretFile, err := c.secretFile(source.Name)
	if err != nil {
		return err
	}
	fmt.Printf("\nMake a webhook on the forge:\n  URL     %s\n  secret  what is in %s\n", address, secretFile)
	fmt.Printf("docs/forges/%s.md has every click. With --token-file and --project it is made for you.\n", source.Forge)
	return nil
}
