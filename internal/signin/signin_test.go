package signin_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/signin"
)

func TestSecureAddresses(t *testing.T) {
	t.Parallel()

	for address, want := range map[string]bool{
		"https://gitlab.example.com": true, "https://example.com/gitlab/": true, "http://localhost:3000": true, "http://127.0.0.1": true, "http://[::1]:80": true,
		"http://gitlab.example.com": false, "http://localhost.example.com": false, "http://127.0.0.1.example.com": false, "https://": false, "https://:443": false,
		"https://user@example.com": false, "https://example.com?a=b": false, "https://example.com#a": false, "ftp://localhost": false, "gitlab.example.com": false, "": false,
		"http://0.0.0.0": false, "http://192.168.0.1": false, "https://exa mple.com": false,
	} {
		if got := signin.Secure(address); got != want {
			t.Errorf("%q is secure: %t", address, got)
		}
	}
}

func TestWithoutProviders(t *testing.T) {
	t.Parallel()

	var none *signin.Providers
	if _, _, err := none.Find("gitlab"); err == nil || len(none.List()) > 0 {
		t.Error("there is a provider where there is none")
	}
	some := signin.New([]signin.Config{{Name: "b", Kind: "github"}, {Name: "a", Kind: "oidc", Title: "Acme"}}, signin.Options{})
	want := []signin.Provider{{Name: "b", Title: "GitHub", Kind: "github"}, {Name: "a", Title: "Acme", Kind: "oidc"}}
	if got := some.List(); !slices.Equal(got, want) {
		t.Errorf("the providers are %v", got)
	}
}

// An admin is who is told to be in the group, in the one form in which groups are told.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{
		`{"preferred_username": "ada", "email": "a@b.c", "email_verified": true, "groups": ["admins"]}`,
		`{"email_verified": "true", "groups": "admins"}`, `{"email_verified": 1, "groups": [["admins"], {"admins": 1}, null]}`,
		`{"groups": null}`, `{"nickname": "ada", "preferred_username": null}`, `[]`, `null`, `{"name": 7}`, `{"groups": {"admins": true}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		person, err := signin.ReadClaims(text, "admins")
		if err != nil {
			return
		}
		// encoding/json takes a name in any case, the last one of several.
		var said map[string]json.RawMessage
		if json.Unmarshal(text, &said) != nil || len(said) > 1 {
			return
		}
		var groups []any
		_ = json.Unmarshal(said["groups"], &groups)
		if _, told := said["groups"]; told && *person.Admin != slices.Contains(groups, any("admins")) {
			t.Errorf("%s makes an admin: %t", text, *person.Admin)
		}
		if verified := string(said["email_verified"]); person.EmailVerified && len(said) > 0 && said["email_verified"] != nil && verified != "true" && verified != `"true"` {
			t.Errorf("%s is verified", text)
		}
	})
}
