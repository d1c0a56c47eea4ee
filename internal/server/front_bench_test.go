package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(int)             {}
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// What an answer from memory costs besides the network.
func BenchmarkAnswerFromMemory(b *testing.B) {
	registry := prometheus.NewRegistry()
	engine := server.New(server.Config{
		BaseURL: "http://accolade.test", Operations: operation.New(operation.Config{}), Metrics: registry,
		Log: slog.New(slog.DiscardHandler), Front: front.New(front.Config{Bytes: 1 << 20, Now: time.Now, Metrics: registry, Hears: true}),
		Mount: mountKept,
	})
	request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/kept", http.NoBody)
	b.ReportAllocs()
	for b.Loop() {
		request.Header.Del("X-Request-ID")
		engine.ServeHTTP(&nowhere{http.Header{}}, request)
	}
}
