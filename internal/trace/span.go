package trace

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	otel "go.opentelemetry.io/otel/trace"
)

// Span is something that is being done, and recorded.
type Span struct{ span otel.Span }

// begin begins a span, which whoever asked for it ends.
func (t *Tracer) begin(ctx context.Context, name string, kind otel.SpanKind, options ...otel.SpanStartOption) (context.Context, *Span) {
	ctx, span := t.tracer.Start(ctx, name, append(options, otel.WithSpanKind(kind))...) //nolint:spancheck // see above
	return ctx, &Span{span}                                                             //nolint:spancheck // see above
}

// End ends the span. Of an error it keeps which kind it is, and not the text.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		s.fail(kindOf(err))
	}
	s.span.End()
}

func (s *Span) fail(kind string) {
	s.span.SetAttributes(semconv.ErrorTypeKey.String(kind))
	s.span.SetStatus(codes.Error, "")
}

// Answered ends the span of a request or an answer with its HTTP status. From failing on, a status is an error.
func (s *Span) Answered(status, failing int) {
	if s == nil {
		return
	}
	s.span.SetAttributes(semconv.HTTPResponseStatusCode(status))
	if status >= failing {
		s.fail(strconv.Itoa(status))
	}
	s.span.End()
}

// kindOf is the SQLSTATE of an error that has one, and otherwise the type of what it goes back to.
func kindOf(err error) string {
	if state, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return state.SQLState()
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return fmt.Sprintf("%T", err)
}

// Systems that are asked.
const (
	Postgres = "postgresql"
	SQLite   = "sqlite"
	Redis    = "redis"
)

// Query is a statement or a command, or several at once.
type Query struct {
	// System is one of the constants.
	System string
	// Operation is such as SELECT, and Table what it is done to, "" if that is not known. They must be none of a caller's choice.
	Operation, Table string
	// Batch is how many are sent at once; 0 for one.
	Batch int
}

// Query begins a span within the one of the context, nil if nobody records that: what is asked for on no occasion, such as
// whether there is work, would be most of all spans.
func (t *Tracer) Query(ctx context.Context, q Query) *Span {
	if t == nil {
		return nil
	}
	return t.query(ctx, q)
}

func (t *Tracer) query(ctx context.Context, q Query) *Span {
	if !otel.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	name := q.Operation
	about := []attribute.KeyValue{semconv.DBSystemNameKey.String(q.System), semconv.DBOperationName(q.Operation)}
	if q.Table != "" {
		name += " " + q.Table
		about = append(about, semconv.DBCollectionName(q.Table))
	}
	if q.Batch > 1 {
		about = append(about, semconv.DBOperationBatchSize(q.Batch))
	}
	_, span := t.begin(ctx, name, otel.SpanKindClient, otel.WithAttributes(about...))
	return span
}

// Current is the span of the context, nil if nobody records it.
func (t *Tracer) Current(ctx context.Context) *Span {
	if t == nil {
		return nil
	}
	if span := otel.SpanFromContext(ctx); span.IsRecording() {
		return &Span{span}
	}
	return nil
}

// Batch begins the span of what is done at once for several spans, each of which is linked with it and it with each; nil ones
// are passed over, and for none there is no span.
func (t *Tracer) Batch(ctx context.Context, name string, of []*Span) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	links := make([]otel.Link, 0, len(of))
	for _, s := range of {
		if s != nil {
			links = append(links, otel.Link{SpanContext: s.span.SpanContext()})
		}
	}
	if len(links) == 0 {
		return ctx, nil
	}
	ctx, span := t.work(ctx, name, len(of), otel.WithLinks(links...))
	back := otel.Link{SpanContext: span.span.SpanContext()}
	for _, s := range of {
		if s != nil {
			s.span.AddLink(back)
		}
	}
	return ctx, span
}

// Work begins the span of work that nobody waits for, a trace of its own. The name must be none of a caller's choice, and count
// is how many pieces are done at once.
func (t *Tracer) Work(ctx context.Context, name string, count int) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	return t.work(ctx, name, count)
}

func (t *Tracer) work(ctx context.Context, name string, count int, options ...otel.SpanStartOption) (context.Context, *Span) {
	return t.begin(ctx, name, otel.SpanKindConsumer, append(options, otel.WithNewRoot(),
		otel.WithAttributes(semconv.MessagingOperationTypeProcess, semconv.MessagingBatchMessageCount(count)))...)
}
