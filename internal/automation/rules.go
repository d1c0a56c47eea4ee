package automation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// ruleset is one revision of the rules with the ids that its names have in the book.
type ruleset struct {
	set          *rule.Set
	revisionID   int64
	achievements map[achievementRef]achievement.Achievement
	measures     map[string]int64
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

// Applied says what applying a set of rules changed in the book.
type Applied struct {
	RevisionID int64
	Hash       string
	Created    []string
	Retired    int
}

// Apply writes the declared achievements to the book and lets the rules judge from the next
// batch on, all in one step: when it fails, the rules that judged before go on judging. Missing
// namespaces are made, public and without members. Applying the same files again changes nothing.
func (a *Automation) Apply(ctx context.Context, set *rule.Set, files []rule.File) (Applied, error) {
	kept, err := json.Marshal(files)
	if err != nil {
		return Applied{}, fmt.Errorf("encoding the rules files: %w", err)
	}
	next := &ruleset{set: set, achievements: map[achievementRef]achievement.Achievement{}}
	applied := Applied{Hash: set.Hash()}
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		applied.Created, applied.Retired = nil, 0
		clear(next.achievements)
		if err := a.declare(ctx, tx, next, &applied); err != nil {
			return err
		}
		revision, err := tx.EnsureRevision(ctx, set.Hash(), kept, a.now())
		if err != nil {
			return err
		}
		next.revisionID, applied.RevisionID = revision.ID, revision.ID

		hashes := make([]string, 0, len(set.Measures()))
		for _, measure := range set.Measures() {
			hashes = append(hashes, measure.ID())
		}
		next.measures, err = tx.EnsureMeasures(ctx, hashes, a.now())
		return err
	})
	if err != nil {
		return Applied{}, fmt.Errorf("applying the rules: %w", err)
	}
	a.current.Store(next)
	return applied, nil
}

// declare writes the set's namespaces and achievements, and retires what it no longer declares.
func (a *Automation) declare(ctx context.Context, tx *store.Tx, next *ruleset, applied *Applied) error {
	namespaces := map[string]int64{}
	for _, path := range next.set.Namespaces() {
		namespace, err := a.ensureNamespace(ctx, tx, path)
		if err != nil {
			return err
		}
		namespaces[path] = namespace.ID
	}
	keep := map[string][]string{}
	for _, declared := range next.set.Declared() {
		row := achievement.Achievement{
			NamespaceID: namespaces[declared.Namespace], Key: declared.Key, Name: declared.Name,
			Description: declared.Description, Kind: declared.Kind, Series: declared.Series, Tier: declared.Tier,
			CreatedAt: a.now(), UpdatedAt: a.now(),
		}
		created, err := tx.DeclareAchievement(ctx, &row)
		if err != nil {
			return fmt.Errorf("%s:%d: achievement %q: %w", declared.File, declared.Line, declared.Key, err)
		}
		if created {
			applied.Created = append(applied.Created, declared.Namespace+"/"+declared.Key)
		}
		next.achievements[achievementRef{declared.Namespace, declared.Key}] = row
		keep[declared.Namespace] = append(keep[declared.Namespace], declared.Key)
	}
	for path, id := range namespaces {
		retired, err := tx.RetireMissing(ctx, id, keep[path], a.now())
		if err != nil {
			return err
		}
		applied.Retired += retired
	}
	return nil
}

func (a *Automation) ensureNamespace(ctx context.Context, tx *store.Tx, path string) (*achievement.Namespace, error) {
	found, err := tx.NamespaceByPath(ctx, path)
	if err == nil || !fault.Is(err, fault.NotFound) {
		return found, err
	}
	made := &achievement.Namespace{
		FullPath: path, Name: path, Visibility: achievement.Public, CreatedAt: a.now(), UpdatedAt: a.now(),
	}
	return made, tx.CreateNamespace(ctx, made)
}

// ApplyLast applies the rules of the newest revision in the book again and reports whether there
// is one. It serves when the files at hand are faulty: what judged last goes on judging.
func (a *Automation) ApplyLast(ctx context.Context) (bool, error) {
	var revision *store.Revision
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.LatestRevision(ctx)
		revision = found
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var files []rule.File
	if err := json.Unmarshal(revision.Files, &files); err != nil {
		return false, fmt.Errorf("reading revision %d: %w", revision.ID, err)
	}
	set, err := rule.Load(files)
	if err != nil {
		return false, fmt.Errorf("loading revision %d: %w", revision.ID, err)
	}
	_, err = a.Apply(ctx, set, files)
	return err == nil, err
}
