package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// page returns what is written about a house of package fault, package problem and the files.
func page(t *testing.T, files map[string]string) (string, error) {
	t.Helper()

	root := t.TempDir()
	for _, name := range []string{"fault/fault.go", "server/problem/problem.go"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "internal", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, root, name, string(text))
	}
	for name, text := range files {
		put(t, root, name, text)
	}
	out := &bytes.Buffer{}
	err := run(out, root)
	return out.String(), err
}

func put(t *testing.T, root, name, text string) {
	t.Helper()

	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	text = strings.NewReplacer("OURS/", module, "’", "`").Replace(text)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// section returns the rows under a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()

	_, rest, found := strings.Cut(text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("no heading %q in:\n%s", heading, text)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	_, rows, _ := strings.Cut(rest, "|---|\n")
	return rows
}

const head = "package store\n\nimport (\n\t\"fmt\"\n\n\t\"OURS/fault\"\n)\n\nvar _ = fmt.Sprintf\n\n"

// rows are what is said of one source under one heading.
var rows = []struct {
	name, source, heading, want string
}{
	{
		"a literal", `func f(n int) error { return fault.New(fault.Conflict, "taken", "%q is taken %d times, 100%%", "x", n) }`,
		"409 Conflict", "| `taken` | \"x\" is taken ... times, 100% | `store/store.go` |\n",
	},
	{
		"constants, counted", "const code = \"too\" + \"_big\"\nconst most = 3 << 20\nfunc f() error { return fault.New(fault.TooLarge, code, \"at most %d MiB\", most>>20) }",
		"413 Request Entity Too Large", "| `too_big` | at most 3 MiB | `store/store.go` |\n",
	},
	{
		"a constant of another room", "func f() error { return fault.New(fault.Forbidden, other.Code, other.Text) }",
		"403 Forbidden", "| `others` | the other's | `store/store.go` |\n",
	},
	{
		"a constant of the function", `func f() error { const code = "mine"; return fault.New(fault.Limited, code, "slower") }`,
		"429 Too Many Requests", "| `mine` | slower | `store/store.go` |\n",
	},
	{
		"a function that is given the code", `
		func taken(err error, code, format string, args ...any) error { return fault.New(fault.Conflict, code, format, args...) }
		func f(err error, name string) error { if name == "" { return taken(err, "a", "%s is", name) }; return taken(err, "b", "was") }`,
		"409 Conflict", "| `a` | ... is | `store/store.go` |\n| `b` | was | `store/store.go` |\n",
	},
	{
		"functions of functions", `
		func missing(noun string) error { return fault.NotFoundFor(noun) }
		func none(noun string) error { return missing(noun) }
		func f() error { _ = missing("award"); return none("user") }
		func g() error { return func() error { return missing("cat") }() }`,
		"404 Not Found", "| `not_found` | no such award; no such cat; no such user | `store/store.go` |\n",
	},
	{
		"a function that nobody calls", `func Missing(noun string) error { return fault.New(fault.NotFound, "gone", "%s is gone", noun) }`,
		"404 Not Found", "| `gone` | ... is gone | `store/store.go` |\n",
	},
	{
		"what another text says, too", `
		func scope(name string) error { return fault.New(fault.Forbidden, "scope", "needs %q", name) }
		func f(name string) error { _ = scope("read"); return scope(name + "!") }`,
		"403 Forbidden", "| `scope` | needs \"...\" | `store/store.go` |\n",
	},
	{
		"fields", `
		func clean(field, text string) error { return fault.InvalidField(field, "too_long", "is too long (maximum is %d)", 255) }
		func f(text string) error { _ = clean("name", text); return clean("title", text) }`,
		"Codes of fields", "| `too_long` | is too long (maximum is 255) | `name`, `title` | `store/store.go` |\n",
	},
	{
		"fields that are written out", `
		func f(path string) []fault.Field {
			field := func(code, format string, args ...any) []fault.Field {
				return []fault.Field{{Field: path, Code: code, Detail: fmt.Sprintf(format, args...)}}
			}
			_ = fault.Field{Field: "x", Code: "lone", Detail: "alone"}
			if path == "" { return field("required", "is required") }
			return field("bad", "must be %s", path)
		}`,
		"Codes of fields", "| `bad` | must be ... |  | `store/store.go` |\n| `lone` | alone | `x` | `store/store.go` |\n| `required` | is required |  | `store/store.go` |\n",
	},
	{
		"a fault that is written out", `func f() error { return &fault.Error{Kind: fault.Unavailable, Code: "away", Text: "try again"} }`,
		"503 Service Unavailable", "| `away` | try again | `store/store.go` |\n",
	},
	{
		"another code than the constructor's", `func f() error { bad := fault.InvalidField("cursor", "x", "is none"); bad.Code = "bad_cursor"; return bad }`,
		"400 Bad Request", "| `bad_cursor` | is none | `store/store.go` |\n",
	},
	{
		"a code that is copied", `func f(e *fault.Error) error { _ = fault.New(fault.Invalid, e.Code, ""); return fault.New(fault.Invalid, "a", "b") }`,
		"400 Bad Request", "| `a` | b | `store/store.go` |\n",
	},
	{
		"words that mean something in a table", `func f() error { return fault.New(fault.Invalid, "a", "x|y *z* _w_") }`,
		"400 Bad Request", "| `a` | x\\|y \\*z\\* \\_w\\_ | `store/store.go` |\n",
	},
}

func TestRows(t *testing.T) {
	t.Parallel()

	for _, tc := range rows {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			source := head + tc.source
			if strings.Contains(source, "other.") {
				source = strings.Replace(source, "\"OURS/fault\"", "\"OURS/fault\"\n\t\"OURS/other\"", 1)
			}
			text, err := page(t, map[string]string{
				"store/store.go": source, "other/other.go": "package other\n\nconst (\n\tCode = \"others\"\n\tText = \"the other's\"\n)\n",
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := section(t, text, tc.heading); got != tc.want {
				t.Errorf("it says\n%s, want\n%s", got, tc.want)
			}
		})
	}
}

func TestStatusesOfDoors(t *testing.T) {
	t.Parallel()

	text, err := page(t, map[string]string{"server/server.go": `package server

import (
	"net/http"

	"OURS/fault"
	"OURS/server/problem"
)

const unsupported = "unsupported"

func wanted(c *gin.Context, err error) {
	problem.WriteStatus(c, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "bad_method", "not this").Because(err))
	if f := fault.As(err); f.Code == unsupported {
		problem.WriteStatus(c, http.StatusUnsupportedMediaType, f)
	}
	if err := check(); err != nil {
		problem.WriteStatus(c, http.StatusNotAcceptable, fault.As(err))
	}
}

func check() error { return fault.New(fault.Invalid, "unacceptable", "not that") }

func body() error { return fault.New(fault.Invalid, unsupported, "nor this") }
`})
	if err != nil {
		t.Fatal(err)
	}
	for heading, want := range map[string]string{
		"405 Method Not Allowed":     "| `bad_method` | not this | `server/server.go` |\n",
		"406 Not Acceptable":         "| `unacceptable` | not that | `server/server.go` |\n",
		"415 Unsupported Media Type": "| `unsupported` | nor this | `server/server.go` |\n",
		"500 Internal Server Error":  "| `internal` | something went wrong on our side | `fault/fault.go` |\n",
	} {
		if got := section(t, text, heading); got != want {
			t.Errorf("%s says\n%s, want\n%s", heading, got, want)
		}
	}
}

func TestWhatCannotBeLookedUpFails(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct{ source, want string }{
		"a code that is computed":           {`func f(s string) error { return fault.New(fault.Invalid, "bad_" + s, "") }`, "store/store.go:11:33: the code is neither"},
		"a code from a variable":            {`func f() error { code := "x"; return fault.New(fault.Invalid, code, "") }`, "the code is neither"},
		"a code given to a constructor":     {"func g(code string) error { return fault.New(fault.Invalid, code, \"\") }\nfunc f(all []string) error { return g(all[0]) }", "store/store.go:12:37: the code is neither"},
		"a code of a field":                 {`func f(s string) fault.Field { return fault.Field{Code: s + s} }`, "the code is neither"},
		"a code in a function without name": {`func f() any { return func(code string) error { return fault.New(fault.Invalid, code, "") } }`, "the code is neither"},
		"a code that is put in later":       {`func f(s string) error { e := fault.New(fault.Invalid, "a", "b"); e.Code = s; return e }`, "the code is neither"},
		"a kind that is computed":           {`func f(kinds []fault.Kind) error { return fault.New(kinds[0], "a", "b") }`, "the kind is neither"},
		"a kind that there is not":          {`func f() error { return fault.New(fault.Odd, "a", "b") }`, "there is no kind Odd"},
		"a status that nobody can tell":     {"func f(c any, e *fault.Error) { problem.WriteStatus(c, http.StatusGone, e) }", "which codes"},
		"no Go":                             {"func {", "expected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			source := head + tc.source
			if strings.Contains(source, "problem.") {
				source = strings.Replace(source, "\"OURS/fault\"", "\"OURS/fault\"\n\t\"OURS/server/problem\"\n\t\"net/http\"", 1)
			}
			text, err := page(t, map[string]string{"store/store.go": source})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("run says %v, want %q; it wrote\n%s", err, tc.want, text)
			}
		})
	}
}

