// Package config gathers the settings of every room from defaults, a file and the environment,
// each overriding the one before.
//
// A setting is one row of the table in settings.go, which is also the source of the help text
// and of docs/configuration.md. The package may import the rooms whose settings it fills.
package config

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// FileVariable names the environment variable that says where the configuration file is.
const FileVariable = "ACCOLADE_CONFIG"

// sourcesKey is the key of the sources in the file; all others but signInKey are settings.
const sourcesKey = "sources"

// sourceEntry is one source as the file writes it.
type sourceEntry struct {
	Name          string   `yaml:"name"`
	Forge         string   `yaml:"forge"`
	Secret        string   `yaml:"secret"`
	SecretFile    string   `yaml:"secret_file"`
	Secrets       []string `yaml:"secrets"`
	BaseURL       string   `yaml:"base_url"`
	TrustedLogins string   `yaml:"trusted_logins"`
	Bots          []string `yaml:"bots"`
	DryRun        string   `yaml:"dry_run"`
	Token         string   `yaml:"token"`
	TokenFile     string   `yaml:"token_file"`
	APIURL        string   `yaml:"api_url"`
	Projects      []string `yaml:"projects"`
}

// Load returns the configuration. getenv is os.Getenv, or a test's own. Every fault names the
// variable or the file's key; an unknown key in the file is a fault.
func Load(getenv func(string) string) (app.Config, error) {
	cfg := Default()
	if path := getenv(FileVariable); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return app.Config{}, fmt.Errorf("reading the file that %s names: %w", FileVariable, err)
		}
		if err := applyFile(&cfg, text); err != nil {
			return app.Config{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := applyEnvironment(&cfg, getenv); err != nil {
		return app.Config{}, err
	}
	if err := checkSignIn(&cfg); err != nil {
		return app.Config{}, err
	}
	return cfg, nil
}

// Default returns the configuration without file and environment: the embedded default.
func Default() app.Config {
	var cfg app.Config
	for _, setting := range Settings() {
		if setting.Default == "" {
			continue
		}
		if err := setting.set(&cfg, setting.Default); err != nil {
			panic("the default of " + setting.Variable + " is refused: " + err.Error())
		}
	}
	return cfg
}

// applyFile sets what the file says. It is read node by node, so that faults name their lines.
func applyFile(cfg *app.Config, text []byte) (err error) {
	defer orBadYAML(&err)
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return badYAML(err)
	}
	known := map[string]Setting{}
	for _, setting := range Settings() {
		known[setting.Key] = setting
	}
	for _, document := range parsed.Docs {
		if document.Body == nil {
			continue
		}
		mapping, ok := document.Body.(*ast.MappingNode)
		if !ok {
			return fault.New(fault.Invalid, "bad_config", "the file must be a mapping of settings to values")
		}
		for _, pair := range mapping.Values {
			if err := applyPair(cfg, known, pair); err != nil {
				return err
			}
		}
	}
	return nil
}

func applyPair(cfg *app.Config, known map[string]Setting, pair *ast.MappingValueNode) error {
	key := pair.Key.GetToken()
	if key.Value == sourcesKey {
		return applySources(cfg, pair.Value)
	}
	if key.Value == signInKey {
		return applySignIn(cfg, pair.Value)
	}
	setting, ok := known[key.Value]
	if !ok {
		return fault.InvalidField(key.Value, "unknown", "is no setting of Accolade (line %d)", key.Position.Line)
	}
	value, err := written(pair.Value, setting.many)
	if err == nil && value != "" { // as with the environment, nothing is not set
		err = setting.set(cfg, value)
	}
	if err != nil {
		return fmt.Errorf("line %d: %s: %w", key.Position.Line, key.Value, err)
	}
	return nil
}

func applySources(cfg *app.Config, node ast.Node) error {
	var entries []sourceEntry
	if err := yaml.NodeToValue(asTexts(node), &entries, yaml.Strict()); err != nil {
		return badYAML(err)
	}
	for i, entry := range entries {
		source, err := entry.source()
		if err == nil && slices.ContainsFunc(cfg.Sources, func(other forge.Source) bool { return other.Name == source.Name }) {
			err = fault.InvalidField("name", "duplicate", "is the name of another source")
		}
		if err != nil {
			return fmt.Errorf("sources[%d] %q: %w", i, entry.Name, err)
		}
		cfg.Sources = append(cfg.Sources, source)
	}
	return nil
}

// orBadYAML makes an error of a panic of the YAML library, which some texts that are no YAML cause.
func orBadYAML(err *error) { //nolint:gocritic // it is deferred
	if panicked := recover(); panicked != nil {
		*err = fault.New(fault.Invalid, "bad_config", "the file is no YAML that can be understood")
	}
}

// badYAML keeps the place of the fault and leaves out the lines around it, which may hold secrets. The error itself shows them.
func badYAML(err error) error {
	return fault.New(fault.Invalid, "bad_config", "%s", yaml.FormatError(err, false, false))
}

// source reads the secrets of an entry and checks it: an empty secret is refused here, so that
// the program does not start with a door that anyone can open.
func (e sourceEntry) source() (forge.Source, error) {
	secrets := e.Secrets
	if e.Secret != "" {
		secrets = append(secrets, e.Secret)
	}
	if e.SecretFile != "" {
		secret, err := readSecret(e.SecretFile)
		if err != nil {
			return forge.Source{}, err
		}
		secrets = append(secrets, secret)
	}
	token := e.Token
	if e.TokenFile != "" {
		if token != "" {
			return forge.Source{}, fault.InvalidField("token", "ambiguous", "is set beside token_file; set one of them")
		}
		var err error
		if token, err = readSecret(e.TokenFile); err != nil {
			return forge.Source{}, err
		}
	}
	source := forge.Source{
		Name: e.Name, Forge: e.Forge, Secrets: secrets, BaseURL: e.BaseURL,
		Bots: e.Bots, Token: token, APIURL: e.APIURL, Projects: e.Projects,
	}
	for _, truth := range []struct {
		field, written string
		to             *bool
	}{{"trusted_logins", e.TrustedLogins, &source.TrustedLogins}, {"dry_run", e.DryRun, &source.DryRun}} {
		if truth.written == "" {
			continue
		}
		if err := setBool(truth.to, truth.written); err != nil {
			return forge.Source{}, fmt.Errorf("%s: %w", truth.field, err)
		}
	}
	return source, source.Check()
}

func applyEnvironment(cfg *app.Config, getenv func(string) string) error {
	for _, setting := range Settings() {
		value := getenv(setting.Variable)
		if path := getenv(setting.Variable + "_FILE"); setting.Secret && path != "" {
			if value != "" {
				return fault.InvalidField(setting.Variable, "ambiguous", "is set beside %s_FILE; set one of them", setting.Variable)
			}
			secret, err := readSecret(path)
			if err != nil {
				return fmt.Errorf("%s_FILE: %w", setting.Variable, err)
			}
			value = secret
		}
		if value == "" {
			continue
		}
		if err := setting.set(cfg, value); err != nil {
			return fmt.Errorf("%s: %w", setting.Variable, err)
		}
	}
	return nil
}

// readSecret reads a file that holds one secret; white space around it, such as the newline that
// editors add, does not belong to it.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fault.InvalidField(path, "empty_secret", "holds no secret")
	}
	return secret, nil
}
