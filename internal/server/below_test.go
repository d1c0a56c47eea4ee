package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/goccy/go-yaml"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/signin"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// below returns the service as it is behind a proxy that puts it below a path, which the service does not see, and the address
// at the proxy.
func (d *door) below(path string) (*door, string) {
	d.t.Helper()

	proxy := httptest.NewUnstartedServer(nil)
	address := "http://" + proxy.Listener.Addr().String() + path
	inner := d.mode(func(*operation.Config) {}, visits, func(cfg *server.Config) { cfg.BaseURL = address })
	to, err := url.Parse(inner.url)
	if err != nil {
		d.t.Fatal(err)
	}
	proxy.Config.Handler = http.StripPrefix(path, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	proxy.Start()
	d.t.Cleanup(proxy.Close)
	return inner, address
}

func TestWhoSignsInOrOutStaysBelowThePath(t *testing.T) {
	t.Parallel()

	d, _ := onSQLite(t).below("/badges")
	v, ada := d.visitor(), d.person("ada")
	for returnTo, want := range map[string]string{"": "/badges/", "/": "/badges/", "//elsewhere": "/badges/", "/badges/users/ada": "/badges/users/ada"} {
		got := v.visit("POST", "/sign-in/token", url.Values{"token": {ada}, "return_to": {returnTo}})
		same(t, "signing in, to return to "+returnTo, got.header.Get("Location"), want)
	}
	same(t, "signing out", v.visit("POST", "/sign-out", url.Values{}).header.Get("Location"), "/badges/")
}

func TestWhoSignsInWithAProviderStaysBelowThePath(t *testing.T) {
	t.Parallel()

	outer := onSQLite(t)
	issuer := testkit.NewIssuer(t, outer.clock.Now)
	issuer.Serves(map[string]any{"sub": "4711", "preferred_username": "ada"}, nil)
	d := outer.mode(func(*operation.Config) {}, visits, func(cfg *server.Config) {
		cfg.SignIn = signin.New([]signin.Config{sso(issuer)}, signin.Options{BaseURL: cfg.BaseURL, Now: outer.clock.Now})
		cfg.BaseURL += "/badges"
	})
	v := d.visitor()
	same(t, "the way back", v.visit("GET", v.away(v.visit("GET", "/sign-in/sso", nil)), nil).header.Get("Location"), "/badges/")
}

func TestTheContractIsBelowThePath(t *testing.T) {
	t.Parallel()

	plain := onSQLite(t)
	d, _ := plain.below("/badges")
	for of, want := range map[*door]string{plain: "/", d: "/badges"} {
		for _, path := range []string{"/openapi.yaml", "/openapi.json"} {
			var contract struct{ Servers []struct{ URL string } }
			if err := yaml.Unmarshal([]byte(of.must(http.StatusOK, "", "GET", path, nil).text), &contract); err != nil {
				t.Fatal(err)
			}
			if len(contract.Servers) != 1 || contract.Servers[0].URL != want {
				t.Errorf("%s is for %v, want %s", path, contract.Servers, want)
			}
		}
	}
}

func TestExplorerAsksBelowThePath(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	_, address := onSQLite(t).below("/badges")
	err := chromedp.Do(ctx, chromedp.Navigate(address+"/-/graphql-explorer"), chromedp.WaitVisible(chromedp.CSS("#schema details")))
	if err != nil {
		t.Fatal(err)
	}
	types, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#schema")))
	if err != nil || !strings.HasPrefix(types, "Query") {
		t.Errorf("the schema is shown as %.100q, %v", types, err)
	}
}
