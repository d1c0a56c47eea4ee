package server_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// asks returns another service on the same book whose people sign in with the providers.
func (d *door) asks(providers ...signin.Config) *door {
	return d.mode(func(*operation.Config) {}, visits, func(cfg *server.Config) {
		cfg.SignIn = signin.New(providers, signin.Options{BaseURL: cfg.BaseURL, Now: d.clock.Now})
	})
}

// sso is the configuration of the issuer as a provider whose accounts are those of the source "forge".
func sso(issuer *testkit.Issuer) signin.Config {
	return signin.Config{
		Name: "sso", Kind: "oidc", URL: issuer.URL, ClientID: testkit.OIDCClient, ClientSecret: testkit.OIDCSecret, Source: "forge",
	}
}

// away goes where the answer leads, and returns where the provider sends the browser from there.
func (v *visitor) away(got answer) string {
	v.t.Helper()

	if got.status != http.StatusSeeOther {
		v.t.Fatalf("nobody is sent away: %d %s", got.status, got.text)
	}
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, got.header.Get("Location"), http.NoBody)
	if err != nil {
		v.t.Fatal(err)
	}
	back := v.send(request)
	if back.status != http.StatusFound || !strings.HasPrefix(back.header.Get("Location"), v.url+"/sign-in/") {
		v.t.Fatalf("the provider answers %d, leads to %q: %s", back.status, back.header.Get("Location"), back.text)
	}
	return strings.TrimPrefix(back.header.Get("Location"), v.url)
}

// signInAt signs in with a provider and returns the last answer.
func (v *visitor) signInAt(provider string) answer {
	v.t.Helper()
	return v.visit("GET", v.away(v.visit("GET", "/sign-in/"+provider+"?return_to=/users/me", nil)), nil)
}

// connects links an account to who is signed in, and returns the last answer.
func (v *visitor) connects(provider string) answer {
	v.t.Helper()

	return v.visit("GET", v.away(v.leaves(v.visit("POST", "/settings/accounts/connect/"+provider, url.Values{"return_to": {"/settings"}}))), nil)
}

// leaves returns the redirect that a page makes by itself, and by a link.
func (v *visitor) leaves(page answer) answer {
	v.t.Helper()

	_, target, _ := strings.Cut(page.text, `content="0; url=`)
	target, _, _ = strings.Cut(target, `"`)
	if page.status != http.StatusOK || target == "" || !strings.Contains(page.text, `href="`+target+`"`) {
		v.t.Fatalf("connecting answers %d %s", page.status, page.text)
	}
	return answer{status: http.StatusSeeOther, header: http.Header{"Location": {html.UnescapeString(target)}}}
}

// met stores an account as an event tells of it.
func (d *door) met(id, login string) {
	d.t.Helper()
	err := d.book.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.EnsureAccounts(ctx, d.clock.Now(), []store.Newcomer{{
			Account: achievement.Account{Source: "forge", ForgeUserID: id, Login: login}, SeenAt: d.clock.Now(),
		}})
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// accounts says whose the accounts are: "user: source/id ..." by user.
func (d *door) accounts(usernames ...string) string {
	d.t.Helper()

	var all []string
	for _, name := range usernames {
		parts := []string{name + ":"}
		for _, item := range d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/"+name+"/accounts", nil).items() {
			source, _ := item.object["source"].(string)
			id, _ := item.object["forge_user_id"].(string)
			parts = append(parts, source+"/"+id)
		}
		all = append(all, strings.Join(parts, " "))
	}
	return strings.Join(all, ", ")
}

func TestSigningInClaimsTheAccountAndItsAwards(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		issuer := testkit.NewIssuer(t, d.clock.Now)
		d = d.asks(sso(issuer))
		d.met("4711", "ada")
		d.namespace("acme", "public")
		d.award(d.achievement("acme", "First", "irrevocable"), "ada")
		same(t, "whether ada is claimed", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil).at("claimed"), any(false))

		// The address and the names are told by the endpoint for users alone.
		issuer.Serves(map[string]any{"sub": "4711"}, map[string]any{
			"preferred_username": "ada", "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": "true",
		})
		v := d.visitor()
		v.cookies["__Host-accolade"] = v.signIn(d.person("grace"))
		before := v.cookies["__Host-accolade"]
		got := v.signInAt("sso")
		same(t, "where it ends", got.header.Get("Location"), "/users/me")
		same(t, "who is there", v.whoami(), "ada")
		if v.cookies["__Host-accolade"] == before {
			t.Error("the cookie stays as it was")
		}
		if _, kept := v.cookies["__Host-accolade-state"]; kept {
			t.Error("the state is kept")
		}
		other := d.visitor()
		other.cookies["__Host-accolade"] = before
		same(t, "who was there before", other.whoami(), "")

		ada := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil)
		same(t, "what is known of ada", []any{ada.at("claimed"), ada.at("name"), ada.at("email"), ada.at("admin")}, []any{true, "Ada Lovelace", "ada@example.com", false})
		same(t, "the awards", d.names("ada"), "First")
		same(t, "the accounts", d.accounts("ada", "grace"), "ada: forge/4711, grace:")
		for _, secret := range []string{v.cookies["__Host-accolade"], before, testkit.OIDCSecret, "an access token", "code="} {
			if strings.Contains(d.log.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}

		// What a person has chosen is not overwritten; a new login is only shown.
		issuer.Serves(map[string]any{"sub": "4711", "preferred_username": "countess", "name": "Another", "email": "other@example.com", "email_verified": true}, nil)
		same(t, "signing in again", d.visitor().signInAt("sso").status, http.StatusSeeOther)
		ada = d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil)
		same(t, "what is known of ada then", []any{ada.at("name"), ada.at("email")}, []any{"Ada Lovelace", "ada@example.com"})

		// Nobody becomes another by a name or an address.
		issuer.Serves(map[string]any{"sub": "4712", "preferred_username": "ada", "name": "Ada", "email": "ada@example.com", "email_verified": true}, nil)
		mallory := d.visitor()
		mallory.signInAt("sso")
		same(t, "who has the same login and address", mallory.whoami(), "ada-forge")
		same(t, "the accounts then", d.accounts("ada", "ada-forge"), "ada: forge/4711, ada-forge: forge/4712")
	})
}

