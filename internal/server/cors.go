package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// What scripts of other origins may send and read; https://fetch.spec.whatwg.org/#http-cors-protocol.
const (
	corsAllowed = "Authorization, Private-Token, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID"
	corsExposed = "ETag, Link, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID, Idempotent-Replayed"
	corsMaxAge  = "7200"
)

// cors lets scripts of the origins use the API, with a token of their own: cookies are never let in.
// "*" among them means every origin, none at all that scripts of other origins are refused.
func cors(origins []string) gin.HandlerFunc {
	return func(c *gin.Context) {
		if len(origins) == 0 || !strings.HasPrefix(c.Request.URL.Path, "/api/") && !strings.HasPrefix(c.Request.URL.Path, "/openapi.") {
			return
		}
		c.Writer.Header().Add("Vary", "Origin")
		origin := c.GetHeader("Origin")
		switch {
		case origin == "":
		case slices.Contains(origins, "*"):
			c.Header("Access-Control-Allow-Origin", "*")
		case slices.Contains(origins, origin):
			c.Header("Access-Control-Allow-Origin", origin)
		}
		if c.Writer.Header().Get("Access-Control-Allow-Origin") != "" {
			c.Header("Access-Control-Expose-Headers", corsExposed)
		}
	}
}

// options answers what a path can do, and a browser that asks before it lets a script do it. The
// engine has put the path's methods into Allow.
func options(c *gin.Context) {
	if c.Writer.Header().Get("Access-Control-Allow-Origin") != "" && c.GetHeader("Access-Control-Request-Method") != "" {
		c.Header("Access-Control-Allow-Methods", c.Writer.Header().Get("Allow"))
		c.Header("Access-Control-Allow-Headers", corsAllowed)
		c.Header("Access-Control-Max-Age", corsMaxAge)
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
}
