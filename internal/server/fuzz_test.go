package server_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
)

// FuzzBodies sends any body to an operation, as nobody: one that keeps the contract gets as far as the
// question who is calling, every other one is refused by a problem, and none makes a defect show.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{"username":"ada","name":"Ada","email":"ada@example.com","admin":false,"bot":true}`, `{"username":"ada","username":1}`, `{"a":{"b":{"b":1,"b":2}}}`,
		`{"username":"a","name":"\u0000"}`, `{"username":"\ud800","name":"x"}`, `{}`, `[]`, `null`, `{`, "", `{"name":{"a":[{}]}}`,
		`{"admin":1e999,"username":"a","name":"b"}`, strings.Repeat("[", 20000), "\xef\xbb\xbf{}", `{"":0}`, `{"a.b":0,"name":[]}`,
	} {
		f.Add(seed)
	}
	engine := server.New(server.Config{
		BaseURL: "http://accolade.test", Operations: operation.New(operation.Config{}), Metrics: prometheus.NewRegistry(),
		Log: slog.New(slog.DiscardHandler), Ready: func(context.Context) error { return nil },
	})
	f.Fuzz(func(t *testing.T, body string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/users", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, request)
		var got struct {
			Code   string
			Errors []any
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
			t.Fatalf("%q answered %d %q", body, recorder.Code, recorder.Body)
		}
		switch {
		case recorder.Code == http.StatusUnauthorized && got.Code == "unauthenticated":
		case recorder.Code == http.StatusBadRequest && (got.Code == "malformed_json" || got.Code == "duplicate_name" || got.Code == "too_deep"):
		case recorder.Code == http.StatusBadRequest && got.Code == "invalid" && len(got.Errors) > 0:
		case recorder.Code == http.StatusRequestEntityTooLarge && got.Code == "body_too_large":
		default:
			t.Errorf("%q answered %d %s", body, recorder.Code, recorder.Body)
		}
	})
}