func TestConnectingAnAccount(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		issuer := testkit.NewIssuer(t, d.clock.Now)
		other := sso(issuer)
		other.Name, other.Source = "other", ""
		d = d.asks(sso(issuer), other)
		grace, ada, reader := d.person("grace"), d.person("ada"), d.visitor()
		d.namespace("acme", "public")
		v := d.visitor()
		v.signIn(grace)

		// Nobody's account becomes hers; again it is hers already.
		issuer.Serves(map[string]any{"sub": "1", "preferred_username": "grace-at-work"}, nil)
		for range 2 {
			same(t, "where connecting ends", v.connects("sso").header.Get("Location"), "/settings")
		}
		same(t, "connecting at another provider", v.connects("other").status, http.StatusSeeOther)
		same(t, "who is there still", v.whoami(), "grace")
		// One that waits for somebody comes with its awards.
		d.met("2", "hopper")
		d.award(d.achievement("acme", "Waiting", "irrevocable"), "hopper")
		issuer.Serves(map[string]any{"sub": "2", "preferred_username": "hopper"}, nil)
		same(t, "connecting an unclaimed account", v.connects("sso").status, http.StatusSeeOther)
		same(t, "the awards", d.names("grace"), "Waiting")
		same(t, "the accounts", d.accounts("grace"), "grace: forge/1 other/1 forge/2")
		same(t, "where the other name leads", d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/hopper", nil).at("username"), any("grace"))
		// One of somebody who is here stays theirs.
		w := d.visitor()
		w.signIn(ada)
		got := w.connects("sso")
		same(t, "connecting another's account", []any{got.status, got.at("code")}, []any{http.StatusConflict, "account_taken"})
		same(t, "the accounts then", d.accounts("grace", "ada"), "grace: forge/1 other/1 forge/2, ada:")

		// Only who is signed in may, by a form of our own, with a token that may change something.
		refused := func(what string, v *visitor, status int) {
			t.Helper()
			same(t, what, v.visit("POST", "/settings/accounts/connect/sso", url.Values{}).status, status)
		}
		refused("connecting without being signed in", d.visitor(), http.StatusUnauthorized)
		reader.signIn(d.token("ada", "read"))
		refused("connecting as a reader", reader, http.StatusForbidden)
		w.headers = map[string]string{"Sec-Fetch-Site": "cross-site"}
		refused("connecting by another site's form", w, http.StatusForbidden)
		w.headers = nil
		// Who it began as must still be there.
		issuer.Serves(map[string]any{"sub": "3"}, nil)
		back := w.away(w.leaves(w.visit("POST", "/settings/accounts/connect/sso", url.Values{})))
		w.signIn(grace)
		same(t, "coming back as somebody else", w.visit("GET", back, nil).at("code"), any("bad_state"))
		same(t, "the accounts at last", d.accounts("grace", "ada"), "grace: forge/1 other/1 forge/2, ada:")
	})
}

func TestBlockedAndErasedPeopleStayOut(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		issuer := testkit.NewIssuer(t, d.clock.Now)
		d = d.asks(sso(issuer))
		issuer.Serves(map[string]any{"sub": "1", "preferred_username": "ada", "name": "Ada"}, nil)
		v := d.visitor()
		v.signInAt("sso")
		same(t, "who is there", v.whoami(), "ada")
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"blocked": true})
		same(t, "who is blocked", v.whoami(), "")
		same(t, "the blocked one's sign-in", v.signInAt("sso").at("code"), any("user_blocked"))
		d.must(http.StatusOK, adminToken, "PATCH", "/api/v1/users/ada", map[string]any{"blocked": false})
		v.signInAt("sso")
		id := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/ada", nil).id()
		d.must(http.StatusNoContent, adminToken, "DELETE", "/api/v1/users/ada", nil)
		same(t, "who is erased", v.whoami(), "")
		got := v.signInAt("sso")
		same(t, "the erased one's sign-in", []any{got.status, got.at("code"), v.whoami()}, []any{http.StatusUnauthorized, "user_erased", ""})
		grace := d.visitor()
		grace.signIn(d.person("grace"))
		same(t, "connecting an erased one's account", grace.connects("sso").at("code"), any("user_erased"))
		err := d.book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			user, err := tx.UserByUsername(ctx, "erased-"+id)
			if err != nil {
				return err
			}
			accounts, err := tx.AccountsOf(ctx, user.ID)
			same(t, "what is left", []any{user.Name, user.Claimed, len(accounts), accounts[0].Login}, []any{"Erased", false, 1, ""})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
