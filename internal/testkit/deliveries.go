package testkit

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// deliveryIDs makes the transport id of every delivery its own.
var deliveryIDs atomic.Int64

// MergedPullRequest returns the body of a GitHub delivery: the pull request with the id, written
// by the author with the login, was merged into the default branch of acme/rocket.
func MergedPullRequest(id, author int64, login string) []byte {
	return fmt.Appendf(nil, `{"action":"closed","number":%[1]d,"pull_request":{"id":%[1]d,"number":%[1]d,`+
		`"html_url":"https://github.example.com/acme/rocket/pull/%[1]d","title":"Change %[1]d","state":"closed",`+
		`"user":{"login":%[3]q,"id":%[2]d,"type":"User"},"created_at":"2026-11-02T07:30:00Z",`+
		`"merged_at":"2026-11-02T09:47:13Z","merged":true,"merged_by":{"login":"grace","id":2,"type":"User"},`+
		`"draft":false,"labels":[],"base":{"ref":"main"},"head":{"ref":"topic"},"additions":4,"deletions":1,`+
		`"changed_files":1,"commits":1},"repository":{"id":7301,"name":"rocket","full_name":"acme/rocket",`+
		`"private":false,"default_branch":"main","visibility":"public"},`+
		`"sender":{"login":"grace","id":2,"type":"User"}}`, id, author, login)
}

// GitHubDelivery returns a signed delivery to the source at the service's address, under a
// delivery id that no other has.
func GitHubDelivery(ctx context.Context, address, source, secret, event string, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/hooks/"+source, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making a delivery: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Github-Event", event)
	request.Header.Set("X-Github-Delivery", fmt.Sprintf("00000000-0000-4000-8000-%012d", deliveryIDs.Add(1)))
	forge.Sign("github", secret, request.Header, body)
	return request, nil
}
