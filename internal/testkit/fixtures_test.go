package testkit_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestFixtures(t *testing.T) {
	t.Parallel()

	for _, pinned := range []struct{ module, within string }{
		{"gitlab.com/gitlab-org/api/client-go/v2", "testdata/webhooks/merge_request.json"},
		{"@octokit/webhooks-examples", "api.github.com/index.json"},
	} {
		path := filepath.Join(testkit.Fixtures(t, pinned.module), filepath.FromSlash(pinned.within))
		if found, err := os.Stat(path); err != nil || found.Size() == 0 {
			t.Errorf("%s has no %s: %v", pinned.module, pinned.within, err)
		}
	}
}
