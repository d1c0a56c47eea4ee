package server

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// maxBody is the largest body of a call to the API.
const maxBody = 1 << 20

// requestIDHeader carries the name of a request through proxies and logs.
const requestIDHeader = "X-Request-ID"

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify gives the request the id that its sender chose, or a new one.
func identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !requestIDPattern.MatchString(id) {
		id = rand.Text()
		c.Request.Header.Set(requestIDHeader, id)
	}
	c.Header(requestIDHeader, id)
}

// bounded keeps bodies small.
func bounded(c *gin.Context) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody)
}

// authenticated leaves the caller in the request's context: the one whose token came in a header, or
// the anonymous one. A token that is not valid is refused, also where none is needed. Tokens in a
// URL are not looked for: URLs end up in logs.
func authenticated(operations *operation.Operations) gin.HandlerFunc {
	return func(c *gin.Context) {
		secret, err := credential(c.Request.Header)
		if err != nil {
			problem.Write(c, err)
			return
		}
		if secret == "" {
			return
		}
		caller, err := operations.Authenticate(c.Request.Context(), secret)
		if err != nil {
			problem.Write(c, err)
			return
		}
		c.Request = c.Request.WithContext(operation.WithCaller(c.Request.Context(), caller))
	}
}

// credential returns the token that the headers hold, "" for none.
func credential(header http.Header) (string, error) {
	private := header.Get("Private-Token")
	authorization := header.Get("Authorization")
	if authorization == "" {
		return private, nil
	}
	scheme, secret, _ := strings.Cut(authorization, " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return "", fault.New(fault.Unauthenticated, "invalid_token", "Authorization must be: Bearer, and a token")
	}
	if private != "" && private != secret {
		return "", fault.New(fault.Unauthenticated, "invalid_token", "the request holds two different tokens")
	}
	return secret, nil
}
