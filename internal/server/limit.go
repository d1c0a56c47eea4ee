package server

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

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

// maxFailures is how many tokens that are not valid an address may try in a minute.
const maxFailures = 30

// take counts the request of the caller and refuses one too many. It says what is left as
// draft-ietf-httpapi-ratelimit-headers-10 has it.
func (l *Limits) take(c *gin.Context, caller operation.Caller) error {
	name, key, requests := "token", "token:"+strconv.FormatInt(caller.TokenID(), 10), l.Token
	if caller.Anonymous() {
		name, key, requests = "address", "address:"+network(c.ClientIP()), l.Anonymous
	}
	if l.Limiter == nil || requests == 0 {
		return nil
	}
	limit := cache.Limit{Requests: requests, Window: time.Minute}
	usage := l.Limiter.Take(c.Request.Context(), key, limit)
	c.Header("RateLimit-Policy", fmt.Sprintf(`%q;q=%d;w=60`, name, requests))
	c.Header("RateLimit", fmt.Sprintf(`%q;r=%d;t=%d`, name, usage.Remaining, seconds(usage.Reset)))
	if usage.Allowed {
		return nil
	}
	return tooMany(usage.Retry, "this is more than %d requests a minute", requests)
}

// mayTry refuses an address that has tried too many tokens that are not valid, before another one is
// looked up.
func (l *Limits) mayTry(c *gin.Context) error {
	if l.Limiter == nil || l.Anonymous == 0 {
		return nil
	}
	usage := l.Limiter.Peek(c.Request.Context(), failures(c), failureLimit)
	if usage.Allowed {
		return nil
	}
	return tooMany(usage.Retry, "too many tokens from here were not valid")
}

// failed counts a token that was not valid.
func (l *Limits) failed(c *gin.Context) {
	if l.Limiter != nil && l.Anonymous > 0 {
		l.Limiter.Take(c.Request.Context(), failures(c), failureLimit)
	}
}

var failureLimit = cache.Limit{Requests: maxFailures, Window: time.Minute}

func failures(c *gin.Context) string { return "failures:" + network(c.ClientIP()) }

func tooMany(retry time.Duration, format string, args ...any) error {
	f := fault.New(fault.Limited, "rate_limited", format, args...)
	f.RetryAfter = retry
	return f
}

// network is what an address is counted as: of IPv6, a host has at least 64 bits for itself.
func network(address string) string {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Unmap().Is4() {
		return address
	}
	prefix, err := parsed.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// identified leaves the caller in the request's context, within the limits.
func identified(limits *Limits, operations *operation.Operations) gin.HandlerFunc {
	return func(c *gin.Context) {
		caller, err := authenticate(c, limits, operations)
		if err == nil {
			err = limits.take(c, caller)
		}
		if err != nil {
			problem.Write(c, err)
			return
		}
		c.Request = c.Request.WithContext(operation.WithCaller(c.Request.Context(), caller))
		if c.Request.Method == http.MethodGet {
			// Whoever keeps the answer asks each time whether it still holds, and keeps it for one caller.
			c.Writer.Header().Add("Vary", "Authorization, Private-Token")
			c.Header("Cache-Control", "no-cache")
			if !caller.Anonymous() {
				c.Header("Cache-Control", "private, no-cache")
			}
		}
	}
}

func authenticate(c *gin.Context, limits *Limits, operations *operation.Operations) (operation.Caller, error) {
	secret, err := credential(c.Request.Header)
	if err != nil || secret == "" {
		return operation.Caller{}, err
	}
	if err := limits.mayTry(c); err != nil {
		return operation.Caller{}, err
	}
	caller, err := operations.Authenticate(c.Request.Context(), secret)
	if fault.Is(err, fault.Unauthenticated) {
		limits.failed(c)
	}
	return caller, err
}
