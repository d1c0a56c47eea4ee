package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// pingAfter is how long a connection is idle before it is asked whether it is still one, and pingPatience how long that
	// may take.
	pingAfter, pingPatience = time.Second, time.Second
	// unheard is how long the network may keep silent about what was sent before a connection counts as lost.
	unheard = 10 * time.Second
	// idleInTransaction is how long Postgres holds a transaction for a server that says nothing: one that was frozen, or
	// whose host is gone, must not keep its locks from others. No transaction takes as long.
	idleInTransaction = 15 * time.Second
)

// dial connects so that the kernel notices a peer that is gone.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
		Control:         boundSilence,
	}
	return dialer.DialContext(ctx, network, address)
}

// suspicion finds connections that are dead and do not know it: a network may lose everything and tell nobody. When one
// turns out to be dead, all that have been idle since are given up without being asked, or each of them would cost somebody
// a wait.
type suspicion struct{ since atomic.Int64 }

// options watch over the connections of a pool.
func (s *suspicion) options() []stdlib.OptionOpenDB {
	return []stdlib.OptionOpenDB{
		stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
			conn.PgConn().CustomData()[madeAt] = time.Now()
			_, err := conn.Exec(ctx, fmt.Sprintf("SET idle_in_transaction_session_timeout = %d", idleInTransaction.Milliseconds()))
			return err
		}),
		stdlib.OptionShouldPing(func(ctx context.Context, params stdlib.ShouldPingParams) bool {
			s.check(ctx, params.Conn, params.IdleDuration)
			return false // it was asked
		}),
		stdlib.OptionResetSession(func(_ context.Context, conn *pgx.Conn) error {
			if conn.IsClosed() {
				return driver.ErrBadConn
			}
			return nil
		}),
	}
}

// madeAt names when a connection was made, in what is kept with it.
const madeAt = "accolade.made"

// check closes the connection if it is dead, or likely to be. The first time that a connection is used again, stdlib takes it
// for idle since the year 1.
func (s *suspicion) check(ctx context.Context, conn *pgx.Conn, idle time.Duration) {
	if made, ok := conn.PgConn().CustomData()[madeAt].(time.Time); ok {
		idle = min(idle, time.Since(made))
	}
	if idle < pingAfter {
		return
	}
	if s.since.Load() > time.Now().Add(-idle).UnixNano() {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_ = conn.Close(gone) // says goodbye to nobody
		return
	}
	limited, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	// A ping that fails closes the connection.
	if err := conn.Ping(limited); err != nil && ctx.Err() == nil {
		s.since.Store(time.Now().UnixNano())
	}
}
