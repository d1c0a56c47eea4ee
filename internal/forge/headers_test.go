package forge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// What a forge signs with, or logs in with, is never among what is kept, under whatever name.
func TestKeptHeaders(t *testing.T) {
	t.Parallel()

	header := http.Header{}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1", "X-GitHub-Event": "push", "X-GitHub-Delivery": "1",
		"X-Gitlab-Instance": "https://gitlab.example.com", "Webhook-Id": "msg_1", "ce-type": "com.example.shipped", "ce-subject": "pull/7",
		"X-Hub-Signature": "sha1=00", "X-Hub-Signature-256": "sha256=00", "X-Gitea-Signature": "00", "X-Forgejo-Signature": "00",
		"X-Gogs-Signature": "00", "X-Gitlab-Token": "t", "Webhook-Signature": "v1,00", "Authorization": "Bearer t", "Cookie": "a=b",
		"Private-Token": "t", "Proxy-Authorization": "Basic t", "X-Forwarded-For": "192.0.2.1", "ce-authtoken": "t", "ce-mysignature": "t",
		"X-Gitlab-Event": "Push\x01Hook", "X-Event-Key": strings.Repeat("k", 2049), "X-Hook-UUID": "",
	} {
		header.Set(name, value)
	}
	want := map[string]string{
		"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/1", "X-Github-Event": "push", "X-Github-Delivery": "1",
		"X-Gitlab-Instance": "https://gitlab.example.com", "Webhook-Id": "msg_1", "Ce-Type": "com.example.shipped", "Ce-Subject": "pull/7",
	}
	if diff := cmp.Diff(want, forge.KeptHeaders(header)); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
	for i := range 1000 {
		header.Set(fmt.Sprintf("ce-extension%d", i), "x")
	}
	if kept := forge.KeptHeaders(header); len(kept) != 40 {
		t.Errorf("%d headers are kept, want 40", len(kept))
	}
}

// What was kept tells the forge the same as what was sent.
func TestHeaderOf(t *testing.T) {
	t.Parallel()

	for _, name := range forge.Names() {
		speaks, _ := forge.ByName(name)
		sent := http.Header{}
		for _, header := range []string{"X-Github-Event", "X-Gitlab-Event", "X-Gitea-Event", "X-Forgejo-Event", "X-Event-Key"} {
			sent.Set(header, "push")
		}
		for what, kept := range map[string]map[string]string{"kept": forge.KeptHeaders(sent), "old": nil} {
			if what == "old" && name == forge.CloudEvents {
				continue // they came later than headers are kept
			}
			req := forge.Request{Header: forge.HeaderOf(kept, "push", "application/json")}
			if got := speaks.EventName(req); got != "push" && got != speaks.EventName(forge.Request{Header: sent}) {
				t.Errorf("%s headers of %s name the event %q", what, name, got)
			}
		}
	}
}
