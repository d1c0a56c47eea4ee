package automation

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Diff is what applying rules changes, or would change.
type Diff struct {
	// RevisionID is the revision that was made; 0 for none. Hash is that of the rules.
	RevisionID int64
	Hash       string
	// Achievements are those that are created, changed, retired or restored, by name; Unchanged is how many are not.
	Achievements []Change
	Unchanged    int
	// Rules are those that ask something else than before, by name.
	Rules []string
	// Events is about how many stored events are replayed.
	Events int64
	// EventsSince is the time from which on all events are kept, and can be replayed; zero if all ever are.
	EventsSince time.Time
	// ForeseenUntil is set when the stored events were too many to play in time: gains and losses are what those led to that happened
	// until then.
	ForeseenUntil time.Time
	// Gains and Losses are who would be given and lose what by the replay, if that was asked for.
	Gains, Losses []Effect
}

// Empty reports whether nothing changes.
func (d *Diff) Empty() bool { return len(d.Achievements) == 0 && len(d.Rules) == 0 }

// Change is what becomes of one achievement.
type Change struct {
	// What is created, adopted, changed, retired or restored.
	What string
	// Name is "namespace/key".
	Name   string
	Fields []FieldChange
}

// FieldChange is a field of an achievement that changes.
type FieldChange struct{ Field, From, To string }

// plan is a diff with what is to be done for it.
type plan struct {
	*Diff

	before   store.Revision
	pictures []*avatar.Picture
	retire   []int64
	replays  []store.Replay
	// set is what is replayed: questions that are new, and old ones with new targets.
	fresh  []string
	afresh map[string][]string
}

