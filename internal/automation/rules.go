package automation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// ruleset is one revision of the rules with the ids that its names have in the book.
type ruleset struct {
	set        *rule.Set
	revisionID int64
	// changes counts how often it had changed what servers remember of the book when the ids were read.
	changes      int64
	achievements map[achievementRef]achievement.Achievement
	measures     map[string]int64
	// quiet says that nobody is sent a mail.
	quiet bool
}

// achievementRef names an achievement as rules do.
type achievementRef struct{ namespace, key string }

// noRules is the ruleset before anything was applied.
func noRules() *ruleset {
	empty, err := rule.Load(nil)
	if err != nil {
		panic("loading no rules failed: " + err.Error())
	}
	return &ruleset{set: empty}
}

// Application asks for rules to be applied.
type Application struct {
	Set   *rule.Set
	Files []rule.File
	// By is who asks, 0 for the house.
	By int64
	// Loud says that people are sent mails for what they did before the rules.
	Loud bool
	// Match, unless nil, says whether the rules that judge, by their hash, are those that are meant to be changed;
	// else the fault is "changed".
	Match func(hash string) bool
	// Note, unless nil, is called in the same transaction.
	Note func(ctx context.Context, tx *store.Tx, diff *Diff) error
	// MakeNamespaces lets missing namespaces be made, public and without members; else they are a fault.
	MakeNamespaces bool
	// Directory says that the files are those of the configured directory.
	Directory bool
}

// Apply writes the declared achievements to the book and lets the rules judge from the next batch on, of
// every server, all in one step: when it fails, the rules that judged before go on judging. Stored events are
// then replayed for what the rules ask anew. Applying the same files again changes nothing.
func (a *Automation) Apply(ctx context.Context, in Application) (*Diff, error) {
	kept, err := json.Marshal(in.Files)
	if err != nil {
		return nil, fmt.Errorf("encoding the rules files: %w", err)
	}
	pictures, err := Pictures(in.Set)
	if err != nil {
		return nil, err
	}
	if err := a.recall(ctx, in.Set); err != nil {
		return nil, err
	}
	var next *ruleset
	var diff *Diff
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		held, err := tx.HoldRevision(ctx, true)
		if err != nil {
			return err
		}
		if err := a.recallRest(ctx, tx, in.Set); err != nil {
			return err
		}
		planned, err := a.plan(ctx, tx, in.Set, pictures)
		if err != nil {
			return err
		}
		if in.Match != nil && !in.Match(planned.before.Hash) {
			return fault.New(fault.Changed, "changed", "the rules were changed by somebody else")
		}
		diff = planned.Diff
		if next, err = a.applyIn(ctx, tx, in, kept, planned); err != nil {
			return err
		}
		diff.RevisionID, next.changes = next.revisionID, held.Changes+1
		// Files that judge already may have made again what was deleted by hand.
		if err := tx.NoteChange(ctx); err != nil {
			return err
		}
		if in.Note == nil {
			return nil
		}
		return in.Note(ctx, tx, diff)
	})
	if err != nil {
		return nil, fmt.Errorf("applying the rules: %w", err)
	}
	a.current.Store(next)
	return diff, nil
}

// applyIn makes the plan true.
func (a *Automation) applyIn(ctx context.Context, tx *store.Tx, in Application, kept []byte, planned *plan) (*ruleset, error) {
	next := &ruleset{set: in.Set, achievements: map[achievementRef]achievement.Achievement{}}
	if err := a.declare(ctx, tx, next, in.MakeNamespaces, planned.pictures); err != nil {
		return nil, err
	}
	if err := dropReplaced(ctx, tx, planned.Diff); err != nil {
		return nil, err
	}
	if err := tx.RetireAchievements(ctx, planned.retire, a.now()); err != nil {
		return nil, err
	}
	matchings := map[string][]string{}
	for _, m := range in.Set.Matchings() {
		matchings[m.ID] = m.Targets
	}
	revision, err := tx.EnsureRevision(ctx, store.Revision{
		Hash: in.Set.Hash(), Files: kept, AppliedAt: a.now(), AppliedBy: in.By,
	}, matchings)
	if err != nil {
		return nil, err
	}
	next.revisionID = revision.ID
	if in.Directory {
		if err := tx.SetDirectoryHash(ctx, in.Set.Hash()); err != nil {
			return nil, err
		}
	}
	if next.measures, err = tx.EnsureMeasures(ctx, measuresOf(in.Set), a.now()); err != nil {
		return nil, err
	}
	for i := range planned.replays {
		planned.replays[i].Loud = in.Loud
	}
	return next, tx.AddReplays(ctx, planned.replays)
}

func measuresOf(set *rule.Set) []store.Measure {
	measures := make([]store.Measure, 0, len(set.Measures()))
	for _, measure := range set.Measures() {
		measures = append(measures, store.Measure{Hash: measure.ID(), Counts: measure.Counts()})
	}
	return measures
}

