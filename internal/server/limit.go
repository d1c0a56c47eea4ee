package server

import (
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// Limits are how many requests are answered in a minute; 0 is no limit. They hold for the API, not
// for webhooks and health.
type Limits struct {
	// Limiter counts; nil means no limits.
	Limiter *cache.Limiter
	// Token is for each token, Anonymous for each address that comes without one.
	Token, Anonymous int
}

const (
	// maxFailures is how many tokens that are not valid an address may try in a minute.
	maxFailures = 30
	// provenMemory is how many good tokens are remembered, at about 100 bytes each.
	provenMemory = 10_000
)

// policy is a limit with the name by which answers speak of it, and what it counts.
type policy struct {
	name, what string
	limit      cache.Limit
}

func perMinute(name, what string, requests int) policy {
	return policy{name, what, cache.Limit{Requests: requests, Window: time.Minute}}
}

// limits keeps callers to their limits.
type limits struct {
	limiter                  *cache.Limiter
	token, address, failures policy
	// proven holds the hashes of tokens that were good when they were last tried. They may be tried
	// again while their address is locked out: it may be a neighbour's fault.
	proven *lru.Cache[[sha256.Size]byte, struct{}]
}

func newLimits(cfg Limits) *limits {
	proven, err := lru.New[[sha256.Size]byte, struct{}](provenMemory)
	if err != nil { // it fails for a negative size alone
		panic(err)
	}
	return &limits{
		limiter: cfg.Limiter, token: perMinute("token", "requests", cfg.Token), address: perMinute("address", "requests", cfg.Anonymous),
		failures: perMinute("authentication", "tokens that are not valid", maxFailures), proven: proven,
	}
}

// take counts the request of the caller and refuses one too many.
func (l *limits) take(c *gin.Context, caller operation.Caller) error {
	p, key := l.token, "token:"+strconv.FormatInt(caller.TokenID(), 10)
	switch {
	case caller.Anonymous():
		p, key = l.address, "address:"+network(c.ClientIP())
	case caller.TokenID() == 0:
		key = "session:" + strconv.FormatInt(caller.SessionID(), 10)
	}
	if l.limiter == nil || p.limit.Requests == 0 {
		return nil
	}
	return p.verdict(c, l.limiter.Take(c.Request.Context(), key, p.limit))
}

// unlimited reports whether an address may ask as often as it likes.
func (l *limits) unlimited() bool { return l.limiter == nil || l.address.limit.Requests == 0 }

// admit counts a request that is answered from memory, and refuses one too many. Badges and pages have no limit, as without
// the memory. Each server counts for itself: asking Redis would cost more than the answer.
func (l *limits) admit(c *gin.Context) bool {
	if l.unlimited() || !strings.HasPrefix(c.Request.URL.Path, "/api/") {
		return true
	}
	err := l.address.verdict(c, l.limiter.TakeHere("address:"+network(c.ClientIP()), l.address.limit))
	if err != nil {
		problem.Write(c, err)
	}
	return err == nil
}

// mayTry refuses an address that has tried too many tokens that are not valid, before another one is
// looked up.
func (l *limits) mayTry(c *gin.Context, secret string) error {
	if l.limiter == nil || l.proven.Contains(sha256.Sum256([]byte(secret))) {
		return nil
	}
	if usage := l.limiter.Peek(c.Request.Context(), failures(c), l.failures.limit); !usage.Allowed {
		return l.failures.verdict(c, usage)
	}
	return nil
}

// tried notes how a try went. A database that is away is nobody's guess.
func (l *limits) tried(c *gin.Context, secret string, err error) {
	switch {
	case l.limiter == nil:
	case err == nil:
		l.proven.Add(sha256.Sum256([]byte(secret)), struct{}{})
	case fault.Is(err, fault.Unauthenticated):
		l.proven.Remove(sha256.Sum256([]byte(secret)))
		_ = l.failures.verdict(c, l.limiter.Take(c.Request.Context(), failures(c), l.failures.limit)) // err says why it is refused
	}
}

// verdict says what is left as draft-ietf-httpapi-ratelimit-headers-10 has it, and refuses what is
// not allowed.
func (p policy) verdict(c *gin.Context, usage cache.Usage) error {
	c.Header("RateLimit-Policy", fmt.Sprintf(`%q;q=%d;w=60`, p.name, p.limit.Requests))
	c.Header("RateLimit", fmt.Sprintf(`%q;r=%d;t=%d`, p.name, usage.Remaining, seconds(usage.Reset)))
	if usage.Allowed {
		return nil
	}
	f := fault.New(fault.Limited, "rate_limited", "this is more than %d %s a minute", p.limit.Requests, p.what)
	f.RetryAfter = usage.Retry
	return f
}

func failures(c *gin.Context) string { return "failures:" + network(c.ClientIP()) }

// network is what an address is counted as: of IPv6, a host has at least 64 bits for itself.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if parsed = parsed.Unmap(); parsed.Is4() {
		return parsed.String()
	}
	prefix, err := parsed.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// gate finds out who is calling.
type gate struct {
	limits     *limits
	operations *operation.Operations
	// queryTokens says that a token in the URL is one, too.
	queryTokens bool
}

// identified leaves the caller in the request's context, within the limits.
func (g *gate) identified(refuse func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		caller, err := g.authenticate(c)
		if err == nil {
			err = g.limits.take(c, caller)
		}
		if err != nil {
			refuse(c, err)
			return
		}
		c.Request = c.Request.WithContext(operation.WithCaller(c.Request.Context(), caller))
		if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
			// Whoever keeps the answer asks each time whether it still holds, and keeps it for one caller.
			c.Writer.Header().Add("Vary", "Authorization, Private-Token")
			c.Header("Cache-Control", "no-cache")
			if !caller.Anonymous() {
				c.Header("Cache-Control", "private, no-cache")
			}
		}
	}
}

func (g *gate) authenticate(c *gin.Context) (operation.Caller, error) {
	inQuery := takeQueryTokens(c.Request)
	if !g.queryTokens {
		inQuery = nil // URLs end up in the logs of others
	}
	secret, err := credential(c.Request.Header, inQuery)
	if err == nil && secret == "" {
		return operation.Caller{}, nil
	}
	if refused := g.limits.mayTry(c, secret); refused != nil {
		return operation.Caller{}, refused
	}
	var caller operation.Caller
	if err == nil {
		caller, err = g.operations.Authenticate(c.Request.Context(), secret)
	}
	g.limits.tried(c, secret, err)
	return caller, err
}
