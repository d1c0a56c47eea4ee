package signin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// sessionCookie holds a session's secret. Browsers take a cookie with the prefix from this very host and over a
// secure connection alone, and send it to nobody else.
const sessionCookie = "__Host-accolade"

// SessionSecret returns what the request's cookie holds, "" when there is none.
func SessionSecret(r *http.Request) string { return cookieOf(r, sessionCookie) }

func cookieOf(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// KeepSession lets the browser keep the session that has begun.
func KeepSession(c *gin.Context, session *operation.NewSession) {
	setCookie(c, sessionCookie, session.Secret, session.ExpiresAt.Sub(session.CreatedAt))
}

// DropSession lets the browser forget its session.
func DropSession(c *gin.Context) { setCookie(c, sessionCookie, "", -1) }

// setCookie sets a cookie of the whole host for so long, or deletes it when that is negative. What was set before in
// this answer holds no longer.
func setCookie(c *gin.Context, name, value string, keep time.Duration) {
	header := c.Writer.Header()
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(set string) bool { return strings.HasPrefix(set, name+"=") })
	age := -1
	if keep >= 0 {
		age = max(1, int(keep.Seconds()))
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
