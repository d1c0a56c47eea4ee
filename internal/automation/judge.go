package automation

import (
	"cmp"
	"context"
	"maps"
	"slices"
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

	users      map[store.AccountRef]int64
	learned    map[store.AccountRef]knownAccount
	verdicts   []verdict
	announcing bool
}

// verdict is one decision of the rules, with the user it is about and the delivery it came by.
type verdict struct {
	rule.Decision

	in     *intake
	event  *judged
	userID int64
}

func newWork(a *Automation, rules *ruleset, batch []*intake) *work {
	for _, in := range batch {
		in.receipt = Receipt{}
		in.delivery.ID, in.delivery.Existing = 0, false
	}
	return &work{Automation: a, rules: rules, batch: batch}
}

// run is the whole transaction, top to bottom.
func (w *work) run(ctx context.Context, tx *store.Tx) error {
	if err := w.storeDeliveries(ctx, tx); err != nil {
		return err
	}
	fresh, err := w.storeEvents(ctx, tx)
	if err != nil {
		return err
	}
	if err := w.meet(ctx, tx, fresh); err != nil {
		return err
	}
	if err := w.judge(ctx, tx, fresh); err != nil {
		return err
	}
	return w.decide(ctx, tx)
}

func (w *work) storeDeliveries(ctx context.Context, tx *store.Tx) error {
	deliveries := make([]*store.Delivery, len(w.batch))
	for i, in := range w.batch {
		deliveries[i] = &in.delivery
	}
	if err := tx.InsertDeliveries(ctx, deliveries); err != nil {
		return err
	}
	for _, in := range w.batch {
		in.receipt.DeliveryID = in.delivery.ID
		in.receipt.Outcome, in.receipt.Problem = Outcome(in.delivery.Outcome), in.delivery.Problem
		if in.delivery.Existing {
			in.receipt.Outcome, in.receipt.Problem = Duplicate, ""
		}
	}
	return nil
}

