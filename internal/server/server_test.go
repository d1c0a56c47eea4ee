package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

func TestWhatIsNotThereIsAProblem(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for _, path := range []string{"/nowhere", "/api/v1", "/api/v1/achievements/", "/api/v2/users", "/api/v1/users/ada/awards/x", "/metrics"} {
		d.refused(http.StatusNotFound, "not_found", "", "GET", path, nil)
	}
	got := d.refused(http.StatusMethodNotAllowed, "method_not_allowed", "", "DELETE", "/api/v1/awards/1/revoke", nil)
	if allow := got.header.Get("Allow"); allow != "POST" {
		t.Errorf("Allow is %q", allow)
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for _, path := range []string{"/livez", "/api/v1/user", "/nowhere"} {
		got := d.call("", "GET", path, nil)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if id := got.header.Get("X-Request-ID"); len(id) < 16 {
			t.Errorf("%s: the request id is %q", path, id)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for sent, kept := range map[string]bool{"abc-1.2_Z": true, "": false, "a b": false, strings.Repeat("a", 65): false, `"><script>`: false} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/livez", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Request-ID", sent)
		if got := d.send(request).header.Get("X-Request-ID"); (got == sent) != kept || got == "" {
			t.Errorf("sent %q, the id is %q", sent, got)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()

	ready := error(nil)
	degraded := false
	engine := server.New(server.Config{
		BaseURL: "http://accolade.test", Operations: operation.New(operation.Config{}), Metrics: prometheus.NewRegistry(),
		Log: slog.New(slog.DiscardHandler), Ready: func(context.Context) error { return ready }, Degraded: func() bool { return degraded },
	})
	ask := func(path string) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return recorder
	}
	if got := ask("/readyz"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"degraded":false`) {
		t.Errorf("ready, it says %d %s", got.Code, got.Body)
	}
	degraded = true
	if got := ask("/readyz"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"degraded":true`) {
		t.Errorf("degraded, it says %d %s", got.Code, got.Body)
	}
	for _, ready = range []error{errors.New("dial tcp 10.0.0.1: refused"), fault.UnavailableFor("the database", 1500*time.Millisecond)} {
		got := ask("/readyz")
		if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "2" || strings.Contains(got.Body.String(), "10.0.0.1") {
			t.Errorf("away, it says %d %v %s", got.Code, got.Header(), got.Body)
		}
		if got := ask("/livez"); got.Code != http.StatusOK {
			t.Errorf("away, it is said to be dead: %d", got.Code)
		}
	}
}

func TestFaultsAndPanicsShowNothing(t *testing.T) {
	t.Parallel()

	log, registry := &strings.Builder{}, prometheus.NewRegistry()
	engine := server.New(server.Config{
		BaseURL: "http://accolade.test", Operations: operation.New(operation.Config{}), Metrics: registry,
		Log: slog.New(slog.NewJSONHandler(log, nil)), Ready: func(context.Context) error { return nil },
		Mount: func(routes gin.IRouter) {
			routes.GET("/panic", func(*gin.Context) { panic("the inside") })
			routes.GET("/internal", func(c *gin.Context) { problem.Write(c, errors.New("the inside")) })
		},
	})
	for _, path := range []string{"/panic", "/internal"} {
		log.Reset()
		recorder := httptest.NewRecorder()
		engine.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		var got map[string]any
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if recorder.Code != http.StatusInternalServerError || got["code"] != "internal" || strings.Contains(recorder.Body.String(), "inside") {
			t.Errorf("%s answers %d %s", path, recorder.Code, recorder.Body)
		}
		if !strings.Contains(log.String(), "the inside") || !strings.Contains(log.String(), `"level":"ERROR"`) {
			t.Errorf("%s is logged without its cause: %s", path, log)
		}
	}
	metrics := httptest.NewRecorder()
	server.MetricsHandler(registry).ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if !strings.Contains(metrics.Body.String(), "accolade_http_panics_total 1\n") {
		t.Errorf("the panic is not counted: %s", metrics.Body)
	}
}

func TestLogAndMetricsHoldNoSecrets(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada := d.person("ada")
	d.must(http.StatusOK, ada, "GET", "/api/v1/users/ada?private_token=query-secret", nil)
	d.refused(http.StatusUnauthorized, "invalid_token", "guessed-secret-0000", "GET", "/api/v1/user", nil)
	d.refused(http.StatusNotFound, "not_found", "", "GET", "/path-of-a-scanner", nil)
	recorder := httptest.NewRecorder()
	server.MetricsHandler(d.registry).ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	told := d.log.String() + recorder.Body.String()
	for _, secret := range []string{ada, adminToken, "query-secret", "guessed-secret", "path-of-a-scanner"} {
		if strings.Contains(told, secret) {
			t.Errorf("log or metrics hold %q", secret)
		}
	}
	for _, want := range []string{
		`"operation":"getUser"`, `"code":"invalid_token"`, `"request_id":`, `"user":`,
		`accolade_http_request_duration_seconds_count{operation="getUser",status="2xx"} 1`,
		`accolade_http_request_duration_seconds_count{operation="getCurrentUser",status="4xx"} 1`,
		`accolade_http_request_duration_seconds_count{operation="unmatched",status="4xx"} 1`,
	} {
		if !strings.Contains(told, want) {
			t.Errorf("log and metrics lack %s", want)
		}
	}
}
