// Package problem translates faults into answers: application/problem+json (RFC 9457).
//
// It is the one place where kinds of fault become HTTP statuses. What caused a fault is kept on
// the request for its log and never shown. The package may import the generated contract, fault
// and gin.
package problem

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// ContentType is that of every refusal.
const ContentType = "application/problem+json"

// challenge answers a missing or bad credential; RFC 9110 wants one with every 401.
const challenge = `Bearer realm="accolade"`

// defaultRetryAfter is what a client is told to wait when the fault does not say.
const defaultRetryAfter = 2 * time.Second

// statuses translates kinds. A kind that is missing is an internal one.
var statuses = map[fault.Kind]int{
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Invalid:         http.StatusBadRequest,
	fault.Forbidden:       http.StatusForbidden,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Limited:         http.StatusTooManyRequests,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.TooSlow:         http.StatusRequestTimeout,
	fault.Unusable:        http.StatusUnprocessableEntity,
	fault.Changed:         http.StatusPreconditionFailed,
	fault.Expired:         http.StatusGone,
	fault.Unavailable:     http.StatusServiceUnavailable,
}

// Write answers the request with err and ends it. An error that is no fault becomes a 500 that
// says nothing about it.
func Write(c *gin.Context, err error) {
	f := fault.As(err)
	WriteStatus(c, Status(f.Kind), f)
}

// Status returns the status that Write answers a fault of the kind with.
func Status(kind fault.Kind) int {
	if status, ok := statuses[kind]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// Title returns the words of a status, such as "Not Found", and "" for a number that is none.
func Title(status int) string { return http.StatusText(status) }

// WriteStatus answers as Write does, with a status that no kind of fault stands for, such as 405.
func WriteStatus(c *gin.Context, status int, f *fault.Error) {
	_ = c.Error(f) // for the log; it returns what it is given
	c.Abort()
	if c.Writer.Written() {
		return
	}
	c.Header("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", challenge)
	}
	Wait(c, status, f)
	body, err := json.Marshal(describe(status, f))
	if err != nil { // a struct of strings always encodes
		c.Status(status)
		return
	}
	c.Data(status, ContentType, body)
}

// Wait says when to try again what was refused with the status, if that makes sense.
func Wait(c *gin.Context, status int, f *fault.Error) {
	switch {
	case f.RetryAfter > 0:
		c.Header("Retry-After", seconds(f.RetryAfter))
	case status == http.StatusServiceUnavailable:
		c.Header("Retry-After", seconds(defaultRetryAfter))
	}
}

func describe(status int, f *fault.Error) api.Problem {
	out := api.Problem{
		Type: "about:blank", Title: Title(status), Status: int32(status), //nolint:gosec // a status has three digits
		Detail: f.Text, Code: f.Code,
	}
	if len(f.Fields) > 0 {
		fields := make([]api.FieldProblem, len(f.Fields))
		for i, field := range f.Fields {
			fields[i] = api.FieldProblem{Field: field.Field, Code: field.Code, Detail: field.Detail}
		}
		out.Errors = &fields
	}
	return out
}

// seconds rounds up, so that nobody comes back too early.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}
