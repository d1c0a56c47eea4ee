package automation

import (
	"context"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
)

// The kinds of job that an award's transaction leaves in the outbox. Their arguments are an
// Announcement.
const (
	JobAwardGranted = "award.granted"
	JobAwardRevoked = "award.revoked"
)

// Announcement is what an outbox job says: which award to tell of.
type Announcement struct {
	AwardID int64 `json:"award_id"`
	// Quiet says that nobody is sent a mail.
	Quiet bool `json:"quiet,omitempty"`
}

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
	if r.users, err = tx.UsersByID(ctx, ids); err != nil {
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
		switch {
		case v.Action == rule.Revoke:
			revocations = append(revocations, store.Revocation{
				AchievementID: where.achievementID, UserID: v.userID, Occurrence: v.Occurrence,
				At: v.At, By: achievement.HouseUserID, Reason: "rule " + v.Rule,
			})
		case r.users[v.userID] == nil:
		case !r.users[v.userID].Blocked && w.qualifies(v, held):
			grants = append(grants, w.award(v, where, r.users[v.userID]))
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
		r.tell(&granted[i], JobAwardGranted)
	}
	for i := range revoked {
		r.tell(&revoked[i], JobAwardRevoked)
	}
	w.announcing = w.announcing || len(r.jobs) > 0
	if err := tx.AppendAudit(ctx, r.audit...); err != nil {
		return err
	}
	return tx.EnqueueJobs(ctx, r.jobs)
}

func (w *work) award(v verdict, where place, to *achievement.User) achievement.Award {
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

// report collects what a round changed: for the receipts of the deliveries that caused it, as jobs
// that will tell of it, and for the audit log.
type report struct {
	*work

	causes map[place]verdict
	users  map[int64]*achievement.User
	jobs   []store.Job
	audit  []achievement.AuditEvent
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
	case kind == JobAwardRevoked:
		in.receipt.Revocations = append(in.receipt.Revocations, given)
	default:
		in.receipt.Awards = append(in.receipt.Awards, given)
	}
	r.jobs = append(r.jobs, store.Job{
		Kind: kind, UniqueKey: fmt.Sprintf("%s:%d", kind, award.ID), RunAt: r.now(),
		Args: fmt.Appendf(nil, `{"award_id":%d,"quiet":%t}`, award.ID, cause.Quiet),
	})
	r.audit = append(r.audit, achievement.AuditEvent{
		At: r.now(), Action: kind, ActorID: achievement.HouseUserID, NamespaceID: declared.NamespaceID, SubjectID: award.UserID,
		Object: "award", ObjectID: award.ID, Rule: cause.Rule, EventID: cause.event.row.ID,
		Details: map[string]any{"achievement_id": award.AchievementID},
	})
}
