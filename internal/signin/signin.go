// Package signin asks providers who somebody is: forges and other issuers by OpenID Connect, GitHub by OAuth 2.
//
// It sends a browser to a provider (Start), and asks the provider who came back (Finish). Whatever a provider says is
// untrusted until its signature, issuer, audience, nonce and time were checked; what it means for the users of
// Accolade is for others to decide. Every kind of provider is one file and one line in the list of kinds below. The
// package imports fault, go-oidc and x/oauth2.
package signin

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// kinds is the list of all kinds of provider. A new kind is one file and one line here.
var kinds = []kind{
	anyIssuer,
	gitLab,
	gitea,
	forgejo,
	gitHub,
}

// kind is what the providers of a kind have in common.
type kind struct {
	name, title string
	// forge is the name of the forge whose accounts these are; empty when they are no forge's.
	forge string
	// public is the address when none is configured; empty when there must be one.
	public string
	scopes []string
	// slashed says that the issuer may end in a slash that its address has not.
	slashed bool
	// groups says that the provider can tell which groups somebody is in, and groupScope what it must be asked for.
	groups     bool
	groupScope string
	open       func(*client) speaker
}

// speaker speaks with one provider.
type speaker interface {
	// start returns where the provider asks who somebody is.
	start(ctx context.Context, flow Flow) (string, error)
	// finish returns who came back with the answer.
	finish(ctx context.Context, flow Flow, answer url.Values) (*Person, error)
}

// Config is the configuration of one provider.
type Config struct {
	// Name identifies the provider in URLs and the book: 1 to 64 of a-z, 0-9 and "-".
	Name string
	// Kind is one of Kinds.
	Kind string
	// URL is the issuer, or where people find the forge.
	URL                    string
	ClientID, ClientSecret string
	// Source is the configured source whose accounts these are; empty when they are of no source.
	Source string
	// Title is what people call the provider; empty for the kind's.
	Title string
	// Scopes are asked for instead of the kind's; empty for those.
	Scopes []string
	// AdminGroup is the group whose members are admins, and nobody else who signs in here; empty when the provider
	// does not decide that.
	AdminGroup string
}

// Kinds returns the names of all kinds, in the order of the documentation.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// Forge returns the name of the forge whose accounts people sign in with, empty when they are no forge's.
func (c *Config) Forge() string {
	k, _ := kindOf(c.Kind)
	return k.forge
}

// NamesIssuer reports whether a provider of the kind is found by its issuer rather than by where people find it.
func NamesIssuer(kind string) bool { return kind == anyIssuer.name }

// Address returns where the provider is.
func (c *Config) Address() string {
	k, _ := kindOf(c.Kind)
	if c.URL == "" {
		return k.public
	}
	return c.URL
}

// AccountSource returns the name under which accounts are kept that people sign in with.
func (c *Config) AccountSource() string {
	if c.Source != "" {
		return c.Source
	}
	return c.Name
}

var namePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// reserved are names that mean something else in URLs or in the book.
var reserved = []string{"token", "accolade"}

// Check returns an Invalid fault if the provider cannot be used as it is configured. The fault never shows a secret.
func (c *Config) Check() error {
	k, known := kindOf(c.Kind)
	switch {
	case !namePattern.MatchString(c.Name) || slices.Contains(reserved, c.Name):
		return fault.InvalidField("name", "bad_name", "must be 1 to 64 of the characters a-z, 0-9 and -, and not %s", strings.Join(reserved, " or "))
	case !known:
		return fault.InvalidField("kind", "unknown_kind", "must be one of %s", strings.Join(Kinds(), ", "))
	case c.ClientID == "":
		return fault.InvalidField("client_id", "required", "is needed; the provider gives it to you when you register Accolade there")
	case c.ClientSecret == "" && k.name == gitHub.name:
		return fault.InvalidField("client_secret", "required", "is needed by %s", k.title)
	case c.AdminGroup != "" && !k.groups:
		return fault.InvalidField("admin_group", "unsupported", "cannot be used with %s, which does not tell the groups", k.title)
	}
	field := "base_url"
	if k.name == anyIssuer.name {
		field = "issuer"
		if len(c.Scopes) > 0 && !slices.Contains(c.Scopes, "openid") {
			return fault.InvalidField("scopes", "without_openid", "must hold openid")
		}
	}
	if c.Address() == "" {
		return fault.InvalidField(field, "required", "must say where the provider is")
	}
	if !Secure(c.Address()) {
		return fault.InvalidField(field, "insecure_url", "must start with https://, or be on this machine, and have no query")
	}
	return nil
}

