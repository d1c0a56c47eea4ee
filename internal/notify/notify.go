// Package notify tells people and programs what was awarded and revoked.
//
// One channel a file, one line in the list that app makes. A channel is handed one notice at a
// time from the outbox and may be handed the same notice again, after a crash or when another
// channel failed: it must not mind. Mail, which nobody wants twice, is no channel: each has a job of
// its own. The package may import achievement and fault.
package notify

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// Notice is one thing to tell: an award was given, or revoked.
type Notice struct {
	Revoked     bool
	Award       achievement.Award
	Achievement achievement.Achievement
	Namespace   achievement.Namespace
	User        achievement.User
	// Giver is who awarded it, the house user for a rule.
	Giver achievement.User
	// Taker is who revoked it, the house user for a rule; nobody while it stands.
	Taker achievement.User
}

// Channel is one way of telling. An error means: try again later, with what was to be told together with it.
type Channel interface {
	Tell(ctx context.Context, notice Notice) error
}
