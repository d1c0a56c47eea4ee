package faults

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of Postgres
	_ "modernc.org/sqlite"             // and that of SQLite
)

// unsentAfter is how long a job of the outbox may be due without being done.
const unsentAfter = time.Minute

// Verdict is what the checker found. The zero value is clean.
type Verdict struct {
	// Lost are acknowledged deliveries that are not stored, and events, counts and awards that stored ones should have made.
	Lost int
	// Duplicate are rows that are there more than once, and counts that are too high.
	Duplicate int
	// Phantom are deliveries that nobody sent, and events and awards without a cause.
	Phantom int
	// Unsent are awards that nobody is told of: no job, a parked one, or one that has been due for a minute.
	Unsent int
	// Pending are jobs that are due and may yet be done in time.
	Pending int
	// Deliveries, Events and Awards are how many there are.
	Deliveries, Events, Awards int
	// Unacknowledged are deliveries that are stored although no sender was told. That is no damage: forges send them again.
	Unacknowledged int
	// Examples say the first of what was found.
	Examples []string
}

// Clean reports whether nothing is wrong.
func (v *Verdict) Clean() bool { return v.Lost+v.Duplicate+v.Phantom+v.Unsent == 0 }

// String says it in a line, and what was found below.
func (v *Verdict) String() string {
	return fmt.Sprintf("lost %d, duplicate %d, phantom %d, unsent %d (pending %d); %d deliveries, %d events, %d awards\n%s",
		v.Lost, v.Duplicate, v.Phantom, v.Unsent, v.Pending, v.Deliveries, v.Events, v.Awards, strings.Join(v.Examples, "\n"))
}

// foundf counts n of something and keeps what it was.
func (v *Verdict) foundf(counter *int, n int, format string, args ...any) {
	if n <= 0 {
		return
	}
	*counter += n
	if len(v.Examples) < 20 {
		v.Examples = append(v.Examples, fmt.Sprintf(format, args...))
	}
}

