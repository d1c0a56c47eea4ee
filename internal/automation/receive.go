package automation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// Outcome is what became of a delivery.
type Outcome string

// The outcomes. Each is kept with the delivery, counted, and told to the sender.
const (
	// Judged: its events are stored and went through the rules.
	Judged Outcome = "judged"
	// Duplicate: this very delivery was stored before.
	Duplicate Outcome = "duplicate"
	// Ignored: the forge said something that is not in our vocabulary, such as a ping.
	Ignored Outcome = "ignored"
	// Unreadable: rightly signed, but not what the forge's documentation describes.
	Unreadable Outcome = "unreadable"
	// Failed: it was stored, but judging it failed each time; it can be replayed.
	Failed Outcome = "failed"
	// DryRun: its source is on trial. It is stored, and nothing else; it can be replayed.
	DryRun Outcome = "dry_run"
	// Spooled: the book is away, or older deliveries that waited for it come first. It is safe on this server's disk,
	// and is judged in its turn; then it is counted once more, by what became of it.
	Spooled Outcome = "spooled"
)

// Receipt is what a delivery caused. With the outcome DryRun it is what it would cause, and awards have no ids; with
// Spooled nothing is known yet, and the delivery has no id.
type Receipt struct {
	DeliveryID  int64
	Outcome     Outcome
	Problem     string
	Events      []SeenEvent
	Awards      []Given
	Revocations []Given
}

// SeenEvent is one event of a delivery; New is false when another delivery told of it before.
type SeenEvent struct {
	Kind string
	New  bool
}

// Given is an award that was given or revoked.
type Given struct {
	AwardID       int64
	AchievementID int64
	Key, Name     string
	UserID        int64
	Username      string
}

// intake is one delivery on its way into the book.
type intake struct {
	source   string
	cacheKey string
	delivery store.Delivery
	events   []judged
	rules    *ruleset
	receipt  Receipt
	done     chan error
	// queued counts the deliveries of the source that wait.
	queued *atomic.Int64
	// loaded is what the body takes of the room in the queue; the body itself may be packed anew.
	loaded int64
	// trial are the events that are not judged, because the source is on trial.
	trial []judged
	// again is set when the book holds the delivery already, and it is judged once more.
	again *again
	// on is what the delivery's body is packed on, and packed the body; nil when it is not. They never change.
	on     *base
	packed []byte
	// span is that of the request that brought it; nil for none.
	span *trace.Span
	// spooled says that the delivery is or was in the spool, where it goes once at most.
	spooled atomic.Bool
}

// judged is one event and what the rules' stateless half made of it.
type judged struct {
	event *event.Event
	// encoded is the event as it is stored, if that is known before.
	encoded string
	matched rule.Matched
	row     store.EventRow
	// in is the delivery that told of it; nil for none.
	in *intake
	// rules judge the event, when they are not those of the whole work.
	rules *ruleset
	// late are the hits that needed the book, and failures what failed since the event was matched.
	late     []rule.Hit
	failures []rule.Failure
}

// hits returns all hits of the event.
func (ev *judged) hits() []rule.Hit {
	if len(ev.late) == 0 {
		return ev.matched.Hits
	}
	return slices.Concat(ev.matched.Hits, ev.late)
}

// retryAfterFull is what a sender is told when the queue is full.
const retryAfterFull = 2 * time.Second

// Receive takes in one delivery for the named source and returns when it is committed.
//
// Faults: NotFound for an unknown source, Unauthenticated for a bad signature (before anything of
// the body is parsed), Limited for a source that sends more than its share, Unavailable when the book
// is away or too much is queued: then nothing was stored and the sender should try again. With a spool, what comes while the
// book is away is kept on the disk, and its receipt says so. A delivery that is not understood is no fault: it is
// stored and the receipt says so. When ctx ends first, the delivery may still be committed.
func (a *Automation) Receive(ctx context.Context, sourceName string, req forge.Request) (*Receipt, error) {
	src, ok := a.sources[sourceName]
	if !ok {
		return nil, fault.NotFoundFor("source")
	}
	if err := src.speaks.Verify(src.Secrets, req); err != nil {
		a.metrics.refused.WithLabelValues(src.Name, fault.As(err).Code).Inc()
		return nil, err
	}
	if err := a.limit(ctx, src); err != nil {
		a.metrics.refused.WithLabelValues(src.Name, fault.As(err).Code).Inc()
		return nil, err
	}
	in := a.newIntake(src, req)
	in.span = a.traces.Current(ctx)
	if id, seen := a.seen.Recall(in.cacheKey); seen {
		a.metrics.deliveries.WithLabelValues(src.Name, string(Duplicate)).Inc()
		return &Receipt{DeliveryID: id, Outcome: Duplicate}, nil
	}
	a.pack(in, req.Body)
	if a.spooling() {
		return a.spoolOne(ctx, in)
	}
	a.read(src, req, in)

	in.encode()
	if err := a.enqueue(in); err != nil {
		a.metrics.refused.WithLabelValues(src.Name, fault.As(err).Code).Inc()
		return nil, err
	}
	select {
	case err := <-in.done:
		if err != nil {
			return nil, err
		}
		a.rehearse(ctx, in)
		return &in.receipt, nil
	case <-ctx.Done():
		return a.overdue(ctx, in)
	case <-a.draining:
		return a.afterDrain(in)
	}
}

