package automation

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/store"
)

// meet finds the users behind the accounts that the events name, and behind those that the rules found;
// who is seen for the first time becomes an unclaimed user.
func (w *work) meet(ctx context.Context, tx *store.Tx, events []*judged) error {
	unknown := w.greetAll(events)
	if err := w.follow(ctx, tx); err != nil || len(unknown) == 0 {
		return err
	}
	if w.looks {
		known, err := tx.UsersOfAccounts(ctx, slices.Collect(maps.Keys(unknown)))
		maps.Copy(w.users, known)
		return err
	}
	found, err := tx.EnsureAccounts(ctx, w.now(), slices.Collect(maps.Values(unknown)))
	if err != nil {
		return err
	}
	for ref, account := range found {
		w.users[ref] = account.UserID
		w.learned[ref] = knownAccount{userID: account.UserID, login: account.Login, at: w.changes}
	}
	return nil
}

// greetAll finds the users whom the server knows, and returns the accounts of all others.
func (w *work) greetAll(events []*judged) map[store.AccountRef]store.Newcomer {
	unknown := map[store.AccountRef]store.Newcomer{}
	for _, ev := range events {
		for _, person := range ev.event.People() {
			w.greet(unknown, ev.event, person)
		}
		hits := ev.hits()
		for i := range hits {
			w.greet(unknown, ev.event, hits[i].Recipient)
		}
	}
	return unknown
}

// follow finds whom users have become that Accolade's own events name and that were merged into others since.
func (w *work) follow(ctx context.Context, tx *store.Tx) error {
	own := w.own()
	into, err := tx.MergedInto(ctx, slices.Collect(maps.Keys(own)))
	for from, id := range into {
		w.users[own[from]] = id
	}
	return err
}

// own returns the users whom Accolade's own events name.
func (w *work) own() map[int64]store.AccountRef {
	own := map[int64]store.AccountRef{}
	for ref, id := range w.users {
		if ref.Source == event.Self {
			own[id] = ref
		}
	}
	return own
}

// greet finds the user of one account, or adds it to the unknown ones.
func (w *work) greet(unknown map[store.AccountRef]store.Newcomer, ev *event.Event, person *event.Account) {
	ref := refOf(ev, person)
	if ref.Source == event.Self {
		// What Accolade tells itself names users, and no accounts.
		if id, err := strconv.ParseInt(person.ID, 10, 64); err == nil {
			w.users[ref] = id
		}
		return
	}
	if w.users[ref] != 0 {
		return
	}
	login, name := person.Login, person.Name
	if person.FromText { // Anybody could rename anybody by a commit's message.
		login, name = "", ""
	}
	if known, ok := w.people.find(ref, login, w.changes); ok {
		w.users[ref] = known.userID
		return
	}
	unknown[ref] = store.Newcomer{
		Account: achievement.Account{
			Source: ref.Source, ForgeUserID: ref.ForgeUserID, Bot: person.Bot && !person.FromText,
			Login: cmp.Or(login, unknown[ref].Login),
		},
		Name: cmp.Or(name, unknown[ref].Name), SeenAt: ev.Time, TrustLogin: w.trusted[ref.Source],
	}
}
