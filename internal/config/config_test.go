package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/config"
)

// environment returns a getenv over the pairs.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()

	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsNeedNothing(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(environment())
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:8080" || cfg.Store.URL != "accolade.db" || !cfg.AutoMigrate || cfg.Rules != nil {
		t.Errorf("the embedded default is %+v", cfg)
	}
}

func TestEnvironmentOverridesFileOverridesDefault(t *testing.T) {
	t.Parallel()

	file := write(t, "accolade.yaml", `
listen: 127.0.0.1:1111
base_url: https://file.example.com/
stop_timeout: 7s
database_connections: 3
sources:
  - {name: one, forge: github, secret: s1, trusted_logins: true, bots: [robo]}
  - {name: two, forge: gitlab, secrets: [new, old]}
`)
	cfg, err := config.Load(environment("ACCOLADE_CONFIG", file, "ACCOLADE_LISTEN", "127.0.0.1:2222"))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:2222" || cfg.BaseURL != "https://file.example.com" || cfg.StopTimeout != 7*time.Second || cfg.Store.MaxConns != 3 {
		t.Errorf("got %+v", cfg)
	}
	if len(cfg.Sources) != 2 || !cfg.Sources[0].TrustedLogins || len(cfg.Sources[1].Secrets) != 2 {
		t.Errorf("the sources are %+v", cfg.Sources)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()

	file := write(t, "accolade.yaml", "{acceptance: required, private_namespace_awards: hidden, query_tokens: true}")
	for name, tc := range map[string]struct {
		env  []string
		want bool
	}{
		"none chosen": {nil, false},
		"all chosen":  {[]string{"ACCOLADE_CONFIG", file}, true},
		"the seed's":  {[]string{"ACCOLADE_CONFIG", file, "ACCOLADE_ACCEPTANCE", "auto", "ACCOLADE_PRIVATE_NAMESPACE_AWARDS", "shown", "ACCOLADE_QUERY_TOKENS", "false"}, false},
	} {
		cfg, err := config.Load(environment(tc.env...))
		if err != nil {
			t.Fatal(err)
		}
		if cfg.AcceptanceRequired != tc.want || cfg.HidePrivateAwards != tc.want || cfg.QueryTokens != tc.want {
			t.Errorf("%s: acceptance %t, hiding %t, tokens in the query %t", name, cfg.AcceptanceRequired, cfg.HidePrivateAwards, cfg.QueryTokens)
		}
	}
}

