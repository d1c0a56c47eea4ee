package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/redis/go-redis/v9"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// naive is what a good team would write first: the delivery id is set in Redis, and one transaction
// for each delivery keeps its body as jsonb, raises each count by a statement of its own, and
// inserts what that earned. It speaks the same forge and evaluates the same rules as the real
// server, and keeps the same promises as long as nothing crashes between Redis and the commit.
type naive struct {
	db    *bun.DB
	redis *redis.Client
	rules *rule.Set
	epoch string
}

const naiveTables = `
CREATE TABLE deliveries (delivery_id text PRIMARY KEY, received_at timestamptz NOT NULL, body jsonb NOT NULL);
CREATE TABLE events (key text PRIMARY KEY, kind text NOT NULL, happened_at timestamptz NOT NULL, data jsonb NOT NULL);
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, forge_id text NOT NULL UNIQUE, login text NOT NULL);
CREATE TABLE counters (measure text NOT NULL, user_id bigint NOT NULL REFERENCES users, n bigint NOT NULL, PRIMARY KEY (measure, user_id));
CREATE TABLE awards (achievement text NOT NULL, user_id bigint NOT NULL REFERENCES users, awarded_at timestamptz NOT NULL, PRIMARY KEY (achievement, user_id));
CREATE TABLE jobs (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind text NOT NULL, args jsonb NOT NULL, created_at timestamptz NOT NULL)`

func newNaive(ctx context.Context) (*naive, error) {
	config, err := pgx.ParseConfig(os.Getenv("ACCOLADE_DATABASE_URL"))
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	n := &naive{db: bun.NewDB(pool, pgdialect.New()), epoch: strconv.FormatInt(time.Now().UnixNano(), 10)}
	if _, err := n.db.ExecContext(ctx, naiveTables); err != nil {
		return nil, fmt.Errorf("making the tables: %w", err)
	}
	options, err := redis.ParseURL(os.Getenv("ACCOLADE_REDIS_URL"))
	if err != nil {
		return nil, fmt.Errorf("reading Redis' address: %w", err)
	}
	n.redis = redis.NewClient(options)
	n.rules, err = rule.Load([]rule.File{{Name: "rules.yaml", Text: plain.file()}})
	return n, err
}

func (n *naive) close() {
	_ = n.redis.Close()
	_ = n.db.Close()
}

func (n *naive) receive(c *gin.Context) {
	request, ok := verified(c)
	if !ok {
		return
	}
	ctx := c.Request.Context()
	id := c.GetHeader("X-Github-Delivery")
	fresh, err := n.redis.SetNX(ctx, "naive:"+n.epoch+":"+id, 1, time.Hour).Result()
	if err == nil && fresh {
		err = n.judge(ctx, id, request)
	}
	if err != nil {
		c.String(http.StatusInternalServerError, "%v", err)
		return
	}
	c.JSON(http.StatusAccepted, gin.H{"duplicate": !fresh})
}

func (n *naive) judge(ctx context.Context, id string, request forge.Request) error {
	speaks, _ := forge.ByName("github")
	events, err := speaks.Events(forge.Source{Name: sourceName, Forge: "github"}, request)
	if err != nil {
		return err
	}
	return n.db.RunInTx(ctx, &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
		inserted, err := affected(tx.NewRaw("INSERT INTO deliveries VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			id, request.ReceivedAt, string(request.Body)).Exec(ctx))
		if err != nil || inserted == 0 {
			return err
		}
		for i := range events {
			if err := n.count(ctx, tx, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// count stores the event and raises a count for each rule that it matches.
func (n *naive) count(ctx context.Context, tx bun.Tx, ev *event.Event) error {
	data, err := json.Marshal(ev)
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	inserted, err := affected(tx.NewRaw("INSERT INTO events VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		ev.Key, ev.Kind, ev.Time, string(data)).Exec(ctx))
	if err != nil || inserted == 0 {
		return err
	}
	matched := n.rules.Match(ev)
	if len(matched.Hits) == 0 {
		return nil
	}
	var userID int64
	err = tx.NewRaw("INSERT INTO users (forge_id, login) VALUES (?, ?) ON CONFLICT (forge_id) DO UPDATE SET login = EXCLUDED.login RETURNING id",
		ev.Author.ID, ev.Author.Login).Scan(ctx, &userID)
	if err != nil {
		return err
	}
	for i := range matched.Hits {
		var after int64
		err := tx.NewRaw("INSERT INTO counters AS c VALUES (?, ?, 1) ON CONFLICT (measure, user_id) DO UPDATE SET n = c.n + 1 RETURNING n",
			matched.Hits[i].Slots()[0].Measure.ID(), userID).Scan(ctx, &after)
		if err != nil {
			return err
		}
		decisions, _ := matched.Hits[i].Fold(ev.Author.ID, []rule.State{{N: after - 1}})
		for _, decision := range decisions {
			if err := n.award(ctx, tx, userID, decision); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n *naive) award(ctx context.Context, tx bun.Tx, userID int64, d rule.Decision) error {
	inserted, err := affected(tx.NewRaw("INSERT INTO awards VALUES (?, ?, ?) ON CONFLICT DO NOTHING", d.Key, userID, d.At).Exec(ctx))
	if err != nil || inserted == 0 {
		return err
	}
	_, err = tx.NewRaw("INSERT INTO jobs (kind, args, created_at) VALUES ('award.granted', ?, ?)",
		fmt.Sprintf(`{"achievement": %q, "user_id": %d}`, d.Key, userID), d.At).Exec(ctx)
	return err
}

func affected(done sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
