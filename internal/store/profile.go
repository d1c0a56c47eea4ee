package store

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Profile is a user with awards and all that they show, read by one statement. Of users and namespaces it holds only what
// everyone may see and what decides who may see it.
type Profile struct {
	User  achievement.User
	Shown []ProfileAward
	// Next is the cursor of the next page, which is empty after the last one.
	Next string
}

// ProfileAward is an award with what it is shown with.
type ProfileAward struct {
	Award       achievement.Award
	Achievement achievement.Achievement
	Namespace   achievement.Namespace
	Giver       achievement.User
}

// ProfileFilter chooses a profile: by the id, or by the username, which then is not empty.
type ProfileFilter struct {
	UserID   int64
	Username string
	// OnlyReadable leaves out the awards of namespaces that not everyone may read.
	OnlyReadable bool
	// Limit is how many awards there are at most, as in Page.
	Limit int
}

// The statement reads every time as the column that it is: SQLite knows by the column alone that it is one.
const (
	profileColumns = `SELECT u.id, u.username, u.name, u.private_profile, u.achievements_enabled,
	coalesce(aw.id, 0), coalesce(aw.kind, ''), coalesce(aw.occurrence, ''), aw.awarded_at, aw.priority, coalesce(aw.message, ''),
	coalesce(aw.rule, ''), coalesce(aw.event_url, ''),
	coalesce(a.id, 0), coalesce(a.key, ''), coalesce(a.name, ''), coalesce(a.description, ''), coalesce(a.series, ''), coalesce(a.tier, 0),
	a.avatar_hash, a.created_at, a.updated_at,
	coalesce(n.id, 0), coalesce(n.full_path, ''), coalesce(n.name, ''), coalesce(n.visibility, ''),
	coalesce(g.id, 0), coalesce(g.username, ''), coalesce(g.name, '')
FROM users AS u LEFT JOIN (awards AS aw
	JOIN achievements AS a ON a.id = aw.achievement_id JOIN namespaces AS n ON n.id = a.namespace_id JOIN users AS g ON g.id = aw.awarded_by
) ON aw.user_id = u.id AND aw.revoked_at IS NULL AND aw.show_on_profile`
	profileReadable = ` AND n.visibility = 'public'`
	profileByID     = ` WHERE u.id = coalesce((SELECT m.merged_into FROM users AS m WHERE m.id = $1), $1)`
	profileByName   = ` WHERE u.id = (SELECT coalesce(m.merged_into, m.id) FROM users AS m WHERE lower(m.username) = $1)`
	profileEnd      = ` ORDER BY ` + profileOrder + ` LIMIT $2`
)

// The statements by ProfileFilter: whole, so that each is prepared once.
var (
	profileStatements         = [2]string{profileColumns + profileByID + profileEnd, profileColumns + profileByName + profileEnd}
	profileReadableStatements = [2]string{
		profileColumns + profileReadable + profileByID + profileEnd, profileColumns + profileReadable + profileByName + profileEnd,
	}
)

// Profile returns the first page of what a user's profile shows to everyone, if they may see it at all: those awards that stand
// and that the user does not hide, in the order of ListUserAwards. It reads what is committed, in one statement and no
// transaction, which takes a fraction of the time. An unknown user is NotFound.
func (s *Store) Profile(ctx context.Context, f ProfileFilter) (*Profile, error) {
	ctx, cancel := context.WithTimeout(ctx, txPatience)
	defer cancel()
	statements, limit := &profileStatements, Page{Limit: f.Limit}.limit()
	if f.OnlyReadable {
		statements = &profileReadableStatements
	}
	statement, key := statements[0], any(f.UserID)
	if f.Username != "" {
		statement, key = statements[1], strings.ToLower(f.Username)
	}
	p := &Profile{}
	span := s.traces.begin(ctx, "SELECT", "awards", 0)
	began := time.Now()
	err := s.dialect.read(ctx, s.reader, statement, []any{key, limit + 1}, func(scan func(...any) error) error {
		if p.Shown == nil {
			p.Shown = make([]ProfileAward, 0, limit+1)
		}
		return p.add(scan)
	})
	span.End(err)
	if s.observe != nil {
		s.observe(time.Since(began))
	}
	s.noteAnswer(err)
	if err != nil {
		return nil, s.explain(err)
	}
	if p.User.ID == 0 {
		return nil, fault.NotFoundFor("user")
	}
	p.Shown, p.Next = cut(p.Shown, limit, func(s *ProfileAward) position { return placeOn(s.Award.Priority, s.Award.AwardedAt, s.Award.ID) })
	return p, nil
}

// placeOn is where an award stands on a profile.
func placeOn(priority *int64, awardedAt time.Time, id int64) position {
	place := int64(noPriority)
	if priority != nil {
		place = *priority
	}
	return position{place, micros(awardedAt), id}
}

// add reads a row: the user, and an award unless there is none.
func (p *Profile) add(scan func(...any) error) error {
	p.Shown = append(p.Shown, ProfileAward{})
	shown := &p.Shown[len(p.Shown)-1]
	award, of, in, giver := &shown.Award, &shown.Achievement, &shown.Namespace, &shown.Giver
	var awarded, created, updated pgtype.Timestamptz // null without an award
	err := scan(&p.User.ID, &p.User.Username, &p.User.Name, &p.User.PrivateProfile, &p.User.AchievementsEnabled,
		&award.ID, (*string)(&award.Kind), &award.Occurrence, &awarded, &award.Priority, &award.Message, &award.Rule, &award.EventURL,
		&of.ID, &of.Key, &of.Name, &of.Description, &of.Series, &of.Tier, &of.AvatarHash, &created, &updated,
		&in.ID, &in.FullPath, &in.Name, (*string)(&in.Visibility), &giver.ID, &giver.Username, &giver.Name)
	if err != nil || award.ID == 0 {
		p.Shown = p.Shown[:len(p.Shown)-1]
		return err
	}
	award.UserID, award.AchievementID, award.AwardedBy, award.ShowOnProfile = p.User.ID, of.ID, giver.ID, true
	award.AwardedAt, of.CreatedAt, of.UpdatedAt = awarded.Time.UTC(), created.Time.UTC(), updated.Time.UTC()
	of.Kind, of.NamespaceID = award.Kind, in.ID
	return nil
}
