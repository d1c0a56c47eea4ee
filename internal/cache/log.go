package cache

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// LogTo has the client of Redis write to the log what it otherwise writes to the standard error in lines of its own. It holds for
// the whole process.
func LogTo(log *slog.Logger) { redis.SetLogger(clientLog{log}) }

type clientLog struct{ log *slog.Logger }

// Printf is what the client calls.
func (l clientLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.WarnContext(ctx, "the client of Redis reports", "report", fmt.Sprintf(format, v...))
}
