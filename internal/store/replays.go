package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Replay is stored events that a matcher has yet to see, in the order of when they happened.
type Replay struct {
	ID      int64
	Matcher string
	// Afresh, unless empty, names memories of its own, for a matcher that has seen the events but not for all
	// Targets; they are forgotten at the end.
	Afresh  string
	Targets []string
	// Loud says that people are sent mails.
	Loud bool
	// FromID and UptoID bound the events: FromID < id <= UptoID.
	FromID, UptoID int64
	// PositionAt and PositionID are the last event that was seen.
	PositionAt time.Time
	PositionID int64
	// Total is about how many events there are, and Done how many were seen.
	Total, Done int64
	FinishedAt  time.Time
}

type replayRow struct {
	bun.BaseModel `bun:"table:replays,alias:rp"`

	ID         int64 `bun:",pk,autoincrement"`
	Matcher    string
	Afresh     string
	Targets    string
	Loud       bool
	FromID     int64
	UptoID     int64
	PositionAt time.Time
	PositionID int64
	Total      int64
	Done       int64
	FinishedAt time.Time `bun:",nullzero"`
}

func (r *replayRow) replay() Replay {
	return Replay{
		ID: r.ID, Matcher: r.Matcher, Afresh: r.Afresh, Targets: strings.Split(r.Targets, "\n"), Loud: r.Loud,
		FromID: r.FromID, UptoID: r.UptoID, PositionAt: r.PositionAt.UTC(), PositionID: r.PositionID,
		Total: r.Total, Done: r.Done, FinishedAt: utc(r.FinishedAt),
	}
}

// AddReplays stores replays that begin at the oldest event.
func (tx *Tx) AddReplays(ctx context.Context, replays []Replay) error {
	if len(replays) == 0 {
		return nil
	}
	rows := make([]*replayRow, len(replays))
	for i, r := range replays {
		rows[i] = &replayRow{
			Matcher: r.Matcher, Afresh: r.Afresh, Targets: strings.Join(r.Targets, "\n"), Loud: r.Loud, FromID: r.FromID, UptoID: r.UptoID,
			PositionAt: time.Unix(0, 0).UTC(), Total: r.Total,
		}
	}
	_, err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").Returning("NULL").Exec(ctx)
	return err
}

// ReplayedTo returns up to which event id each of the matchers has replays, running or finished, that do not
// start afresh.
func (tx *Tx) ReplayedTo(ctx context.Context, matchers []string) (map[string]int64, error) {
	found := make(map[string]int64, len(matchers))
	if len(matchers) == 0 {
		return found, nil
	}
	var rows []struct {
		Matcher string
		UptoID  int64
	}
	err := tx.db.NewSelect().Model((*replayRow)(nil)).ColumnExpr("matcher, max(upto_id) AS upto_id").
		Where("matcher IN (?)", bun.List(matchers)).Where("afresh = ''").Group("matcher").Scan(ctx, &rows)
	for _, row := range rows {
		found[row.Matcher] = row.UptoID
	}
	return found, err
}

// RunningReplays returns the replays of the matchers that are not finished, oldest first. Unless wait is set,
// those that another transaction works on are left out.
func (tx *Tx) RunningReplays(ctx context.Context, matchers []string, lock bool) ([]Replay, error) {
	if len(matchers) == 0 {
		return nil, nil
	}
	var rows []replayRow
	q := tx.db.NewSelect().Model(&rows).Where("finished_at IS NULL").Where("matcher IN (?)", bun.List(matchers)).Order("id")
	if lock {
		q = tx.dialect.lock(q, true)
	}
	if err := q.Scan(ctx); err != nil {
		return nil, err
	}
	replays := make([]Replay, len(rows))
	for i := range rows {
		replays[i] = rows[i].replay()
	}
	return replays, nil
}

// SaveReplay notes how far a replay has come.
func (tx *Tx) SaveReplay(ctx context.Context, r Replay) error {
	_, err := tx.db.NewUpdate().Model((*replayRow)(nil)).Set("position_at = ?", r.PositionAt).Set("position_id = ?", r.PositionID).
		Set("done = ?", r.Done).Set("finished_at = ?", bun.NullZero(r.FinishedAt)).Where("id = ?", r.ID).Exec(ctx)
	return err
}

