package operation

import (
	"context"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// AchievementView is an achievement as a caller sees it.
type AchievementView struct {
	achievement.Achievement

	// Namespace is nil when the caller may not read it.
	Namespace *achievement.Namespace
}

// NewAchievement is what CreateAchievement makes an achievement of.
type NewAchievement struct {
	// Namespace is an id or full path.
	Namespace         string
	Name, Description string
	// Kind may be empty for Repeatable.
	Kind achievement.Kind
	// Avatar holds the bytes of a picture; nil for none.
	Avatar []byte
}

// CreateAchievement creates an achievement. Role: maintainer. Faults: name_taken.
func (o *Operations) CreateAchievement(ctx context.Context, caller Caller, in NewAchievement) (*AchievementView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	name, badName := achievement.CleanName("name", in.Name)
	description, badDescription := achievement.CleanText("description", in.Description, achievement.MaxDescription)
	kind := in.Kind
	if kind == "" {
		kind = achievement.Repeatable
	}
	if err := allOf(badName, badDescription, checkKind(kind)); err != nil {
		return nil, err
	}
	picture, err := o.cleanAvatar(ctx, in.Avatar, func(ctx context.Context, tx *store.Tx) (standing, error) {
		_, in, err := findNamespace(ctx, tx, caller, in.Namespace)
		return in, err
	})
	if err != nil {
		return nil, err
	}
	now := o.now()
	var view AchievementView
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, in.Namespace)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Maintainer); err != nil {
			return err
		}
		view = AchievementView{
			Achievement: achievement.Achievement{
				NamespaceID: namespace.ID, Name: name, Description: description, Kind: kind, CreatedAt: now, UpdatedAt: now,
			},
			Namespace: namespace,
		}
		if picture != nil {
			view.AvatarHash = picture.Hash[:]
			if err := tx.PutAvatar(ctx, picture.Hash[:], picture.PNG, now); err != nil {
				return err
			}
		}
		if err := tx.CreateAchievement(ctx, &view.Achievement); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "achievement.created", namespaceID: namespace.ID, object: "achievement", objectID: view.ID,
			details: map[string]any{"name": name, "kind": kind},
		})
	})
	if err != nil {
		return nil, err
	}
	return &view, nil
}

// GetAchievement returns an achievement. Role: whoever may read its namespace.
func (o *Operations) GetAchievement(ctx context.Context, caller Caller, id int64) (*AchievementView, error) {
	var view *AchievementView
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		view, _, err = findAchievement(ctx, tx, caller, id)
		return err
	})
	return view, err
}

// AchievementQuery says which achievements ListAchievements lists.
type AchievementQuery struct {
	// Namespace is an id or full path.
	Namespace string
	// IDs, Kind and Search are filters; empty ones let everything through. Search is a part of the
	// name, in upper or lower case.
	IDs    []int64
	Kind   achievement.Kind
	Search string
	Page   Page
}

// ListAchievements lists a namespace's achievements, oldest first. Role: whoever may read it.
func (o *Operations) ListAchievements(ctx context.Context, caller Caller, in AchievementQuery) (*Listing[AchievementView], error) {
	search, err := achievement.CleanText("search", in.Search, achievement.MaxName)
	if err != nil {
		return nil, err
	}
	if in.Kind != "" {
		if err := checkKind(in.Kind); err != nil {
			return nil, err
		}
	}
	var listing *Listing[AchievementView]
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, _, err := findNamespace(ctx, tx, caller, in.Namespace)
		if err != nil {
			return err
		}
		found, next, err := tx.ListAchievements(ctx, store.AchievementFilter{
			NamespaceID: namespace.ID, IDs: in.IDs, Kind: in.Kind, Search: search,
		}, in.Page.inStore())
		if err != nil {
			return err
		}
		listing = &Listing[AchievementView]{Items: make([]AchievementView, len(found)), Next: next}
		for i := range found {
			listing.Items[i] = AchievementView{Achievement: found[i], Namespace: namespace}
		}
		return nil
	})
	return listing, err
}

// findAchievement returns the achievement if the caller may read its namespace, and what the caller
// is in it.
func findAchievement(ctx context.Context, tx *store.Tx, caller Caller, id int64) (*AchievementView, standing, error) {
	found, err := tx.AchievementByID(ctx, id)
	if err != nil {
		return nil, standing{}, err
	}
	return viewAchievement(ctx, tx, caller, found)
}

// viewAchievement returns the achievement as the caller sees it, if they may read its namespace, and what
// the caller is in it.
func viewAchievement(ctx context.Context, tx *store.Tx, caller Caller, found *achievement.Achievement) (*AchievementView, standing, error) {
	namespace, err := tx.NamespaceByID(ctx, found.NamespaceID)
	if err != nil {
		return nil, standing{}, err
	}
	in, err := standingIn(ctx, tx, caller, namespace)
	if err != nil {
		return nil, standing{}, err
	}
	if !in.reads {
		return nil, standing{}, fault.NotFoundFor("achievement")
	}
	return &AchievementView{Achievement: *found, Namespace: namespace}, in, nil
}

func checkKind(kind achievement.Kind) error {
	if !slices.Contains(achievement.Kinds(), kind) {
		return fault.InvalidField("kind", "unknown", "must be irrevocable, revocable or repeatable")
	}
	return nil
}