// declare writes the set's namespaces and achievements.
func (a *Automation) declare(ctx context.Context, tx *store.Tx, next *ruleset, makeNamespaces bool, pictures []*avatar.Picture) error {
	namespaces := map[string]int64{}
	for _, path := range next.set.Namespaces() {
		namespace, err := a.ensureNamespace(ctx, tx, path, makeNamespaces)
		if err != nil {
			return err
		}
		namespaces[path] = namespace.ID
	}
	declared := next.set.Declared()
	rows := make([]*achievement.Achievement, len(declared))
	for i, d := range declared {
		rows[i] = &achievement.Achievement{
			NamespaceID: namespaces[d.Namespace], Key: d.Key, Name: d.Name, Description: d.Description, Kind: d.Kind,
			Series: d.Series, Tier: d.Tier, CreatedAt: a.now(), UpdatedAt: a.now(),
		}
		if picture := pictures[i]; picture != nil {
			rows[i].AvatarHash = picture.Hash[:]
			if err := tx.PutAvatar(ctx, picture.Hash[:], picture.PNG, a.now()); err != nil {
				return err
			}
		}
	}
	if i, err := tx.DeclareAchievements(ctx, rows); err != nil {
		return fmt.Errorf("%s:%d: achievement %q: %w", declared[i].File, declared[i].Line, declared[i].Key, err)
	}
	for i, d := range declared {
		next.achievements[achievementRef{d.Namespace, d.Key}] = *rows[i]
	}
	return nil
}

func (a *Automation) ensureNamespace(ctx context.Context, tx *store.Tx, path string, may bool) (*achievement.Namespace, error) {
	found, err := tx.NamespaceByPath(ctx, path)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return found, err
	}
	if !may {
		return nil, fault.New(fault.NotFound, "namespace_not_found", "there is no namespace %q", path)
	}
	made := &achievement.Namespace{
		FullPath: path, Name: path, Visibility: achievement.Public, CreatedAt: a.now(), UpdatedAt: a.now(),
	}
	return made, tx.CreateNamespace(ctx, made)
}

// Rules returns what judges: the revision as the book has it, and how far replays for it have come. Fault:
// NotFound before anything was applied.
func (a *Automation) Rules(ctx context.Context, tx *store.Tx) (*store.Revision, []rule.File, ReplayProgress, error) {
	revision, err := tx.CurrentRevision(ctx)
	if err != nil {
		return nil, nil, ReplayProgress{}, err
	}
	var files []rule.File
	if err := json.Unmarshal(revision.Files, &files); err != nil {
		return nil, nil, ReplayProgress{}, fmt.Errorf("reading revision %d: %w", revision.ID, err)
	}
	matchers, err := tx.MatchersOf(ctx, []int64{revision.ID})
	if err != nil {
		return nil, nil, ReplayProgress{}, err
	}
	ids := make([]string, 0, len(matchers[revision.ID]))
	for id := range matchers[revision.ID] {
		ids = append(ids, id)
	}
	running, err := tx.RunningReplays(ctx, ids, false)
	progress := ReplayProgress{}
	for _, r := range running {
		progress.Running++
		progress.Done, progress.Total = progress.Done+r.Done, progress.Total+r.Total
	}
	return revision, files, progress, err
}

// ReplayProgress is how far replays have come.
type ReplayProgress struct {
	// Running is how many replays are not finished; Done and Total count their events.
	Running     int
	Done, Total int64
}

// recall stores the awards so far as events, if rules begin to be about awards; they are judged by the replay
// that follows.
func (a *Automation) recall(ctx context.Context, set *rule.Set) error {
	if !set.HearsAwards() || a.current.Load().set.HearsAwards() {
		return nil
	}
	for last, more := int64(0), true; more; {
		var next int64
		err := a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			var err error
			next, more, err = a.recallSome(ctx, tx, last)
			return err
		})
		if err != nil {
			return err
		}
		last = next
	}
	return nil
}

func (a *Automation) recallRest(ctx context.Context, tx *store.Tx, set *rule.Set) error {
	if !set.HearsAwards() || a.current.Load().set.HearsAwards() {
		return nil
	}
	for last, more := int64(0), true; more; {
		var err error
		if last, more, err = a.recallSome(ctx, tx, last); err != nil {
			return err
		}
	}
	return nil
}

// recallSome stores those of some awards behind one that no event tells of. It returns the last of them, and reports
// whether there may be more.
func (a *Automation) recallSome(ctx context.Context, tx *store.Tx, after int64) (last int64, more bool, err error) {
	untold, last, err := tx.UntoldAwards(ctx, event.AwardGranted+":", after, tickBatch)
	if err != nil || len(untold) == 0 {
		return last, last != 0, err
	}
	notices, err := a.noticesIn(ctx, tx, untold)
	if err != nil {
		return 0, false, err
	}
	causes, err := causesOf(ctx, tx, notices)
	if err != nil {
		return 0, false, err
	}
	var rows []*store.EventRow
	for _, id := range untold {
		notice := notices[id]
		kinds := []string{event.AwardGranted}
		if notice.Award.Revoked() {
			kinds = append(kinds, event.AwardRevoked)
		}
		for _, kind := range kinds {
			rows = append(rows, &store.EventRow{Event: awardEvent(notice, kind, causes[notice.Award.EventID])})
		}
	}
	return last, true, tx.InsertEvents(ctx, rows)
}
