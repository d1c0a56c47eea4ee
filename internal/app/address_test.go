package app_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A listening address that is every address of the machine is none that a link could lead to.
func TestLinksOfAServiceThatListensEverywhere(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct {
		listen, baseURL, host string
		warned                bool
	}{
		"no host":            {":0", "", "localhost", true},
		"all of IPv4":        {"0.0.0.0:0", "", "localhost", true},
		"one address":        {"127.0.0.1:0", "", "127.0.0.1", false},
		"a base_url is said": {":0", "https://accolade.example.com", "accolade.example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var log logged
			cfg := configuration(testkit.SQLitePath(t), hotRules)
			cfg.Listen, cfg.BaseURL, cfg.Log = tc.listen, tc.baseURL, log.logger()
			address := start(t, cfg)
			source := get(t, address+"/api/v1/sources")["items"].([]any)[0].(map[string]any)
			link, err := url.Parse(source["webhook_url"].(string))
			if err != nil {
				t.Fatal(err)
			}
			mustBe(t, "the host of a link", link.Hostname(), tc.host)
			mustBe(t, "whether the log warns", strings.Contains(log.text(), "base_url is not set"), tc.warned)
		})
	}
}
