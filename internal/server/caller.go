package server

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// maxBody is the largest body of a call to the API, and maxRules that of one that brings rules files.
const (
	maxBody  = 1 << 20
	maxRules = 16 << 20
)

// requestIDHeader carries the name of a request through proxies and logs.
const requestIDHeader = "X-Request-ID"

var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// identify gives the request the id that its sender chose, or a new one.
func identify(c *gin.Context) {
	id := requestID(c.Request)
	c.Request.Header.Set(requestIDHeader, id)
	c.Header(requestIDHeader, id)
}

// chosenID is the id that the sender chose, "" if that is none.
func chosenID(r *http.Request) string {
	if id := r.Header.Get(requestIDHeader); id != "" && requestIDPattern.MatchString(id) {
		return id
	}
	return ""
}

// requestID is the id that the sender chose, if it is one, or a new one.
func requestID(r *http.Request) string {
	if id := chosenID(r); id != "" {
		return id
	}
	return rand.Text()
}

// bounded keeps bodies small.
func bounded(c *gin.Context) {
	limit := int64(maxBody)
	if c.Request.Method == http.MethodPut && c.Request.URL.Path == "/api/v1/rules" {
		limit = maxRules
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
}

// credential returns the token that the headers hold, or the query did, "" for none. A token that is not valid is
// refused, also where none is needed.
func credential(header http.Header, inQuery []string) (string, error) {
	tokens := inQuery
	if private := header.Get("Private-Token"); private != "" {
		tokens = append(tokens, private)
	}
	if authorization := header.Get("Authorization"); authorization != "" {
		scheme, secret, _ := strings.Cut(authorization, " ")
		secret = strings.TrimSpace(secret)
		if !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return "", fault.New(fault.Unauthenticated, "invalid_token", "Authorization must be: Bearer, and a token")
		}
		tokens = append(tokens, secret)
	}
	if len(tokens) == 0 {
		return "", nil
	}
	for _, other := range tokens[1:] {
		if other != tokens[0] {
			return "", fault.New(fault.Unauthenticated, "invalid_token", "the request holds two different tokens")
		}
	}
	return tokens[0], nil
}
