package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // for counting
	"github.com/redis/go-redis/v9"
	_ "modernc.org/sqlite" // for counting
)

// postgres is the database of most contestants.
const postgres = "postgres"

// contestant is a server to measure.
type contestant struct {
	name, about string
	// database says what it keeps its book in: "", "postgres" or "sqlite".
	database string
	// count are the queries that count deliveries and increments in its book.
	count [2]string
	// moreRules is how many rules for other things it has, and history how many events its book holds before.
	moreRules, history int
}

func contestants() []contestant {
	const deliveries = "SELECT count(*) FROM deliveries"
	return []contestant{
		{name: "bare", about: "gin + HMAC, keeps nothing"},
		{
			name: "naive", about: "a transaction a delivery, a statement a count", database: postgres,
			count: [2]string{deliveries, "SELECT coalesce(sum(n), 0) FROM counters"},
		},
		{
			name: "ours", about: "the real server on Postgres and Redis", database: postgres,
			count: [2]string{deliveries, "SELECT coalesce(sum(n), 0) FROM progress"},
		},
		{
			name: "ours-10k-rules", about: "the same with 10,000 rules for other things", database: postgres,
			count: [2]string{deliveries, "SELECT coalesce(sum(n), 0) FROM progress"}, moreRules: 10_000,
		},
		{
			name: "ours-1m-events", about: "the same with 1,000,000 earlier events", database: postgres,
			count: [2]string{deliveries, "SELECT coalesce(sum(n), 0) FROM progress"}, history: 1_000_000,
		},
		{
			name: "ours-sqlite", about: "the real server on SQLite alone", database: "sqlite",
			count: [2]string{deliveries, "SELECT coalesce(sum(n), 0) FROM progress"},
		},
	}
}

// arena holds what all contestants share.
type arena struct {
	settings

	place   string
	self    string
	binary  string
	rules   string
	config  string
	supply  *supply
	results map[string][]result
}

// result is one measurement.
type result struct {
	perSecond, loneP50, p50, p99 float64
	// cpu is the server's own, in microseconds a delivery; wal is in bytes a delivery.
	cpu, wal float64
}

// prepare builds the real server and the deliveries.
func prepare(ctx context.Context, s settings, place string) (*arena, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	a := &arena{
		settings: s, place: place, self: self, results: map[string][]result{},
		binary: filepath.Join(place, "accolade"), rules: filepath.Join(place, "rules"), config: filepath.Join(place, "accolade.yaml"),
	}
	fmt.Fprintln(os.Stderr, "building the server and the deliveries")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "nomsgpack", "-o", a.binary, "./cmd/accolade") //nolint:gosec // our own paths
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the server: %w\n%s", err, out)
	}
	err = errors.Join(
		os.Mkdir(a.rules, 0o700), os.Mkdir(a.moreRules(), 0o700), a.writeMoreRules(),
		os.WriteFile(filepath.Join(a.rules, "rules.yaml"), []byte(rulesFile()), 0o600),
		os.WriteFile(a.config, []byte("sources: [{name: "+sourceName+", forge: github, secret: \""+hookSecret+"\"}]\n"), 0o600),
	)
	if err != nil {
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	a.supply = newSupply(s.supply, s.bodySize)
	return a, nil
}

