package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
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
	if err := a.hearAll(ctx, notices, awards, failures); err != nil {
		return failAll(jobs, err)
	}
	granted := map[int64]notify.Notice{}
	for _, of := range awards {
		notice, stands := notices[of.AwardID]
		if !stands {
			continue
		}
		if notice.Revoked = of.kind == event.AwardRevoked; !notice.Revoked && !of.Quiet {
			granted[of.AwardID] = notice
		}
		if err := a.tell(ctx, notice); err != nil {
			failures[of.jobID] = errors.Join(failures[of.jobID], err)
		}
	}
	if err := a.post(ctx, granted); err != nil {
		return failAll(jobs, err)
	}
	return failures
}

// hearAll judges awards as events, and notes why that failed for a job. Where all cannot be judged together, each is by itself, so that
// one keeps nobody from hearing of the others.
func (a *Automation) hearAll(ctx context.Context, notices map[int64]notify.Notice, awards []announced, failures map[int64]error) error {
	err := a.hear(ctx, notices, awards)
	if err == nil || fault.Is(err, fault.Unavailable) {
		return err
	}
	for i, of := range awards {
		err := a.hear(ctx, notices, awards[i:i+1])
		if fault.Is(err, fault.Unavailable) {
			return err
		}
		if err != nil {
			failures[of.jobID] = errors.Join(failures[of.jobID], err)
		}
	}
	return nil
}

func (a *Automation) tell(ctx context.Context, notice notify.Notice) error {
	var errs []error
	for _, channel := range a.channels {
		errs = append(errs, channel.Tell(ctx, notice))
	}
	return errors.Join(errs...)
}

// announced is an award that a job tells of.
type announced struct {
	Announcement

	jobID int64
	// kind is that of the event that there is to tell.
	kind string
}

// awardsOf returns what the jobs announce, in their order, and why some announce nothing.
func awardsOf(jobs []store.Job) (awards []announced, failures map[int64]error) {
	failures = map[int64]error{}
	for _, job := range jobs {
		var about struct {
			Announcement
			Announcements
		}
		if err := json.Unmarshal(job.Args, &about); err != nil {
			failures[job.ID] = fmt.Errorf("reading job %d: %w", job.ID, err)
			continue
		}
		kind := event.AwardGranted
		if job.Kind == JobAwardRevoked || job.Kind == JobAwardsRevoked {
			kind = event.AwardRevoked
		}
		if about.AwardID != 0 {
			about.Awards = append(about.Awards, about.Announcement)
		}
		for _, one := range about.Awards {
			awards = append(awards, announced{one, job.ID, kind})
		}
	}
	return awards, failures
}

// notices returns what there is to say of each award, by its id, with a fixed number of queries.
func (a *Automation) notices(ctx context.Context, of []announced) (map[int64]notify.Notice, error) {
	ids := make([]int64, len(of))
	for i := range of {
		ids[i] = of[i].AwardID
	}
	var notices map[int64]notify.Notice
	err := a.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := a.noticesIn(ctx, tx, ids)
		notices = found
		return err
	})
	return notices, err
}

func (*Automation) noticesIn(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]notify.Notice, error) {
	notices := make(map[int64]notify.Notice, len(ids))
	awards, err := tx.AwardsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	given, err := tx.AchievementsByID(ctx, idsOf(awards, func(award *achievement.Award) int64 { return award.AchievementID }))
	if err != nil {
		return nil, err
	}
	users, err := tx.UsersByID(ctx, slices.Concat(
		idsOf(awards, func(award *achievement.Award) int64 { return award.UserID }),
		idsOf(awards, func(award *achievement.Award) int64 { return award.AwardedBy }),
		idsOf(awards, func(award *achievement.Award) int64 { return award.RevokedBy })))
	if err != nil {
		return nil, err
	}
	namespaces, err := tx.NamespacesByID(ctx, idsOf(given, func(of *achievement.Achievement) int64 { return of.NamespaceID }))
	if err != nil {
		return nil, err
	}
	for id, award := range awards {
		of := given[award.AchievementID]
		notice := notify.Notice{
			Award: *award, Achievement: *of, Namespace: *namespaces[of.NamespaceID], User: *users[award.UserID],
			Giver: *users[award.AwardedBy],
		}
		if taker := users[award.RevokedBy]; taker != nil {
			notice.Taker = *taker
		}
		notices[id] = notice
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
