package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What commands find, programs can read: as JSON, and nothing else beside it.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestOutputInJSON(t *testing.T) {
	serve(t)
	folder := write(t, map[string]string{"r.yaml": someRules})
	if _, err := accolade(t, "apply", folder); err != nil {
		t.Fatal(err)
	}
	deliver(t, "pull_request", testkit.MergedPullRequest(7, 815, "ada"))
	configuration := filepath.Join(t.TempDir(), "accolade.yaml")
	if err := os.WriteFile(configuration, []byte("sources:\n  - {name: forge, forge: github, secret: a secret of the test}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ACCOLADE_DATABASE_URL", filepath.Join(folder, "another.db"))
	for line, want := range map[string]struct {
		code int
		has  string
	}{
		"deliveries list":                       {0, `"event_name":"pull_request"`},
		"deliveries list --outcome ignored":     {0, `[]`},
		"deliveries show 1":                     {0, `"body_encoding":"text"`},
		"rules status":                          {0, `"rule":"acme/badge"`},
		"rules explain ada acme/badge":          {0, `"held":true`},
		"diff " + folder:                        {0, `"unchanged":1`},
		"migrate status":                        {1, `"applied_at":null`},
		"source list --config " + configuration: {0, `"name":"forge"`},
	} {
		out, err := accolade(t, append(strings.Fields(line), "-o", "json")...)
		if codeOf(err) != want.code {
			t.Errorf("accolade %s ends with %v", line, err)
		}
		var found any
		if err := json.Unmarshal([]byte(out), &found); err != nil {
			t.Errorf("accolade %s prints no JSON, %v: %s", line, err, out)
			continue
		}
		if compact, err := json.Marshal(found); err != nil || !strings.Contains(string(compact), want.has) {
			t.Errorf("accolade %s prints %s, want %s in it", line, compact, want.has)
		}
	}
}
