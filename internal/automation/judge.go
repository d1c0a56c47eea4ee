package automation

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// work is one batch on its way through its transaction.
type work struct {
	*Automation

	rules *ruleset
	batch []*intake
	// changes counts how often it has changed what servers remember of the book, if the work is to stand.
	changes int64

	users      map[store.AccountRef]int64
	learned    map[store.AccountRef]knownAccount
	recipients map[int64]rule.Recipient
	verdicts   []verdict
	// unasked are the changes that no delivery's receipt tells of.
	unasked    []change
	announcing bool
	// again is set when the batch is judged once more.
	again *again
	// looks says that nothing may change: who is not known stays a stranger.
	looks bool
	// foresaw says that the intake may have locked sheets before it was known what is new.
	foresaw bool
	// sheets are those that are locked, or taken as they are remembered, with what is counted so far.
	sheets map[store.SheetKey]*store.Sheet
	// told are users of whom the book has told already.
	told map[int64]store.Recipient
}

// change is an award that was given or taken away: the kind of event that this is, and the achievement's key.
type change struct{ kind, key string }

// verdict is one decision of the rules, with the user it is about and the event that led to it.
type verdict struct {
	rule.Decision

	event  *judged
	userID int64
}

func newWork(a *Automation, rules *ruleset, batch []*intake) *work {
	for _, in := range batch {
		in.receipt = Receipt{}
		in.delivery.Existing = false
		if in.again == nil {
			in.delivery.ID = 0
		}
		for i := range in.events {
			in.events[i].late, in.events[i].failures = nil, nil
		}
	}
	w := &work{
		Automation: a, rules: rules, batch: batch, changes: rules.changes,
		users: map[store.AccountRef]int64{}, learned: map[store.AccountRef]knownAccount{}, recipients: map[int64]rule.Recipient{},
		sheets: map[store.SheetKey]*store.Sheet{},
	}
	if len(batch) > 0 {
		w.again = batch[0].again
	}
	return w
}

// run is the whole transaction for deliveries that the book holds already, top to bottom.
func (w *work) run(ctx context.Context, tx *store.Tx) error {
	if err := w.hold(ctx, tx, false); err != nil {
		return err
	}
	w.acknowledge()
	var rows []*store.EventRow
	for _, in := range w.batch {
		rows = append(rows, w.rowsOf(in)...)
	}
	if err := tx.InsertEvents(ctx, rows); err != nil {
		return err
	}
	if err := w.consider(ctx, tx, w.fresh()); err != nil {
		return err
	}
	return w.conclude(ctx, tx)
}

// intake is what the transaction for new deliveries begins with.
func (w *work) intake(foresee bool) *store.Intake {
	in := &store.Intake{
		Deliveries: make([]*store.Delivery, len(w.batch)), Events: make([][]*store.EventRow, len(w.batch)), Now: w.now(),
	}
	if foresee {
		in.Sheets = w.foreseen()
		w.foresaw = len(in.Sheets) > 0
	}
	for i, arrived := range w.batch {
		in.Deliveries[i], in.Events[i] = &arrived.delivery, w.rowsOf(arrived)
	}
	return in
}

// runNew is the rest of the transaction for new deliveries.
func (w *work) runNew(ctx context.Context, tx *store.Tx, in *store.Intake) error {
	if err := w.holds(in.Held); err != nil {
		return err
	}
	maps.Copy(w.sheets, in.Locked)
	w.told = in.Recipients
	w.acknowledge()
	return w.consider(ctx, tx, w.fresh())
}

// consider judges events that are matched, and carries out what the rules decide.
func (w *work) consider(ctx context.Context, tx *store.Tx, events []*judged) error {
	if err := w.meet(ctx, tx, events); err != nil {
		return err
	}
	if err := w.matchLate(ctx, tx, events); err != nil {
		return err
	}
	if err := w.judge(ctx, tx, events); err != nil {
		return err
	}
	if err := w.noteFailures(ctx, tx, events); err != nil {
		return err
	}
	return w.decide(ctx, tx)
}

// acknowledge begins the receipts.
func (w *work) acknowledge() {
	for _, in := range w.batch {
		in.receipt.DeliveryID = in.delivery.ID
		in.receipt.Outcome, in.receipt.Problem = Outcome(in.delivery.Outcome), in.delivery.Problem
		if in.delivery.Existing {
			in.receipt.Outcome, in.receipt.Problem = Duplicate, ""
		}
	}
}

// rowsOf returns what is stored of the events of a delivery.
func (w *work) rowsOf(in *intake) []*store.EventRow {
	rows := make([]*store.EventRow, len(in.events))
	for i := range in.events {
		ev := &in.events[i]
		ev.row = store.EventRow{
			DeliveryID: in.delivery.ID, RevisionID: w.rules.revisionID, Event: *ev.event, Encoded: ev.encoded,
			Failures: describe(ev.matched.Failures),
		}
		rows[i] = &ev.row
	}
	return rows
}