// storeEvents stores the events of deliveries that are new and returns the events that are new,
// oldest first: within a batch the order of arrival means nothing.
func (w *work) storeEvents(ctx context.Context, tx *store.Tx) ([]*judged, error) {
	var rows []*store.EventRow
	var fresh []*judged
	for _, in := range w.batch {
		if in.delivery.Existing {
			continue
		}
		for i := range in.events {
			ev := &in.events[i]
			ev.row = store.EventRow{
				DeliveryID: in.delivery.ID, RevisionID: w.rules.revisionID, Event: ev.event,
				Failures: describe(ev.matched.Failures),
			}
			rows = append(rows, &ev.row)
			fresh = append(fresh, ev)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	if err := tx.InsertEvents(ctx, rows); err != nil {
		return nil, err
	}
	for _, in := range w.batch {
		if in.delivery.Existing {
			continue
		}
		for i := range in.events {
			in.receipt.Events = append(in.receipt.Events, SeenEvent{in.events[i].event.Kind, in.events[i].row.New})
			if in.events[i].row.Failures != "" {
				in.receipt.Problem = in.events[i].row.Failures
			}
		}
	}
	fresh = slices.DeleteFunc(fresh, func(ev *judged) bool { return !ev.row.New })
	slices.SortFunc(fresh, func(x, y *judged) int {
		return cmp.Or(x.event.Time.Compare(y.event.Time), strings.Compare(x.event.Key, y.event.Key))
	})
	return fresh, nil
}

func describe(failures []rule.Failure) string {
	lines := make([]string, len(failures))
	for i, failure := range failures {
		lines[i] = failure.Rule + ": " + failure.Err.Error()
	}
	return strings.Join(lines, "\n")
}

// judge folds every hit into its measure's state, with the states locked, and collects what the
// rules decide. Counts, which are most of all states, are raised by one statement before they are
// folded: the hits are known, and the state before follows from the one after.
func (w *work) judge(ctx context.Context, tx *store.Tx, fresh []*judged) error {
	additions := map[store.ProgressKey]int64{}
	others := map[store.ProgressKey]bool{}
	for _, ev := range fresh {
		for i := range ev.matched.Hits {
			hit := &ev.matched.Hits[i]
			switch key, stateful := w.progressKey(ev, hit); {
			case !stateful:
			case hit.Measure.Counts():
				additions[key] += hit.Amount()
			default:
				others[key] = true
			}
		}
	}
	states, err := tx.LockProgress(ctx, slices.Collect(maps.Keys(others)))
	if err != nil {
		return err
	}
	counted, err := tx.AddProgress(ctx, additions, w.now())
	if err != nil {
		return err
	}
	for key, after := range counted {
		states[key] = store.Progress{N: after - additions[key]}
	}
	changed := w.fold(fresh, states)
	for key := range additions {
		delete(changed, key)
	}
	return tx.SaveProgress(ctx, changed, w.now())
}

func (w *work) fold(fresh []*judged, states map[store.ProgressKey]store.Progress) map[store.ProgressKey]store.Progress {
	changed := map[store.ProgressKey]store.Progress{}
	byDelivery := map[int64]*intake{}
	for _, in := range w.batch {
		byDelivery[in.delivery.ID] = in
	}
	for _, ev := range fresh {
		for i := range ev.matched.Hits {
			hit := &ev.matched.Hits[i]
			key, stateful := w.progressKey(ev, hit)
			before := rule.State(states[key])
			after, decisions := hit.Fold(before)
			if stateful && !after.Equal(before) {
				states[key], changed[key] = store.Progress(after), store.Progress(after)
			}
			for _, decision := range decisions {
				w.verdicts = append(w.verdicts, verdict{
					decision, byDelivery[ev.row.DeliveryID], ev, w.userOf(ev, hit),
				})
			}
		}
	}
	return changed
}

func (w *work) userOf(ev *judged, hit *rule.Hit) int64 {
	return w.users[store.AccountRef{Source: ev.event.Source, ForgeUserID: hit.Recipient.ID}]
}

// progressKey returns the key of the state that a hit folds into, and whether it needs one.
func (w *work) progressKey(ev *judged, hit *rule.Hit) (store.ProgressKey, bool) {
	if hit.Measure == nil {
		return store.ProgressKey{}, false
	}
	return store.ProgressKey{
		MeasureID: w.rules.measures[hit.Measure.ID()], UserID: w.userOf(ev, hit), Bucket: hit.Bucket,
	}, true
}

// everybody returns the people whom the event names, and those whom a rule found in its texts.
func (ev *judged) everybody() []*event.Account {
	people := ev.event.People()
	for i := range ev.matched.Hits {
		recipient := &ev.matched.Hits[i].Recipient
		if !slices.ContainsFunc(people, func(known *event.Account) bool { return known.ID == recipient.ID }) {
			people = append(people, recipient)
		}
	}
	return people
}

// meet finds the users behind the accounts of the events; who is seen for the first time becomes an
// unclaimed user.
func (w *work) meet(ctx context.Context, tx *store.Tx, fresh []*judged) error {
	w.users = map[store.AccountRef]int64{}
	w.learned = map[store.AccountRef]knownAccount{}
	unknown := map[store.AccountRef]store.Newcomer{}
	for _, ev := range fresh {
		for _, person := range ev.everybody() {
			ref := store.AccountRef{Source: ev.event.Source, ForgeUserID: person.ID}
			login, name := person.Login, person.Name
			if person.FromText { // Anybody could rename anybody by a commit's message.
				login, name = "", ""
			}
			if known, ok := w.people.find(ref, login, w.now()); ok {
				w.users[ref] = known.userID
				continue
			}
			unknown[ref] = store.Newcomer{
				Account: achievement.Account{
					Source: ref.Source, ForgeUserID: ref.ForgeUserID, Bot: person.Bot && !person.FromText,
					Login: cmp.Or(login, unknown[ref].Login),
				},
				Name: cmp.Or(name, unknown[ref].Name), TrustLogin: w.trusted[ref.Source],
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	found, err := tx.EnsureAccounts(ctx, w.now(), slices.Collect(maps.Values(unknown)))
	if err != nil {
		return err
	}
	for ref, account := range found {
		w.users[ref] = account.UserID
		w.learned[ref] = knownAccount{userID: account.UserID, login: account.Login, since: w.now()}
	}
	return nil
}
