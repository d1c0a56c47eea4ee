package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// certified returns a service whose people sign in at a certified OpenID Connect provider, with a page where names and
// passwords are asked for, and the hosts of both.
func certified(t *testing.T) *door {
	t.Helper()

	d := onSQLite(t)
	provider := httptest.NewUnstartedServer(nil)
	issuer := "http://" + provider.Listener.Addr().String() + "/"
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	d = d.mode(func(cfg *operation.Config) { cfg.Now = now }, visits, func(cfg *server.Config) {
		visits := cfg.Pages
		cfg.Pages = func(routes gin.IRouter) {
			visits(routes)
			// As the pages' own policy has it.
			routes.GET("/forms", func(c *gin.Context) {
				c.Header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
				c.Data(http.StatusOK, "text/html; charset=utf-8", []byte(`<!doctype html><title>Forms</title>
					<form id="connect" method="post" action="/settings/accounts/connect/second"><input type="hidden" name="return_to" value="/whoami"><button>Connect</button></form>
					<form id="out" method="post" action="/sign-out"><button>Sign out</button></form>`))
			})
		}
		first := signin.Config{Name: "first", Kind: "oidc", URL: issuer, ClientID: "web", ClientSecret: "secret"}
		second := first
		second.Name = "second"
		cfg.SignIn = signin.New([]signin.Config{first, second}, signin.Options{BaseURL: cfg.BaseURL, Now: now})
	})
	storage.RegisterClients(storage.WebClient("web", "secret", d.url+"/sign-in/first/callback", d.url+"/sign-in/second/callback"))
	kept := storage.NewStorage(storage.NewUserStore(issuer))
	provider.Config.Handler = exampleop.SetupServer(issuer, kept, slog.New(slog.DiscardHandler), false)
	provider.Start()
	t.Cleanup(provider.Close)
	return d
}

// Chromium, without scripts, is signed in by a real provider with its page, and connects another account by a form.
func TestSigningInWithABrowser(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	d := certified(t)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	logIn := chromedp.Steps(
		chromedp.WaitVisible(chromedp.CSS("input[name=username]")), chromedp.SendKeys(chromedp.CSS("input[name=username]"), "test-user2"),
		chromedp.SendKeys(chromedp.CSS("input[name=password]"), "verysecure\r"),
	)
	// page waits until the browser is at the path, and returns what the page says.
	page := func(path string) string {
		t.Helper()
		for range 200 {
			where, err := chromedp.Run(ctx, chromedp.Location())
			if err == nil && where == d.url+path {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	do(chromedp.Navigate(d.url+"/sign-in/first?return_to=/whoami"), logIn)
	if got := page("/whoami"); !strings.Contains(got, `"username":"test-user2"`) {
		t.Fatalf("the page says %s", got)
	}
	do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		kept, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{d.url}})
		if err != nil || len(kept.Cookies) != 1 || kept.Cookies[0].Name != "__Host-accolade" || !kept.Cookies[0].Secure || !kept.Cookies[0].HTTPOnly {
			t.Errorf("the cookies are %+v: %v", kept.Cookies, err)
		}
		return err
	}))

	do(chromedp.Navigate(d.url+"/forms"), chromedp.Click(chromedp.CSS("#connect button")), logIn)
	page("/whoami")
	same(t, "the accounts", d.accounts("test-user2"), "test-user2: first/id2 second/id2")
	user := d.must(http.StatusOK, adminToken, "GET", "/api/v1/users/test-user2", nil)
	same(t, "what is known", []any{user.at("name"), user.at("email"), user.at("claimed")}, []any{"Test User2", "test-user2@zitadel.ch", true})

	do(chromedp.Navigate(d.url+"/forms"), chromedp.Click(chromedp.CSS("#out button")))
	page("/") // where signing out ends
	do(chromedp.Navigate(d.url + "/whoami"))
	if got := page("/whoami"); !strings.Contains(got, `"username":""`) {
		t.Errorf("signed out, the page says %s", got)
	}
}
