//go:build unix

package server_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/store"
)

// BenchmarkGraphQLRefuses measures what it costs to refuse a request that is made to cost much: the processor time of the
// whole process for each request, from the handler to the answer.
//
//	go test ./internal/server -run '^$' -bench GraphQLRefuses
func BenchmarkGraphQLRefuses(b *testing.B) {
	handler := benchHandler(b)
	query := func(text string) string {
		body, err := json.Marshal(map[string]any{"query": text})
		if err != nil {
			b.Fatal(err)
		}
		return string(body)
	}
	var aliases, doubling strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&aliases, "a%d:id ", i)
	}
	for i := range 60 {
		fmt.Fprintf(&doubling, "fragment f%d on UserCore { ...f%d ...f%d } ", i, i+1, i+1)
	}
	const simple = `{"query":"{ currentUser { username } }"}`
	for _, bc := range []struct {
		name, body, want string
		status           int
	}{
		{"1,000 aliases", query("{currentUser{" + aliases.String() + "}}"), "fields", 200},
		{"a fragment cycle", query(`{ currentUser { ...f } } fragment f on UserCore { ...g } fragment g on UserCore { ...f }`), "fields", 200},
		{"fragments that double", query(`{ currentUser { ...f0 } } ` + doubling.String() + ` fragment f60 on UserCore { id }`), "fields", 200},
		{"an array of 100 queries", "[" + strings.Repeat(simple+",", 99) + simple + "]", "more than 20", 400},
		{"a depth of 50", query(strings.Repeat("{ currentUser ", 50) + "{ id }" + strings.Repeat(" }", 50)), "max depth", 200},
		{"5,000 brackets", query(strings.Repeat("{a", 5_000)), "nesting depth", 200},
		{"1 MiB", query(strings.Repeat("x", 1<<20-100)), "Query too large", 200},
	} {
		b.Run(bc.name, func(b *testing.B) {
			before := processorTime(b)
			for b.Loop() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/graphql", strings.NewReader(bc.body))
				request.Header.Set("Content-Type", "application/json")
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				if recorder.Code != bc.status || !strings.Contains(recorder.Body.String(), bc.want) {
					b.Fatalf("%d %s, want %d and %q", recorder.Code, recorder.Body, bc.status, bc.want)
				}
			}
			b.ReportMetric(float64(processorTime(b)-before)/float64(time.Millisecond)/float64(b.N), "cpu-ms/op")
		})
	}
}

// benchHandler returns a service on an empty book.
func benchHandler(b *testing.B) http.Handler {
	b.Helper()

	book, err := store.Open(b.Context(), store.Config{URL: b.TempDir() + "/accolade.db"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := book.Close(); err != nil {
			b.Error(err)
		}
	})
	if err := book.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	return server.New(server.Config{
		BaseURL: "http://localhost", Operations: operation.New(operation.Config{Store: book, Now: time.Now}),
		Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Ready: book.Ready,
	})
}

// processorTime is how long the process has been computing, for itself and in the system.
func processorTime(b *testing.B) time.Duration {
	b.Helper()

	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
