package app_test

import (
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/testkit"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// A trace and a span of a proxy, as it tells of them, and another trace.
const (
	proxysTrace, otherTrace, proxysSpan = "0af7651916cd43dd8448eb211c80319c", "1af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
)

// deliverWithin sends a delivery that is part of a trace, and reads its author's profile as part of another one.
func deliverWithin(t *testing.T, address string) {
	t.Helper()

	delivery, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", testkit.MergedPullRequest(1, 815, "ada-the-countess"))
	if err != nil {
		t.Fatal(err)
	}
	delivery.Header.Set("Traceparent", "00-"+proxysTrace+"-"+proxysSpan+"-01")
	delivery.Header.Set("Tracestate", "vendor=state-secret-1")
	if status, answer := exchange(t, delivery); status != http.StatusAccepted {
		t.Fatalf("the delivery is answered %d: %v", status, answer)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/v1/users/ada-the-countess?token=query-secret-1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Traceparent", "00-"+otherTrace+"-"+proxysSpan+"-01")
	if status, answer := exchange(t, request); status != http.StatusOK {
		t.Fatalf("the profile is answered %d: %v", status, answer)
	}
}

// traced is a configuration that sends traces, and a talkative log.
func traced(databaseURL, collector string) (app.Config, *logged) {
	cfg, log := configuration(databaseURL, hotRules), &logged{}
	cfg.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.TrustedProxies = []string{"127.0.0.0/8"}
	if collector != "" {
		cfg.Traces = trace.Config{URL: collector + "/v1/traces", Headers: map[string]string{"authorization": "Bearer collector-secret"}}
	}
	return cfg, log
}

// startUntil runs a service and returns its address and what stops it, which returns how long that takes.
func startUntil(t *testing.T, cfg app.Config) (address string, stop func() time.Duration) {
	t.Helper()

	address, end := run(t, cfg)
	return address, func() time.Duration {
		began := time.Now()
		end()
		return time.Since(began)
	}
}

// What a proxy has traced goes on here: the request, the batch that a delivery is committed in, what the databases are asked.
func TestTraces(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		collector := testkit.NewCollector(t)
		cfg, log := traced(databaseURL, collector.URL)
		postgres := strings.HasPrefix(databaseURL, "postgres")
		if postgres {
			cfg.Cache.RedisURL, cfg.Cache.Prefix = testkit.RedisURL(t), testkit.Prefix(t)
		}
		address, stop := startUntil(t, cfg)
		deliverWithin(t, address)
		stop()
		spans := collector.Spans()
		find := func(what string, wanted func(s testkit.CollectedSpan) bool) testkit.CollectedSpan {
			i := slices.IndexFunc(spans, wanted)
			if i < 0 {
				t.Fatalf("no span is %s: %+v", what, spans)
			}
			return spans[i]
		}
		named := func(name, below string) testkit.CollectedSpan {
			return find(name, func(s testkit.CollectedSpan) bool { return s.Name == name && s.Parent == below })
		}
		hook, read := named("POST /hooks/:source", proxysSpan), named("GET /api/v1/users/:user", proxysSpan)
		if hook.TraceID != proxysTrace || hook.Attributes["http.route"] != "/hooks/:source" || hook.Attributes["http.response.status_code"] != "202" ||
			hook.Attributes["http.request.method"] != "POST" || hook.Kind != "SPAN_KIND_SERVER" || hook.Failed || hook.Attributes["service.name"] != "accolade" {
			t.Errorf("the span of the delivery is %+v", hook)
		}
		batch := named("commit deliveries", "")
		if !slices.Equal(batch.Links, []string{hook.ID}) || !slices.Equal(hook.Links, []string{batch.ID}) {
			t.Errorf("the spans of the batch and of the delivery are %+v and %+v", batch, hook)
		}
		statement := find("a statement of the API", func(s testkit.CollectedSpan) bool {
			return s.Parent == read.ID && s.Name == "SELECT users" && s.Attributes["db.collection.name"] == "users" && s.Kind == "SPAN_KIND_CLIENT"
		})
		if read.TraceID != otherTrace || statement.TraceID != otherTrace {
			t.Errorf("the spans of the API are %+v and %+v", read, statement)
		}
		if postgres {
			named("BATCH deliveries", batch.ID)
			if commit := named("COMMIT", batch.ID); commit.Attributes["db.system.name"] != "postgresql" {
				t.Errorf("the span of the commit is %+v", commit)
			}
			find("a command of Redis", func(s testkit.CollectedSpan) bool {
				return s.Parent == batch.ID && s.Attributes["db.system.name"] == "redis"
			})
		} else {
			named("INSERT deliveries", batch.ID)
		}
		tellNothing(t, collector)
		for _, span := range []testkit.CollectedSpan{hook, read} {
			if within := `"trace_id":"` + span.TraceID + `","span_id":"` + span.ID + `"`; !strings.Contains(log.text(), within) {
				t.Errorf("the log does not tell of %s", span.Name)
			}
		}
	})
}

