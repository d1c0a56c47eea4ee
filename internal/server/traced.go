package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/trace"
)

// failing is from which status on a request failed by a fault of the server.
const failing = http.StatusInternalServerError

// traced makes a span of each request, but of probes, which would be most of them on a quiet day. Where no spans are made, it sees
// to it that the log tells of a caller's trace, and does nothing for requests that bring none.
func traced(receiver *trace.Receiver) gin.HandlerFunc {
	if receiver == nil {
		return func(c *gin.Context) { c.Request = trace.Continue(c.Request) }
	}
	return func(c *gin.Context) {
		if slices.Contains(probes, c.FullPath()) {
			return
		}
		request, span := receiver.Receive(c.Request, c.FullPath(), time.Now())
		c.Request = request
		defer func() { span.Answered(c.Writer.Status(), failing) }()
		c.Next()
	}
}
