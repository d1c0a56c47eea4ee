package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Progress returns how far a user has come towards what rules give, by namespace and key. Role: the user;
// admin; maintainers, for the achievements of their namespaces.
func (o *Operations) Progress(ctx context.Context, caller Caller, ref string) ([]automation.Progress, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	var progress []automation.Progress
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		if progress, err = o.automation.Progress(ctx, tx, user.ID); err != nil {
			return err
		}
		progress, err = knowable(ctx, tx, caller, user, progress)
		return err
	})
	return progress, err
}

// Explained is why a user has an achievement, or not.
type Explained struct {
	User        achievement.User
	Achievement AchievementView
	Powers      Powers
	Progress    []automation.Progress
	// Awards are the latest that the user has or had, newest first.
	Awards []AwardView
	// Event is the event that was asked for, nil for none, and Rules what it means to each rule.
	Event *store.EventRow
	Rules []rule.Explanation
}

// Explain says why a user has an achievement, or not; with an event, what that means to the rules. Role: the
// user; admin; maintainers of the namespace.
func (o *Operations) Explain(ctx context.Context, caller Caller, ref string, achievementID, eventID int64) (*Explained, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	explained := &Explained{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		user, err := findUser(ctx, tx, ref)
		if err != nil {
			return err
		}
		found, in, err := findAchievement(ctx, tx, caller, achievementID)
		if err != nil {
			return err
		}
		if !in.atLeast(achievement.Maintainer) {
			if err := mayBe(caller, user, "progress and its reasons"); err != nil {
				return err
			}
		}
		explained.User, explained.Achievement, explained.Powers = *user, *found, in.powers(caller)
		if err := o.explainStanding(ctx, tx, caller, explained); err != nil {
			return err
		}
		if eventID == 0 {
			return nil
		}
		of := rule.Ref{Namespace: found.Namespace.FullPath, Key: found.Key}
		if explained.Event, explained.Rules, err = o.automation.Explain(ctx, tx, eventID, of); err != nil {
			return err
		}
		return mayExplain(ctx, tx, caller, user, &explained.Event.Event)
	})
	if err != nil {
		return nil, err
	}
	return explained, nil
}

// explainedAwards is how many awards an explanation shows.
const explainedAwards = 20

// explainStanding fills in how far the user has come, and what they were awarded.
func (o *Operations) explainStanding(ctx context.Context, tx *store.Tx, caller Caller, explained *Explained) error {
	all, err := o.automation.Progress(ctx, tx, explained.User.ID)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].AchievementID == explained.Achievement.ID {
			explained.Progress = append(explained.Progress, all[i])
		}
	}
	if err := discreet(ctx, tx, caller, explained.Progress, map[string]standing{}); err != nil {
		return err
	}
	awards, err := tx.AwardsTo(ctx, explained.Achievement.ID, explained.User.ID, explainedAwards)
	if err != nil {
		return err
	}
	explained.Awards, err = o.viewAll(ctx, tx, caller, awards)
	return err
}

// standingAt looks up what the caller is in the namespace with the path, once; nothing where there is none any more.
func standingAt(ctx context.Context, tx *store.Tx, caller Caller, path string, known map[string]standing) (standing, error) {
	if in, asked := known[path]; asked {
		return in, nil
	}
	namespace, err := tx.NamespaceByPath(ctx, path)
	var in standing
	if err == nil {
		in, err = standingIn(ctx, tx, caller, namespace)
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return in, err
	}
	known[path] = in
	return in, nil
}
