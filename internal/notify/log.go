package notify

import (
	"context"
	"log/slog"
)

// Log tells the operator: one line in the server's log for each award and revocation.
type Log struct {
	log *slog.Logger
}

// NewLog returns the channel that writes to log.
func NewLog(log *slog.Logger) *Log { return &Log{log: log} }

// Tell writes the line. It names ids, keys and usernames, never titles or texts of the forge.
func (l *Log) Tell(ctx context.Context, n Notice) error {
	message := "awarded"
	if n.Revoked {
		message = "revoked"
	}
	l.log.InfoContext(ctx, message, "award", n.Award.ID, "achievement", n.Achievement.Name,
		"namespace", n.Namespace.FullPath, "user", n.User.Username, "rule", n.Award.Rule,
		"occurrence", n.Award.Occurrence)
	return nil
}