// Check compares the ledger with the book at the address, a postgres:// URL or the path of a SQLite file.
func (l *Ledger) Check(ctx context.Context, databaseURL string) (*Verdict, error) {
	driver := "sqlite"
	if strings.HasPrefix(databaseURL, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, databaseURL)
	if err != nil {
		return nil, fmt.Errorf("opening the book: %w", err)
	}
	defer db.Close()
	// One state of the book: what is committed meanwhile is not half of it.
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: map[string]sql.IsolationLevel{"pgx": sql.LevelRepeatableRead}[driver]})
	if err != nil {
		return nil, fmt.Errorf("reading the book: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return l.CheckIn(ctx, tx)
}

// CheckIn compares the ledger with the book as a transaction sees it.
func (l *Ledger) CheckIn(ctx context.Context, tx *sql.Tx) (*Verdict, error) {
	written, err := l.read()
	if err != nil {
		return nil, err
	}
	c := &checking{ctx: ctx, tx: tx, page: written, model: newModel()}
	for _, check := range []func() error{c.deliveries, c.events, c.awards, c.counts, c.outbox} {
		if err := check(); err != nil {
			return nil, fmt.Errorf("reading the book: %w", err)
		}
	}
	return &c.Verdict, nil
}

// MustBeClean fails the test unless the book becomes clean, with every job done, within the time; it returns how long that took.
func (l *Ledger) MustBeClean(t *testing.T, databaseURL string, within time.Duration) time.Duration {
	t.Helper()

	began := time.Now()
	for {
		verdict, err := l.Check(t.Context(), databaseURL)
		took := time.Since(began)
		switch {
		case err == nil && verdict.Clean() && verdict.Pending == 0:
			t.Logf("clean after %v: %d deliveries, %d events, %d awards", took.Round(time.Millisecond), verdict.Deliveries, verdict.Events, verdict.Awards)
			return took
		case took > within && err != nil:
			t.Fatal(err)
		case took > within:
			t.Fatalf("after %v: %v", took, verdict)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// checking is one comparison.
type checking struct {
	Verdict
	page

	ctx   context.Context //nolint:containedctx // it lives as long as the one call
	tx    *sql.Tx
	model *model
}

// rows calls each for every row of the query.
func (c *checking) rows(query string, each func(scan func(...any) error) error) error {
	rows, err := c.tx.QueryContext(c.ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return rows.Err()
}

// deliveries compares what is stored with what was sent, and lets what is stored happen in the model.
func (c *checking) deliveries() error {
	stored := map[string]int{}
	err := c.rows("SELECT transport_id, outcome FROM deliveries ORDER BY id", func(scan func(...any) error) error {
		var id, outcome string
		if err := scan(&id, &outcome); err != nil {
			return err
		}
		c.Deliveries++
		stored[id]++
		step, sent := c.steps[id]
		switch {
		case !sent:
			c.foundf(&c.Phantom, 1, "delivery %s is stored, and nobody sent it", id)
		case outcome != "judged":
			c.foundf(&c.Lost, 1, "delivery %s is stored, but %s", id, outcome)
		default:
			c.model.happen(step)
		}
		return nil
	})
	for id := range c.steps {
		if c.acked[id] && stored[id] == 0 {
			c.foundf(&c.Lost, 1, "delivery %s was acknowledged and is not stored", id)
		}
		if !c.acked[id] && stored[id] > 0 {
			c.Unacknowledged++
		}
		c.foundf(&c.Duplicate, stored[id]-1, "delivery %s is stored %d times", id, stored[id])
	}
	return err
}

// events compares the stored events with the steps that stored deliveries tell of, whatever their keys look like.
func (c *checking) events() error {
	stored := map[string]int{}
	err := c.rows(`SELECT coalesce(d.transport_id, '') FROM events e LEFT JOIN deliveries d ON d.id = e.delivery_id
		WHERE e.source <> 'accolade'`, func(scan func(...any) error) error {
		var id string
		if err := scan(&id); err != nil {
			return err
		}
		c.Events++
		step, sent := c.steps[id]
		if !sent {
			c.foundf(&c.Phantom, 1, "an event was told by %q, which nobody sent", id)
			return nil
		}
		stored[step.Key]++
		return nil
	})
	for key := range c.model.seen {
		c.foundf(&c.Lost, 1-stored[key], "%s was told and is no event", key)
		c.foundf(&c.Duplicate, stored[key]-1, "%s is %d events", key, stored[key])
	}
	return err
}

// awards compares those that stand with those of the model.
func (c *checking) awards() error {
	standing := map[award]int{}
	err := c.rows(`SELECT coalesce(a.key, a.name), coalesce(c.forge_user_id, '0'), w.occurrence FROM awards w
		JOIN achievements a ON a.id = w.achievement_id LEFT JOIN accounts c ON c.user_id = w.user_id
		WHERE w.revoked_at IS NULL`, func(scan func(...any) error) error {
		var a award
		if err := scan(&a.achievement, &a.person, &a.occurrence); err != nil {
			return err
		}
		c.Awards++
		standing[a]++
		return nil
	})
	for a := range c.model.awards {
		c.foundf(&c.Lost, 1-standing[a], "%v should be held and is not", a)
	}
	for a, n := range standing {
		c.foundf(&c.Duplicate, n-1, "%v is held %d times", a, n)
		if !c.model.awards[a] {
			c.foundf(&c.Phantom, 1, "%v is held without a cause", a)
		}
	}
	return err
}

// counts compares each count of the model with the stored ones: the book does not say which rule it counts for, so
// each must be exactly one of them.
func (c *checking) counts() error {
	stored := map[int64]map[tally]int{}
	err := c.rows(`SELECT p.measure_id, coalesce(c.forge_user_id, '0'), p.bucket, p.n FROM progress p
		LEFT JOIN accounts c ON c.user_id = p.user_id`, func(scan func(...any) error) error {
		var (
			measure int64
			of      tally
			n       int
		)
		if err := scan(&measure, &of.person, &of.bucket, &n); err != nil {
			return err
		}
		if stored[measure] == nil {
			stored[measure] = map[tally]int{}
		}
		if n != 0 {
			stored[measure][of] += n
		}
		return nil
	})
	for _, rule := range slices.Sorted(maps.Keys(c.model.counts)) {
		c.compare(rule, stored)
	}
	return err
}

// compare finds the rule's counts among the stored ones, or says what is wrong with those that are most like them.
func (c *checking) compare(rule string, stored map[int64]map[tally]int) {
	want := maps.Clone(c.model.counts[rule])
	maps.DeleteFunc(want, func(_ tally, n int) bool { return n == 0 })
	var nearest map[tally]int
	least := -1
	for _, got := range stored {
		if apart := distance(want, got); least < 0 || apart < least {
			nearest, least = got, apart
		}
	}
	for of, n := range want {
		c.foundf(&c.Lost, n-nearest[of], "%s of %v counts %d, want %d", rule, of, nearest[of], n)
	}
	for of, n := range nearest {
		c.foundf(&c.Duplicate, n-want[of], "%s of %v counts %d, want %d", rule, of, n, want[of])
	}
}

// distance is how many counts differ.
func distance(x, y map[tally]int) (apart int) {
	for of, n := range x {
		if y[of] != n {
			apart++
		}
	}
	for of := range y {
		if _, both := x[of]; !both {
			apart++
		}
	}
	return apart
}

// job is what is to be told of which award.
type job struct {
	kind  string
	award int64
}

// announced returns the awards that a job is about.
func announced(args string) (awards []int64, err error) {
	type one struct {
		AwardID int64 `json:"award_id"`
	}
	var about struct {
		one

		Awards []one `json:"awards"`
	}
	err = json.Unmarshal([]byte(args), &about)
	if about.AwardID != 0 {
		awards = append(awards, about.AwardID)
	}
	for _, of := range about.Awards {
		awards = append(awards, of.AwardID)
	}
	return awards, err
}

// outbox finds awards that nobody is told of, or twice.
func (c *checking) outbox() error {
	told := map[job]int{}
	now := time.Now()
	err := c.rows("SELECT kind, args, state, run_at FROM jobs", func(scan func(...any) error) error {
		var (
			kind, args, state string
			due               time.Time
		)
		if err := scan(&kind, &args, &state, &due); err != nil {
			return err
		}
		awards, err := announced(args)
		if err != nil {
			return fmt.Errorf("a job is about %s: %w", args, err)
		}
		for _, award := range awards {
			told[job{strings.Replace(kind, "awards.", "award.", 1), award}]++
		}
		switch {
		case state == "parked":
			c.foundf(&c.Unsent, 1, "%s %s is parked", kind, args)
		case state == "ready" && now.Sub(due) > unsentAfter:
			c.foundf(&c.Unsent, 1, "%s %s is due since %v", kind, args, due)
		case state == "ready":
			c.Pending++
		}
		return nil
	})
	for of, n := range told {
		c.foundf(&c.Duplicate, n-1, "%s of award %d is to be done %d times", of.kind, of.award, n)
	}
	return errors.Join(err, c.rows("SELECT id FROM awards", func(scan func(...any) error) error {
		var id int64
		if err := scan(&id); err != nil {
			return err
		}
		if told[job{"award.granted", id}] == 0 {
			c.foundf(&c.Unsent, 1, "no job tells of award %d", id)
		}
		return nil
	}))
}
