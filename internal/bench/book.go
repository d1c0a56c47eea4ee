package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // for counting
	_ "modernc.org/sqlite"             // for counting
)

// book is a contestant's database.
type book struct {
	url, kind, name string
	admin           *pgx.Conn
	before          map[string]int
}

// book makes an empty book, or one with a history, and has nothing else kept.
func (a *arena) book(ctx context.Context, c contestant) (*book, error) {
	if err := a.forget(ctx); err != nil {
		return nil, err
	}
	b := &book{kind: c.database, name: fmt.Sprintf("bench_%s_%d", strings.ReplaceAll(c.name, "-", "_"), len(a.results[c.name]))}
	switch c.database {
	case postgres:
	case "sqlite":
		b.url = filepath.Join(a.place, b.name+".db")
		return b, nil
	default:
		return b, nil
	}
	b.admin = a.admin
	template := "template1"
	if c.history > 0 {
		var err error
		if template, err = a.history(ctx, c); err != nil {
			return nil, err
		}
	}
	return b, a.create(ctx, b, template)
}

// create makes the database as a copy of another. Copying its files writes next to nothing to the log.
func (a *arena) create(ctx context.Context, b *book, template string) error {
	strategy := ""
	if template != "template1" {
		strategy = " STRATEGY FILE_COPY"
	}
	if _, err := a.admin.Exec(ctx, "CREATE DATABASE "+b.name+" TEMPLATE "+template+strategy); err != nil {
		return fmt.Errorf("making a database: %w", err)
	}
	b.admin = a.admin
	address, err := url.Parse(a.postgres)
	if err != nil {
		return fmt.Errorf("reading the database's address: %w", err)
	}
	address.Path = "/" + b.name
	b.url = address.String()
	_, err = a.admin.Exec(ctx, "CHECKPOINT")
	return err
}

func connect(ctx context.Context, address string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return conn, nil
}

func (b *book) close() {
	if b.admin != nil {
		_, _ = b.admin.Exec(context.Background(), "DROP DATABASE "+b.name+" WITH (FORCE)")
	}
}

// What is counted in a book.
const (
	countedDeliveries = "SELECT count(*) FROM deliveries"
	countedEvents     = "SELECT count(*) FROM events"
	countedRaises     = "SELECT coalesce(sum(n), 0) FROM progress"
	countedCounters   = "SELECT coalesce(sum(n), 0) FROM counters"
	countedPeople     = "SELECT count(DISTINCT user_id) FROM progress WHERE n > 0"
)

// wanted returns what each of the queries must give when so many deliveries were acknowledged, and nothing was there before.
func wanted(c contestant, acknowledged int) map[string]int {
	raises := c.ruleset().increments(acknowledged)
	switch c.name {
	case "bare":
		return nil
	case "naive-store":
		return map[string]int{countedDeliveries: acknowledged}
	case "naive":
		return map[string]int{countedDeliveries: acknowledged, countedEvents: acknowledged, countedCounters: raises}
	}
	want := map[string]int{countedDeliveries: acknowledged, countedEvents: acknowledged, countedRaises: raises}
	switch {
	case c.history > 0: // its people were met before
	case c.people == onePerson:
		want[countedPeople] = min(acknowledged, 1)
	default:
		want[countedPeople] = min(acknowledged, people)
	}
	return want
}

// count asks the book each of the queries.
func (b *book) count(ctx context.Context, c contestant) (map[string]int, error) {
	drivers := map[string]string{postgres: "pgx", "sqlite": "sqlite"}
	got := map[string]int{}
	if b.kind == "" {
		return got, nil // nothing is kept
	}
	db, err := sql.Open(drivers[b.kind], b.url)
	if err != nil {
		return nil, fmt.Errorf("opening the book: %w", err)
	}
	defer db.Close()
	for query := range wanted(c, 0) {
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return nil, fmt.Errorf("counting the book: %w", err)
		}
		got[query] = n
	}
	return got, nil
}

// begin notes what the book holds before anything was sent.
func (b *book) begin(ctx context.Context, c contestant) (err error) {
	if c.history > 0 {
		b.before, err = b.count(ctx, c)
	}
	return err
}

// check counts the book: every acknowledged delivery once, and every count raised once by it.
func (b *book) check(ctx context.Context, c contestant, acknowledged int) error {
	got, err := b.count(ctx, c)
	if err != nil {
		return err
	}
	var errs []error
	for query, want := range wanted(c, acknowledged) {
		if n := got[query] - b.before[query]; n != want {
			errs = append(errs, fmt.Errorf("%s gives %d, and %d deliveries were acknowledged: want %d", query, n, acknowledged, want))
		}
	}
	return errors.Join(errs...)
}