// Knows reports whether a source is configured under the name.
func (a *Automation) Knows(sourceName string) bool {
	_, ok := a.sources[sourceName]
	return ok
}

// limit refuses a delivery of a source that sends faster than it may.
func (a *Automation) limit(ctx context.Context, src source) error {
	if a.rate == 0 {
		return nil
	}
	usage := a.limiter.Take(ctx, src.Name, cache.Limit{Requests: a.rate, Window: time.Second})
	if usage.Allowed {
		return nil
	}
	return tooMany(max(usage.Retry, time.Second), "this is more than %d deliveries a second from one source", a.rate)
}

// enqueue lets the delivery wait for the next commit, unless too many do.
func (a *Automation) enqueue(in *intake) error {
	if in.queued.Add(1) > sourceShare {
		in.queued.Add(-1)
		return tooMany(retryAfterFull, "too many deliveries of this source wait to be judged")
	}
	if !a.load(in) {
		in.queued.Add(-1)
		return fault.UnavailableFor("memory for the body", retryAfterFull)
	}
	select {
	case a.queue <- in:
		return nil
	default:
		in.queued.Add(-1)
		a.unload([]*intake{in})
		return fault.UnavailableFor("the intake", retryAfterFull)
	}
}

func tooMany(retry time.Duration, format string, args ...any) error {
	f := fault.New(fault.Limited, "rate_limited", format, args...)
	f.RetryAfter = retry
	return f
}

// afterDrain answers for an intake whose committer has stopped: it was committed just before, or
// never will be.
func (a *Automation) afterDrain(in *intake) (*Receipt, error) {
	select {
	case err := <-in.done:
		if err != nil {
			return nil, err
		}
		return &in.receipt, nil
	default:
		return nil, fault.UnavailableFor("the intake", retryAfterFull)
	}
}

// newIntake fills in what is known before the body is read.
func (a *Automation) newIntake(src source, req forge.Request) *intake {
	transportID := src.speaks.DeliveryID(req)
	in := &intake{
		source: src.Name,
		delivery: store.Delivery{
			Source: src.Name, TransportID: transportID, EventName: src.speaks.EventName(req),
			ContentType: req.Header.Get("Content-Type"), BodySize: len(req.Body),
			Headers: forge.KeptHeaders(req.Header), ReceivedAt: req.ReceivedAt, Outcome: string(Judged),
		},
		queued: src.queued, done: make(chan error, 1),
	}
	in.delivery.Key = keyOf(transportID, req.Body)
	in.cacheKey = cacheKeyOf(&in.delivery)
	return in
}

// keyOf identifies a delivery by its transport id together with its body: the id alone is not covered by any forge's
// signature, and Gitea gives every redelivery another one.
func keyOf(transportID string, body []byte) (key [16]byte) {
	digest := sha256.New()
	digest.Write([]byte(transportID))
	digest.Write([]byte{0})
	digest.Write(body)
	copy(key[:], digest.Sum(nil))
	return key
}

func cacheKeyOf(d *store.Delivery) string { return d.Source + ":" + hex.EncodeToString(d.Key[:]) }

// read turns the body into matched events, or notes why that is not possible.
func (a *Automation) read(src source, req forge.Request, in *intake) {
	events, err := src.speaks.Events(src.Source, req)
	if err != nil {
		outcome := Unreadable
		if _, unknown := errors.AsType[*forge.UnknownError](err); unknown {
			outcome = Ignored
			if in.again == nil {
				a.metrics.unknown.WithLabelValues(src.Name).Inc()
			}
		}
		in.delivery.Outcome, in.delivery.Problem = string(outcome), err.Error()
		return
	}
	if len(events) == 0 {
		in.delivery.Outcome = string(Ignored)
		return
	}
	if in.again == nil && forge.Ambiguous(req) {
		a.metrics.ambiguous.WithLabelValues(src.Name).Inc()
	}
	in.events = make([]judged, len(events))
	for i := range events {
		in.events[i].event, in.events[i].in = &events[i], in
	}
	if src.DryRun && in.again == nil {
		in.delivery.Outcome = string(DryRun)
		in.trial, in.events = in.events, nil
		return
	}
	in.match(a.current.Load())
}

// encode does what storing would do while all others wait for it. What cannot be encoded fails there, and is told of.
func (in *intake) encode() {
	in.delivery.EncodedHeaders = in.delivery.EncodeHeaders()
	for i := range in.events {
		in.events[i].encoded, _ = store.EncodeEvent(in.events[i].event)
	}
}

// match runs the rules' stateless half over the intake's events. It needs no transaction, so
// that all processors share the work.
func (in *intake) match(rules *ruleset) {
	in.rules = rules
	for i := range in.events {
		in.events[i].matched = rules.match(in.events[i].event)
	}
}

// match guards against a defect in a rule's evaluation: it fails that event, not the process.
func (r *ruleset) match(ev *event.Event) (matched rule.Matched) {
	defer func() {
		if panicked := recover(); panicked != nil {
			matched = rule.Matched{Failures: []rule.Failure{{Rule: "*", Err: fmt.Errorf("matching panicked: %v", panicked)}}}
		}
	}()
	return r.set.Match(ev)
}
