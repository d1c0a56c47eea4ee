//go:build !race

// The race detector takes memory of its own, so that make test runs these tests without it.

package forge_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// Reading a body takes at most 4 times its size in memory, whatever it is made of: here, what is recorded with its
// lists made long, and with its texts made long.
func TestBodiesTakeBoundedMemory(t *testing.T) {
	const size = 5 << 18
	for _, forgeName := range codeForges() { // Of CloudEvents, only small bodies are read.
		tried := map[string]bool{}
		for _, name := range recordings(t, forgeName) {
			req := recording(t, forgeName, name)
			sort, _, _ := strings.Cut(name, "-")
			if tried[sort] {
				continue
			}
			tried[sort] = true
			var body any
			if err := json.Unmarshal(req.Body, &body); err != nil {
				continue // a form, whose JSON another recording has
			}
			changes := map[string]func(any, int) any{"long lists": longLists, "many objects": manyObjects}
			if sort == "push" || sort == "comment.created" || sort == "review.submitted" {
				changes["long texts"] = longTexts
			}
			for what, change := range changes {
				wide, err := json.Marshal(change(body, size))
				if err != nil {
					t.Fatal(err)
				}
				req.Body = wide
				if took := allocatedBy(t, forgeName, req); len(wide) > size/3 && took > 4*uint64(len(wide)) {
					t.Errorf("%s/%s with %s: a body of %d bytes took %d", forgeName, name, what, len(wide), took)
				}
			}
		}
	}
}

// A form is decoded before it is read.
func TestFormsTakeBoundedMemory(t *testing.T) {
	for _, forgeName := range []string{forge.GitHub, forge.Gitea, forge.Forgejo} {
		req := recording(t, forgeName, "merge_request.opened")
		text := strings.TrimSuffix(string(req.Body), "}") + `,"wide":[` + strings.Repeat(`{},`, 100_000) + `{}]}`
		req.Body = []byte("payload=" + url.QueryEscape(text))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if took := allocatedBy(t, forgeName, req); took > 4*uint64(len(req.Body)) {
			t.Errorf("%s: a form of %d bytes took %d", forgeName, len(req.Body), took)
		}
	}
}

func allocatedBy(t *testing.T, forgeName string, req forge.Request) uint64 {
	t.Helper()

	speaks := speak(t, forgeName)
	least := ^uint64(0)
	for range 3 { // what other goroutines take meanwhile is not ours
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := speaks.Events(source(forgeName), req)
		runtime.ReadMemStats(&after)
		if _, unreadable := errors.AsType[*forge.UnreadableError](err); unreadable {
			t.Errorf("%s: %v", forgeName, err)
		}
		least = min(least, after.TotalAlloc-before.TotalAlloc)
		if least <= 4*uint64(len(req.Body)) {
			break
		}
	}
	return least
}

// longLists repeats the items of every list.
func longLists(value any, size int) any {
	switch value := value.(type) {
	case map[string]any:
		wide := map[string]any{}
		for name, field := range value {
			wide[name] = longLists(field, size/2)
		}
		return wide
	case []any:
		if len(value) == 0 {
			return value
		}
		item, err := json.Marshal(value[0])
		if err != nil {
			return value
		}
		wide := make([]any, 0, size)
		for n := 0; n < size; n += len(item) + 1 {
			wide = append(wide, value[0])
		}
		return wide
	default:
		return value
	}
}

// manyObjects makes of every list one of empty objects.
func manyObjects(value any, size int) any {
	switch value := value.(type) {
	case map[string]any:
		wide := map[string]any{}
		for name, field := range value {
			wide[name] = manyObjects(field, size/2)
		}
		return wide
	case []any:
		wide := make([]any, size/3)
		for i := range wide {
			wide[i] = map[string]any{}
		}
		return wide
	default:
		return value
	}
}

// longTexts makes every text long that tells nothing else.
func longTexts(value any, size int) any {
	switch value := value.(type) {
	case map[string]any:
		wide := map[string]any{}
		for name, field := range value {
			_, isText := field.(string)
			if isText && slices.Contains([]string{"title", "note", "description", "message", "body", "name", "content"}, name) {
				wide[name] = strings.Repeat(`"`, size/8)
				continue
			}
			wide[name] = longTexts(field, size)
		}
		return wide
	case []any:
		wide := make([]any, len(value))
		for i := range value {
			wide[i] = longTexts(value[i], size)
		}
		return wide
	default:
		return value
	}
}