func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()

	secret := write(t, "secret", "a secret from a file\n")
	file := write(t, "accolade.yaml", "sources: [{name: one, forge: github, secret_file: "+secret+"}]")
	cfg, err := config.Load(environment("ACCOLADE_CONFIG", file, "ACCOLADE_ADMIN_TOKEN_FILE", secret))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.AdminToken != "a secret from a file" || cfg.Sources[0].Secrets[0] != "a secret from a file" {
		t.Errorf("got %q and %q", cfg.AdminToken, cfg.Sources[0].Secrets)
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	t.Parallel()

	empty := write(t, "empty", " \n")
	for name, tc := range map[string]struct {
		file string
		env  []string
		want string
	}{
		"an address without a port":    {env: []string{"ACCOLADE_LISTEN", "here"}, want: "ACCOLADE_LISTEN"},
		"a URL without a scheme":       {env: []string{"ACCOLADE_BASE_URL", "accolade.example.com"}, want: "ACCOLADE_BASE_URL"},
		"too few connections":          {env: []string{"ACCOLADE_DATABASE_CONNECTIONS", "1"}, want: "ACCOLADE_DATABASE_CONNECTIONS"},
		"too many deliveries":          {env: []string{"ACCOLADE_WEBHOOK_RATE", "1000001"}, want: "ACCOLADE_WEBHOOK_RATE: \"1000001\" is not a whole number, 0 to 1000000"},
		"too many requests":            {env: []string{"ACCOLADE_RATE_LIMIT", "60000000001"}, want: "ACCOLADE_RATE_LIMIT"},
		"too many of strangers":        {env: []string{"ACCOLADE_RATE_LIMIT_ANONYMOUS", "60000000001"}, want: "ACCOLADE_RATE_LIMIT_ANONYMOUS"},
		"a duration without a unit":    {env: []string{"ACCOLADE_STOP_TIMEOUT", "25"}, want: "ACCOLADE_STOP_TIMEOUT"},
		"a word for a truth":           {env: []string{"ACCOLADE_AUTO_MIGRATE", "perhaps"}, want: "ACCOLADE_AUTO_MIGRATE"},
		"a mode that there is not":     {env: []string{"ACCOLADE_ACCEPTANCE", "Required"}, want: "ACCOLADE_ACCEPTANCE"},
		"another mode that is not":     {env: []string{"ACCOLADE_PRIVATE_NAMESPACE_AWARDS", "true"}, want: "ACCOLADE_PRIVATE_NAMESPACE_AWARDS"},
		"a directory that is not":      {env: []string{"ACCOLADE_RULES", empty}, want: "ACCOLADE_RULES"},
		"a secret twice":               {env: []string{"ACCOLADE_REDIS_URL", "redis://a", "ACCOLADE_REDIS_URL_FILE", empty}, want: "ACCOLADE_REDIS_URL_FILE"},
		"an empty secret file":         {env: []string{"ACCOLADE_REDIS_URL_FILE", empty}, want: "ACCOLADE_REDIS_URL_FILE"},
		"an unknown key":               {file: "listne: x", want: "listne"},
		"an unknown key of a source":   {file: "sources: [{name: a, forge: github, secrt: x}]", want: "secrt"},
		"a source without a secret":    {file: "sources: [{name: a, forge: github}]", want: `"a"`},
		"a source with an empty one":   {file: `sources: [{name: a, forge: github, secret: ""}]`, want: `"a"`},
		"one empty secret among some":  {file: `sources: [{name: a, forge: github, secrets: [x, ""]}]`, want: `"a"`},
		"two sources of one name":      {file: "sources: [{name: a, forge: github, secret: x}, {name: b, forge: github, secret: x}, {name: a, forge: gitlab, secret: x}]", want: `sources[2] "a": name: is the name of another source`},
		"a short token":                {env: []string{"ACCOLADE_ADMIN_TOKEN", "short"}, want: "ACCOLADE_ADMIN_TOKEN"},
		"a Redis without a scheme":     {env: []string{"ACCOLADE_REDIS_URL", "localhost:6379"}, want: "ACCOLADE_REDIS_URL"},
		"a forge that is none":         {file: "sources: [{name: a, forge: svn, secret: x}]", want: `"a"`},
		"a file that is not YAML":      {file: "listen: [", want: "accolade.yaml"},
		"a value that cannot be meant": {file: "listen: {a: b}", want: "listen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			env := tc.env
			if tc.file != "" {
				env = append(env, "ACCOLADE_CONFIG", write(t, "accolade.yaml", tc.file))
			}
			_, err := config.Load(environment(env...))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Load = %v, want an error that names %s", err, tc.want)
			}
		})
	}
}

// docs/configuration.md is what "accolade config list" prints.
func TestReferenceIsTrue(t *testing.T) {
	t.Parallel()

	var want bytes.Buffer
	config.WriteReference(&want)
	got, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error(`docs/configuration.md is out of date: run "make generate"`)
	}
}

func TestEverySettingIsDocumentedOnce(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}
	for _, setting := range config.Settings() {
		if setting.About == "" || !strings.HasPrefix(setting.Variable, "ACCOLADE_") {
			t.Errorf("%+v says too little", setting)
		}
		if want := "ACCOLADE_" + strings.ToUpper(setting.Key); setting.Variable != want {
			t.Errorf("the key %s belongs to %s, not %s", setting.Key, want, setting.Variable)
		}
		if seen[setting.Key] {
			t.Errorf("%s is there twice", setting.Key)
		}
		seen[setting.Key] = true
	}
}
