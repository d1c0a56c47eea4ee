package trace_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/testkit"
	"github.com/seed-504bad89/accolade/internal/trace"
)

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	spanID  = "b7ad6b7169203331"
	parent  = "00-" + traceID + "-" + spanID + "-01"
)

func open(t *testing.T, cfg trace.Config, log *slog.Logger) *trace.Tracer {
	t.Helper()

	tracer, err := trace.Open(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tracer.Close)
	return tracer
}

func request(traceparent ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hooks/forge", http.NoBody)
	if traceparent != nil {
		r.Header["Traceparent"] = traceparent
	}
	return r
}

// logOf returns what is logged of something that happens within a context.
func logOf(ctx context.Context) string {
	var out bytes.Buffer
	slog.New(trace.Logged(slog.NewTextHandler(&out, nil))).With("a", 1).InfoContext(ctx, "something")
	return out.String()
}

func TestLogTellsOfACallersTrace(t *testing.T) {
	t.Parallel()

	for name, traceparent := range map[string][]string{
		"sampled": {parent}, "not sampled": {"00-" + traceID + "-" + spanID + "-00"}, "of a later version": {"01-" + traceID + "-" + spanID + "-01-more"},
	} {
		if log := logOf(trace.Continue(request(traceparent...)).Context()); !strings.Contains(log, "trace_id="+traceID+" span_id="+spanID) {
			t.Errorf("%s: the log says %s", name, log)
		}
	}
	for name, traceparent := range map[string][]string{
		"none": nil, "empty": {""}, "twice": {parent, parent}, "no trace": {"00-00000000000000000000000000000000-" + spanID + "-01"},
		"no span": {"00-" + traceID + "-0000000000000000-01"}, "capitals": {strings.ToUpper(parent)}, "too long": {parent + "-01"},
		"version ff": {"ff" + parent[2:]}, "nonsense": {"hello\nworld"},
	} {
		r := request(traceparent...)
		if continued := trace.Continue(r); continued != r {
			t.Errorf("%s: the request is another one", name)
		}
		if log := logOf(r.Context()); strings.Contains(log, "trace_id") {
			t.Errorf("%s: the log says %s", name, log)
		}
	}
}

// What is off costs nothing: this is done for every delivery.
func TestOffAllocatesNothing(t *testing.T) {
	var off *trace.Tracer
	r, ctx := request(), t.Context()
	failure := errors.New("no")
	allocated := testing.AllocsPerRun(1000, func() {
		r = trace.Continue(r)
		off.Current(ctx).End(failure)
		off.Query(ctx, trace.Query{System: trace.Postgres, Operation: "SELECT", Table: "awards"}).End(failure)
		_, span := off.Work(ctx, "work", 1)
		span.Answered(http.StatusOK, http.StatusBadRequest)
		_, span = off.Batch(ctx, "work", nil)
		span.End(nil)
	})
	if allocated != 0 {
		t.Errorf("it allocates %v times", allocated)
	}
	if off.Transport(nil) != nil || off.Receiver(nil) != nil {
		t.Error("something is there that is to do nothing")
	}
	off.Close()
}

// Whoever is no trusted proxy decides neither that a request is sampled nor that it is not, whatever ids they choose.
func TestWhoDecidesOnSampling(t *testing.T) {
	t.Parallel()

	const trusted, stranger = "10.0.0.7:1234", "192.0.2.1:1234"
	refused := "00-" + traceID + "-" + spanID + "-00"
	lucky := "00-00000000000000000000000000000001-" + spanID + "-01"
	for _, test := range []struct {
		name, traceparent, from string
		share                   float64
		sent                    bool
	}{
		{"nobody asks, all are sent", "", stranger, 1, true},
		{"nobody asks, none are sent", "", stranger, 0, false},
		{"a proxy asks", parent, trusted, 0, true},
		{"a proxy on IPv6 asks", parent, "[::ffff:10.0.0.7]:1234", 0, true},
		{"a proxy refuses", refused, trusted, 1, false},
		{"a stranger asks", parent, stranger, 0, false},
		{"a stranger asks with an id of their choice", lucky, stranger, 0.0001, false},
		{"a stranger refuses", refused, stranger, 1, true},
	} {
		collector := testkit.NewCollector(t)
		tracer := open(t, trace.Config{URL: collector.URL + "/v1/traces", Sample: test.share}, slog.New(slog.DiscardHandler))
		r := request()
		r.RemoteAddr = test.from
		if test.traceparent != "" {
			r.Header.Set("Traceparent", test.traceparent)
		}
		_, span := tracer.Receiver([]string{"10.0.0.0/8"}).Receive(r, "/hooks/:source", time.Now())
		span.Answered(http.StatusAccepted, http.StatusInternalServerError)
		tracer.Close()
		spans := collector.Spans()
		if sent := len(spans) == 1; sent != test.sent {
			t.Errorf("%s: sent is %v, want %v", test.name, sent, test.sent)
		}
		if len(spans) == 1 && test.traceparent != "" && (spans[0].TraceID != traceID || spans[0].Parent != spanID) {
			t.Errorf("%s: the span is of the trace %s below %s", test.name, spans[0].TraceID, spans[0].Parent)
		}
	}
}