// tellNothing fails the test if spans tell whom a request was about, or what it was let in with.
func tellNothing(t *testing.T, collector *testkit.Collector) {
	t.Helper()

	if said := collector.Header("Authorization"); said != "Bearer collector-secret" {
		t.Errorf("the collector is told %q", said)
	}
	text := strings.Join(collector.Texts(), "")
	for _, secret := range []string{"ada-the-countess", "secret-1", "collector-secret", adminToken, secret, "accolade:"} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("a span tells %s: %s", secret, text[max(0, at-200):at+20])
		}
	}
}

// Work that nobody waits for is a trace of its own, and of those that begin here as many are sent as is said.
func TestTracesOfWork(t *testing.T) {
	t.Parallel()

	collector := testkit.NewCollector(t)
	cfg, _ := traced(testkit.SQLitePath(t), collector.URL)
	cfg.TrustedProxies, cfg.Traces.Sample = nil, 1
	address, stop := startUntil(t, cfg)
	get(t, address+"/readyz")
	deliverWithin(t, address)
	work := collector.Wait("of a job", func(s testkit.CollectedSpan) bool { return strings.HasPrefix(s.Name, "process award") })
	stop()
	if work.Parent != "" || work.Kind != "SPAN_KIND_CONSUMER" || work.Failed {
		t.Errorf("the span of the job is %+v", work)
	}
	for _, span := range collector.Spans() {
		if span.Name == "BEGIN" && span.Parent == "" || strings.Contains(span.Name, "readyz") {
			t.Errorf("what is done every second is traced: %+v", span)
		}
	}
}

// Without a collector the log still tells which trace of a proxy a request is part of, and says nothing where there is none.
func TestLogTellsOfTracesThatAreNotSent(t *testing.T) {
	t.Parallel()

	cfg, log := traced(testkit.SQLitePath(t), "")
	address, stop := startUntil(t, cfg)
	get(t, address+"/api/v1/user")
	if text := log.text(); strings.Contains(text, "trace_id") {
		t.Errorf("the log tells of a trace: %s", text)
	}
	deliverWithin(t, address)
	stop()
	for _, trace := range []string{proxysTrace, otherTrace} {
		if !strings.Contains(log.text(), `"trace_id":"`+trace+`","span_id":"`+proxysSpan+`"`) {
			t.Errorf("the log does not tell of the trace %s", trace)
		}
	}
}

// A collector that is away, or that takes and never answers, keeps nobody waiting.
func TestCollectorIsAway(t *testing.T) {
	t.Parallel()

	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	const exportPatience = 10 * time.Second // who waited for the collector would wait as long
	for _, collector := range []string{"http://" + freeAddress(t), "http://" + silent.Addr().String()} {
		cfg, log := traced(testkit.SQLitePath(t), collector)
		cfg.Traces.Sample = 1
		address, stop := startUntil(t, cfg)
		began := time.Now()
		deliverWithin(t, address)
		if took := time.Since(began); took >= exportPatience {
			t.Errorf("the requests take %s", took)
		}
		if took := stop(); took >= exportPatience {
			t.Errorf("the stop takes %s", took)
		}
		if lines := strings.Count(log.text(), "traces cannot be sent"); lines != 1 {
			t.Errorf("the log says %d times that traces cannot be sent", lines)
		}
		if strings.Contains(log.text(), "collector-secret") {
			t.Error("the log tells the secret of the collector")
		}
	}
}
