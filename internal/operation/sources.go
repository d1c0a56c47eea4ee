package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/store"
)

// MayAdminister says by a fault that the caller may not do what is for admins, before anything is asked for.
func (*Operations) MayAdminister(caller Caller) error { return mayAdminister(caller) }

// Sources returns the configured sources by name, and what they sent. Role: admin.
func (o *Operations) Sources(ctx context.Context, caller Caller) ([]automation.SourceState, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var states []automation.SourceState
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		states, err = o.automation.Sources(ctx, tx)
		return err
	})
	return states, err
}

// Backlog returns what the outbox has not done. Role: admin.
func (o *Operations) Backlog(ctx context.Context, caller Caller) (store.Backlog, error) {
	var backlog store.Backlog
	if err := mayAdminister(caller); err != nil {
		return backlog, err
	}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		backlog, err = tx.Backlog(ctx, o.now())
		return err
	})
	return backlog, err
}

// maxFound is how many achievements a search over all namespaces finds.
const maxFound = 20

// FindAchievements returns achievements of all namespaces by a part of their name or of "namespace/key". Role: admin.
func (o *Operations) FindAchievements(ctx context.Context, caller Caller, search string) ([]AchievementView, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	search, err := achievement.CleanText("achievement", search, achievement.MaxPath)
	if err != nil {
		return nil, err
	}
	var views []AchievementView
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.FindAchievements(ctx, search, maxFound)
		if err != nil {
			return err
		}
		owners := set{}
		for i := range found {
			owners.add(found[i].NamespaceID)
		}
		namespaces, err := tx.NamespacesByID(ctx, owners.ids())
		if err != nil {
			return err
		}
		for i := range found {
			views = append(views, AchievementView{Achievement: found[i], Namespace: namespaces[found[i].NamespaceID]})
		}
		return nil
	})
	return views, err
}
