package automation

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// commit makes one transaction of the batch and answers every sender. A batch that fails for
// what is in it is split until the delivery that is to blame stands alone, so that its mates are
// not hurt.
func (a *Automation) commit(ctx context.Context, batch []*intake) {
	defer a.unload(batch)
	a.metrics.queued.Set(float64(len(a.queue)))
	ctx, span := a.traced(ctx, batch)
	defer span.End(nil)
	fresh := a.answerSeen(ctx, batch)
	switch {
	case len(fresh) == 0:
	case a.spooling(): // what waits there was first
		a.setDown(ctx, fresh, nil)
	default:
		for part := range bySize(fresh) {
			a.commitOrSplit(ctx, part)
		}
	}
}

// traced begins the span of a batch, which has several causes and so is none's child.
func (a *Automation) traced(ctx context.Context, batch []*intake) (context.Context, *trace.Span) {
	if a.traces == nil {
		return ctx, nil
	}
	spans := make([]*trace.Span, len(batch))
	for i, in := range batch {
		spans[i] = in.span
	}
	return a.traces.Batch(ctx, "commit deliveries", spans)
}

func (a *Automation) commitOrSplit(ctx context.Context, batch []*intake) {
	err := a.commitBatch(ctx, batch)
	for range maxStale {
		if !errors.Is(err, errStale) {
			break
		}
		if refreshErr := a.Refresh(ctx); refreshErr != nil {
			err = fmt.Errorf("%w: %w", errStale, refreshErr)
			break
		}
		err = a.commitBatch(ctx, batch)
	}
	if errors.Is(err, errStale) && a.spool != nil {
		// What an older program cannot judge by is no fault of the deliveries. Without a spool they are parked: that keeps them, too.
		err = fault.UnavailableFor("a revision of the rules", retryAfterFull).Because(err)
	}
	switch {
	case err == nil:
	case fault.Is(err, fault.Unavailable):
		a.setDown(ctx, batch, err)
	case len(batch) > 1:
		half := len(batch) / 2
		a.commitOrSplit(ctx, batch[:half])
		a.commitOrSplit(ctx, batch[half:])
	default:
		a.park(ctx, batch[0], err)
	}
}

// commitBatch stores and judges the deliveries in one transaction. After an error the book is as
// it was, and no sender has been answered.
func (a *Automation) commitBatch(ctx context.Context, batch []*intake) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = a.survived(ctx, "judging a batch panicked", panicked)
		}
	}()
	a.metrics.batches.Observe(float64(len(batch)))
	if err := a.mend(batch); err != nil {
		return err
	}
	rules := a.current.Load()
	for _, in := range batch {
		if in.rules != rules {
			in.match(rules)
		}
	}
	done, err := a.transact(ctx, rules, batch, true)
	if errors.Is(err, store.ErrBaseGone) {
		a.bases.lose()
		if err := a.mend(batch); err != nil {
			return err
		}
		done, err = a.transact(ctx, rules, batch, false)
	}
	if err != nil && done != nil && done.foresaw && !errors.Is(err, errStale) && !fault.Is(err, fault.Unavailable) {
		done, err = a.transact(ctx, rules, batch, false)
	}
	if errors.Is(err, errRehearsed) {
		for _, in := range batch {
			in.done <- nil
		}
		return nil
	}
	if err != nil {
		return err
	}
	a.people.learn(done.learned)
	a.standing.learn(done.sheets)
	if done.again == nil {
		a.remember(batch)
	}
	for _, in := range batch {
		a.count(in)
		a.answer(in, in.receipt)
	}
	if done.announcing && a.announce != nil {
		a.announce()
	}
	return nil
}

// survived makes an error of a panic, which the log tells of with where it was.
func (a *Automation) survived(ctx context.Context, message string, panicked any) error {
	a.log.ErrorContext(ctx, message, "panic", panicked, "stack", string(debug.Stack()))
	return fmt.Errorf("judging panicked: %v", panicked)
}

// transact makes the transaction of a batch, and returns what its last try did.
func (a *Automation) transact(ctx context.Context, rules *ruleset, batch []*intake, foresee bool) (done *work, err error) {
	if batch[0].again != nil {
		err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			done = newWork(a, rules, batch) // a retried transaction starts anew
			return done.run(ctx, tx)
		})
		return done, err
	}
	if foresee {
		if done, err = a.transactWhole(ctx, rules, batch); done != nil || err != nil {
			return done, err
		}
	}
	err = a.store.TakeIn(ctx, func() *store.Intake {
		done = newWork(a, rules, batch)
		return done.intake(foresee)
	}, func(ctx context.Context, tx *store.Tx, in *store.Intake) error { return done.runNew(ctx, tx, in) })
	return done, err
}

// park stores a delivery that cannot be judged, without its events, so that it is not lost: it
// can be looked at and replayed. The sender is told; sending it again would not help.
func (a *Automation) park(ctx context.Context, in *intake, cause error) {
	a.log.ErrorContext(ctx, "a delivery cannot be judged", "source", in.source,
		"transport_id", in.delivery.TransportID, "event", in.delivery.EventName, "error", cause)
	in.delivery.Outcome = string(Failed)
	in.delivery.Problem = "judging failed; the server's log has the cause"
	if err := a.standAlone(in); err != nil {
		a.log.ErrorContext(ctx, "the body of the delivery cannot be packed alone", "error", err)
	}
	err := a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if in.again != nil {
			return in.again.park(ctx, tx, in)
		}
		return tx.InsertDeliveries(ctx, []*store.Delivery{&in.delivery})
	})
	if err != nil {
		a.setDown(ctx, []*intake{in}, fault.UnavailableFor("the intake", retryAfterFull).Because(err))
		return
	}
	in.receipt = Receipt{DeliveryID: in.delivery.ID, Outcome: Failed, Problem: in.delivery.Problem}
	a.answer(in, in.receipt)
}

// answer tells the sender what became of its delivery, and counts it.
func (a *Automation) answer(in *intake, receipt Receipt) {
	in.receipt = receipt
	switch {
	case in.again == nil:
		a.metrics.deliveries.WithLabelValues(in.source, string(receipt.Outcome)).Inc()
	case !in.again.dry:
		a.metrics.rejudged.WithLabelValues(in.source, string(receipt.Outcome)).Inc()
	}
	in.done <- nil
}

// count adds what the commit made true to the metrics.
func (a *Automation) count(in *intake) {
	if in.again == nil && in.tellsNothingNew() {
		a.metrics.replays.WithLabelValues(in.source).Inc()
	}
	for i := range in.events {
		if !in.events[i].row.New {
			continue
		}
		a.metrics.events.WithLabelValues(in.source, in.events[i].event.Kind).Inc()
		for _, failure := range slices.Concat(in.events[i].matched.Failures, in.events[i].failures) {
			a.metrics.failures.WithLabelValues(failure.Rule).Inc()
		}
	}
	for i := range in.events {
		if in.events[i].row.New {
			a.metrics.match(in.events[i].hits())
		}
	}
	for _, given := range in.receipt.Awards {
		a.metrics.awards.WithLabelValues(given.Key).Inc()
	}
	for _, given := range in.receipt.Revocations {
		a.metrics.revoked.WithLabelValues(given.Key).Inc()
	}
}

// tellsNothingNew reports whether the delivery is a new one of which every event was known.
func (in *intake) tellsNothingNew() bool {
	return !in.delivery.Existing && len(in.events) > 0 &&
		!slices.ContainsFunc(in.events, func(ev judged) bool { return ev.row.New })
}
