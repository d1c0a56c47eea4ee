package automation

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Effect is somebody who would gain or lose an achievement.
type Effect struct {
	// Achievement is "namespace/key".
	Achievement string    `json:"achievement"`
	Username    string    `json:"username"`
	Occurrence  string    `json:"occurrence"`
	At          time.Time `json:"at"`
}

// foresight plays stored events to rules in memory.
type foresight struct {
	tx    *store.Tx
	users map[store.AccountRef]int64
	names map[string]string
	// more are events that are not stored, oldest first.
	more []event.Event
}

// foresee fills in who would gain and lose what.
func (a *Automation) foresee(ctx context.Context, tx *store.Tx, set *rule.Set, p *plan) error {
	last, err := tx.LastEventID(ctx)
	if err != nil {
		return err
	}
	for _, part := range []*rule.Set{set.Part(p.fresh), set.Afresh(set.Hash(), p.afresh)} {
		if err := newForesight(tx, nil).fill(ctx, part, last, a.now(), p); err != nil {
			return err
		}
	}
	sortEffects(p.Gains)
	sortEffects(p.Losses)
	return nil
}

// foreseeWith fills in who would gain and lose what if the book held more events.
func (a *Automation) foreseeWith(ctx context.Context, tx *store.Tx, set *rule.Set, more []event.Event, p *plan) error {
	last, err := tx.LastEventID(ctx)
	if err != nil {
		return err
	}
	more = slices.Clone(more)
	slices.SortStableFunc(more, func(x, y event.Event) int { return x.Time.Compare(y.Time) })
	if err := newForesight(tx, more).fill(ctx, set, last, a.now(), p); err != nil {
		return err
	}
	sortEffects(p.Gains)
	sortEffects(p.Losses)
	return nil
}

func newForesight(tx *store.Tx, more []event.Event) *foresight {
	return &foresight{tx: tx, users: map[store.AccountRef]int64{}, names: map[string]string{}, more: more}
}

func (f *foresight) fill(ctx context.Context, set *rule.Set, last int64, now time.Time, p *plan) error {
	outcomes, err := f.play(ctx, set, last, now)
	if err != nil {
		return err
	}
	return f.compare(ctx, p, outcomes)
}

// play returns what comes of all stored events, and of those that are not stored.
func (f *foresight) play(ctx context.Context, set *rule.Set, last int64, now time.Time) ([]rule.Outcome, error) {
	kinds := kindsOf(set)
	if len(kinds) == 0 {
		return nil, nil
	}
	position := store.Replay{UptoID: last, PositionAt: time.Unix(0, 0).UTC()}
	var simulation *rule.Simulation
	for {
		rows, err := f.tx.EventsBetween(ctx, position, kinds, replayBatch)
		if err != nil {
			return nil, err
		}
		stored := len(rows)
		if stored > 0 {
			position.PositionAt, position.PositionID = rows[stored-1].Event.Time, rows[stored-1].ID
		}
		if rows = f.mix(rows); len(rows) == 0 {
			break
		}
		if simulation == nil {
			simulation = rule.NewSimulation(set, rows[0].Event.Time)
			simulation.Identify = f.identify
		}
		if err := f.meet(ctx, rows); err != nil {
			return nil, err
		}
		for i := range rows {
			simulation.Play(&rows[i].Event)
		}
	}
	if simulation == nil {
		return nil, nil
	}
	simulation.Advance(now)
	return simulation.Outcomes(), nil
}

// mix puts the events that are not stored among the stored ones, in the order of when they happened: those that come
// before the last of these, or a batch of them when there are none.
func (f *foresight) mix(rows []store.EventRow) []store.EventRow {
	upto := min(replayBatch, len(f.more))
	if len(rows) > 0 {
		end := rows[len(rows)-1].Event.Time
		upto = sort.Search(len(f.more), func(i int) bool { return f.more[i].Time.After(end) })
	}
	for i := range f.more[:upto] {
		rows = append(rows, store.EventRow{Event: f.more[i]})
	}
	f.more = f.more[upto:]
	slices.SortStableFunc(rows, func(x, y store.EventRow) int { return x.Event.Time.Compare(y.Event.Time) })
	return rows
}

func kindsOf(set *rule.Set) []string {
	var kinds []string
	for _, m := range set.Matchings() {
		kinds = append(kinds, m.Kinds...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// meet finds the users of the accounts that events name.
func (f *foresight) meet(ctx context.Context, rows []store.EventRow) error {
	var unknown []store.AccountRef
	for i := range rows {
		for _, person := range rows[i].Event.People() {
			ref := refOf(&rows[i].Event, person)
			if _, known := f.users[ref]; !known && ref.Source != event.Self {
				unknown = append(unknown, ref)
			}
		}
	}
	found, err := f.tx.UsersOfAccounts(ctx, unknown)
	for _, ref := range unknown {
		f.users[ref] = found[ref]
	}
	return err
}

// identify names a user by id, and an account that the book does not know by itself.
func (f *foresight) identify(ev *event.Event, account event.Account) string {
	ref := refOf(ev, &account)
	if ref.Source == event.Self {
		return account.ID
	}
	if id := f.users[ref]; id != 0 {
		return strconv.FormatInt(id, 10)
	}
	name := ref.Source + ":" + ref.ForgeUserID
	f.names[name] = cmp.Or(account.Login, name)
	return name
}

// compare adds what the outcomes change in the book. The last outcome of each award counts.
func (f *foresight) compare(ctx context.Context, p *plan, outcomes []rule.Outcome) error {
	type place struct{ achievement, person, occurrence string }
	final := map[place]rule.Outcome{}
	var ids []int64
	for _, o := range outcomes {
		final[place{o.Namespace + "/" + o.Key, o.Person.ID, o.Occurrence}] = o
		if id, err := strconv.ParseInt(o.Person.ID, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	given := map[place]bool{}
	for part := range slices.Chunk(ids, replayBatch) {
		users, err := f.tx.UsersByID(ctx, part)
		if err != nil {
			return err
		}
		for id, user := range users {
			f.names[strconv.FormatInt(id, 10)] = user.Username
		}
		places, err := f.tx.AwardPlaces(ctx, part)
		if err != nil {
			return err
		}
		for _, at := range places {
			given[place{at.Namespace + "/" + at.Key, strconv.FormatInt(at.UserID, 10), at.Occurrence}] = at.Standing
		}
	}
	for where, o := range final {
		stands, ever := given[where]
		effect := Effect{Achievement: where.achievement, Username: f.names[where.person], Occurrence: where.occurrence, At: o.At}
		switch {
		case o.Action == rule.Grant && !ever:
			p.Gains = append(p.Gains, effect)
		case o.Action == rule.Revoke && stands:
			p.Losses = append(p.Losses, effect)
		}
	}
	return nil
}