// plan compares the set with the book.
func (a *Automation) plan(ctx context.Context, tx *store.Tx, set *rule.Set, pictures []*avatar.Picture) (*plan, error) {
	p := &plan{Diff: &Diff{Hash: set.Hash()}, pictures: pictures, afresh: map[string][]string{}}
	current, err := tx.CurrentRevision(ctx)
	switch {
	case err == nil:
		p.before = *current
	case !fault.Is(err, fault.NotFound):
		return nil, err
	}
	declared, err := a.declared(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := p.compare(ctx, tx, set, declared); err != nil {
		return nil, err
	}
	if err := p.planReplays(ctx, tx, set); err != nil {
		return nil, err
	}
	return p, nil
}

// compare finds what becomes of each achievement.
func (p *plan) compare(ctx context.Context, tx *store.Tx, set *rule.Set, declared map[achievementRef]achievement.Achievement) error {
	handmade, err := tx.Handmade(ctx, set.Namespaces())
	if err != nil {
		return err
	}
	kept := map[achievementRef]bool{}
	for i, d := range set.Declared() {
		ref := achievementRef{d.Namespace, d.Key}
		kept[ref] = true
		row, known := declared[ref]
		change := Change{What: "created", Name: d.Namespace + "/" + d.Key}
		if known {
			change.Fields = changedFields(&row, &d, p.pictures[i])
			change.What = "changed"
			if !row.RetiredAt.IsZero() {
				change.What = "restored"
			}
		} else if adopted := handmade[[2]string{d.Namespace, strings.ToLower(d.Name)}]; adopted != nil {
			change.What, change.Fields = "adopted", changedFields(adopted, &d, p.pictures[i])
		}
		if change.What == "changed" && len(change.Fields) == 0 {
			p.Unchanged++
			continue
		}
		p.Achievements = append(p.Achievements, change)
	}
	for ref, row := range declared {
		if !kept[ref] && row.RetiredAt.IsZero() {
			p.retire = append(p.retire, row.ID)
			p.Achievements = append(p.Achievements, Change{What: "retired", Name: ref.namespace + "/" + ref.key})
		}
	}
	slices.Sort(p.retire)
	slices.SortFunc(p.Achievements, func(x, y Change) int { return strings.Compare(x.Name, y.Name) })
	return nil
}

func changedFields(row *achievement.Achievement, d *rule.Declared, picture *avatar.Picture) []FieldChange {
	var changes []FieldChange
	for _, f := range []FieldChange{
		{"name", row.Name, d.Name},
		{"description", row.Description, d.Description},
		{"kind", string(row.Kind), string(d.Kind)},
		{"series", row.Series, d.Series},
	} {
		if f.From != f.To {
			changes = append(changes, f)
		}
	}
	if picture != nil && !bytes.Equal(row.AvatarHash, picture.Hash[:]) {
		changes = append(changes, FieldChange{"avatar", hex.EncodeToString(row.AvatarHash), hex.EncodeToString(picture.Hash[:])})
	}
	return changes
}

// planReplays finds the questions that stored events were not asked.
func (p *plan) planReplays(ctx context.Context, tx *store.Tx, set *rule.Set) error {
	last, err := tx.LastEventID(ctx)
	if err != nil {
		return err
	}
	if p.EventsSince, err = tx.EventsSince(ctx); err != nil {
		return err
	}
	before, err := tx.MatchersOf(ctx, []int64{p.before.ID})
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(set.Matchings()))
	for _, m := range set.Matchings() {
		ids = append(ids, m.ID)
	}
	replayed, err := tx.ReplayedTo(ctx, ids)
	if err != nil {
		return err
	}
	known, err := tx.LatestTargets(ctx, ids)
	if err != nil {
		return err
	}
	judged := before[p.before.ID]
	for _, m := range set.Matchings() {
		_, judges := judged[m.ID]
		if !judges || len(without(m.Targets, judged[m.ID])) > 0 {
			p.Rules = append(p.Rules, m.Rules...)
		}
		if m.Timed || last == 0 {
			continue
		}
		if !judges {
			if err := p.add(ctx, tx, m, store.Replay{Matcher: m.ID, FromID: replayed[m.ID], UptoID: last}); err != nil {
				return err
			}
			p.fresh = append(p.fresh, m.ID)
		}
		if fresh := without(m.Targets, known[m.ID]); len(known[m.ID]) > 0 && len(fresh) > 0 {
			r := store.Replay{Matcher: m.ID, Afresh: set.Hash(), Targets: fresh, UptoID: last}
			if err := p.add(ctx, tx, m, r); err != nil {
				return err
			}
			p.afresh[m.ID] = fresh
		}
	}
	slices.Sort(p.Rules)
	p.Rules = slices.Compact(p.Rules)
	return nil
}

// add plans a replay if there is anything to replay.
func (p *plan) add(ctx context.Context, tx *store.Tx, m rule.Matching, r store.Replay) error {
	total, err := tx.CountEvents(ctx, r, m.Kinds)
	if err != nil || total == 0 {
		return err
	}
	r.Total = total
	p.Events = max(p.Events, total)
	p.replays = append(p.replays, r)
	return nil
}

// without returns the texts that are not among others.
func without(texts, others []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return slices.Contains(others, text) })
}

// Diff says what applying the set would change. With effects set, it also says who would gain and lose what:
// it plays all stored events to the rules that are new, in memory.
func (a *Automation) Diff(ctx context.Context, set *rule.Set, effects bool) (*Diff, error) {
	pictures, err := Pictures(set)
	if err != nil {
		return nil, err
	}
	var diff *Diff
	err = a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		p, err := a.plan(ctx, tx, set, pictures)
		if err != nil {
			return err
		}
		diff = p.Diff
		if !effects {
			return nil
		}
		return a.foresee(ctx, tx, set, p)
	})
	return diff, err
}

// sortEffects puts effects in the order of achievements, and then of time.
func sortEffects(effects []Effect) {
	slices.SortFunc(effects, func(x, y Effect) int {
		return cmp.Or(strings.Compare(x.Achievement, y.Achievement), x.At.Compare(y.At), strings.Compare(x.Username, y.Username))
	})
}