// EventsBetween returns at most limit events of the kinds after a position and within the ids of a replay, in
// the order of when they happened.
func (tx *Tx) EventsBetween(ctx context.Context, r Replay, kinds []string, limit int) ([]EventRow, error) {
	var rows []eventRow
	err := tx.between(tx.db.NewSelect().Model(&rows), r, kinds).
		Where("(happened_at, id) > (?, ?)", r.PositionAt, r.PositionID).Order("happened_at", "id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return eventsOf(rows)
}

// OrderBetween returns the ids of what EventsBetween returns. Events lie in the order in which they were stored, and each call looks
// through all of the replay: whoever wants many asks for their order seldom, and then for them by their ids.
func (tx *Tx) OrderBetween(ctx context.Context, r Replay, kinds []string, limit int) ([]int64, error) {
	var ids []int64
	err := tx.between(tx.db.NewSelect().Model((*eventRow)(nil)).Column("id"), r, kinds).
		Where("(happened_at, id) > (?, ?)", r.PositionAt, r.PositionID).Order("happened_at", "id").Limit(int64(limit)).Scan(ctx, &ids)
	return ids, ignoreNoRows(err)
}

// CountEvents returns how many events of the kinds a replay has.
func (tx *Tx) CountEvents(ctx context.Context, r Replay, kinds []string) (int64, error) {
	return tx.between(tx.db.NewSelect().Model((*eventRow)(nil)), r, kinds).Count(ctx)
}

func (*Tx) between(q *bun.SelectQuery, r Replay, kinds []string) *bun.SelectQuery {
	return q.Where("id > ?", r.FromID).Where("id <= ?", r.UptoID).Where("kind IN (?)", bun.List(kinds))
}

// LastEventID returns the id of the newest event; 0 for none.
func (tx *Tx) LastEventID(ctx context.Context) (int64, error) {
	var id int64
	err := tx.db.NewSelect().Model((*eventRow)(nil)).ColumnExpr("coalesce(max(id), 0)").Scan(ctx, &id)
	return id, err
}

// ForgetMeasures deletes the measures with the hashes, and all their states. What they counted stays on the sheets, under ids that
// are never given again.
func (tx *Tx) ForgetMeasures(ctx context.Context, hashes []string) error {
	if len(hashes) == 0 {
		return nil
	}
	_, err := tx.db.NewDelete().Model((*measureRow)(nil)).Where("hash IN (?)", bun.List(hashes)).Exec(ctx)
	return err
}

// LatestTargets returns, for each matcher that some revision judged by, the targets that it had in the newest one.
func (tx *Tx) LatestTargets(ctx context.Context, matchers []string) (map[string][]string, error) {
	found := make(map[string][]string, len(matchers))
	if len(matchers) == 0 {
		return found, nil
	}
	var rows []revisionMatcherRow
	err := tx.db.NewSelect().Model(&rows).Where("matcher IN (?)", bun.List(matchers)).
		Join("JOIN revisions AS r ON r.id = rm.revision_id").Order("r.applied_at", "r.id").Scan(ctx)
	for _, row := range rows {
		found[row.Matcher] = strings.Split(row.Targets, "\n")
	}
	return found, err
}

// UntoldAwards returns which of at most limit awards behind one no event tells of, and the last of those awards, 0 when there
// are none. The keys of events that tell of awards begin with the prefix and end with the id.
func (tx *Tx) UntoldAwards(ctx context.Context, prefix string, after int64, limit int) (untold []int64, last int64, err error) {
	var ids []int64
	err = tx.db.NewSelect().Model((*awardRow)(nil)).Column("id").Where("id > ?", after).Order("id").Limit(int64(limit)).Scan(ctx, &ids)
	if ignoreNoRows(err) != nil || len(ids) == 0 {
		return nil, 0, ignoreNoRows(err)
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = prefix + strconv.FormatInt(id, 10)
	}
	told, err := tx.EventIDs(ctx, event.Self, keys)
	for i, id := range ids {
		if told[keys[i]] == 0 {
			untold = append(untold, id)
		}
	}
	return untold, ids[len(ids)-1], err
}

// AwardPlace says that a user has or had an award of an achievement that rules declare.
type AwardPlace struct {
	UserID         int64
	Namespace, Key string
	Occurrence     string
	Standing       bool
}

// AwardPlaces returns where awards of the users are or were; one that an owner deleted counts.
func (tx *Tx) AwardPlaces(ctx context.Context, users []int64) ([]AwardPlace, error) {
	var places []AwardPlace
	for _, from := range []struct{ table, standing string }{{"award_markers", "false"}, {"awards", "x.revoked_at IS NULL"}} {
		var some []AwardPlace
		err := tx.db.NewSelect().TableExpr(from.table+" AS x").Join("JOIN achievements AS a ON a.id = x.achievement_id").
			Join("JOIN namespaces AS n ON n.id = a.namespace_id").
			ColumnExpr("x.user_id, n.full_path AS namespace, a.key, x.occurrence, "+from.standing+" AS standing").
			Where("x.user_id IN (?)", bun.List(users)).Where("a.key IS NOT NULL").OrderExpr("standing").Scan(ctx, &some)
		if err != nil {
			return nil, err
		}
		places = append(places, some...)
	}
	return places, nil
}

// Given is how many awards of an achievement rules gave, and when the last one, by the time of the events.
type Given struct {
	Awards int64
	Last   time.Time
}

// GivenByRules returns for each of the achievements what rules gave of it.
func (tx *Tx) GivenByRules(ctx context.Context, achievements []int64) (map[int64]Given, error) {
	given := make(map[int64]Given, len(achievements))
	if len(achievements) == 0 {
		return given, nil
	}
	var rows []struct {
		AchievementID, N int64
		Last             time.Time
	}
	err := tx.db.NewSelect().Model((*awardRow)(nil)).ColumnExpr("achievement_id, count(*) AS n, max(awarded_at) AS last").
		Where("achievement_id IN (?)", bun.List(unique(achievements))).Where("rule IS NOT NULL").Group("achievement_id").Scan(ctx, &rows)
	for _, row := range rows {
		given[row.AchievementID] = Given{row.N, row.Last.UTC()}
	}
	return given, err
}

// FailedEvents returns the newest events that rules failed on, newest first, at most limit.
func (tx *Tx) FailedEvents(ctx context.Context, limit int) ([]EventRow, error) {
	var rows []eventRow
	err := tx.db.NewSelect().Model(&rows).Where("failures IS NOT NULL").Order("id DESC").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return eventsOf(rows)
}
