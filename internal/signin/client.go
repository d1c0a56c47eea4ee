package signin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const (
	// requestFor bounds one sign-in's questions to a provider, and maxAnswer each of its answers.
	requestFor = 10 * time.Second
	maxAnswer  = 1 << 20
	// maxWord bounds what is logged of a provider's own words.
	maxWord = 200
)

// client is one provider as we speak with it.
type client struct {
	cfg     Config
	kind    kind
	title   string
	address string
	now     func() time.Time
	http    *http.Client
	oauth   oauth2.Config
	speaker speaker
}

func newClient(cfg Config, k kind, options Options) *client {
	transport := options.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	scopes := slices.Clone(cfg.Scopes)
	if len(scopes) == 0 {
		scopes = slices.Clone(k.scopes)
	}
	if cfg.AdminGroup != "" && k.groupScope != "" && !slices.Contains(scopes, k.groupScope) {
		scopes = append(scopes, k.groupScope)
	}
	c := &client{
		cfg: cfg, kind: k, title: cmp.Or(cfg.Title, k.title), address: cmp.Or(cfg.URL, k.public), now: options.Now,
		http: &http.Client{
			Transport: bounded{transport}, Timeout: requestFor,
			// A token or a code is for the address that it is sent to, and for no other one.
			CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirects are not followed") },
		},
		oauth: oauth2.Config{
			ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Scopes: scopes,
			RedirectURL: options.BaseURL + "/sign-in/" + cfg.Name + "/callback",
		},
	}
	c.speaker = k.open(c)
	return c
}

// patience returns a context that ends in time and in which requests are made by the client.
func (c *client) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, c.http), requestFor)
}

// bounded keeps answers small.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	response.Body = &boundedBody{response.Body, maxAnswer}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser

	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("the answer is too large")
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// exchange redeems the code that the browser brought back, with the proof that we sent it away.
func (c *client) exchange(ctx context.Context, oauth *oauth2.Config, flow Flow, answer url.Values) (*oauth2.Token, error) {
	token, err := oauth.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(flow.Verifier))
	if err == nil {
		return token, nil
	}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return nil, c.unavailable(err)
	}
	status := 0
	if refused.Response != nil {
		status = refused.Response.StatusCode
	}
	// The answer itself may hold secrets.
	cause := fmt.Errorf("the code was answered with %d %s", status, word(refused.ErrorCode))
	if status >= http.StatusInternalServerError {
		return nil, c.unavailable(cause)
	}
	return nil, c.untrusted(cause)
}

// get reads what the provider tells whoever has the token.
func (c *client) get(ctx context.Context, token *oauth2.Token, address, accept string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	token.SetAuthHeader(request)
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "accolade")
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s was answered with %d", request.URL.Path, response.StatusCode)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// unavailable is the fault for a provider that does not answer as it should.
func (c *client) unavailable(cause error) error {
	f := fault.New(fault.Unavailable, "provider_unavailable", "%s cannot be asked right now who you are; try again in a moment", c.title)
	return f.Because(cause)
}

// untrusted is the fault for an answer that proves nothing.
func (c *client) untrusted(cause error) error {
	f := fault.New(fault.Unauthenticated, "bad_identity", "%s did not prove who you are; begin again", c.title)
	return f.Because(cause)
}

// refused is the fault for a provider, or somebody at its page, that said no.
func (c *client) refused(code string) error {
	f := fault.New(fault.Unauthenticated, "sign_in_refused", "%s did not sign you in", c.title)
	return f.Because(errors.New("its answer is " + word(code)))
}

// word makes what a provider, or anybody, wrote fit for a log.
func word(text string) string {
	return fmt.Sprintf("%.*q", maxWord, text)
}
