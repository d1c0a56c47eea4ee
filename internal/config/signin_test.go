package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/signin"
)

// Each kind of provider has its configuration on the page, and it is a good one.
func TestSignInPage(t *testing.T) {
	t.Parallel()

	secret := write(t, "secret", "hush\n")
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "sign-in.md"))
	if err != nil {
		t.Fatal(err)
	}
	block, file := regexp.MustCompile("(?s)```yaml\n(sign_in:.*?)```"), regexp.MustCompile(`/etc/accolade/[a-z-]+\.secret`)
	kinds := map[string]bool{}
	for _, found := range block.FindAllSubmatch(page, -1) {
		text := file.ReplaceAllString(string(found[1]), secret)
		if name := regexp.MustCompile(`source: (\w+)`).FindStringSubmatch(text); name != nil {
			text += "sources: [{name: " + name[1] + ", forge: " + name[1] + ", secret: x}]\n"
		}
		cfg, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", text), "ACCOLADE_BASE_URL", "https://accolade.example.com"))
		if err != nil || len(cfg.SignIn) != 1 || cfg.SignIn[0].ClientSecret != "hush" {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		kinds[cfg.SignIn[0].Kind] = true
	}
	for _, kind := range signin.Kinds() {
		if !kinds[kind] {
			t.Errorf("the page has no %s", kind)
		}
	}
}

func TestFaultsOfSignInNameTheirPlace(t *testing.T) {
	t.Parallel()

	const sources = "sources: [{name: hub, forge: github, secret: x}, {name: lab, forge: gitlab, secret: x, base_url: 'https://gitlab.example.com/'}]\n"
	for name, tc := range map[string]struct{ providers, base, want string }{
		"a good one":                 {providers: "{name: hub, kind: github, client_id: a, client_secret: b, source: hub}"},
		"a good one on this machine": {providers: "{name: x, kind: oidc, client_id: a, issuer: 'http://127.0.0.1:9000/'}", base: "http://localhost:8080"},
		"another good one":           {providers: "{name: y, kind: gitlab, client_id: a, source: lab, base_url: 'https://GitLab.example.com'}"},
		"an unknown key":             {providers: "{name: x, kind: oidc, client: a}", want: "client"},
		"no name":                    {providers: "{kind: github, client_id: a, client_secret: b}", want: "name: must be"},
		"a name with a meaning":      {providers: "{name: token, kind: github, client_id: a, client_secret: b}", want: "not token or accolade"},
		"a name twice":               {providers: "{name: x, kind: github, client_id: a, client_secret: b}, {name: x, kind: github, client_id: a, client_secret: b}", want: "sign_in[1] \"x\": name: is the name of another"},
		"a kind that is none":        {providers: "{name: x, kind: saml, client_id: a, issuer: 'https://x.example'}", want: "kind: must be one of oidc, gitlab"},
		"no client":                  {providers: "{name: x, kind: gitlab}", want: "client_id: is needed"},
		"no secret":                  {providers: "{name: x, kind: github, client_id: a}", want: "client_secret: is needed"},
		"two secrets":                {providers: "{name: x, kind: github, client_id: a, client_secret: hush, client_secret_file: b}", want: "client_secret: is set beside"},
		"no issuer":                  {providers: "{name: x, kind: oidc, client_id: a}", want: "issuer: must say"},
		"no address":                 {providers: "{name: x, kind: gitea, client_id: a}", want: "base_url: must say"},
		"an issuer of a forge":       {providers: "{name: x, kind: gitea, client_id: a, issuer: 'https://x.example'}", want: "say base_url"},
		"an address of an issuer":    {providers: "{name: x, kind: oidc, client_id: a, base_url: 'https://x.example'}", want: "say issuer"},
		"a plain address":            {providers: "{name: x, kind: oidc, client_id: a, issuer: 'http://x.example'}", want: "issuer: must start with https"},
		"no openid":                  {providers: "{name: x, kind: oidc, client_id: a, issuer: 'https://x.example', scopes: [email]}", want: "scopes: must hold openid"},
		"groups of GitHub":           {providers: "{name: x, kind: github, client_id: a, client_secret: b, admin_group: c}", want: "admin_group: cannot"},
		"a source's name":            {providers: "{name: hub, kind: oidc, client_id: a, issuer: 'https://x.example'}", want: "say source: hub"},
		"a source that is none":      {providers: "{name: x, kind: github, client_id: a, client_secret: b, source: c}", want: "source: is the name of no source"},
		"another forge's source":     {providers: "{name: x, kind: gitlab, client_id: a, source: hub}", want: "source: is a source of the forge github"},
		"another instance's source":  {providers: "{name: x, kind: gitlab, client_id: a, source: lab}", want: "source: is at gitlab.example.com"},
		"a plain service":            {providers: "{name: x, kind: github, client_id: a, client_secret: b}", base: "http://accolade.example.com", want: "base_url: must start with https"},
		"a service with a path":      {providers: "{name: x, kind: github, client_id: a, client_secret: b}", base: "https://example.com/accolade", want: "base_url: must start with https"},
	} {
		if tc.base == "" {
			tc.base = "https://accolade.example.com/"
		}
		file := write(t, "accolade.yaml", sources+"sign_in: ["+tc.providers+"]\n")
		_, err := config.Load(environment("ACCOLADE_CONFIG", file, "ACCOLADE_BASE_URL", tc.base))
		switch {
		case tc.want == "" && err != nil, tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		case err != nil && strings.Contains(err.Error(), "hush"):
			t.Errorf("%s: the error shows the secret: %v", name, err)
		}
	}
}
