package forge

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// What is kept of a delivery's headers is bounded: whoever holds a secret chooses the ce- headers.
const (
	maxKeptHeaders = 40
	maxKeptHeader  = 2048
)

// keptHeaders say what was sent, by which hook, and by what: in the forges' own documentation of webhooks
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers,
// https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers,
// https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks,
// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads).
var keptHeaders = []string{
	"Content-Type", "User-Agent", "Idempotency-Key", "Webhook-Id", "Webhook-Timestamp",
	"X-Github-Event", "X-Github-Delivery", "X-Github-Hook-Id", "X-Github-Hook-Installation-Target-Id",
	"X-Github-Hook-Installation-Target-Type", "X-Github-Enterprise-Host", "X-Github-Enterprise-Version",
	"X-Gitlab-Event", "X-Gitlab-Instance", "X-Gitlab-Webhook-Uuid", "X-Gitlab-Event-Uuid",
	"X-Gitea-Event", "X-Gitea-Event-Type", "X-Gitea-Delivery", "X-Forgejo-Event", "X-Forgejo-Event-Type", "X-Forgejo-Delivery",
	"X-Event-Key", "X-Event-Time", "X-Hook-Uuid", "X-Request-Uuid", "X-Request-Id", "X-Attempt-Number",
}

// eventHeaders are those by which a forge names what it sends.
var eventHeaders = []string{"X-Github-Event", "X-Gitlab-Event", "X-Gitea-Event-Type", "X-Forgejo-Event-Type", "X-Event-Key"}

// cloudEventHeader begins the headers that carry a CloudEvents attribute
// (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md).
const cloudEventHeader = "Ce-"

// secretWords are in no header's name that is kept, whoever invented it.
var secretWords = []string{"sign", "token", "auth", "secret", "password", "cookie", "credential", "apikey", "api-key"}

// KeptHeaders returns those of a delivery's headers that say what was sent, by their canonical names: at most 40,
// each of at most 2,048 printable ASCII characters. None of them carries a signature, a token or any other secret.
func KeptHeaders(header http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		value := header.Get(name)
		if len(kept) == maxKeptHeaders || !keepsHeader(name) || value == "" || len(value) > maxKeptHeader || !printable(value) {
			continue
		}
		kept[name] = value
	}
	return kept
}

func keepsHeader(name string) bool {
	if slices.Contains(keptHeaders, name) {
		return true
	}
	lower := strings.ToLower(name)
	return strings.HasPrefix(name, cloudEventHeader) && len(name) <= maxHeader &&
		!slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(lower, word) })
}

func printable(value string) bool {
	return strings.IndexFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// HeaderOf returns the headers of a delivery as far as they were kept. Of one of which only its event's name and
// its content type are known, it returns headers that tell the same to its forge.
func HeaderOf(kept map[string]string, eventName, contentType string) http.Header {
	header := http.Header{}
	if len(kept) == 0 {
		for _, name := range eventHeaders {
			header.Set(name, eventName)
		}
		header.Set("Content-Type", contentType)
	}
	for name, value := range kept {
		header.Set(name, value)
	}
	return header
}