// Secure reports whether the address is one that nobody between can read or change what is sent to: https, or on this
// machine.
func Secure(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return false
	}
	return parsed.Scheme == "https" || parsed.Scheme == "http" && loopback(parsed.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Flow is what one sign-in holds on our side from its start to its end.
type Flow struct {
	State, Nonce string
	// Verifier proves that we asked (RFC 7636).
	Verifier string
}

// Person is who somebody is at a provider.
type Person struct {
	// Subject is the id that never changes and never becomes another's.
	Subject     string
	Login, Name string
	// Email is empty when unknown; EmailVerified says that the provider knows it to be theirs.
	Email         string
	EmailVerified bool
	// Admin says whether they are in the group of admins; nil when the provider does not decide that.
	Admin *bool
}

// Provider is a configured provider, as people see it.
type Provider struct {
	Name, Title, Kind string
}

// Providers are all that are configured.
type Providers struct {
	list    []Provider
	clients map[string]*client
}

// Options are what New works with besides the configurations.
type Options struct {
	// BaseURL is how browsers reach the service.
	BaseURL string
	// Now is the clock.
	Now func() time.Time
	// Transport carries requests to providers; nil for the usual one.
	Transport http.RoundTripper
}

// New returns the providers without asking any of them: one that is away keeps nothing from starting.
func New(configs []Config, options Options) *Providers {
	providers := &Providers{clients: map[string]*client{}}
	for _, cfg := range configs {
		k, known := kindOf(cfg.Kind)
		if !known {
			continue // the configuration has checked it
		}
		opened := newClient(cfg, k, options)
		providers.clients[cfg.Name] = opened
		providers.list = append(providers.list, Provider{Name: cfg.Name, Title: opened.title, Kind: cfg.Kind})
	}
	return providers
}

// List returns the providers in the order of the configuration; none when there are none at all.
func (p *Providers) List() []Provider {
	if p == nil {
		return nil
	}
	return slices.Clone(p.list)
}

// Find returns the provider of the name and the source of its accounts. Faults: NotFound.
func (p *Providers) Find(name string) (provider Provider, accountSource string, err error) {
	c, err := p.client(name)
	if err != nil {
		return Provider{}, "", err
	}
	return Provider{Name: name, Title: c.title, Kind: c.cfg.Kind}, c.cfg.AccountSource(), nil
}

func (p *Providers) client(name string) (*client, error) {
	if p != nil {
		if c, known := p.clients[name]; known {
			return c, nil
		}
	}
	return nil, fault.NotFoundFor("sign-in provider")
}

// Start returns the address at the provider to which a browser is sent that shall come back with the flow's state.
// Faults: NotFound, provider_unavailable.
func (p *Providers) Start(ctx context.Context, name string, flow Flow) (string, error) {
	c, err := p.client(name)
	if err != nil {
		return "", err
	}
	ctx, cancel := c.patience(ctx)
	defer cancel()
	return c.speaker.start(ctx, flow)
}

// Finish returns who came back from the provider with the answer. Its state is known to be the flow's. Faults: NotFound,
// provider_unavailable, sign_in_refused, bad_identity.
func (p *Providers) Finish(ctx context.Context, name string, flow Flow, answer url.Values) (*Person, error) {
	c, err := p.client(name)
	if err != nil {
		return nil, err
	}
	if answer.Get("error") != "" || answer.Get("code") == "" {
		return nil, c.refused(answer.Get("error"))
	}
	ctx, cancel := c.patience(ctx)
	defer cancel()
	return c.speaker.finish(ctx, flow, answer)
}