// fresh returns the events that are new, oldest first: within a batch the order of arrival means nothing.
func (w *work) fresh() []*judged {
	var fresh []*judged
	for _, in := range w.batch {
		if in.delivery.Existing {
			continue
		}
		for i := range in.events {
			ev := &in.events[i]
			in.receipt.Events = append(in.receipt.Events, SeenEvent{ev.event.Kind, ev.row.New})
			if ev.row.Failures != "" {
				in.receipt.Problem = ev.row.Failures
			}
			if ev.row.New {
				fresh = append(fresh, ev)
			}
		}
	}
	return inTime(fresh)
}

// inTime sorts events by when they happened, the oldest first.
func inTime(events []*judged) []*judged {
	slices.SortFunc(events, func(x, y *judged) int {
		return cmp.Or(x.event.Time.Compare(y.event.Time), strings.Compare(x.event.Key, y.event.Key))
	})
	return events
}

func describe(failures []rule.Failure) string {
	lines := make([]string, len(failures))
	for i, failure := range failures {
		lines[i] = failure.Rule + ": " + failure.Err.Error()
	}
	return strings.Join(lines, "\n")
}

// judge folds every hit into its states, with the states locked, and collects what the rules decide.
func (w *work) judge(ctx context.Context, tx *store.Tx, fresh []*judged) error {
	sheets, others := w.touched(fresh)
	if err := w.lockSheets(ctx, tx, sheets); err != nil {
		return err
	}
	states, err := tx.LockProgress(ctx, slices.Collect(maps.Keys(others)))
	if err != nil {
		return err
	}
	if err := tx.SaveProgress(ctx, w.fold(fresh, states), w.now()); err != nil {
		return err
	}
	return tx.SaveSheets(ctx, w.sheets, w.now())
}

// touched returns on which sheets the hits count, and which other states they fold into.
func (w *work) touched(fresh []*judged) (sheets map[store.SheetKey]bool, others map[store.ProgressKey]bool) {
	sheets, others = make(map[store.SheetKey]bool, len(fresh)), map[store.ProgressKey]bool{}
	for _, ev := range fresh {
		hits := ev.hits()
		for i := range hits {
			hit := &hits[i]
			user := w.userOf(ev, hit)
			for _, slot := range hit.Slots() {
				if key := w.keyFor(user, slot); slot.Measure.Counts() {
					sheets[key.Sheet()] = true
				} else {
					others[key] = true
				}
			}
		}
	}
	return sheets, others
}

// fold folds the hits one after the other, counts into the sheets and all else into the states, and returns those of the states
// that have changed.
func (w *work) fold(fresh []*judged, states map[store.ProgressKey]store.Progress) map[store.ProgressKey]store.Progress {
	changed := map[store.ProgressKey]store.Progress{}
	var keys []store.ProgressKey
	var before, after []rule.State
	for _, ev := range fresh {
		hits := ev.hits()
		for i := range hits {
			hit := &hits[i]
			user := w.userOf(ev, hit)
			keys, before = keys[:0], before[:0]
			for _, slot := range hit.Slots() {
				key := w.keyFor(user, slot)
				keys = append(keys, key)
				if slot.Measure.Counts() {
					before = append(before, rule.State{N: w.sheets[key.Sheet()].Count(key.MeasureID)})
				} else {
					before = append(before, rule.State(states[key]))
				}
			}
			after = append(after[:0], before...)
			decisions, failures := hit.Fold(strconv.FormatInt(user, 10), after)
			ev.failures = append(ev.failures, failures...)
			for j, slot := range hit.Slots() {
				switch key := keys[j]; {
				case after[j].Equal(before[j]):
				case slot.Measure.Counts():
					w.sheets[key.Sheet()].SetCount(key.MeasureID, after[j].N)
				default:
					states[key] = store.Progress(after[j])
					changed[key] = states[key]
				}
			}
			for _, decision := range decisions {
				decision.Quiet = decision.Quiet || w.rules.quiet
				w.verdicts = append(w.verdicts, verdict{decision, ev, user})
			}
		}
	}
	return changed
}

func (w *work) userOf(ev *judged, hit *rule.Hit) int64 {
	return w.users[refOf(ev.event, hit.Recipient)]
}

// refOf returns the account by which an event names a person.
func refOf(ev *event.Event, account *event.Account) store.AccountRef {
	return store.AccountRef{Source: cmp.Or(account.Source, ev.Source), ForgeUserID: account.ID}
}

// keyFor returns the key of a user's state. What all people share belongs to the house.
func (w *work) keyFor(user int64, slot rule.Slot) store.ProgressKey {
	if slot.Measure.Shared() {
		user = achievement.HouseUserID
	}
	return store.ProgressKey{MeasureID: w.rules.measures[slot.Measure.ID()], UserID: user, Bucket: slot.Bucket}
}
