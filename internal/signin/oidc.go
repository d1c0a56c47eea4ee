package signin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// anyIssuer is whoever speaks OpenID Connect.
var anyIssuer = kind{
	name: "oidc", title: "Single sign-on", scopes: []string{oidc.ScopeOpenID, "profile", "email"}, groups: true, open: openOIDC,
}

const (
	// clockSkew is how much a provider's clock may differ from ours.
	clockSkew = time.Minute
	// A provider that cannot be discovered is asked again after firstBackOff, then after twice as long each time.
	firstBackOff = time.Second
	lastBackOff  = time.Minute
)

// algorithms are those whose keys only the provider has. "none" and those with a shared key are not among them.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
}

// issuer speaks OpenID Connect with one provider, and finds out how when it is first needed.
type issuer struct {
	*client

	mutex    sync.Mutex
	found    *discovered
	failed   error
	backOff  time.Duration
	notUntil time.Time
}

func openOIDC(c *client) speaker { return &issuer{client: c} }

// discovered is what a provider says of itself.
type discovered struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	issuer   string
	// signsAnswers says that the provider always tells in its answer who it is (RFC 9207).
	signsAnswers bool
}

func (i *issuer) start(ctx context.Context, flow Flow) (string, error) {
	found, err := i.discover(ctx)
	if err != nil {
		return "", err
	}
	return found.oauth.AuthCodeURL(flow.State, oidc.Nonce(flow.Nonce), oauth2.S256ChallengeOption(flow.Verifier)), nil
}

func (i *issuer) finish(ctx context.Context, flow Flow, answer url.Values) (*Person, error) {
	found, err := i.discover(ctx)
	if err != nil {
		return nil, err
	}
	// Else a provider could be handed another one's code.
	if from := answer.Get("iss"); from != found.issuer && (from != "" || found.signsAnswers) {
		return nil, i.untrusted(fmt.Errorf("the answer is from %s", word(from)))
	}
	token, err := i.exchange(ctx, &found.oauth, flow, answer)
	if err != nil {
		return nil, err
	}
	identity, err := i.verify(ctx, found, flow, token)
	if err != nil {
		return nil, i.untrusted(err)
	}
	var said claims
	if err := identity.Claims(&said); err != nil {
		return nil, i.untrusted(err)
	}
	if found.provider.UserInfoEndpoint() != "" && !said.complete(i.cfg.AdminGroup != "") {
		if err := i.ask(ctx, found, token, identity.Subject, &said); err != nil {
			return nil, err
		}
	}
	return said.person(identity.Subject, i.cfg.AdminGroup), nil
}

// verify returns what the provider signed, after all checks of OpenID Connect Core, 3.1.3.7.
func (i *issuer) verify(ctx context.Context, found *discovered, flow Flow, token *oauth2.Token) (*oidc.IDToken, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return nil, errors.New("there is no ID token")
	}
	identity, err := found.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	var party struct {
		Authorized string `json:"azp"`
	}
	if err := identity.Claims(&party); err != nil {
		return nil, err
	}
	now := i.now()
	switch {
	case identity.Subject == "":
		return nil, errors.New("there is no subject")
	case flow.Nonce == "" || subtle.ConstantTimeCompare([]byte(identity.Nonce), []byte(flow.Nonce)) != 1:
		return nil, errors.New("the nonce is not the one that was sent")
	case !now.Before(identity.Expiry.Add(clockSkew)):
		return nil, fmt.Errorf("it expired at %s", identity.Expiry)
	case identity.IssuedAt.After(now.Add(clockSkew)):
		return nil, fmt.Errorf("it was issued in the future, at %s", identity.IssuedAt)
	case len(identity.Audience) > 1 && party.Authorized == "", party.Authorized != "" && party.Authorized != i.cfg.ClientID:
		return nil, fmt.Errorf("it is for %s", word(party.Authorized))
	}
	if identity.AccessTokenHash != "" {
		if err := identity.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, err
		}
	}
	return identity, nil
}

// ask completes what the provider signed with what it tells whoever has the access token.
func (i *issuer) ask(ctx context.Context, found *discovered, token *oauth2.Token, subject string, said *claims) error {
	var more struct {
		claims

		Subject string `json:"sub"`
	}
	if err := i.get(ctx, token, found.provider.UserInfoEndpoint(), "application/json", &more); err != nil {
		return i.unavailable(err)
	}
	if more.Subject != subject {
		return i.untrusted(errors.New("the user is another one than the one that was signed"))
	}
	said.add(&more.claims)
	return nil
}

