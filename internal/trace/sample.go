package trace

import (
	"context"
	"math/rand/v2"
	"slices"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"
)

// sampler follows what was decided on a trace before, and samples the given share of those that begin here. What is linked with
// a span that is sampled is sampled, too: without the batch that committed it, a delivery's trace would say little.
type sampler float64

// doubtedKey marks a context whose remote parent may not decide: a stranger would have every request of theirs sent to the
// collector. Nor may the trace id decide, which is the stranger's choice as well.
type doubtedKey struct{}

// ShouldSample implements sdk.Sampler.
func (s sampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	parent := otel.SpanContextFromContext(p.ParentContext)
	decided := parent.IsValid() && (!parent.IsRemote() || !doubted(p.ParentContext))
	result := sdk.SamplingResult{Decision: sdk.Drop, Tracestate: parent.TraceState()}
	if decided && parent.IsSampled() || !decided && (s.chooses() || slices.ContainsFunc(p.Links, sampled)) {
		result.Decision = sdk.RecordAndSample
	}
	return result
}

func (s sampler) chooses() bool { return rand.Float64() < float64(s) } //nolint:gosec // sampling needs no secrecy

// Description implements sdk.Sampler.
func (sampler) Description() string { return "ParentBased" }

func sampled(link otel.Link) bool { return link.SpanContext.IsSampled() }

func doubted(ctx context.Context) bool { return ctx.Value(doubtedKey{}) != nil }
