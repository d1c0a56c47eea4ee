package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"
)

// OutcomeCount is how many deliveries of a source had an outcome.
type OutcomeCount struct {
	Source, Outcome string
	N               int64
}

// CountOutcomes counts the deliveries that came in since a time, by source and outcome.
func (tx *Tx) CountOutcomes(ctx context.Context, since time.Time) ([]OutcomeCount, error) {
	var counts []OutcomeCount
	err := tx.db.NewSelect().Model((*deliveryRow)(nil)).ColumnExpr("source, outcome, count(*) AS n").
		Where("received_at >= ?", since).Group("source", "outcome").Scan(ctx, &counts)
	return counts, err
}

// LastDeliveries returns the newest delivery of each of the sources that sent any, without headers and bodies.
func (tx *Tx) LastDeliveries(ctx context.Context, sources []string) (map[string]Delivery, error) {
	if len(sources) == 0 {
		return map[string]Delivery{}, nil
	}
	named := make([][]any, len(sources))
	for i, source := range sources {
		named[i] = []any{source}
	}
	// Each source's newest one is one look into the index, whatever it sent before.
	return tx.newest(ctx, tx.db.NewSelect().Model((*deliveryRow)(nil)).Where(
		"d.id IN (SELECT (SELECT max(x.id) FROM deliveries AS x WHERE x.source = s.column1) FROM (VALUES ?) AS s)", rowValues(named)))
}

// LastWithOutcome returns the newest delivery of each source that had one of the outcomes, without headers and bodies.
func (tx *Tx) LastWithOutcome(ctx context.Context, outcomes []string) (map[string]Delivery, error) {
	latest := tx.db.NewSelect().TableExpr("deliveries AS x").ColumnExpr("max(x.id)").Where("x.outcome IN (?)", bun.List(outcomes)).GroupExpr("x.source")
	return tx.newest(ctx, tx.db.NewSelect().Model((*deliveryRow)(nil)).Where("d.id IN (?)", latest))
}

func (*Tx) newest(ctx context.Context, q *bun.SelectQuery) (map[string]Delivery, error) {
	found, err := bodiless(ctx, q)
	bySource := make(map[string]Delivery, len(found))
	for i := range found {
		bySource[found[i].Source] = found[i]
	}
	return bySource, err
}

// Backlog is what the outbox has not done.
type Backlog struct {
	// Ready jobs are due or become so; Parked ones failed too often.
	Ready, Parked int64
	// Oldest is since when the one is due that has been for longest; zero when none is.
	Oldest time.Time
}

// Backlog returns what the outbox has not done.
func (tx *Tx) Backlog(ctx context.Context, now time.Time) (Backlog, error) {
	var backlog Backlog
	var counts []struct {
		State string
		N     int64
	}
	err := tx.db.NewSelect().Model((*jobRow)(nil)).ColumnExpr("state, count(*) AS n").
		Where("state IN (?)", bun.List([]string{JobReady, JobParked})).Group("state").Scan(ctx, &counts)
	if err != nil {
		return backlog, err
	}
	for _, count := range counts {
		if count.State == JobReady {
			backlog.Ready = count.N
		} else {
			backlog.Parked = count.N
		}
	}
	var oldest []time.Time
	err = tx.db.NewSelect().Model((*jobRow)(nil)).Column("run_at").Where("state = ?", JobReady).Where("run_at <= ?", now).
		Order("run_at", "id").Limit(1).Scan(ctx, &oldest)
	if len(oldest) > 0 {
		backlog.Oldest = oldest[0].UTC()
	}
	return backlog, ignoreNoRows(err)
}