// measure starts the contestant on an empty book, loads it, and counts the book.
func (a *arena) measure(ctx context.Context, c contestant) (result, error) {
	book, err := a.book(ctx, c)
	if err != nil {
		return result{}, err
	}
	if err := a.forget(ctx); err != nil {
		return result{}, err
	}
	defer book.close() //nolint:contextcheck // it must go when the run is interrupted, too
	process, err := a.start(ctx, c, book.url)
	if err != nil {
		return result{}, err
	}
	defer process.stop()
	a.supply.next.Store(0)
	a.supply.endless = c.database == ""

	// Half as long again, first: people are met and caches filled, for everyone.
	warm, err := load(ctx, process.address, a.supply, a.connections, a.duration/2)
	if err != nil {
		return result{}, err
	}
	if err := book.fill(ctx, c.history); err != nil {
		return result{}, err
	}
	walBefore, cpuBefore := book.wal(ctx), process.cpu()
	busy, err := load(ctx, process.address, a.supply, a.connections, a.duration)
	if err != nil {
		return result{}, err
	}
	r := summarize(busy)
	r.cpu = (process.cpu() - cpuBefore) * 1e6 / float64(busy.acknowledged)
	r.wal = (book.wal(ctx) - walBefore) / float64(busy.acknowledged)
	lone, err := load(ctx, process.address, a.supply, 1, a.duration/3)
	if err != nil {
		return result{}, err
	}
	if a.supply.take() == nil {
		return result{}, errors.New("the supply was used up; give a larger -supply or a shorter -duration")
	}
	r.loneP50 = summarize(lone).p50
	process.stop() // SQLite's file is its process's alone
	return r, book.check(ctx, c, warm.acknowledged+busy.acknowledged+lone.acknowledged)
}

// forget empties Redis, which would remember the deliveries of another book.
func (a *arena) forget(ctx context.Context) error {
	options, err := redis.ParseURL(a.redis)
	if err != nil {
		return fmt.Errorf("reading Redis' address: %w", err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	return client.FlushAll(ctx).Err()
}

// book is a contestant's database.
type book struct {
	url   string
	kind  string
	admin *pgx.Conn
	name  string
}

func (a *arena) book(ctx context.Context, c contestant) (*book, error) {
	b := &book{kind: c.database, name: fmt.Sprintf("bench_%s_%d", strings.ReplaceAll(c.name, "-", "_"), len(a.results[c.name]))}
	switch c.database {
	case postgres:
	case "sqlite":
		b.url = filepath.Join(a.place, b.name+".db")
		return b, nil
	default:
		return b, nil
	}
	var err error
	if b.admin, err = connect(ctx, a.postgres); err != nil {
		return nil, err
	}
	if _, err := b.admin.Exec(ctx, "CREATE DATABASE "+b.name); err != nil {
		return nil, fmt.Errorf("making a database: %w", err)
	}
	address, err := url.Parse(a.postgres)
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	address.Path = "/" + b.name
	b.url = address.String()
	_, err = b.admin.Exec(ctx, "CHECKPOINT")
	return b, err
}

func connect(ctx context.Context, address string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return conn, nil
}

func (b *book) close() {
	ctx := context.Background()
	if b.admin != nil {
		_, _ = b.admin.Exec(ctx, "DROP DATABASE "+b.name+" WITH (FORCE)")
		_ = b.admin.Close(ctx)
	}
}

// wal returns how many bytes the write-ahead log has seen; 0 without Postgres.
func (b *book) wal(ctx context.Context) float64 {
	if b.admin == nil {
		return 0
	}
	var bytes float64
	if err := b.admin.QueryRow(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8").Scan(&bytes); err != nil {
		return 0
	}
	return bytes
}

// check counts the book: every acknowledged delivery once, and every count raised once by it.
func (b *book) check(ctx context.Context, c contestant, acknowledged int) error {
	drivers := map[string]string{postgres: "pgx", "sqlite": "sqlite"}
	if b.kind == "" {
		return nil // nothing is kept
	}
	db, err := sql.Open(drivers[b.kind], b.url)
	if err != nil {
		return fmt.Errorf("opening the book: %w", err)
	}
	defer db.Close()
	for i, want := range []int{acknowledged, acknowledged * increments} {
		var got int
		if err := db.QueryRowContext(ctx, c.count[i]).Scan(&got); err != nil {
			return fmt.Errorf("counting the book: %w", err)
		}
		if got != want {
			return fmt.Errorf("%s gives %d, and %d deliveries were acknowledged: want %d", c.count[i], got, acknowledged, want)
		}
	}
	return nil
}

// milliseconds shows a latency.
func milliseconds(seconds float64) string { return strconv.FormatFloat(seconds*1000, 'f', 2, 64) }
