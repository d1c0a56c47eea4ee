package forge_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

var update = flag.Bool("update", false, "accept what the recordings are translated to")

// receivedAt is when every recording came in, with more precision than events have.
var receivedAt = time.Date(2026, time.November, 8, 12, 0, 0, 123456789, time.FixedZone("", 3600))

// supported lists what each forge's webhooks are translated to.
var supported = map[string][]string{
	forge.GitHub:  forge.Kinds(forge.GitHub),
	forge.GitLab:  forge.Kinds(forge.GitLab),
	forge.Gitea:   forge.Kinds(forge.Gitea),
	forge.Forgejo: forge.Kinds(forge.Forgejo),

	forge.BitbucketCloud:  forge.Kinds(forge.BitbucketCloud),
	forge.BitbucketServer: forge.Kinds(forge.BitbucketServer),
}

// codeForges are the forges that speak of code: all but what other systems say in CloudEvents.
func codeForges() []string {
	return slices.DeleteFunc(forge.Names(), func(name string) bool { return name == forge.CloudEvents })
}

// source returns a source of the forge with one secret.
func source(name string) forge.Source {
	return forge.Source{Name: "acme-" + name, Forge: name, Secrets: []string{"correct horse"}}
}

func speak(tb testing.TB, name string) forge.Forge {
	tb.Helper()

	speaks, ok := forge.ByName(name)
	if !ok {
		tb.Fatalf("there is no forge %q", name)
	}
	return speaks
}

// recording reads testdata/<forge>/<name>.http: headers, an empty line, and the body.
func recording(tb testing.TB, forgeName, name string) forge.Request {
	tb.Helper()

	raw, err := os.ReadFile(filepath.Join("testdata", forgeName, name+".http"))
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewReader(bytes.NewReader(raw))
	header, err := textproto.NewReader(lines).ReadMIMEHeader()
	if err != nil {
		tb.Fatal(err)
	}
	body, err := io.ReadAll(lines)
	if err != nil {
		tb.Fatal(err)
	}
	return forge.Request{Header: http.Header(header), Body: body, ReceivedAt: receivedAt}
}

// recordings returns the names of all recordings of the forge.
func recordings(tb testing.TB, forgeName string) []string {
	tb.Helper()

	paths, err := filepath.Glob(filepath.Join("testdata", forgeName, "*.http"))
	if err != nil {
		tb.Fatal(err)
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(path), ".http")
	}
	return paths
}

// translate returns the events of a recording.
func translate(tb testing.TB, forgeName, name string) []event.Event {
	tb.Helper()

	events, err := speak(tb, forgeName).Events(source(forgeName), recording(tb, forgeName, name))
	if err != nil {
		tb.Fatalf("%s/%s: %v", forgeName, name, err)
	}
	return events
}

