package automation

import (
	"context"
	"errors"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Tell does jobs of the outbox: it hands what became of each award to every channel, and leaves a job
// for the mail. When a channel fails, the job is tried again. An award that was deleted meanwhile is
// not told of.
func (a *Automation) Tell(ctx context.Context, jobs []store.Job) map[int64]error {
	awards, failures := awardsOf(jobs)
	notices, err := a.notices(ctx, awards)
	if err != nil {
		return failAll(jobs, err)
	}
	if err := a.hear(ctx, notices, jobs); err != nil {
		return failAll(jobs, err)
	}
	granted := map[int64]notify.Notice{}
	for _, job := range jobs {
		notice, stands := notices[job.ID]
		if !stands {
			continue
		}
		if notice.Revoked = job.Kind == JobAwardRevoked; !notice.Revoked && !awards[job.ID].Quiet {
			granted[job.ID] = notice
		}
		if err := a.tell(ctx, notice); err != nil {
			failures[job.ID] = err
		}
	}
	if err := a.post(ctx, granted); err != nil {
		return failAll(jobs, err)
	}
	return failures
}

func (a *Automation) tell(ctx context.Context, notice notify.Notice) error {
	var errs []error
	for _, channel := range a.channels {
		errs = append(errs, channel.Tell(ctx, notice))
	}
	return errors.Join(errs...)
}

// notices returns what there is to say of each job's award, with a fixed number of queries.
func (a *Automation) notices(ctx context.Context, announced map[int64]Announcement) (map[int64]notify.Notice, error) {
	var notices map[int64]notify.Notice
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := a.noticesIn(ctx, tx, announced)
		notices = found
		return err
	})
	return notices, err
}

func (*Automation) noticesIn(ctx context.Context, tx *store.Tx, announced map[int64]Announcement) (map[int64]notify.Notice, error) {
	notices := make(map[int64]notify.Notice, len(announced))
	ids := make([]int64, 0, len(announced))
	for _, announcement := range announced {
		ids = append(ids, announcement.AwardID)
	}
	awards, err := tx.AwardsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	given, err := tx.AchievementsByID(ctx, idsOf(awards, func(award *achievement.Award) int64 { return award.AchievementID }))
	if err != nil {
		return nil, err
	}
	users, err := tx.UsersByID(ctx, append(
		idsOf(awards, func(award *achievement.Award) int64 { return award.UserID }),
		idsOf(awards, func(award *achievement.Award) int64 { return award.AwardedBy })...))
	if err != nil {
		return nil, err
	}
	namespaces, err := tx.NamespacesByID(ctx, idsOf(given, func(of *achievement.Achievement) int64 { return of.NamespaceID }))
	if err != nil {
		return nil, err
	}
	for jobID, announcement := range announced {
		if award := awards[announcement.AwardID]; award != nil {
			of := given[award.AchievementID]
			notices[jobID] = notify.Notice{
				Award: *award, Achievement: *of, Namespace: *namespaces[of.NamespaceID], User: *users[award.UserID],
				Giver: *users[award.AwardedBy],
			}
		}
	}
	return notices, nil
}

// idsOf returns the different ids that the nouns refer to.
func idsOf[T any](nouns map[int64]*T, id func(*T) int64) []int64 {
	seen := map[int64]bool{}
	var ids []int64
	for _, noun := range nouns {
		if n := id(noun); !seen[n] {
			seen[n] = true
			ids = append(ids, n)
		}
	}
	return ids
}
