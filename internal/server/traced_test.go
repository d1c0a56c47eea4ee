package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/trace"
)

// This test looks inside, at the one step that every request takes for traces when none are sent.

func TestRequestsThatNobodyTracesCostNothing(t *testing.T) {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodPost, webhooks, http.NoBody)
	before, off := c.Request, traced((*trace.Tracer)(nil).Receiver(nil))
	if allocated := testing.AllocsPerRun(1000, func() { off(c) }); allocated != 0 {
		t.Errorf("a request takes %v allocations", allocated)
	}
	if c.Request != before || c.Request.Context() != context.Background() {
		t.Error("the request is another one")
	}
}

func BenchmarkRequestThatNobodyTraces(b *testing.B) {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodPost, webhooks, http.NoBody)
	off := traced(nil)
	for b.Loop() {
		off(c)
	}
}
