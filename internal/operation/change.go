package operation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/avatar"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Match says whether an object is still the one that the caller means to change; nil means that the
// caller does not mind.
type Match[V any] func(*V) bool

// check refuses a change of an object that is another one by now.
func (m Match[V]) check(noun string, view *V) error {
	if m == nil || m(view) {
		return nil
	}
	return fault.New(fault.Changed, "changed", "the %s was changed by somebody else", noun)
}

// AchievementChange is what UpdateAchievement changes: what is not nil.
type AchievementChange struct {
	Name, Description *string
	Kind              *achievement.Kind
	// Avatar holds the bytes of a picture.
	Avatar []byte
	Match  Match[AchievementView]
}

func (c *AchievementChange) clean() error {
	var badName, badDescription, badKind error
	if c.Name != nil {
		*c.Name, badName = achievement.CleanName("name", *c.Name)
	}
	if c.Description != nil {
		*c.Description, badDescription = achievement.CleanText("description", *c.Description, achievement.MaxDescription)
	}
	if c.Kind != nil {
		badKind = checkKind(*c.Kind)
	}
	return allOf(badName, badDescription, badKind)
}

func (c *AchievementChange) apply(to *achievement.Achievement) {
	if c.Name != nil {
		to.Name = *c.Name
	}
	if c.Description != nil {
		to.Description = *c.Description
	}
	if c.Kind != nil {
		to.Kind = *c.Kind
	}
}

// UpdateAchievement changes an achievement. Role: maintainer. Faults: name_taken, kind_in_use, changed.
func (o *Operations) UpdateAchievement(ctx context.Context, caller Caller, id int64, in AchievementChange) (*AchievementView, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	if err := in.clean(); err != nil {
		return nil, err
	}
	picture, err := o.cleanAvatar(ctx, in.Avatar, func(ctx context.Context, tx *store.Tx) (standing, error) {
		_, in, err := findAchievement(ctx, tx, caller, id)
		return in, err
	})
	if err != nil {
		return nil, err
	}
	var view *AchievementView
	err = o.changeAchievement(ctx, caller, id, in.Match, func(ctx context.Context, tx *store.Tx, found *AchievementView) error {
		view = found
		before := found.AvatarHash
		in.apply(&found.Achievement)
		found.UpdatedAt = o.now()
		if picture != nil {
			found.AvatarHash = picture.Hash[:]
			if err := tx.PutAvatar(ctx, picture.Hash[:], picture.PNG, o.now()); err != nil {
				return err
			}
		}
		if err := tx.UpdateAchievement(ctx, &found.Achievement); err != nil {
			return err
		}
		if err := tx.DropAvatar(ctx, before); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "achievement.updated", namespaceID: found.NamespaceID, object: "achievement", objectID: id,
			details: fields(when(in.Name, "name"), when(in.Description, "description"), when(in.Kind, "kind"), when(picture, "avatar")),
		})
	})
	if err != nil {
		return nil, err
	}
	return view, nil
}

// DeleteAchievement deletes an achievement with all its awards, revoked ones too. Role: maintainer.
func (o *Operations) DeleteAchievement(ctx context.Context, caller Caller, id int64, match Match[AchievementView]) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.changeAchievement(ctx, caller, id, match, func(ctx context.Context, tx *store.Tx, found *AchievementView) error {
		if err := tx.DeleteAchievement(ctx, id); err != nil {
			return err
		}
		if err := tx.DropAvatar(ctx, found.AvatarHash); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "achievement.deleted", namespaceID: found.NamespaceID, object: "achievement", objectID: id,
			details: map[string]any{"name": found.Name},
		})
	})
}

// DeleteAchievementAvatar removes the picture, if there is one. Role: maintainer.
func (o *Operations) DeleteAchievementAvatar(ctx context.Context, caller Caller, id int64, match Match[AchievementView]) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.changeAchievement(ctx, caller, id, match, func(ctx context.Context, tx *store.Tx, found *AchievementView) error {
		before := found.AvatarHash
		if before == nil {
			return nil
		}
		found.AvatarHash, found.UpdatedAt = nil, o.now()
		if err := tx.UpdateAchievement(ctx, &found.Achievement); err != nil {
			return err
		}
		if err := tx.DropAvatar(ctx, before); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "achievement.updated", namespaceID: found.NamespaceID, object: "achievement", objectID: id,
			details: fields("avatar"),
		})
	})
}

// changeAchievement runs fn on the achievement, locked, if the caller maintains its namespace. Nobody judges meanwhile: rules may
// declare it.
func (o *Operations) changeAchievement(
	ctx context.Context, caller Caller, id int64, match Match[AchievementView],
	fn func(ctx context.Context, tx *store.Tx, found *AchievementView) error,
) error {
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.HoldRevision(ctx, true); err != nil {
			return err
		}
		locked, err := tx.AchievementForUpdate(ctx, id)
		if err != nil {
			return err
		}
		found, standing, err := viewAchievement(ctx, tx, caller, locked)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Maintainer); err != nil {
			return err
		}
		if err := match.check("achievement", found); err != nil {
			return err
		}
		return fn(ctx, tx, found)
	})
}

// cleanAvatar makes a picture of the bytes, nil of none, for a caller who maintains: decoding takes
// time that nobody else may take.
func (o *Operations) cleanAvatar(
	ctx context.Context, data []byte, standingOf func(ctx context.Context, tx *store.Tx) (standing, error),
) (*avatar.Picture, error) {
	if data == nil {
		return nil, nil //nolint:nilnil // no picture is no fault
	}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		standing, err := standingOf(ctx, tx)
		if err != nil {
			return err
		}
		return standing.must(achievement.Maintainer)
	})
	if err != nil {
		return nil, err
	}
	select {
	case o.decoding <- struct{}{}:
		defer func() { <-o.decoding }()
	case <-ctx.Done():
		return nil, fault.UnavailableFor("room for another picture", time.Second).Because(ctx.Err())
	}
	return avatar.Clean(data)
}

// Avatar is an achievement's picture.
type Avatar struct {
	PNG  []byte
	Hash []byte
	// Public says that everyone may see it.
	Public bool
}

// GetAchievementAvatar returns the picture. Role: whoever may read the namespace, or see one of the
// achievement's awards.
func (o *Operations) GetAchievementAvatar(ctx context.Context, caller Caller, id int64) (*Avatar, error) {
	var picture *Avatar
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.AchievementByID(ctx, id)
		if err != nil {
			return err
		}
		namespace, err := tx.NamespaceByID(ctx, found.NamespaceID)
		if err != nil {
			return err
		}
		picture = &Avatar{Hash: found.AvatarHash, Public: namespace.Visibility == achievement.Public}
		if !picture.Public && !o.hiding {
			if picture.Public, err = tx.AnyShown(ctx, id); err != nil {
				return err
			}
		}
		if !picture.Public {
			if err := maySeeAvatar(ctx, tx, caller, namespace, id); err != nil {
				return err
			}
		}
		if found.AvatarHash == nil {
			return fault.NotFoundFor("avatar")
		}
		picture.PNG, err = tx.Avatar(ctx, found.AvatarHash)
		return err
	})
	if err != nil {
		return nil, err
	}
	return picture, nil
}
