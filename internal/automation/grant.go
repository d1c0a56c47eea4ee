package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// The kinds of job that the transaction of awards leaves in the outbox. The arguments are an Announcement where somebody
// gives or takes away one award, and Announcements where rules do with many at once.
const (
	JobAwardGranted  = "award.granted"
	JobAwardRevoked  = "award.revoked"
	JobAwardsGranted = "awards.granted"
	JobAwardsRevoked = "awards.revoked"
)

// Announcement says which award to tell of.
type Announcement struct {
	AwardID int64 `json:"award_id"`
	// Quiet says that nobody is sent a mail.
	Quiet bool `json:"quiet,omitempty"`
}

// Announcements say which awards to tell of, at most announcedAtOnce.
type Announcements struct {
	Awards []Announcement `json:"awards"`
}

// announcedAtOnce bounds a job: it is done within its lease, and what fails in it is tried again as a whole.
const announcedAtOnce = 100

// place is where at most one award can stand.
type place struct {
	achievementID, userID int64
	occurrence            string
}

// decide carries out the verdicts in order. Verdicts on different places do not affect each
// other and go together; a second verdict on the same place waits for the next round.
func (w *work) decide(ctx context.Context, tx *store.Tx) error {
	for pending := w.verdicts; len(pending) > 0; {
		taken := map[place]bool{}
		var round, later []verdict
		for _, v := range pending {
			where, ok := w.place(v)
			switch {
			case !ok:
			case taken[where]:
				later = append(later, v)
			default:
				taken[where] = true
				round = append(round, v)
			}
		}
		if err := w.carryOut(ctx, tx, round); err != nil {
			return err
		}
		pending = later
	}
	return nil
}

func (w *work) place(v verdict) (place, bool) {
	declared, ok := w.rules.achievements[achievementRef{v.Namespace, v.Key}]
	return place{declared.ID, v.userID, v.Occurrence}, ok && v.userID != 0
}

// carryOut gives and revokes for one round of verdicts and queues what is to be told. Blocked users
// are given nothing.
func (w *work) carryOut(ctx context.Context, tx *store.Tx, round []verdict) error {
	r := report{work: w, causes: map[place]verdict{}}
	ids := make([]int64, len(round))
	for i := range round {
		ids[i] = round[i].userID
	}
	var err error
	if r.users, err = w.recipientsOf(ctx, tx, ids); err != nil {
		return err
	}
	var grants []achievement.Award
	var revocations []store.Revocation
	held, err := w.required(ctx, tx, round)
	if err != nil {
		return err
	}
	for _, v := range round {
		where, _ := w.place(v)
		r.causes[where] = v
		to, exists := r.users[v.userID]
		switch {
		case v.Action == rule.Revoke:
			revocations = append(revocations, store.Revocation{
				AchievementID: where.achievementID, UserID: v.userID, Occurrence: v.Occurrence,
				At: v.At, By: achievement.HouseUserID, Reason: "rule " + v.Rule,
			})
		case exists && !to.Blocked && w.qualifies(v, held):
			grants = append(grants, w.award(v, where, to))
		}
	}
	granted, err := tx.GrantAwards(ctx, grants)
	if err != nil {
		return err
	}
	if err := tx.ProlongAwards(ctx, grants); err != nil {
		return err
	}
	revoked, err := tx.RevokeStanding(ctx, revocations)
	if err != nil {
		return err
	}
	for i := range granted {
		r.tell(&granted[i], event.AwardGranted)
	}
	for i := range revoked {
		r.tell(&revoked[i], event.AwardRevoked)
	}
	if err := tx.AppendAudit(ctx, r.audit...); err != nil {
		return err
	}
	return errors.Join(w.announceAll(ctx, tx, JobAwardsGranted, r.granted), w.announceAll(ctx, tx, JobAwardsRevoked, r.revoked))
}

// recipientsOf returns those of the users that exist, and does not ask for those of whom the intake has told.
func (w *work) recipientsOf(ctx context.Context, tx *store.Tx, ids []int64) (map[int64]store.Recipient, error) {
	known := make(map[int64]store.Recipient, len(ids))
	var others []int64
	for _, id := range ids {
		if to, ok := w.told[id]; ok {
			known[id] = to
		} else {
			others = append(others, id)
		}
	}
	asked, err := tx.Recipients(ctx, others)
	maps.Copy(known, asked)
	return known, err
}

