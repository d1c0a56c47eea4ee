package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Tell does one job of the outbox: it hands what became of an award to every channel. When a
// channel fails, the job is tried again. An award that was deleted meanwhile is not told of.
func (a *Automation) Tell(ctx context.Context, job store.Job) error {
	var announcement Announcement
	if err := json.Unmarshal(job.Args, &announcement); err != nil {
		return fmt.Errorf("reading job %d: %w", job.ID, err)
	}
	notice := notify.Notice{Revoked: job.Kind == JobAwardRevoked}
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		award, err := tx.AwardByID(ctx, announcement.AwardID)
		if err != nil {
			return err
		}
		given, err := tx.AchievementByID(ctx, award.AchievementID)
		if err != nil {
			return err
		}
		namespace, err := tx.NamespaceByID(ctx, given.NamespaceID)
		if err != nil {
			return err
		}
		user, err := tx.UserByID(ctx, award.UserID)
		if err != nil {
			return err
		}
		notice.Award, notice.Achievement, notice.Namespace, notice.User = *award, *given, *namespace, *user
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, channel := range a.channels {
		errs = append(errs, channel.Tell(ctx, notice))
	}
	return errors.Join(errs...)
}
