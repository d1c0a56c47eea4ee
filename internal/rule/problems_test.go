package rule_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// problems loads files that must be faulty and returns a line for each fault.
func problems(t *testing.T, files ...rule.File) []string {
	t.Helper()

	_, err := rule.Load(files)
	found, ok := errors.AsType[rule.Problems](err)
	if !ok {
		t.Fatalf("Load = %v, want problems", err)
	}
	return strings.Split(found.Error(), "\n")
}

func TestProblemsOfFiles(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"nothing":          {"", []string{`r.yaml:1:1: the file is empty`}},
		"a comment":        {"# nothing\n", []string{`r.yaml:1:1: the file is empty`}},
		"a list":           {"- a\n", []string{`r.yaml:1:1: a rules file must be a mapping of keys to values`}},
		"two documents":    {"namespace: acme\nachievements: []\n---\na: 1\n", []string{`r.yaml:3:1: a file holds one document`}},
		"broken YAML":      {"namespace: [acme\n", []string{`r.yaml:1:12: sequence end token ']' not found`}},
		"not text":         {"namespace: \xff\n", []string{`r.yaml:1:1: the file is not text in UTF-8`}},
		"a key twice":      {"namespace: a\nnamespace: b\n", []string{`r.yaml:2:1: mapping key "namespace" already defined at [1:1]`}},
		"unknown keys":     {"namespaces: acme\nachievement: []\n", []string{`r.yaml:1:1: namespaces: a rules file has no such key, did you mean "namespace"?`, `r.yaml:1:1: namespace: is required`, `r.yaml:1:1: achievements: is required`, `r.yaml:2:1: achievement: a rules file has no such key, did you mean "achievements"?`}},
		"a bad namespace":  {"namespace: /acme\nachievements: []\n", []string{`r.yaml:1:12: namespace: must be names of letters, digits, '_', '-' and '.' separated by '/', and not a number alone`}},
		"an anchor":        {"namespace: &a acme\nachievements: []\n", []string{`r.yaml:1:12: namespace: must be a text`}},
		"no list":          {"namespace: acme\nachievements: 5\n", []string{`r.yaml:2:15: achievements: must be a list`}},
		"an empty item":    {"namespace: acme\nachievements: [{}]\n", []string{`r.yaml:2:16: key: is required`, `r.yaml:2:16: name: is required`}},
		"no value":         {"namespace:\nachievements: []\n", []string{`r.yaml:1:1: namespace: has no value`}},
		"a key no word":    {"namespace: acme\n[a]: 1\nachievements: []\n", []string{`r.yaml:2:4: found an invalid key for this map`}},
		"too large a file": {strings.Repeat("#", rule.MaxFile+1), []string{`r.yaml:1:1: the file is larger than 1024 KiB`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: tc.text}), tc.want)
		})
	}
}

// header is four lines, so that the achievement's own keys begin in line 5, column 5.
const header = "namespace: acme\nachievements:\n  - key: badge\n    name: Badge\n"