// A batch has several causes: it is linked with each of them, and sampled if one of them is.
func TestBatchesAreLinked(t *testing.T) {
	t.Parallel()

	collector := testkit.NewCollector(t)
	tracer := open(t, trace.Config{URL: collector.URL + "/v1/traces"}, slog.New(slog.DiscardHandler))
	r := request(parent)
	r.RemoteAddr = "10.0.0.7:1234"
	within, cause := tracer.Receiver([]string{"10.0.0.0/8"}).Receive(r, "/hooks/:source", time.Now())
	ctx, batch := tracer.Batch(t.Context(), "commit", []*trace.Span{nil, tracer.Current(within.Context()), nil})
	tracer.Query(ctx, trace.Query{System: trace.Postgres, Operation: "COMMIT", Batch: 2}).End(fault.New(fault.Invalid, "x", "a secret").Because(&net.OpError{Op: "read"}))
	batch.End(nil)
	cause.Answered(http.StatusServiceUnavailable, http.StatusInternalServerError)
	if _, none := tracer.Batch(t.Context(), "commit", []*trace.Span{nil}); none != nil {
		t.Error("a batch that nobody records has a span")
	}
	tracer.Close()
	spans := map[string]testkit.CollectedSpan{}
	for _, span := range collector.Spans() {
		spans[span.Name] = span
	}
	caused, commit, statement := spans["POST /hooks/:source"], spans["commit"], spans["COMMIT"]
	if len(spans) != 3 || len(commit.Links) != 1 || commit.Links[0] != caused.ID || len(caused.Links) != 1 || caused.Links[0] != commit.ID || commit.Parent != "" {
		t.Errorf("the spans are %+v", spans)
	}
	if !caused.Failed || caused.Attributes["error.type"] != "503" || statement.Parent != commit.ID || statement.Attributes["error.type"] != "*net.OpError" {
		t.Errorf("the spans are %+v", spans)
	}
	if text := strings.Join(collector.Texts(), ""); strings.Contains(text, "a secret") {
		t.Errorf("the spans tell the text of an error: %s", text)
	}
}

// A request to others tells them nothing of our traces, and the span of it nothing of what was asked for.
func TestTransportKeepsToItself(t *testing.T) {
	t.Parallel()

	collector := testkit.NewCollector(t)
	tracer := open(t, trace.Config{URL: collector.URL + "/v1/traces", Sample: 1}, slog.New(slog.DiscardHandler))
	forge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Traceparent") != "" {
			t.Error("the forge is told of a trace")
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(forge.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, forge.URL+"/users/ada?code=secret", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := tracer.Transport(nil).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	tracer.Close()
	span := collector.Wait("of the request", func(s testkit.CollectedSpan) bool { return s.Name == "GET" })
	if span.Attributes["http.response.status_code"] != "418" || span.Attributes["server.address"] != "127.0.0.1" || !span.Failed {
		t.Errorf("the span is %+v", span)
	}
	if text := strings.Join(collector.Texts(), ""); strings.Contains(text, "ada") || strings.Contains(text, "code=") {
		t.Errorf("the span tells what was asked for: %s", text)
	}
}

// A collector that takes nothing hinders nobody, fills neither memory nor log, and holds up a stop for a moment only.
func TestCollectorAway(t *testing.T) {
	t.Parallel()

	silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // it accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for _, url := range []string{"http://127.0.0.1:1/v1/traces", "http://" + silent.Addr().String() + "/v1/traces"} {
		var out bytes.Buffer
		tracer := open(t, trace.Config{URL: url, Sample: 1}, slog.New(slog.NewTextHandler(&out, nil)))
		began := time.Now()
		for range 20_000 {
			_, span := tracer.Work(t.Context(), "work", 1)
			span.End(nil)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: 20,000 spans take %s", url, took)
		}
		began = time.Now()
		tracer.Close()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: a stop takes %s", url, took)
		}
		tracer.Close()
		if lines := strings.Count(out.String(), "traces cannot be sent"); lines > 1 {
			t.Errorf("%s: the log says %d times that traces cannot be sent", url, lines)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()

	for given, want := range map[string]string{
		"http://localhost:4318": "http://localhost:4318/v1/traces", "https://a.example/": "https://a.example/v1/traces",
		"https://a.example/otlp/": "https://a.example/otlp/v1/traces", "https://a.example/otlp/v1/traces": "https://a.example/otlp/v1/traces",
		"localhost:4318": "", "grpc://localhost:4317": "", "http://": "", "http://ada:secret@a.example": "", "http://a.example?key=secret": "",
		"http://a.example/%zz": "",
	} {
		url, err := trace.ParseURL(given)
		if url != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v, want %q", given, url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the secret: %v", given, err)
		}
	}
	headers, err := trace.ParseHeaders([]string{"authorization=Bearer%20a=b", " x-tenant = 7 "})
	if err != nil || headers["authorization"] != "Bearer a=b" || headers["x-tenant"] != "7" {
		t.Errorf("the headers are %v, %v", headers, err)
	}
	for _, bad := range []string{"secret", "=secret", "a b=secret", "a=%zzsecret", "a=secret%0a"} {
		if _, err := trace.ParseHeaders([]string{bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for given, good := range map[string]bool{"0": true, "0.25": true, "1": true, "1.1": false, "-1": false, "NaN": false, "": false, "all": false} {
		if share, err := trace.ParseSample(given); (err == nil) != good {
			t.Errorf("%s is %v, %v", given, share, err)
		}
	}
}