// discover returns what the provider says of itself. One that is away is not asked by everybody again and again.
func (i *issuer) discover(ctx context.Context) (*discovered, error) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.found != nil {
		return i.found, nil
	}
	if i.now().Before(i.notUntil) {
		return nil, i.unavailable(i.failed)
	}
	found, err := i.read(ctx)
	if err != nil {
		i.backOff = min(max(firstBackOff, 2*i.backOff), lastBackOff)
		i.failed, i.notUntil = err, i.now().Add(i.backOff)
		return nil, i.unavailable(err)
	}
	i.found, i.backOff = found, 0
	return found, nil
}

func (i *issuer) read(ctx context.Context) (*discovered, error) {
	name := i.address
	if i.kind.slashed {
		name = strings.TrimSuffix(name, "/")
	}
	provider, err := oidc.NewProvider(ctx, name)
	if mismatch, ok := errors.AsType[*oidc.IssuerMismatchError](err); ok && i.kind.slashed && mismatch.Discovered == name+"/" {
		name += "/"
		provider, err = oidc.NewProvider(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s for its configuration: %s", name, word(err.Error()))
	}
	var about struct {
		Keys        string   `json:"jwks_uri"`
		AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
		SendsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&about); err != nil {
		return nil, err
	}
	endpoint := provider.Endpoint()
	for _, address := range []string{endpoint.TokenURL, about.Keys, provider.UserInfoEndpoint()} {
		if address != "" && !Secure(address) {
			return nil, fmt.Errorf("%s is not an https URL", word(address))
		}
	}
	if !webAddress(endpoint.AuthURL) || endpoint.TokenURL == "" || about.Keys == "" {
		return nil, errors.New("its configuration lacks an endpoint")
	}
	found := &discovered{provider: provider, oauth: i.oauth, issuer: name, signsAnswers: about.SendsIssuer}
	found.oauth.Endpoint = endpoint
	found.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if i.cfg.ClientSecret == "" || len(about.AuthMethods) > 0 && !slices.Contains(about.AuthMethods, "client_secret_basic") {
		found.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	// The time is checked here, with room for clocks that differ.
	found.verifier = provider.Verifier(&oidc.Config{ClientID: i.cfg.ClientID, SupportedSigningAlgs: algorithms, SkipExpiryCheck: true})
	return found, nil
}

// webAddress reports whether a browser may be sent to the address. It may have a query.
func webAddress(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil {
		return false
	}
	parsed.RawQuery = ""
	return Secure(parsed.String())
}

// claims is what providers tell of somebody.
type claims struct {
	Username string    `json:"preferred_username"`
	Nickname string    `json:"nickname"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Verified looseBool `json:"email_verified"`
	Groups   *groups   `json:"groups"`
}

// complete reports whether nothing more is needed.
func (c *claims) complete(groups bool) bool {
	return (c.Username != "" || c.Nickname != "") && c.Name != "" && c.Email != "" && (c.Groups != nil || !groups)
}

// add fills in what is missing. An address and whether it is verified belong together.
func (c *claims) add(more *claims) {
	for _, text := range []struct{ to, from *string }{{&c.Username, &more.Username}, {&c.Nickname, &more.Nickname}, {&c.Name, &more.Name}} {
		if *text.to == "" {
			*text.to = *text.from
		}
	}
	if c.Email == "" {
		c.Email, c.Verified = more.Email, more.Verified
	}
	if c.Groups == nil {
		c.Groups = more.Groups
	}
}

func (c *claims) person(subject, adminGroup string) *Person {
	person := &Person{Subject: subject, Login: c.Username, Name: c.Name, Email: c.Email, EmailVerified: bool(c.Verified)}
	if person.Login == "" {
		person.Login = c.Nickname
	}
	if adminGroup != "" {
		admin := c.Groups != nil && slices.Contains(*c.Groups, adminGroup)
		person.Admin = &admin
	}
	return person
}

// looseBool is true for true and "true", which some providers write, and for nothing else.
type looseBool bool

// UnmarshalJSON implements json.Unmarshaler.
func (b *looseBool) UnmarshalJSON(text []byte) error {
	*b = string(text) == "true" || string(text) == `"true"`
	return nil
}

// groups are names. Providers that tell something else tell none.
type groups []string

// UnmarshalJSON implements json.Unmarshaler.
func (g *groups) UnmarshalJSON(text []byte) error {
	var names []any
	_ = json.Unmarshal(text, &names) // what is no list is an empty one
	*g = groups{}
	for _, name := range names {
		if name, ok := name.(string); ok {
			*g = append(*g, name)
		}
	}
	return nil
}