// Tests, generated files, the configuration and what runs at start answer nobody.
func TestWhatIsNoAnswerIsLeftOut(t *testing.T) {
	t.Parallel()

	const made = `func f() error { return fault.New(fault.Conflict, "hidden", "nobody sees it") }`
	text, err := page(t, map[string]string{
		"store/store_test.go": head + made, "store/made.go": "// Code generated by hand. DO NOT EDIT.\n" + head + made,
		"config/config.go": head + made, "testkit/kit.go": head + made, "store/testdata/data.go": head + made,
		"store/store.go": head + strings.Replace(made, "func f", "func Open", 1),
	})
	if err != nil || strings.Contains(text, "hidden") {
		t.Errorf("run says %v, and\n%s", err, text)
	}
}

// Every function that is left out still makes a fault; otherwise its line in the list says nothing.
func TestWhatRunsAtStartIsThere(t *testing.T) {
	t.Parallel()

	for name := range atStart {
		place, function, _ := strings.Cut(name, ".")
		files, err := filepath.Glob(filepath.Join("..", "..", "internal", place, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for declaration := range strings.SplitSeq(string(text), "\nfunc ") {
				_, method, isMethod := strings.Cut(declaration, ") ")
				named := strings.HasPrefix(declaration, function+"(") || isMethod && declaration[0] == '(' && strings.HasPrefix(method, function+"(")
				found = found || named && strings.Contains(declaration, "fault.")
			}
		}
		if !found {
			t.Errorf("%s makes no fault", name)
		}
	}
}

// The house itself can be read, and what is known of it is found.
func TestTheHouse(t *testing.T) {
	t.Parallel()

	out := &bytes.Buffer{}
	if err := run(out, "../../internal"); err != nil {
		t.Fatal(err)
	}
	for heading, code := range map[string]string{
		"409 Conflict": "already_awarded", "401 Unauthorized": "bad_signature", "405 Method Not Allowed": "method_not_allowed",
		"415 Unsupported Media Type": "unsupported_media_type", "Codes of fields": "unknown_field",
	} {
		if rows := section(t, out.String(), heading); !strings.Contains(rows, "| `"+code+"` |") {
			t.Errorf("%s lacks %s:\n%s", heading, code, rows)
		}
	}
}