func TestRecordingsBecomeEvents(t *testing.T) {
	t.Parallel()

	for _, forgeName := range forge.Names() {
		for _, name := range recordings(t, forgeName) {
			t.Run(forgeName+"/"+name, func(t *testing.T) {
				t.Parallel()

				got := append([]event.Event{}, translate(t, forgeName, name)...)
				path := filepath.Join("testdata", forgeName, name+".json")
				if *update {
					text, err := json.MarshalIndent(got, "", "  ")
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				var want []event.Event
				if err := json.Unmarshal(text, &want); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the events differ (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestEverythingSupportedIsRecorded(t *testing.T) {
	t.Parallel()

	for _, forgeName := range codeForges() {
		if len(supported[forgeName]) == 0 {
			t.Errorf("%s: nothing is said to be supported", forgeName)
		}
		recorded := map[string]bool{}
		for _, name := range recordings(t, forgeName) {
			for _, ev := range translate(t, forgeName, name) {
				recorded[ev.Kind] = true
				if !slices.Contains(supported[forgeName], ev.Kind) {
					t.Errorf("%s/%s gives %s, which is not listed as supported", forgeName, name, ev.Kind)
				}
			}
		}
		for _, kind := range supported[forgeName] {
			if !recorded[kind] {
				t.Errorf("%s: no recording gives %s", forgeName, kind)
			}
		}
	}
}

func TestEventsAreComplete(t *testing.T) {
	t.Parallel()

	for _, forgeName := range forge.Names() {
		for _, name := range recordings(t, forgeName) {
			events := translate(t, forgeName, name)
			for i := range events {
				complete(t, forgeName, &events[i])
			}
		}
	}
}

// complete checks that an event of the forge is usable by the rest of the house: named, placed in time to the
// microsecond, with no field that rules could not reach, and fit to be kept.
func complete(tb testing.TB, forgeName string, ev *event.Event) {
	tb.Helper()

	if ev.Source != source(forgeName).Name || ev.Object == "" || len(ev.Key) <= len(ev.Object)+1 || !strings.HasPrefix(ev.Key, ev.Object+":") {
		tb.Errorf("%s: source %q, object %q, key %q", forgeName, ev.Source, ev.Object, ev.Key)
	}
	if forgeName != forge.CloudEvents && !slices.Contains(forge.Kinds(forgeName), ev.Kind) {
		tb.Errorf("%s: %s is not among the kinds that it tells of", forgeName, ev.Kind)
	}
	if ev.Time.IsZero() {
		tb.Errorf("%s: %s has no time", forgeName, ev.Key)
	}
	for field, at := range map[string]time.Time{
		"time": ev.Time, "opened_at": ev.OpenedAt, "closed_at": ev.ClosedAt, "merged_at": ev.MergedAt, "due_at": ev.DueAt,
	} {
		if at.Location() != time.UTC || !at.Equal(at.Truncate(time.Microsecond)) {
			tb.Errorf("%s: %s of %s is %v, which is not UTC to the microsecond", forgeName, field, ev.Key, at)
		}
	}
	kept, err := json.Marshal(ev)
	if err != nil || !utf8.Valid(kept) || strings.Contains(string(kept), `\u0000`) || !utf8.ValidString(ev.Key) || strings.Contains(ev.Key, "\x00") {
		tb.Fatalf("%s: the event cannot be kept (%v): %s", forgeName, err, kept)
	}
	var fields map[string]any
	if err := json.Unmarshal(kept, &fields); err != nil {
		tb.Fatal(err)
	}
	delete(fields, "payload") // whatever another system says
	for field := range fields {
		if !event.Carries(ev.Kind, field) {
			tb.Errorf("%s: %s sets %q, which %s does not carry", forgeName, ev.Key, field, ev.Kind)
		}
	}
}

// The same happening comes by several hooks of one instance and must be one event.
func TestHooksOfOneHappeningShareTheNaturalKey(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ forge, one, other string }{
		{forge.GitHub, "merge_request.merged", "merge_request.merged-form-deleted-author"},
		{forge.GitHub, "tag.created", "tag.created-push"},
		{forge.GitLab, "merge_request.merged", "merge_request.merged-system-hook"},
		{forge.GitLab, "merge_request.closed", "merge_request.closed-system-hook"},
		{forge.GitLab, "merge_request.labeled-and-unlabeled", "merge_request.labeled-and-unlabeled-system-hook"},
		{forge.GitLab, "review.submitted-approved", "review.submitted-approved-system-hook"},
		{forge.GitLab, "review.submitted-approved", "review.submitted-approval"},
		{forge.GitLab, "push", "push-system-hook"},
		{forge.GitLab, "tag.created", "tag.created-system-hook"},
		{forge.GitLab, "repository.created", "repository.created-system-hook"},
		{forge.GitLab, "repository.deleted", "repository.deleted-system-hook"},
		{forge.GitLab, "member.role_changed-group", "member.role_changed-group-system-hook"},
		{forge.GitLab, "member.added-group", "member.added-group-system-hook"},
		{forge.Gitea, "tag.created", "tag.created-push"},
		{forge.Forgejo, "tag.created", "tag.created-push"},
		{forge.Forgejo, "pipeline.finished-run", "pipeline.finished-run-recovered"},
	} {
		one, other := translate(t, tc.forge, tc.one), translate(t, tc.forge, tc.other)
		if diff := cmp.Diff(keysOf(one), keysOf(other)); diff != "" {
			t.Errorf("the keys of %s and %s differ (-one +other):\n%s", tc.one, tc.other, diff)
		}
	}
}

func keysOf(events []event.Event) []string {
	keys := make([]string, len(events))
	for i := range events {
		keys[i] = events[i].Key
	}
	return keys
}

func TestDifferentHappeningsHaveDifferentKeys(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		forge string
		names []string
	}{
		{forge.GitHub, recordingsBut(t, forge.GitHub, "merge_request.merged-form-deleted-author", "tag.created-push")},
		{forge.GitLab, recordingsBut(t, forge.GitLab,
			"merge_request.merged-system-hook", "merge_request.closed-system-hook", "merge_request.labeled-and-unlabeled-system-hook",
			"review.submitted-approved-system-hook", "review.submitted-approval", "push-system-hook", "tag.created-system-hook",
			"repository.created-system-hook", "repository.deleted-system-hook", "member.added-group-system-hook",
			"member.role_changed-group-system-hook",
		)},
		{forge.Gitea, recordingsBut(t, forge.Gitea, "merge_request.merged-form-by-automation", "tag.created-push")},
		{forge.Forgejo, recordingsBut(t, forge.Forgejo, "tag.created-push", "pipeline.finished-run-recovered")},
		{forge.BitbucketCloud, recordingsBut(t, forge.BitbucketCloud)},
		{forge.BitbucketServer, recordingsBut(t, forge.BitbucketServer)},
	} {
		seen := map[string]string{}
		for _, name := range tc.names {
			for _, ev := range translate(t, tc.forge, name) {
				if seen[ev.Key] != "" {
					t.Errorf("%s: %s and %s share the key %q", tc.forge, name, seen[ev.Key], ev.Key)
				}
				seen[ev.Key] = name
			}
		}
	}
}

// recordingsBut returns the names of all recordings of the forge but those, which tell of what another one tells of.
func recordingsBut(tb testing.TB, forgeName string, twins ...string) []string {
	tb.Helper()
	return slices.DeleteFunc(recordings(tb, forgeName), func(name string) bool { return slices.Contains(twins, name) })
}

func TestTransportNames(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ forge, recording, id, event string }{
		{forge.GitHub, "merge_request.opened", "5f0c6b1e-b7a1-11f0-8a3d-0d5b3f1f7a01", "pull_request"},
		{forge.GitLab, "merge_request.opened", "b0a0d7b0-3f5e-4f0e-9a3e-6d2f8b7c5a04", "Merge Request Hook"},
		{forge.Gitea, "merge_request.opened", "8d0f6c1e-2b7a-4f6a-9c5d-3e1b7a9f2c01", "pull_request"},
		{forge.Forgejo, "merge_request.opened", "b03f6c1e-2b7a-4f6a-9c5d-3e1b7a9f2c04", "pull_request"},
		{forge.BitbucketServer, "merge_request.opened", "08262497-cf46-58ef-9c32-9888e295bb7d", "pr:opened"},
		{forge.BitbucketCloud, "merge_request.opened", "923050bb-f6f1-5b88-b271-e6fbfae385f6", "pullrequest:created"},
	} {
		speaks, req := speak(t, tc.forge), recording(t, tc.forge, tc.recording)
		if got := speaks.DeliveryID(req); got != tc.id {
			t.Errorf("%s: the delivery id is %q, want %q", tc.forge, got, tc.id)
		}
		if got := speaks.EventName(req); got != tc.event {
			t.Errorf("%s: the event is named %q, want %q", tc.forge, got, tc.event)
		}
	}
}

func TestTransportNamesAreBoundedAndPrintable(t *testing.T) {
	t.Parallel()

	req := forge.Request{Header: http.Header{}}
	hostile := " \x1b[2J\u202e" + strings.Repeat("a", 1000)
	for _, header := range []string{
		"X-GitHub-Delivery", "X-GitHub-Event", "Idempotency-Key", "X-Gitlab-Event",
		"X-Gitea-Delivery", "X-Gitea-Event", "X-Forgejo-Delivery", "X-Forgejo-Event-Type", "X-Request-UUID", "X-Request-Id", "X-Event-Key",
	} {
		req.Header.Set(header, hostile)
	}
	for _, forgeName := range codeForges() {
		speaks := speak(t, forgeName)
		for _, got := range []string{speaks.DeliveryID(req), speaks.EventName(req)} {
			if len(got) > 255 || !strings.HasPrefix(got, "[2Jaaa") {
				t.Errorf("%s: %d bytes starting %.10q", forgeName, len(got), got)
			}
		}
		if empty := (forge.Request{}); speaks.DeliveryID(empty) != "" || speaks.EventName(empty) != "" {
			t.Errorf("%s names a delivery without headers", forgeName)
		}
	}
	req = forge.Request{Header: http.Header{"Webhook-Id": {"msg_1"}}}
	if got := speak(t, forge.GitLab).DeliveryID(req); got != "msg_1" {
		t.Errorf("without an Idempotency-Key, GitLab's delivery id is %q, want the webhook-id", got)
	}
}
