package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Rows 49 and 50: rules and pictures that are bombs are refused, and cost little.
func TestRows49And50BombsInRulesAndPictures(t *testing.T) {
	t.Parallel()

	s := newServer(t, filepath.Join(t.TempDir(), "accolade.db"))
	s.warm()
	if status, text := s.call("POST", "/api/v1/namespaces", http.Header{}, []byte(`{"full_path":"crew","name":"Crew","visibility":"public"}`)); status != http.StatusCreated {
		t.Fatalf("the namespace is answered %d: %s", status, text)
	}
	for name, text := range bombsInRules() {
		body, err := json.Marshal(map[string]any{"files": []map[string]string{{"name": "bomb.yaml", "text": text}}})
		if err != nil {
			t.Fatal(err)
		}
		s.bomb(name, "PUT", "/api/v1/rules", http.Header{}, body, "bad_rules", 24<<20)
	}
	for name, file := range bombsOfPictures(t) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("name", name)
		part, err := form.CreateFormFile("avatar", "../../"+name+".png")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(file)
		_ = form.Close()
		s.bomb(name, "POST", "/api/v1/namespaces/crew/achievements", http.Header{"Content-Type": {form.FormDataContentType()}}, body.Bytes(), "avatar", 32<<20)
	}
	if !s.deliver(1) || len(s.occurrences()) != 51 {
		t.Errorf("the rules that were there do not judge any more: %d awards", len(s.occurrences()))
	}
}

// bomb sends something that must be refused, with the word in the refusal, and holds what it costs to a bound.
func (s *server) bomb(name, method, path string, header http.Header, body []byte, want string, most int) {
	s.t.Helper()

	took, grown := s.cost(func() {
		status, text := s.call(method, path, header, body)
		if status < http.StatusBadRequest || status >= http.StatusInternalServerError || !strings.Contains(text, want) {
			s.t.Errorf("%s is answered %d: %.300s", name, status, text)
		}
	})
	s.t.Logf("%s: %s of processor time, %d KiB more", name, took, grown>>10)
	if took > 2*time.Second || grown > most {
		s.t.Errorf("%s costs %s of processor time and %d MiB", name, took, grown>>20)
	}
}

func bombsInRules() map[string]string {
	rule := func(when string) string {
		return "namespace: crew\nachievements:\n  - key: a\n    name: A\n    award: {on: merge_request.merged, to: event.author, when: '" + when + "'}\n"
	}
	var aliases strings.Builder
	aliases.WriteString("a0: &a0 [x, x]\n")
	for i := range 30 {
		fmt.Fprintf(&aliases, "a%d: &a%d [*a%d, *a%d]\n", i+1, i+1, i, i)
	}
	return map[string]string{
		"aliases of aliases":           aliases.String(),
		"an expression of 4,097 bytes": rule(`event.title == "` + strings.Repeat("x", 4097-17) + `"`),
		"comprehensions in each other": rule(strings.Repeat("event.labels.exists(l, ", 40) + "true" + strings.Repeat(")", 40)),
		"brackets":                     rule(strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000)),
		"more than a file may have":    "# " + strings.Repeat("x", 1<<20) + "\nnamespace: crew\n",
		"a key twice":                  "namespace: crew\nnamespace: crew\n",
		"a tag of its own":             "namespace: !!python/object crew\n",
		"levels without end":           strings.Repeat("[", 500_000),
	}
}

func bombsOfPictures(t *testing.T) map[string][]byte {
	t.Helper()

	var large bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&large, image.NewGray(image.Rect(0, 0, 12_000, 12_000))); err != nil {
		t.Fatal(err)
	}
	if large.Len() > 200<<10 {
		t.Fatalf("the picture has %d KiB", large.Len()>>10)
	}
	frames := []byte("GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff")
	for range 10_000 {
		frames = append(frames, ",\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00"...)
	}
	return map[string][]byte{
		"34 bytes that claim 16,000 pixels": append([]byte("GIF89a\x80\x3e\x80\x3e\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x80\x3e\x80\x3e\x00\x02\x01"), 0x44),
		"164 KiB of 12,000 pixels":          large.Bytes(),
		"frames that claim much":            frames,
		"one byte too many":                 append(slices.Clone(large.Bytes()), make([]byte, 200<<10+1-large.Len())...),
		"a script":                          []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"HTML that begins as GIF":           []byte(`GIF89a=1;/*<html><script>alert(1)</script>*/`),
	}
}
