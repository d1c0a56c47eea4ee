package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/signin"
)

// signInKey is the key of the providers by which people sign in.
const signInKey = "sign_in"

// signInEntry is one provider as the file writes it.
type signInEntry struct {
	Name             string   `yaml:"name"`
	Kind             string   `yaml:"kind"`
	Issuer           string   `yaml:"issuer"`
	BaseURL          string   `yaml:"base_url"`
	ClientID         string   `yaml:"client_id"`
	ClientSecret     string   `yaml:"client_secret"`
	ClientSecretFile string   `yaml:"client_secret_file"`
	Source           string   `yaml:"source"`
	Title            string   `yaml:"title"`
	Scopes           []string `yaml:"scopes"`
	AdminGroup       string   `yaml:"admin_group"`
}

func applySignIn(cfg *app.Config, node ast.Node) error {
	var entries []signInEntry
	if err := yaml.NodeToValue(asTexts(node), &entries, yaml.Strict()); err != nil {
		return badYAML(err)
	}
	for i, entry := range entries {
		provider, err := entry.provider()
		if err == nil {
			err = provider.Check()
		}
		if err != nil {
			return fmt.Errorf("%s[%d] %q: %w", signInKey, i, entry.Name, err)
		}
		cfg.SignIn = append(cfg.SignIn, provider)
	}
	return nil
}

func (e signInEntry) provider() (signin.Config, error) {
	known, named := slices.Contains(signin.Kinds(), e.Kind), signin.NamesIssuer(e.Kind)
	switch {
	case e.ClientSecretFile != "" && e.ClientSecret != "":
		return signin.Config{}, fault.InvalidField("client_secret", "ambiguous", "is set beside client_secret_file; set one of them")
	case e.Issuer != "" && e.BaseURL != "":
		return signin.Config{}, fault.InvalidField("issuer", "ambiguous", "is set beside base_url; set one of them")
	case known && e.Issuer != "" && !named:
		return signin.Config{}, fault.InvalidField("issuer", "misplaced", "is for the kind oidc; say base_url for %s", e.Kind)
	case known && e.BaseURL != "" && named:
		return signin.Config{}, fault.InvalidField("base_url", "misplaced", "is for forges; say issuer for %s", e.Kind)
	}
	secret := e.ClientSecret
	if e.ClientSecretFile != "" {
		var err error
		if secret, err = readSecret(e.ClientSecretFile); err != nil {
			return signin.Config{}, err
		}
	}
	return signin.Config{
		Name: e.Name, Kind: e.Kind, URL: e.Issuer + e.BaseURL, ClientID: e.ClientID, ClientSecret: secret,
		Source: e.Source, Title: e.Title, Scopes: e.Scopes, AdminGroup: e.AdminGroup,
	}, nil
}

// checkSignIn checks the providers against everything else that is configured.
func checkSignIn(cfg *app.Config) error {
	if len(cfg.SignIn) == 0 {
		return nil
	}
	if err := checkProviders(cfg); err != nil {
		return err
	}
	address := cfg.BaseURL
	if address == "" {
		address = "http://" + cfg.Listen
	}
	parsed, err := url.Parse(address)
	if err != nil || !signin.Secure(address) || strings.Trim(parsed.Path, "/") != "" {
		return fault.InvalidField("base_url", "insecure_url",
			"must start with https:// and have no path, or be on this machine, because browsers keep sessions for such addresses alone; %s is set", signInKey)
	}
	return nil
}

// checkProviders checks the providers against each other and the sources.
func checkProviders(cfg *app.Config) error {
	sources := map[string]*forge.Source{}
	for i := range cfg.Sources {
		sources[cfg.Sources[i].Name] = &cfg.Sources[i]
	}
	names := map[string]bool{}
	for i := range cfg.SignIn {
		provider := &cfg.SignIn[i]
		err := checkSource(provider, sources)
		if names[provider.Name] {
			err = fault.InvalidField("name", "duplicate", "is the name of another provider")
		}
		if err != nil {
			return fmt.Errorf("%s[%d] %q: %w", signInKey, i, provider.Name, err)
		}
		names[provider.Name] = true
	}
	return nil
}

// checkSource keeps accounts apart that are not the same person's: ids mean something on one forge alone.
func checkSource(provider *signin.Config, sources map[string]*forge.Source) error {
	if provider.Source == "" {
		if sources[provider.Name] != nil {
			return fault.InvalidField("name", "taken", "is the name of a source; say source: %s if these are its accounts, or take another name", provider.Name)
		}
		return nil
	}
	source := sources[provider.Source]
	if source == nil {
		return fault.InvalidField("source", "unknown_source", "is the name of no source")
	}
	speaks := provider.Forge()
	if speaks != "" && speaks != source.Forge {
		return fault.InvalidField("source", "other_forge", "is a source of the forge %s, whose accounts are not those of %s", source.Forge, speaks)
	}
	if speaks != "" && source.BaseURL != "" && host(source.BaseURL) != host(provider.Address()) {
		return fault.InvalidField("source", "other_instance", "is at %s, whose accounts are not those of %s", host(source.BaseURL), host(provider.Address()))
	}
	return nil
}

func host(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(parsed.Host)
}