func TestProblemsOfAchievements(t *testing.T) {
	t.Parallel()

	const award = "    award: {on: merge_request.merged, to: event.author}\n"
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"a bad kind":            {"    kind: revokable\n", []string{`r.yaml:5:11: kind: must be one of irrevocable, revocable, repeatable, did you mean "revocable"?`}},
		"too long a text":       {"    description: " + strings.Repeat("a", 1025) + "\n", []string{`r.yaml:5:18: description: is too long (maximum is 1024 characters)`}},
		"an unknown key":        {"    avatr: x.png\n", []string{`r.yaml:5:5: avatr: an achievement has no such key, did you mean "avatar"?`}},
		"no occurrence":         {award, []string{`r.yaml:5:5: per: is required for a repeatable achievement, or every: what makes an award the same one?`}},
		"an occurrence of once": {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, per: event.object}\n", []string{`r.yaml:6:57: per: only a repeatable achievement has occurrences`}},
		"revoking for good":     {"    kind: irrevocable\n" + award + "    revoke: {on: member.removed, to: event.member}\n", []string{`r.yaml:7:5: revoke: only a revocable achievement can be revoked by a rule`}},
		"tiers without a count": {"    kind: irrevocable\n" + award + "    tiers: [{at: 1, name: A}]\n", []string{`r.yaml:7:5: tiers: need an award that measures something, such as count: {}`}},
		"two thresholds":        {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: 5}\n    tiers: [{at: 1, name: A}]\n", []string{`r.yaml:7:5: tiers: say what must be reached; leave the number out of the award`}},
		"a count of nothing":    {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: {}}\n", []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`}},
		"a bad count":           {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: 0}\n", []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`, `r.yaml:6:64: count: must be a whole number, 1 or more`}},
		"a count with keys":     {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: {at: 5}}\n", []string{`r.yaml:6:5: count: needs a number to reach, or tiers beside the award`, `r.yaml:6:65: at: count has no such key`}},
		"tiers that fall":       {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: {}}\n    tiers: [{at: 5, name: A}, {at: 5, name: B}, {name: C}]\n", []string{`r.yaml:7:36: at: must be more than the tier before`, `r.yaml:7:49: at: is required`}},
		"no tiers":              {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: {}}\n    tiers: []\n", []string{`r.yaml:7:5: tiers: hold at least one tier`}},
		"a bad exception":       {"    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, except: ['']}\n", []string{`r.yaml:6:66: except: must be bots, self, opted_out, or a login, with * for any characters`}},
		"a key taken":           {"  - key: badge\n    name: Other\n", []string{`r.yaml:5:10: key: "badge" is taken by r.yaml:3`}},
		"a name taken":          {"  - key: other\n    name: BADGE\n", []string{`r.yaml:6:11: name: "badge" is taken by r.yaml:3`}},
		"a key of a tier":       {"  - key: l\n    name: L\n    kind: irrevocable\n    award: {on: merge_request.merged, to: event.author, count: {}}\n    tiers: [{at: 1, name: A}, {at: 2, name: B}]\n  - key: l-2\n    name: M\n", []string{`r.yaml:10:10: key: "l-2" is taken by r.yaml:9`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: header + tc.text}), tc.want)
		})
	}
}

func TestProblemsOfExpressions(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		award string
		want  []string
	}{
		"missing words":           {`{}`, []string{`r.yaml:6:5: on: is required in award`, `r.yaml:6:5: to: is required in award: who is it for?`}},
		"no mapping":              {`yes`, []string{`r.yaml:6:12: award must be a mapping of keys to values`}},
		"an unknown event":        {`{on: merge_request.merge, to: event.actor}`, []string{`r.yaml:6:17: on: there is no event "merge_request.merge", did you mean "merge_request.merged"?`}},
		"no event":                {`{on: [], to: event.author}`, []string{`r.yaml:6:17: on: names no event`}},
		"an unknown field":        {`{on: merge_request.merged, to: event.autor}`, []string{`r.yaml:6:48: to: undefined field 'autor'`}},
		"an unknown inner field":  {`{on: merge_request.merged, to: event.author, when: event.author.nam == "x"}`, []string{`r.yaml:6:75: when: undefined field 'nam'`}},
		"a field of other events": {`{on: merge_request.merged, to: event.member}`, []string{`r.yaml:6:48: to: merge_request.merged has no field "member"`}},
		"a quoted expression":     {`{on: merge_request.merged, to: event.author, when: "event.x"}`, []string{`r.yaml:6:69: when: undefined field 'x'`}},
		"a broken expression":     {`{on: merge_request.merged, to: event.author, when: event.draft &&}`, []string{`r.yaml:6:77: when: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}`}},
		"no truth":                {`{on: merge_request.merged, to: event.author, when: event.title}`, []string{`r.yaml:6:63: when: must give true or false, and gives string`}},
		"nobody":                  {`{on: merge_request.merged, to: event.title}`, []string{`r.yaml:6:43: to: must give an account or a list of accounts, and gives string`}},
		"no text":                 {`{on: merge_request.merged, to: event.author, message: event.iid}`, []string{`r.yaml:6:66: message: must give a text, and gives int`}},
		"types that do not fit":   {`{on: merge_request.merged, to: event.author, when: event.iid == "5"}`, []string{`r.yaml:6:73: when: found no matching overload for '_==_' applied to '(int, string)'`}},
		"an empty expression":     {`{on: merge_request.merged, to: event.author, when: ""}`, []string{`r.yaml:6:63: when: is empty`}},
		"too long":                {`{on: merge_request.merged, to: event.author, when: ` + strings.Repeat("true && ", 600) + `true}`, []string{`r.yaml:6:63: when: is longer than 4096 bytes`}},
		"in a block":              {"\n      on: merge_request.merged\n      to: event.author\n      when: |\n        event.draft &&\n          event.nope\n", []string{`r.yaml:11:16: when: undefined field 'nope'`}},
		"in a folded block":       {"\n      on: merge_request.merged\n      to: event.author\n      when: >\n        event.draft &&\n        event.nope\n", []string{`r.yaml:10:9: when: undefined field 'nope'`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := header + "    kind: irrevocable\n    award: " + tc.award + "\n"
			same(t, "the problems", problems(t, rule.File{Name: "r.yaml", Text: text}), tc.want)
		})
	}
}

