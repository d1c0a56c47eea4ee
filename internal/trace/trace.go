// Package trace says where the time of a request goes: it continues the traces of callers (W3C Trace Context), puts their ids
// into the log, and sends spans to a collector (OTLP over HTTP) if one is configured.
//
// It is the only package that knows OpenTelemetry and how its conventions call things. A nil *Tracer is one that is off, and a
// nil *Span one that nobody records: their methods do nothing, and allocate nothing. No span says more than what something is
// and how it ended: no address, query, argument, statement or text of an error, where secrets and names of people would be
// (docs/decisions/0030-traces-say-what-and-how-long.md). The package may import fault.
package trace

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	otel "go.opentelemetry.io/otel/trace"
)

const (
	// scope says whose spans these are.
	scope = "github.com/seed-504bad89/accolade"
	// closePatience bounds how long a stop waits for the collector to take what is left.
	closePatience = 3 * time.Second
	// mostLinks is how many spans a batch may be linked with: as many as it may have deliveries.
	mostLinks = 256
)

// Config says where spans are sent, and how many.
type Config struct {
	// URL is that of the collector, as ParseURL returns it; empty sends nothing.
	URL string
	// Headers are sent with them.
	Headers map[string]string
	// Sample is the share of traces that are sent, of those on which nobody has decided before.
	Sample float64
}

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	tracer   otel.Tracer
	exporter *exporter
	// shutDown ends the provider, within a time of its own: that of who opened the Tracer is up by then.
	shutDown func() error
}

// Open returns a Tracer, nil if none is configured. It does not connect: a collector that is away delays nothing.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Tracer, error) {
	if cfg.URL == "" {
		return nil, nil //nolint:nilnil // a nil Tracer is one that is off
	}
	options := []otlptracehttp.Option{otlptracehttp.WithEndpointURL(cfg.URL)}
	if len(cfg.Headers) > 0 {
		options = append(options, otlptracehttp.WithHeaders(cfg.Headers))
	}
	sending, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("preparing traces: %w", err)
	}
	whose, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName("accolade"), semconv.ServiceVersion(version())), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("reading what OTEL_RESOURCE_ATTRIBUTES says of traces: %w", err)
	}
	limits := sdk.NewSpanLimits()
	limits.LinkCountLimit = mostLinks
	exporter := newExporter(sending, log)
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(whose), sdk.WithSampler(sampler(cfg.Sample)),
		sdk.WithRawSpanLimits(limits))
	return &Tracer{provider.Tracer(scope), exporter, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*closePatience)
		defer cancel()
		return provider.Shutdown(ctx)
	}}, nil
}

// Close sends what is left, as far as the collector takes it within a moment.
func (t *Tracer) Close() {
	if t == nil {
		return
	}
	defer t.exporter.giveUp()
	defer time.AfterFunc(closePatience, t.exporter.giveUp).Stop() // then all that is left fails at once
	_ = t.shutDown()                                              // what was not sent, the exporter has told
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}
