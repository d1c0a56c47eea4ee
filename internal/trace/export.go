package trace

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// complainEvery is how often the log says at most that spans are lost.
const complainEvery = time.Minute

// exporter sends spans, and tells of those that it loses. The processor before it holds a bounded number, and drops what more
// comes while they cannot be sent.
type exporter struct {
	sdk.SpanExporter

	log *slog.Logger
	// giveUp ends what is being sent, and keeps more from being sent.
	given  context.Context //nolint:containedctx // it is the exporter's life
	giveUp context.CancelFunc

	mu         sync.Mutex
	lost       int
	complained time.Time
}

func newExporter(to sdk.SpanExporter, log *slog.Logger) *exporter {
	given, giveUp := context.WithCancel(context.Background())
	return &exporter{SpanExporter: to, log: log, given: given, giveUp: giveUp}
}

// ExportSpans implements sdk.SpanExporter. It returns no error: the SDK would write each to the standard error.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.given, cancel)() //nolint:contextcheck // it is no parent
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.complain(ctx, len(spans), err)
	}
	return nil
}

func (e *exporter) complain(ctx context.Context, lost int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += lost
	if now := time.Now(); now.Sub(e.complained) >= complainEvery {
		e.log.WarnContext(ctx, "traces cannot be sent, and are dropped", "spans", e.lost, "error", err)
		e.lost, e.complained = 0, now
	}
}
