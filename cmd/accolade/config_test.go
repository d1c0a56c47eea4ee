package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the service would refuse at its start is refused by the check, which names the setting and shows no secret.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestConfigCheckOnTheCommandLine(t *testing.T) {
	for name, tc := range map[string]struct{ variable, value, want string }{
		"a good token":              {"ACCOLADE_ADMIN_TOKEN", "a good token, hunter2", ""},
		"a short token":             {"ACCOLADE_ADMIN_TOKEN", "hunter2", "ACCOLADE_ADMIN_TOKEN: must have 16 to 512 characters"},
		"a long token":              {"ACCOLADE_ADMIN_TOKEN", strings.Repeat("hunter2", 80), "ACCOLADE_ADMIN_TOKEN: must have 16 to 512 characters"},
		"a good Redis":              {"ACCOLADE_REDIS_URL", "rediss://:hunter2@cache:6379/1", ""},
		"a good cluster":            {"ACCOLADE_REDIS_URL", "redis+cluster://:hunter2@a:6379,b:6379", ""},
		"a Redis without a scheme":  {"ACCOLADE_REDIS_URL", "hunter2@localhost:6379", "ACCOLADE_REDIS_URL: must begin with redis://"},
		"a Redis of another scheme": {"ACCOLADE_REDIS_URL", "http://hunter2@localhost:6379", "ACCOLADE_REDIS_URL: must begin with redis://"},
		"a Redis without a number":  {"ACCOLADE_REDIS_URL", "redis://:hunter2@localhost:6379/one", "the Redis URL is not of the form"},
		"sentinels of nothing":      {"ACCOLADE_REDIS_URL", "redis+sentinel://:hunter2@a", "the Redis URL is not of the form"},
		"a book elsewhere":          {"ACCOLADE_DATABASE_URL", "mysql://acc:hunter2@db/x", "ACCOLADE_DATABASE_URL: database_url: must be postgres://"},
		"a port that is none":       {"ACCOLADE_LISTEN", "127.0.0.1:99999", "ACCOLADE_LISTEN: \"127.0.0.1:99999\" is not host:port"},
		"a good port":               {"ACCOLADE_METRICS_LISTEN", ":0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(tc.variable, tc.value)
			out, err := accolade(t, "config", "check")
			switch {
			case tc.want == "" && (err != nil || !strings.HasPrefix(out, "The configuration is good")):
				t.Errorf("it prints %q, %v", out, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("it prints %q, %v, want %s", out, err, tc.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

// Rules that serve would not judge by are no good configuration.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestConfigCheckReadsTheRules(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		want  string
	}{
		"good rules": {map[string]string{"r.yaml": someRules}, "1 achievements by rules"},
		"a fault":    {map[string]string{"r.yaml": "namespace: acme\n"}, "1 problems in 1 files"},
		"no rules":   {map[string]string{"r.txt": someRules}, "there are no rules files"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("ACCOLADE_RULES", write(t, tc.files))
			out, err := accolade(t, "config", "check")
			if err != nil {
				out += err.Error()
			}
			if !strings.Contains(out, tc.want) {
				t.Errorf("it prints %q, want %s", out, tc.want)
			}
		})
	}
}

//nolint:paralleltest // it sets the environment and takes the standard output
func TestConfigCheckWarnsOfMisspeltVariables(t *testing.T) {
	t.Setenv("ACCOLADE_LISTN", "hunter2")
	path := filepath.Join(t.TempDir(), "warnings")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	standard := os.Stderr
	os.Stderr = file
	defer func() { os.Stderr = standard }()
	out, err := accolade(t, "config", "check")
	if err != nil || !strings.HasPrefix(out, "The configuration is good") {
		t.Errorf("it prints %q, %v", out, err)
	}
	const want = "warning: ACCOLADE_LISTN is no setting of Accolade, and is ignored\n"
	if warnings, err := os.ReadFile(path); err != nil || string(warnings) != want {
		t.Errorf("it warns %q, %v, want %q", warnings, err, want)
	}
}
