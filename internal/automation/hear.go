package automation

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// maxDepth bounds how often awards may lead to awards that lead to awards. Rules that go on for ever stop here.
const maxDepth = 10

// hear judges awards as events, each once, if some rule is about awards.
func (a *Automation) hear(ctx context.Context, notices map[int64]notify.Notice, announced []announced) error {
	if len(notices) == 0 || !a.current.Load().set.HearsAwards() {
		return nil
	}
	return a.alone(ctx, func(ctx context.Context, tx *store.Tx, w *work) error {
		causes, err := causesOf(ctx, tx, notices)
		if err != nil {
			return err
		}
		var told []*judged
		var rows []*store.EventRow
		for _, of := range announced {
			notice, stands := notices[of.AwardID]
			if !stands {
				continue
			}
			changed := awardEvent(notice, of.kind, causes[notice.Award.EventID])
			ev := &judged{event: &changed, row: store.EventRow{RevisionID: w.rules.revisionID, Event: changed}}
			told, rows = append(told, ev), append(rows, &ev.row)
		}
		if err := tx.InsertEvents(ctx, rows); err != nil {
			return err
		}
		fresh := told[:0]
		for _, ev := range told {
			switch {
			case !ev.row.New:
				continue
			case ev.event.Depth > maxDepth:
				ev.failures = []rule.Failure{{Rule: "*", Err: fmt.Errorf("%d awards led to each other: here it ends", maxDepth)}}
			default:
				ev.matched = w.rules.match(ev.event)
			}
			fresh = append(fresh, ev)
		}
		return w.consider(ctx, tx, fresh)
	})
}

// causesOf returns the events that earned the awards of the notices, by their ids.
func causesOf(ctx context.Context, tx *store.Tx, notices map[int64]notify.Notice) (map[int64]*store.EventRow, error) {
	var ids []int64
	for _, notice := range notices {
		if notice.Award.EventID != 0 {
			ids = append(ids, notice.Award.EventID)
		}
	}
	return tx.EventsByID(ctx, ids)
}

// awardEvent is the event that an award was given or taken away, as the kind says. It is about the object of the event that
// earned it, if one did.
func awardEvent(notice notify.Notice, kind string, cause *store.EventRow) event.Event {
	award, of := &notice.Award, &notice.Achievement
	at, by := award.AwardedAt, &notice.Giver
	if kind == event.AwardRevoked {
		at = latest(award.RevokedAt, award.AwardedAt)
		if award.Revoked() {
			by = &notice.Taker
		}
	}
	key := fmt.Sprintf("%s:%d", kind, award.ID)
	ev := event.Event{
		Kind: kind, Time: at, Source: event.Self, Key: key, Object: key, Private: notice.Namespace.Visibility != "public",
		Actor:  person(by),
		Holder: person(&notice.User),
		Award: &event.Award{
			Namespace: notice.Namespace.FullPath, Key: of.Key, Name: of.Name, Kind: string(of.Kind), Series: of.Series,
			Occurrence: award.Occurrence, Rule: award.Rule,
		},
	}
	if cause != nil {
		ev.Object, ev.Award.Source = cause.Event.Object, cause.Event.Source
		if strings.HasPrefix(cause.Event.Kind, "award.") {
			ev.Depth, ev.Award.Source = cause.Event.Depth+1, cmp.Or(cause.Event.Award.Source, event.Self)
		}
	}
	return ev
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// person is a user as an event names one.
func person(user *achievement.User) *event.Account {
	return &event.Account{ID: strconv.FormatInt(user.ID, 10), Login: user.Username, Name: user.Name, Bot: user.Bot}
}
