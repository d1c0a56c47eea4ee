package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
)

const (
	// replayAtMost is how many deliveries one call replays, and rehearseAtMost how many it rehearses.
	replayAtMost, rehearseAtMost = 1000, 100
	// replayFor is after how long a call begins no further batch.
	replayFor = 15 * time.Second
	// againBatch and againBytes bound one transaction of a replay: how many deliveries, and their bodies.
	againBatch, againBytes = 100, 8 << 20
)

// errRehearsed undoes a transaction that was only to show what it would do.
var errRehearsed = errors.New("this was a rehearsal")

// again is how deliveries that the book holds are judged once more.
type again struct {
	// dry undoes everything.
	dry bool
	// note is called in the transaction of each batch, with how many deliveries it has and the first of them.
	note func(ctx context.Context, tx *store.Tx, first int64, count int) error
}

func (g *again) rehearsal() bool { return g != nil && g.dry }

// conclude notes what became of deliveries that are judged once more.
func (w *work) conclude(ctx context.Context, tx *store.Tx) error {
	switch {
	case w.again == nil:
		return nil
	case w.again.dry:
		return errRehearsed
	}
	for _, in := range w.batch {
		if _, err := tx.SetOutcome(ctx, in.delivery.ID, in.delivery.Outcome, in.delivery.Problem); err != nil {
			return err
		}
	}
	return w.again.note(ctx, tx, w.batch[0].delivery.ID, len(w.batch))
}

// park notes that a delivery could not be judged this time either.
func (g *again) park(ctx context.Context, tx *store.Tx, in *intake) error {
	if g.dry {
		return nil
	}
	if _, err := tx.SetOutcome(ctx, in.delivery.ID, in.delivery.Outcome, in.delivery.Problem); err != nil {
		return err
	}
	return g.note(ctx, tx, in.delivery.ID, 1)
}

// rehearse finds out what a delivery of a source on trial would cause, for its receipt. When that cannot be found
// out, the receipt says nothing of it: the delivery is stored in any case.
func (a *Automation) rehearse(ctx context.Context, in *intake) {
	if in.receipt.Outcome != DryRun {
		return
	}
	trial := &intake{
		source: in.source, delivery: in.delivery, on: in.on, packed: in.packed, events: in.trial, done: make(chan error, 1), again: &again{dry: true},
	}
	trial.delivery.Outcome = string(Judged)
	for i := range trial.events {
		trial.events[i].in = trial
	}
	a.commitOrSplit(context.WithoutCancel(ctx), []*intake{trial})
	if err := <-trial.done; err != nil {
		in.receipt.Problem = "what it would cause is not known: " + fault.As(err).Text
		return
	}
	outcome := in.receipt.Outcome
	in.receipt = trial.rehearsed()
	in.receipt.Outcome = outcome
}

// rehearsed returns the receipt without the ids of awards that were undone.
func (in *intake) rehearsed() Receipt {
	receipt := in.receipt
	if in.again.rehearsal() {
		for _, given := range [][]Given{receipt.Awards, receipt.Revocations} {
			for i := range given {
				given[i].AwardID = 0
			}
		}
	}
	return receipt
}

// Replayed is what judging a delivery once more caused.
type Replayed struct {
	Receipt

	Source string
	// Before is the outcome that it had.
	Before Outcome
}

// changed reports whether the replay made a difference.
func (r *Replayed) changed() bool {
	return r.Before != r.Outcome || r.NewEvents() > 0
}

// NewEvents returns how many events were not known before.
func (r *Replayed) NewEvents() (count int) {
	for _, seen := range r.Events {
		if seen.New {
			count++
		}
	}
	return count
}

// Replay says how deliveries are to be replayed.
type Replay struct {
	// DryRun finds out what a replay would cause, and changes nothing.
	DryRun bool
	// Note is called in each transaction that replays, with how many deliveries it has and the first of them.
	Note func(ctx context.Context, tx *store.Tx, first int64, count int) error
}

func (r Replay) again() *again { return &again{dry: r.DryRun, note: r.Note} }

// ReplayDelivery reads a delivery that the book holds as today's code does, and judges the events that are not known
// by the rules of today, at their original times. What is known changes nothing, so that it may be repeated.
// Faults: NotFound; Conflict body_expired, source_unknown, source_on_trial.
func (a *Automation) ReplayDelivery(ctx context.Context, id int64, how Replay) (*Replayed, error) {
	in, before, err := a.reread(ctx, id, how.again())
	if err != nil {
		return nil, err
	}
	a.commitOrSplit(context.WithoutCancel(ctx), []*intake{in})
	if err := <-in.done; err != nil {
		return nil, err
	}
	return &Replayed{Receipt: in.rehearsed(), Source: in.source, Before: before}, nil
}

