// Package achievement holds the nouns of the product: namespaces and their members, users and
// their accounts, achievements and awards, with the limits that each must keep.
//
// It is pure: no clock, no database, no network. It imports fault alone.
package achievement

import (
	"encoding/hex"
	"time"
)

// Kind says how often an achievement can be given and whether it can be taken away.
type Kind string

// The kinds. The database keeps each kind's promise by a unique index of its own.
const (
	// Irrevocable is given once to a user and cannot be revoked.
	Irrevocable Kind = "irrevocable"
	// Revocable is given to a user once at a time: again only after a revoke.
	Revocable Kind = "revocable"
	// Repeatable is given as often as there are occasions: by hand always, by a rule once for
	// each occurrence.
	Repeatable Kind = "repeatable"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Irrevocable, Revocable, Repeatable} }

// Achievement is what can be earned.
type Achievement struct {
	ID          int64
	NamespaceID int64
	// Key is the stable slug of an achievement declared in a rules file; empty for one made by hand.
	Key         string
	Name        string
	Description string
	Kind        Kind
	// Series and Tier place a step of a ladder: the key of its first step, and 1, 2, 3 ...
	// Series is empty and Tier 0 for an achievement of its own.
	Series string
	Tier   int
	// AvatarHash is the SHA-256 of the avatar, a PNG; nil for none.
	AvatarHash []byte
	// RetiredAt is when the achievement's declaration was dropped from the rules: it is awarded
	// by no rule any more. Zero while it is declared, and always for one made by hand.
	RetiredAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// AvatarVersion is what addresses of a picture end with, by its hash: every picture has another.
func AvatarVersion(hash []byte) string { return hex.EncodeToString(hash[:min(len(hash), 8)]) }

// Award is one giving of an achievement to a user.
type Award struct {
	ID            int64
	AchievementID int64
	UserID        int64
	// Kind is the achievement's; the unique indexes that keep its promise stand on it.
	Kind Kind
	// Occurrence is what makes a repeatable award "the same one", for example a merge
	// request's object or "2026-11". Irrevocable and revocable awards usually have none.
	Occurrence string
	// AwardedAt is the event's time for an award by a rule, the time of the call otherwise.
	AwardedAt time.Time
	AwardedBy int64
	// RevokedAt is zero while the award stands; RevokedBy and RevokeReason go with it.
	RevokedAt    time.Time
	RevokedBy    int64
	RevokeReason string
	// Priority is the place on the profile, 0 first; nil when the user gave none.
	Priority      *int64
	ShowOnProfile bool
	Message       string
	// Rule, RevisionID, EventID and EventURL say why, for an award by a rule. EventURL is empty
	// when the event's object is private.
	Rule       string
	RevisionID int64
	EventID    int64
	EventURL   string
	// ExpiresAt is when the award lapses unless something renews it; zero for never.
	ExpiresAt time.Time
}

// Revoked reports whether the award was taken away.
func (a *Award) Revoked() bool { return !a.RevokedAt.IsZero() }

// ByRule reports whether a rule gave the award.
func (a *Award) ByRule() bool { return a.Rule != "" }
