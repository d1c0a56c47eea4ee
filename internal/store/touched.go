package store

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// Change says what a transaction changed of what everyone may see: whoever keeps answers forgets those that it is about.
type Change struct {
	// Users are those whose awards changed, and Namespaces those that gave or took them.
	Users, Namespaces []int64
	// Newcomers says that there are users who were not there before.
	Newcomers bool
	// All says that anything may have changed: names, settings, achievements, namespaces, rules.
	All bool
}

// None reports whether nothing changed.
func (c Change) None() bool {
	return !c.All && !c.Newcomers && len(c.Users) == 0 && len(c.Namespaces) == 0
}

// touched collects the change while a transaction runs.
type touched struct {
	users, namespaces map[int64]struct{}
	newcomers, all    bool
	// finished says that all was done but the commit.
	finished bool
}

func newTouched() *touched {
	return &touched{users: map[int64]struct{}{}, namespaces: map[int64]struct{}{}}
}

func (t *touched) change() Change {
	if t.all {
		return Change{All: true}
	}
	return Change{
		Users: slices.Collect(maps.Keys(t.users)), Namespaces: slices.Collect(maps.Keys(t.namespaces)), Newcomers: t.newcomers,
	}
}

// Touch adds to what the transaction changes of what everyone may see. AppendAudit and the methods that change
// users, achievements and namespaces do it by themselves; the rest has to be told here.
func (tx *Tx) Touch(c Change) {
	if tx.touched == nil {
		return // a transaction that only reads
	}
	for _, id := range c.Users {
		tx.touched.users[id] = struct{}{}
	}
	for _, id := range c.Namespaces {
		tx.touched.namespaces[id] = struct{}{}
	}
	tx.touched.newcomers = tx.touched.newcomers || c.Newcomers
	tx.touched.all = tx.touched.all || c.All
}

// touchAll says that anything may have changed.
func (tx *Tx) touchAll() { tx.Touch(Change{All: true}) }

// touchNoted touches what audit events are about. What nobody but members and admins can see of is nothing, and what is
// not known here is everything.
func (tx *Tx) touchNoted(events []achievement.AuditEvent) {
	for i := range events {
		e := &events[i]
		switch noun, _, _ := strings.Cut(e.Action, "."); {
		case noun == "award":
			tx.Touch(Change{Users: []int64{e.SubjectID}, Namespaces: []int64{e.NamespaceID}})
		case e.Action == "user.created":
			tx.Touch(Change{Newcomers: true})
		case slices.Contains(unseenNouns, noun), e.Action == "user.unsubscribed":
		default:
			tx.touchAll()
		}
	}
}

// unseenNouns are what actions are about that change nothing of what everyone may see; what comes of them is noted by itself.
var unseenNouns = []string{"token", "member", "deliveries", "import", "session"}

// hindsight is how long after a commit whose outcome is not known the change is told of once more: the database may have
// carried it out after we were told that it was gone.
const hindsight = 5 * time.Second

// tell tells of the change of a transaction that ended with err: after a commit, and when it cannot be known whether it was one.
func (s *Store) tell(t *touched, err error) {
	if s.changed == nil || err != nil && !t.finished {
		return
	}
	change := t.change()
	if change.None() {
		return
	}
	s.changed(change)
	if err != nil {
		time.AfterFunc(hindsight, func() { s.changed(change) })
	}
}

// Answered returns when the database last did what it was asked.
func (s *Store) Answered() time.Time {
	if last := s.answered.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

func (s *Store) noteAnswer(err error) {
	if err == nil {
		now := time.Now()
		s.answered.Store(&now)
	}
}
