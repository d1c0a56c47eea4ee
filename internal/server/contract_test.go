package server_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/api"
)

// bodies calls f for each operation that takes JSON, with a path and the contract's own example.
func bodies(t *testing.T, f func(id, method, path string, example map[string]any)) {
	t.Helper()

	count := 0
	for path, item := range document(t).Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil || operation.RequestBody.Value.Content.Get("application/json").Example == nil {
				continue
			}
			count++
			filled := strings.NewReplacer("{id}", "1", "{user}", "ada", "{namespace}", "acme", "{source}", "forge").Replace(path)
			example, _ := operation.RequestBody.Value.Content.Get("application/json").Example.(map[string]any)
			f(operation.OperationID, method, filled, example)
		}
	}
	if count != 20 {
		t.Errorf("%d operations take a body; teach the tests about the new one", count)
	}
}

func TestDocumentIsValidAndEachOperationExplained(t *testing.T) {
	t.Parallel()

	doc := document(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Summary == "" || !strings.Contains(operation.Description, "Role: ") || len(operation.Tags) != 1 {
				t.Errorf("%s %s lacks a summary, a role or its tag", method, path)
			}
			for status, response := range operation.Responses.Map() {
				for kind, content := range response.Value.Content {
					if content.Example == nil && kind != "image/png" {
						t.Errorf("%s: %s of %s has no example", operation.OperationID, kind, status)
					}
				}
			}
		}
	}
}

// What is embedded is a copy; go generate makes it.
func TestEmbeddedDocumentIsTheContract(t *testing.T) {
	t.Parallel()

	contract, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(contract, api.Document()) {
		t.Error("api/openapi.yaml is not openapi.yaml: run go generate ./api/...")
	}
	d := onSQLite(t)
	got := d.must(http.StatusOK, "", "GET", "/openapi.yaml", nil)
	if got.text != string(contract) || got.header.Get("Content-Type") != "application/yaml" {
		t.Error("/openapi.yaml serves something else")
	}
}

func TestUnknownFieldsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	bodies(t, func(id, method, path string, example map[string]any) {
		body := maps.Clone(example)
		body["surprise"] = "a value of the sender"
		got := d.refused(http.StatusBadRequest, "invalid", adminToken, method, path, body)
		if got.fields() != "surprise unknown_field" {
			t.Errorf("%s names %q", id, got.fields())
		}
		if strings.Contains(got.text, "a value of the sender") || strings.Contains(strings.ToLower(got.text), "schema") {
			t.Errorf("%s shows a value or a schema: %s", id, got.text)
		}
	})
}

func TestMalformedBodiesAreRefusedEverywhere(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	bodies(t, func(_, method, path string, _ map[string]any) {
		for _, body := range []string{"{", "{} {}", "{}x", "nul", `{"a":1,}`, "\xff", `{"name": "secret value`} {
			got := d.refused(http.StatusBadRequest, "malformed_json", adminToken, method, path, body)
			if strings.Contains(got.text, "secret value") {
				t.Errorf("the refusal shows what was sent: %s", got.text)
			}
		}
		for _, body := range []string{"[]", "1", `"text"`, "null"} {
			d.refused(http.StatusBadRequest, "invalid", adminToken, method, path, body)
		}
		limit := 1 << 20
		if path == "/api/v1/rules" {
			limit = 16 << 20
		}
		d.refused(http.StatusRequestEntityTooLarge, "body_too_large", adminToken, method, path, strings.Repeat(" ", limit+1))
		for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json5", "nonsense"} {
			request, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", contentType)
			request.Header.Set("Private-Token", adminToken)
			if got := d.send(request); got.status != http.StatusUnsupportedMediaType || got.object["code"] != "unsupported_media_type" {
				t.Errorf("%s as %q answered %d: %s", path, contentType, got.status, got.text)
			}
		}
	})
}

// What one reader would understand otherwise than another is refused, and so is what is nested deeper than anything is.
func TestRows35And36BodiesThatAreDeepOrAmbiguous(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	bodies(t, func(_, method, path string, example map[string]any) {
		for _, body := range []string{
			`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"c":[{"x":1},{"x":1,"y":{},"x":2}]}}`, `[{"a":"b"},{"b":"a"},{"a":1,"b":"c","a":"a"}]`,
		} {
			d.refused(http.StatusBadRequest, "duplicate_name", adminToken, method, path, body)
		}
		for _, depth := range []int{65, 9_999} {
			d.refused(http.StatusBadRequest, "too_deep", adminToken, method, path, strings.Repeat("[", depth)+strings.Repeat("]", depth))
		}
		d.refused(http.StatusBadRequest, "malformed_json", adminToken, method, path, strings.Repeat("[", 10_001)+strings.Repeat("]", 10_001))
		d.refused(http.StatusBadRequest, "malformed_json", adminToken, method, path, strings.Repeat("[", 1_000_000))
		// Values that are equal to names, and names that are in several objects, are neither.
		encoded, err := json.Marshal(map[string]any{"unknown": []any{example, example, "unknown", map[string]any{"a": "a", "b": "a"}}})
		if err != nil {
			t.Fatal(err)
		}
		d.refused(http.StatusBadRequest, "invalid", adminToken, method, path, string(encoded))
		for name := range example {
			upper, err := json.Marshal(map[string]any{strings.ToUpper(name): example[name]})
			if err != nil {
				t.Fatal(err)
			}
			d.refused(http.StatusBadRequest, "invalid", adminToken, method, path, string(upper))
		}
	})
}

func TestARevokeNeedsNoBody(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	d.namespace("acme", "public")
	award := d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
	d.must(http.StatusOK, adminToken, "POST", award+"/revoke", nil)
}

func TestAMissingBodyIsRefused(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/users", nil)
}
