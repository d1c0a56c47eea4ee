package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestRulesCheckOnTheCommandLine(t *testing.T) {
	t.Parallel()

	described := strings.Replace(someRules, "    kind:", "    description: Something.\n    kind:", 1)
	members := strings.ReplaceAll(strings.ReplaceAll(described, "merge_request.merged", "member.added"), "author", "member")
	good := write(t, map[string]string{"r.yaml": described, "r_test.yaml": someTests})
	joins := write(t, map[string]string{"r.yaml": members, "r_test.yaml": someTests})
	for name, tc := range map[string]struct {
		command rulesCheckCommand
		fails   bool
	}{
		"good rules":                   {rulesCheckCommand{Paths: []string{good}, Strict: true}, false},
		"a file with its test beside":  {rulesCheckCommand{Paths: []string{filepath.Join(good, "r.yaml")}, Strict: true}, false},
		"warnings":                     {rulesCheckCommand{Paths: []string{write(t, map[string]string{"r.yaml": someRules})}}, false},
		"warnings that must not be":    {rulesCheckCommand{Paths: []string{write(t, map[string]string{"r.yaml": someRules})}, Strict: true}, true},
		"what GitHub sends":            {rulesCheckCommand{Paths: []string{joins}, Strict: true, Source: []string{"bitbucket-server", "github"}}, false},
		"what Gitea lists":             {rulesCheckCommand{Paths: []string{joins}, Strict: true, Source: []string{"gitea"}}, false},
		"what Data Center never tells": {rulesCheckCommand{Paths: []string{joins}, Strict: true, Source: []string{"bitbucket-server"}}, true},
		"a forge that nobody knows":    {rulesCheckCommand{Paths: []string{joins}, Source: []string{"sourceforge"}}, true},
		"faults":                       {rulesCheckCommand{Paths: []string{write(t, map[string]string{"r.yaml": "namespace: acme\n"})}}, true},
		"a picture that is none": {rulesCheckCommand{Paths: []string{write(t, map[string]string{
			"r.yaml": strings.Replace(described, "    kind:", "    avatar: a.png\n    kind:", 1), "a.png": "no picture"})}}, true},
		"no files":                         {rulesCheckCommand{Paths: []string{t.TempDir()}}, true},
		"tests without rules":              {rulesCheckCommand{Paths: []string{filepath.Join(good, "r_test.yaml")}}, true},
		"rules and, by mistake, no folder": {rulesCheckCommand{Paths: []string{good, t.TempDir()}}, true},
		"rules and tests, each by itself":  {rulesCheckCommand{Paths: []string{filepath.Join(good, "r.yaml"), filepath.Join(good, "r_test.yaml")}}, false},
		"files that are nowhere":           {rulesCheckCommand{Paths: []string{good + "/nowhere"}}, true},
	} {
		if err := tc.command.Run(); (err != nil) != tc.fails {
			t.Errorf("%s: %v", name, err)
		}
	}
}
