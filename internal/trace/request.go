package trace

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	otel "go.opentelemetry.io/otel/trace"
)

// parentHeader is traceparent as net/http keeps it.
const parentHeader = "Traceparent"

// parentOf is a request's traceparent, if there is exactly one. Its tracestate is left alone: nobody gets it from us.
type parentOf http.Header

// Get implements propagation.TextMapCarrier.
func (p parentOf) Get(name string) string {
	if values := p[parentHeader]; len(values) == 1 && name == "traceparent" {
		return values[0]
	}
	return ""
}

// Set and Keys complete propagation.TextMapCarrier.
func (parentOf) Set(string, string) {}

// Keys returns nothing: nobody asks.
func (parentOf) Keys() []string { return nil }

// carries reports whether a request may have a parent. It is all that is done where nothing is traced.
func carries(r *http.Request) bool { return len(r.Header[parentHeader]) == 1 }

func extract(ctx context.Context, header http.Header) context.Context {
	return propagation.TraceContext{}.Extract(ctx, parentOf(header))
}

// Continue returns the request with the trace that it is part of in its context, for the log. A request without a valid
// traceparent is returned as it is.
func Continue(r *http.Request) *http.Request {
	if !carries(r) {
		return r
	}
	ctx := r.Context()
	if within := extract(ctx, r.Header); within != ctx {
		return r.WithContext(within)
	}
	return r
}

// Receiver makes the spans of requests that come in.
type Receiver struct {
	tracer *Tracer
	// proxies are those whose decision to sample is followed.
	proxies []netip.Prefix
}

// Receiver returns one that follows what the proxies (CIDR) decide on sampling; nil for a Tracer that is off.
func (t *Tracer) Receiver(proxies []string) *Receiver {
	if t == nil {
		return nil
	}
	r := &Receiver{tracer: t}
	for _, proxy := range proxies {
		if prefix, err := netip.ParsePrefix(proxy); err == nil { // the configuration has checked them
			r.proxies = append(r.proxies, prefix)
		}
	}
	return r
}

// Receive begins the span of a request that came at the time, and whose route is a template, "" for none. It returns the request
// with it.
func (in *Receiver) Receive(r *http.Request, route string, came time.Time) (*http.Request, *Span) {
	ctx := r.Context()
	if carries(r) {
		ctx = extract(ctx, r.Header)
		if !in.trusts(r) {
			ctx = context.WithValue(ctx, doubtedKey{}, true)
		}
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	method := methodOf(r)
	name := method.Value.AsString()
	if method == semconv.HTTPRequestMethodOther {
		name = "HTTP"
	}
	about := []attribute.KeyValue{method, semconv.URLScheme(scheme)}
	if route != "" {
		name += " " + route
		about = append(about, semconv.HTTPRoute(route))
	}
	ctx, span := in.tracer.begin(ctx, name, otel.SpanKindServer, otel.WithTimestamp(came), otel.WithAttributes(about...))
	return r.WithContext(ctx), span
}

func (in *Receiver) trusts(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(in.proxies, func(p netip.Prefix) bool { return p.Contains(peer.Addr().Unmap()) })
}

// methodOf is a request's method. Those that HTTP does not know are anybody's choice, and all one.
func methodOf(r *http.Request) attribute.KeyValue {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace:
		return semconv.HTTPRequestMethodKey.String(r.Method)
	default:
		return semconv.HTTPRequestMethodOther
	}
}
