package testkit

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	collected "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	traced "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
)

// Collector takes spans as collectors of traces do.
type Collector struct {
	URL string

	t       *testing.T
	mu      sync.Mutex
	spans   []CollectedSpan
	texts   []string
	headers http.Header
}

// CollectedSpan is a span as a collector gets it. Ids are in hexadecimal; Links are those of spans.
type CollectedSpan struct {
	Name, TraceID, ID, Parent string
	Kind                      string
	Failed                    bool
	Links                     []string
	Attributes                map[string]string
}

// NewCollector returns one that listens until the test ends.
func NewCollector(t *testing.T) *Collector {
	t.Helper()

	c := &Collector{t: t}
	server := httptest.NewServer(http.HandlerFunc(c.collect))
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

func (c *Collector) collect(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Errorf("the collector cannot read what it is sent: %v", err)
	}
	var request collected.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil || r.URL.Path != "/v1/traces" {
		c.t.Errorf("the collector is sent what is no OTLP, at %s: %v", r.URL.Path, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = r.Header.Clone()
	c.texts = append(c.texts, prototext.Format(&request))
	for _, from := range request.GetResourceSpans() {
		for _, scope := range from.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, newCollectedSpan(span, from.GetResource().GetAttributes()))
			}
		}
	}
}

func newCollectedSpan(span *traced.Span, resource []*common.KeyValue) CollectedSpan {
	s := CollectedSpan{
		Name: span.GetName(), TraceID: hex.EncodeToString(span.GetTraceId()), ID: hex.EncodeToString(span.GetSpanId()),
		Parent: hex.EncodeToString(span.GetParentSpanId()), Kind: span.GetKind().String(),
		Failed: span.GetStatus().GetCode() == traced.Status_STATUS_CODE_ERROR, Attributes: map[string]string{},
	}
	for _, link := range span.GetLinks() {
		s.Links = append(s.Links, hex.EncodeToString(link.GetSpanId()))
	}
	for _, attribute := range slices.Concat(resource, span.GetAttributes()) {
		value := attribute.GetValue()
		s.Attributes[attribute.GetKey()] = value.GetStringValue()
		if _, text := value.GetValue().(*common.AnyValue_StringValue); !text {
			s.Attributes[attribute.GetKey()] = strconv.FormatInt(value.GetIntValue(), 10)
		}
	}
	return s
}

// Spans returns what has come.
func (c *Collector) Spans() []CollectedSpan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Texts returns all that was sent, as text.
func (c *Collector) Texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts)
}

// Header returns the value of a header of the last request.
func (c *Collector) Header(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.headers.Get(name)
}

// Wait waits for a span, and fails the test when none comes that is as wanted.
func (c *Collector) Wait(what string, wanted func(CollectedSpan) bool) CollectedSpan {
	c.t.Helper()

	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		spans := c.Spans()
		if i := slices.IndexFunc(spans, wanted); i >= 0 {
			return spans[i]
		}
		if time.Now().After(deadline) {
			for _, span := range spans {
				c.t.Logf("%+v", span)
			}
			c.t.Fatalf("no span is %s", what)
		}
	}
}
