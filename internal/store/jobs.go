package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"
)

// Job is a row of the outbox: work that its transaction leaves to be done.
type Job struct {
	ID   int64
	Kind string
	// UniqueKey, unless empty, keeps the same work from being enqueued twice.
	UniqueKey string
	// Args is JSON that the kind's handler understands.
	Args  []byte
	State string
	// RunAt is when it may be done first.
	RunAt time.Time
	// Attempt counts how often it was claimed, and MaxAttempts bounds that; 0 means 25.
	Attempt, MaxAttempts int
	// LeasedUntil is when somebody else may claim it again.
	LeasedUntil time.Time
	LastError   string
}

// The states of a job.
const (
	JobReady  = "ready"
	JobDone   = "done"
	JobParked = "parked"
)

// defaultMaxAttempts spans about a day with the pauses that the job room makes.
const defaultMaxAttempts = 25

type jobRow struct {
	bun.BaseModel `bun:"table:jobs,alias:j"`

	ID          int64 `bun:",pk,autoincrement"`
	Kind        string
	UniqueKey   string `bun:",nullzero"`
	Args        string
	State       string
	RunAt       time.Time
	Attempt     int
	MaxAttempts int
	LeasedUntil time.Time `bun:",nullzero"`
	LastError   string    `bun:",nullzero"`
	FinishedAt  time.Time `bun:",nullzero"`
}

func (r *jobRow) job() Job {
	return Job{
		ID: r.ID, Kind: r.Kind, UniqueKey: r.UniqueKey, Args: []byte(r.Args), State: r.State, RunAt: r.RunAt.UTC(),
		Attempt: r.Attempt, MaxAttempts: r.MaxAttempts, LeasedUntil: utc(r.LeasedUntil), LastError: r.LastError,
	}
}

// EnqueueJobs leaves the jobs to be done once the transaction has committed. A job whose UniqueKey
// the book holds is left out.
func (tx *Tx) EnqueueJobs(ctx context.Context, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}
	rows := make([]*jobRow, len(jobs))
	for i := range jobs {
		rows[i] = &jobRow{
			Kind: jobs[i].Kind, UniqueKey: jobs[i].UniqueKey, Args: string(jobs[i].Args), State: JobReady,
			RunAt: jobs[i].RunAt, MaxAttempts: jobs[i].MaxAttempts,
		}
		if rows[i].MaxAttempts == 0 {
			rows[i].MaxAttempts = defaultMaxAttempts
		}
	}
	return tx.insert(ctx, insertion{
		table: "jobs AS j", rows: len(rows),
		columns: []column{
			textsOf("kind", rows, func(r *jobRow) string { return r.Kind }),
			nullColumnOf("unique_key", "text", rows, func(r *jobRow) string { return r.UniqueKey }),
			textsOf("args", rows, func(r *jobRow) string { return r.Args }),
			textsOf("state", rows, func(r *jobRow) string { return r.State }),
			timesOf("run_at", rows, func(r *jobRow) time.Time { return r.RunAt }),
			numbersOf("attempt", rows, func(r *jobRow) int64 { return int64(r.Attempt) }),
			numbersOf("max_attempts", rows, func(r *jobRow) int64 { return int64(r.MaxAttempts) }),
		},
		last: true, then: "ON CONFLICT DO NOTHING",
	}, nil)
}

// ClaimJobs leases at most limit jobs of the kinds that are due and that nobody holds, the longest
// due first. A job whose last attempt ended with its worker is parked.
func (tx *Tx) ClaimJobs(ctx context.Context, kinds []string, limit int, now, leaseUntil time.Time) ([]Job, error) {
	due := tx.db.NewSelect().Model((*jobRow)(nil)).Column("id").Where("state = ?", JobReady).Where("run_at <= ?", now).
		Where("leased_until IS NULL OR leased_until <= ?", now).Where("kind IN (?)", bun.List(kinds)).
		Order("run_at", "id").Limit(int64(limit))
	var rows []jobRow
	err := tx.db.NewUpdate().Model((*jobRow)(nil)).
		Set("attempt = attempt + 1").Set("leased_until = ?", leaseUntil).
		Where("id IN (?)", tx.dialect.lock(due, true)).
		Returning("*").Scan(ctx, &rows)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	jobs := make([]Job, 0, len(rows))
	for i := range rows {
		job := rows[i].job()
		if job.Attempt > job.MaxAttempts {
			if err := tx.ParkJob(ctx, job, "every attempt ended with its worker", now); err != nil {
				return nil, err
			}
			continue
		}
		jobs = append(jobs, job)
	}
	slices.SortFunc(jobs, func(x, y Job) int { return cmp.Or(x.RunAt.Compare(y.RunAt), cmp.Compare(x.ID, y.ID)) })
	return jobs, nil
}

// FinishJobs notes that the jobs are done, but for those that somebody else has claimed since.
func (tx *Tx) FinishJobs(ctx context.Context, jobs []Job, now time.Time) error {
	if len(jobs) == 0 {
		return nil
	}
	claims := make([][]any, len(jobs))
	for i := range jobs {
		claims[i] = []any{jobs[i].ID, jobs[i].Attempt}
	}
	_, err := tx.db.NewUpdate().Model((*jobRow)(nil)).Where("(id, attempt) IN (VALUES ?)", rowValues(claims)).
		Where("state = ?", JobReady).Set("state = ?", JobDone).Set("finished_at = ?", now).Set("last_error = NULL").Exec(ctx)
	return err
}

// RetryJob lets the job be claimed again at a time, unless somebody else has claimed it since.
func (tx *Tx) RetryJob(ctx context.Context, job Job, runAt time.Time, problem string) error {
	_, err := tx.claimed(job).Set("run_at = ?", runAt).Set("leased_until = NULL").Set("last_error = ?", problem).Exec(ctx)
	return err
}

// ParkJob lets the job be claimed no more, unless somebody else has claimed it since.
func (tx *Tx) ParkJob(ctx context.Context, job Job, problem string, now time.Time) error {
	_, err := tx.claimed(job).Set("state = ?", JobParked).Set("finished_at = ?", now).Set("last_error = ?", problem).Exec(ctx)
	return err
}

// claimed updates the job as long as the claim is the last one: the attempt is its fencing token.
func (tx *Tx) claimed(job Job) *bun.UpdateQuery {
	return tx.db.NewUpdate().Model((*jobRow)(nil)).Where("id = ?", job.ID).
		Where("state = ?", JobReady).Where("attempt = ?", job.Attempt)
}

// DeleteFinishedJobs forgets the jobs that were done before the time. Parked ones stay.
func (tx *Tx) DeleteFinishedJobs(ctx context.Context, before time.Time) error {
	_, err := tx.db.NewDelete().Model((*jobRow)(nil)).Where("state = ?", JobDone).Where("finished_at < ?", before).Exec(ctx)
	return err
}

// JobByID returns the job with the id.
func (tx *Tx) JobByID(ctx context.Context, id int64) (*Job, error) {
	var row jobRow
	if err := tx.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, found(err, "job")
	}
	job := row.job()
	return &job, nil
}
