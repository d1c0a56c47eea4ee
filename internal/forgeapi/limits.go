package forgeapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// unsaid is the wait when a forge does not say for how long; it doubles each time, up to longest.
	unsaid  = time.Minute
	longest = time.Hour
)

// limited reports whether the answer says that too much was asked, and how long to wait. GitHub says it with 403 as well,
// and of its secondary limits it may say nothing but the text:
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
func (c *client) limited(resp *http.Response, message string) (time.Duration, bool) {
	header := resp.Header
	spent := firstOf(header, "X-RateLimit-Remaining", "RateLimit-Remaining") == "0"
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
	case http.StatusForbidden:
		if header.Get("Retry-After") == "" && !spent && !strings.Contains(strings.ToLower(message), "rate limit") {
			return 0, false
		}
	case http.StatusServiceUnavailable:
		if header.Get("Retry-After") == "" {
			return 0, false
		}
	default:
		return 0, false
	}
	wait, said := retryAfter(header.Get("Retry-After"), c.now())
	if !said && spent {
		wait, said = untilReset(firstOf(header, "X-RateLimit-Reset", "RateLimit-Reset"), c.now())
	}
	if !said {
		wait = min(unsaid<<min(c.strikes, 6), longest)
		c.strikes++
	}
	// A second more, since clocks differ and times are told in whole seconds.
	return min(max(wait, 0), longest) + time.Second, true
}

func firstOf(header http.Header, names ...string) string {
	for _, name := range names {
		if value := header.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// retryAfter reads the header as RFC 9110, section 10.2.3, has it: seconds or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}

// untilReset reads when a limit is renewed, in seconds of Unix time.
func untilReset(value string, now time.Time) (time.Duration, bool) {
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, false
	}
	return time.Unix(seconds, 0).Sub(now), true
}