// reread makes an intake of a delivery that the book holds.
func (a *Automation) reread(ctx context.Context, id int64, how *again) (*intake, Outcome, error) {
	var stored *store.Delivery
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		stored, err = tx.DeliveryByID(ctx, id)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	src, ok := a.sources[stored.Source]
	switch {
	case !stored.BodyExpiredAt.IsZero():
		return nil, "", fault.New(fault.Conflict, "body_expired", "the body of the delivery is no longer kept")
	case !ok:
		return nil, "", fault.New(fault.Conflict, "source_unknown", "no source %q is configured any more", stored.Source)
	case src.DryRun && !how.dry:
		return nil, "", fault.New(fault.Conflict, "source_on_trial", "the source %q is configured with dry_run", stored.Source)
	}
	body, err := unpack(stored)
	if err != nil {
		return nil, "", err
	}
	in := &intake{source: stored.Source, delivery: *stored, done: make(chan error, 1), again: how, rules: a.current.Load()}
	before := Outcome(stored.Outcome)
	in.delivery.Outcome, in.delivery.Problem = string(Judged), ""
	a.read(src, requestOf(stored, body), in)
	if before == Judged && len(in.events) == 0 {
		// It told of something once, whatever it would be called today.
		in.delivery.Outcome, in.delivery.Problem = string(Judged), ""
	}
	return in, before, nil
}

// requestOf returns a delivery as it came in.
func requestOf(stored *store.Delivery, body []byte) forge.Request {
	return forge.Request{
		Header: forge.HeaderOf(stored.Headers, stored.EventName, stored.ContentType), Body: body, ReceivedAt: stored.ReceivedAt,
	}
}

// ReplayRun is what one call of ReplayDeliveries caused.
type ReplayRun struct {
	// Count is how many deliveries were replayed, and Remaining how many of those that were chosen are behind them.
	Count     int
	Remaining int64
	Outcomes  map[Outcome]int
	NewEvents int
	// Changed are those that the replay made a difference to, or that could not be replayed.
	Changed []Replayed
	// Next is the cursor behind the last of them; empty when there are no more.
	Next string
}

// ReplayDeliveries replays the deliveries of a filter whose bodies are kept, behind a cursor, the oldest first: at most
// 1,000 of them, or 100 when it is a rehearsal, and no new batch after 15 s. What came in after the first call, which has
// no cursor, is not among them. Fault: bad_cursor.
func (a *Automation) ReplayDeliveries(ctx context.Context, filter store.DeliveryFilter, cursor string, how Replay) (*ReplayRun, error) {
	filter.Kept = true
	most := replayAtMost
	if how.DryRun {
		most = rehearseAtMost
	}
	var part *store.DeliveryPart
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		part, err = tx.DeliveriesAfter(ctx, filter, cursor, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	chosen, run := part.Deliveries, &ReplayRun{Remaining: part.Total, Outcomes: map[Outcome]int{}}
	began := time.Now()
	for len(chosen) > 0 && time.Since(began) < replayFor {
		batch := chosen[:fitting(chosen)]
		if err := a.replayStored(ctx, batch, how, run); err != nil {
			return nil, err
		}
		chosen = chosen[len(batch):]
		run.Count += len(batch)
		run.Next = part.Cursor(batch[len(batch)-1].ID)
	}
	if run.Remaining -= int64(run.Count); run.Remaining <= 0 {
		run.Remaining, run.Next = 0, ""
	}
	return run, nil
}

// fitting returns how many of the deliveries one transaction takes, one at least.
func fitting(deliveries []store.Delivery) int {
	size := 0
	for i := range deliveries {
		if size += deliveries[i].BodySize; i > 0 && (i == againBatch || size > againBytes) {
			return i
		}
	}
	return len(deliveries)
}

// replayStored replays deliveries in one transaction, and tells the run. One that cannot be replayed hinders no other.
func (a *Automation) replayStored(ctx context.Context, deliveries []store.Delivery, how Replay, run *ReplayRun) error {
	var batch []*intake
	var before []Outcome
	together := how.again()
	for i := range deliveries {
		in, was, err := a.reread(ctx, deliveries[i].ID, together)
		switch {
		case fault.Is(err, fault.Conflict):
			was = Outcome(deliveries[i].Outcome)
			run.Outcomes[was]++
			run.Changed = append(run.Changed, Replayed{
				Receipt: Receipt{DeliveryID: deliveries[i].ID, Outcome: was, Problem: fault.As(err).Text}, Source: deliveries[i].Source, Before: was,
			})
		case fault.Is(err, fault.NotFound): // it has expired meanwhile
		case err != nil:
			return fmt.Errorf("delivery %d: %w", deliveries[i].ID, err)
		default:
			batch, before = append(batch, in), append(before, was)
		}
	}
	if len(batch) == 0 {
		return nil
	}
	a.commitOrSplit(context.WithoutCancel(ctx), batch)
	for i, in := range batch {
		if err := <-in.done; err != nil {
			return err
		}
		run.add(Replayed{Receipt: in.rehearsed(), Source: in.source, Before: before[i]})
	}
	return nil
}

func (r *ReplayRun) add(replayed Replayed) {
	r.Outcomes[replayed.Outcome]++
	r.NewEvents += replayed.NewEvents()
	if replayed.changed() {
		r.Changed = append(r.Changed, replayed)
	}
}
