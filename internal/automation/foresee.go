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

// foreseeFor is for how long stored events are played, within the time that a transaction has.
const foreseeFor = 7 * time.Second

// foresight plays stored events to rules in memory.
type foresight struct {
	tx *store.Tx
	// kinds are those of the stored events that are played, position is the last of them that was, order is that of the next, and over
	// says that there are no others.
	kinds    []string
	position store.Replay
	order    order
	over     bool
	users    map[store.AccountRef]int64
	names    map[string]string
	// more are events that are not stored, oldest first.
	more []event.Event
	// deadline is when it ends, wherever it is.
	deadline time.Time
}

// foresee fills in who would gain and lose what.
func (a *Automation) foresee(ctx context.Context, tx *store.Tx, set *rule.Set, p *plan) error {
	last, err := tx.LastEventID(ctx)
	if err != nil {
		return err
	}
	deadline := time.Now().Add(a.foreseeFor)
	for _, part := range []*rule.Set{set.Part(p.fresh), set.Afresh(set.Hash(), p.afresh)} {
		if err := newForesight(tx, nil, deadline).fill(ctx, part, last, a.now(), p); err != nil {
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
	if err := newForesight(tx, more, time.Now().Add(a.foreseeFor)).fill(ctx, set, last, a.now(), p); err != nil {
		return err
	}
	sortEffects(p.Gains)
	sortEffects(p.Losses)
	return nil
}

func newForesight(tx *store.Tx, more []event.Event, deadline time.Time) *foresight {
	return &foresight{tx: tx, users: map[store.AccountRef]int64{}, names: map[string]string{}, more: more, deadline: deadline}
}

func (f *foresight) fill(ctx context.Context, set *rule.Set, last int64, now time.Time, p *plan) error {
	outcomes, until, err := f.play(ctx, set, last, now)
	if err != nil {
		return err
	}
	if p.ForeseenUntil.IsZero() || !until.IsZero() && until.Before(p.ForeseenUntil) {
		p.ForeseenUntil = until
	}
	return f.compare(ctx, p, outcomes)
}

// play returns what comes of all stored events, and of those that are not stored; or until when, if that takes too long.
func (f *foresight) play(ctx context.Context, set *rule.Set, last int64, now time.Time) (outcomes []rule.Outcome, until time.Time, err error) {
	f.kinds, f.position = kindsOf(set), store.Replay{UptoID: last, PositionAt: time.Unix(0, 0).UTC()}
	if len(f.kinds) == 0 {
		return nil, time.Time{}, nil
	}
	var simulation *rule.Simulation
	for {
		rows, err := f.read(ctx)
		if err != nil {
			return nil, time.Time{}, err
		}
		if rows = f.mix(rows); len(rows) == 0 {
			break
		}
		if simulation == nil {
			simulation = rule.NewSimulation(set, rows[0].Event.Time)
			simulation.Identify = f.identify
		}
		if err := f.meet(ctx, rows); err != nil {
			return nil, time.Time{}, err
		}
		for i := range rows {
			simulation.Play(&rows[i].Event)
		}
		if f.left() && !time.Now().Before(f.deadline) {
			return simulation.Outcomes(), rows[len(rows)-1].Event.Time, nil
		}
	}
	if simulation == nil {
		return nil, time.Time{}, nil
	}
	simulation.Advance(now)
	return simulation.Outcomes(), time.Time{}, nil
}

// left reports whether there may be more to play.
func (f *foresight) left() bool { return !f.over || len(f.more) > 0 }

// read returns the next of the stored events; none when they are over.
func (f *foresight) read(ctx context.Context) (rows []store.EventRow, err error) {
	if f.over {
		return nil, nil
	}
	rows, f.over, err = f.order.next(ctx, f.tx, f.position, f.kinds)
	if len(rows) > 0 {
		f.position.PositionAt, f.position.PositionID = rows[len(rows)-1].Event.Time, rows[len(rows)-1].ID
	}
	return rows, err
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
