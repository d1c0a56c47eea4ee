package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// origin leaves in the request's context where it came from.
func origin(c *gin.Context) {
	c.Request = c.Request.WithContext(operation.WithOrigin(c.Request.Context(), operation.Origin{
		Address: c.ClientIP(), RequestID: c.GetHeader(requestIDHeader),
	}))
}

// conditional answers 304 when the client has already what it asks for (RFC 9110, 13.1.2).
func conditional(c *gin.Context) {
	wanted := c.GetHeader("If-None-Match")
	if wanted == "" || c.Request.Method != http.MethodGet && c.Request.Method != http.MethodHead {
		return
	}
	c.Writer = &conditionalWriter{ResponseWriter: c.Writer, has: wanted}
}

// conditionalWriter leaves out the body of what the client has.
type conditionalWriter struct {
	gin.ResponseWriter

	has      string
	decided  bool
	withheld bool
}

func (w *conditionalWriter) WriteHeader(status int) {
	if !w.decided {
		w.decided = true
		if w.withheld = status == http.StatusOK && front.Unchanged(w.Header(), w.has); w.withheld {
			status = http.StatusNotModified
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *conditionalWriter) Write(data []byte) (int, error) {
	if !w.decided {
		w.WriteHeader(http.StatusOK)
	}
	if w.withheld {
		return len(data), nil
	}
	return w.ResponseWriter.Write(data)
}

func (w *conditionalWriter) WriteString(text string) (int, error) {
	data := []byte(text)
	return w.Write(data)
}