func TestProblemsAcrossFiles(t *testing.T) {
	t.Parallel()

	good := rule.File{Name: "a.yaml", Text: header}
	same(t, "the problems", problems(t, rule.File{Name: "b.yaml", Text: header}, good, rule.File{Name: "c.yaml", Text: "x: 1\n"}), []string{
		`b.yaml:3:10: key: "badge" is taken by a.yaml:3`,
		`b.yaml:4:11: name: "badge" is taken by a.yaml:3`,
		`c.yaml:1:1: x: a rules file has no such key`,
		`c.yaml:1:1: namespace: is required`,
		`c.yaml:1:1: achievements: is required`,
	})
	// Another namespace is another room for names.
	if _, err := rule.Load([]rule.File{good, {Name: "d.yaml", Text: strings.Replace(header, "acme", "other", 1)}}); err != nil {
		t.Error(err)
	}
}

func TestPrettyProblemsShowThePlace(t *testing.T) {
	t.Parallel()

	_, err := rule.Load([]rule.File{{Name: "r.yaml", Text: header + "    kind: irrevocable\n    award: {on: merge_request.merged, to: event.autor}\n"}})
	found, _ := errors.AsType[rule.Problems](err)
	want := "r.yaml:6:48: to: undefined field 'autor'\n" +
		"        award: {on: merge_request.merged, to: event.autor}\n" +
		"                                                   ^\n"
	same(t, "the problems", found.Pretty(), want)
}

// A picture is read beside the rules, is part of what they mean, and is missed at its place.
func TestPictures(t *testing.T) {
	t.Parallel()

	const text = "namespace: acme\nachievements:\n  - {key: a, name: A, avatar: pictures/a.png, kind: irrevocable, award: {on: push, to: event.actor}}\n"
	tree := fstest.MapFS{
		"sets/r.yaml":         {Data: []byte(text)},
		"sets/pictures/a.png": {Data: []byte("a picture")}, "sets/pictures/b.png": {Data: []byte("another")},
	}
	files, _, err := rule.ReadFiles(tree)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is read", files, []rule.File{{Name: "sets/r.yaml", Text: text}, {Name: "sets/pictures/a.png", Data: []byte("a picture")}})
	set, err := rule.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the picture", string(set.Declared()[0].Avatar), "a picture")
	files[1].Data = []byte("a better one")
	other, err := rule.Load(files)
	if err != nil || other.Hash() == set.Hash() {
		t.Errorf("another picture gives the hash %s, %v", other.Hash(), err)
	}
	for path, want := range map[string]string{
		"pictures/c.png": `sets/r.yaml:3:31: avatar: there is no picture "sets/pictures/c.png" of at most 200 KiB`,
		"../../etc/pass": `sets/r.yaml:3:31: avatar: must be a path below the directory of rules`,
		"/etc/passwd":    `sets/r.yaml:3:31: avatar: must be a path below the directory of rules`,
	} {
		tree["sets/r.yaml"].Data = []byte(strings.Replace(text, "pictures/a.png", path, 1))
		files, _, err := rule.ReadFiles(tree)
		if err != nil {
			t.Fatal(err)
		}
		_, err = rule.Load(files)
		same(t, path, fmt.Sprint(err), want)
	}
}
