package trace

import (
	"context"
	"log/slog"

	otel "go.opentelemetry.io/otel/trace"
)

// Logged returns a handler of log records that adds trace_id and span_id to those that are written within a trace.
func Logged(to slog.Handler) slog.Handler { return logged{to} }

type logged struct{ slog.Handler }

// Handle implements slog.Handler.
func (l logged) Handle(ctx context.Context, record slog.Record) error {
	if within := otel.SpanContextFromContext(ctx); within.IsValid() {
		record = record.Clone() // others may have it, too
		record.AddAttrs(slog.String("trace_id", within.TraceID().String()), slog.String("span_id", within.SpanID().String()))
	}
	return l.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (l logged) WithAttrs(attrs []slog.Attr) slog.Handler { return logged{l.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (l logged) WithGroup(name string) slog.Handler { return logged{l.Handler.WithGroup(name)} }
