package trace

import (
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	otel "go.opentelemetry.io/otel/trace"
)

// firstRefusal is the first status of an answer that says no, which is an error for who asked.
const firstRefusal = 400

// Transport returns one that makes a span of each request that another one carries, nil for the standard library's. A Tracer
// that is off returns the other one. Requests carry no traceparent: they go to others, whom our traces do not concern.
func (t *Tracer) Transport(carrier http.RoundTripper) http.RoundTripper {
	if t == nil {
		return carrier
	}
	if carrier == nil {
		carrier = http.DefaultTransport
	}
	return &transport{carrier, t}
}

type transport struct {
	carrier http.RoundTripper
	tracer  *Tracer
}

// RoundTrip implements http.RoundTripper. The span says which host was asked, and not for what: addresses hold names and codes.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	method := methodOf(r)
	about := []attribute.KeyValue{method, semconv.ServerAddress(r.URL.Hostname())}
	ctx, span := t.tracer.begin(r.Context(), method.Value.AsString(), otel.SpanKindClient, otel.WithAttributes(about...))
	response, err := t.carrier.RoundTrip(r.WithContext(ctx))
	if err != nil {
		span.End(err)
		return nil, err
	}
	span.Answered(response.StatusCode, firstRefusal)
	return response, nil
}