// announceAll leaves jobs that tell of the awards. All awards of a batch go into few of them: a job is written three times.
func (w *work) announceAll(ctx context.Context, tx *store.Tx, kind string, awards []Announcement) error {
	var jobs []store.Job
	for some := range slices.Chunk(awards, announcedAtOnce) {
		args, err := json.Marshal(Announcements{some})
		if err != nil {
			return fmt.Errorf("encoding a job: %w", err)
		}
		jobs = append(jobs, store.Job{Kind: kind, Args: args, RunAt: w.now()})
	}
	w.announcing = w.announcing || len(jobs) > 0
	return tx.EnqueueJobs(ctx, jobs)
}

func (w *work) award(v verdict, where place, to store.Recipient) achievement.Award {
	award := achievement.Award{
		AchievementID: where.achievementID, UserID: v.userID,
		Kind:       w.rules.achievements[achievementRef{v.Namespace, v.Key}].Kind,
		Occurrence: v.Occurrence, AwardedAt: v.At, AwardedBy: achievement.HouseUserID,
		ShowOnProfile: !w.accepting || to.Bot, Message: v.Message,
		Rule: v.Rule, RevisionID: w.rules.revisionID, EventID: v.event.row.ID, ExpiresAt: v.Until,
	}
	if !v.event.event.Private {
		award.EventURL = v.event.event.URL
	}
	return award
}

// required returns what the users hold whom a verdict requires to hold something.
func (w *work) required(ctx context.Context, tx *store.Tx, round []verdict) (map[place]bool, error) {
	var users []int64
	for i := range round {
		if len(round[i].Requires) > 0 {
			users = append(users, round[i].userID)
		}
	}
	holdings, err := tx.Holdings(ctx, users)
	held := make(map[place]bool, len(holdings))
	for _, holding := range holdings {
		held[place{achievementID: holding.AchievementID, userID: holding.UserID}] = true
	}
	return held, err
}

// qualifies reports whether the user holds all that a verdict requires.
func (w *work) qualifies(v verdict, held map[place]bool) bool {
	for _, ref := range v.Requires {
		if !held[place{achievementID: w.rules.achievements[achievementRef{ref.Namespace, ref.Key}].ID, userID: v.userID}] {
			return false
		}
	}
	return true
}

// report collects what a round changed: for the receipts of the deliveries that caused it, for the jobs
// that will tell of it, and for the audit log.
type report struct {
	*work

	causes           map[place]verdict
	users            map[int64]store.Recipient
	granted, revoked []Announcement
	audit            []achievement.AuditEvent
}

func (r *report) tell(award *achievement.Award, kind string) {
	cause := r.causes[place{award.AchievementID, award.UserID, award.Occurrence}]
	declared := r.rules.achievements[achievementRef{cause.Namespace, cause.Key}]
	given := Given{
		AwardID: award.ID, AchievementID: award.AchievementID, Key: declared.Key, Name: declared.Name,
		UserID: award.UserID, Username: r.users[award.UserID].Username,
	}
	if !r.again.rehearsal() {
		r.metrics.fired.WithLabelValues(cause.Rule).SetToCurrentTime()
	}
	switch in := cause.event.in; {
	case in == nil:
		r.unasked = append(r.unasked, change{kind, declared.Key})
	case kind == event.AwardRevoked:
		in.receipt.Revocations = append(in.receipt.Revocations, given)
	default:
		in.receipt.Awards = append(in.receipt.Awards, given)
	}
	if told := (Announcement{award.ID, cause.Quiet}); kind == event.AwardRevoked {
		r.revoked = append(r.revoked, told)
	} else {
		r.granted = append(r.granted, told)
	}
	r.audit = append(r.audit, achievement.AuditEvent{
		At: r.now(), Action: kind, ActorID: achievement.HouseUserID, NamespaceID: declared.NamespaceID, SubjectID: award.UserID,
		Object: "award", ObjectID: award.ID, Rule: cause.Rule, EventID: cause.event.row.ID,
		Details: map[string]any{"achievement_id": award.AchievementID},
	})
}
