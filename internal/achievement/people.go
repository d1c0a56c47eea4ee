package achievement

import "time"

// HouseUserID is the id of the user that acts for rules: the bot "accolade", made by the first
// migration. Every award that a rule gives is awarded by it.
const HouseUserID int64 = 1

// HouseUsername is the house user's name.
const HouseUsername = "accolade"

// User is a person, or a bot, who can be awarded.
type User struct {
	ID       int64
	Username string
	Name     string
	// Email is empty when unknown; it is never shown to others.
	Email string
	Admin bool
	Bot   bool
	// Claimed is false for a user whom only events told of: nobody has signed in or been
	// created under this name yet.
	Claimed bool
	Blocked bool
	// PrivateProfile shows the user's awards to nobody but themselves and admins.
	PrivateProfile bool
	// AchievementsEnabled is the seed's "Display achievements on your profile".
	AchievementsEnabled bool
	// AwardEmails says that the user wants an e-mail for each award.
	AwardEmails bool
	// ShareProgress shows everyone who sees the profile how far the user has come towards what they do not hold yet.
	ShareProgress bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
	// ErasedAt is when the person had everything about them erased. What is left keeps later events
	// from bringing them back; zero for everybody else.
	ErasedAt time.Time
}

// Account is a person's account on one source.
type Account struct {
	ID     int64
	UserID int64
	// Source is the configured name of the source.
	Source string
	// ForgeUserID is the forge's immutable id; with Source it says who this is.
	ForgeUserID string
	// Login is the name last seen; it is shown and never decides.
	Login string
	Bot   bool
}

// Namespace is a group or organisation, by full path.
type Namespace struct {
	ID int64
	// FullPath is slash-separated, for example "acme/tools"; members of "acme" are members of it too.
	FullPath   string
	Name       string
	Visibility Visibility
	// Leaderboard shows who holds the most of its achievements.
	Leaderboard bool
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Visibility says who may read a namespace.
type Visibility string

// The visibilities: for everyone, for the signed in, for members.
const (
	Public   Visibility = "public"
	Internal Visibility = "internal"
	Private  Visibility = "private"
)

// Role is a member's access level, with GitLab's numbers.
type Role int

// The roles, each of which may do all that the ones before it may.
const (
	NoRole     Role = 0
	Guest      Role = 10
	Reporter   Role = 20
	Developer  Role = 30
	Maintainer Role = 40
	Owner      Role = 50
)

// roleNames are the words of the API.
var roleNames = map[Role]string{
	Guest: "guest", Reporter: "reporter", Developer: "developer", Maintainer: "maintainer", Owner: "owner",
}

// String returns the role's word in the API, and "none" for NoRole.
func (r Role) String() string {
	if name, ok := roleNames[r]; ok {
		return name
	}
	return "none"
}

// ParseRole returns the role of a word of the API, and whether there is one.
func ParseRole(word string) (Role, bool) {
	for role, name := range roleNames {
		if name == word {
			return role, true
		}
	}
	return NoRole, false
}

// Scope is what a token may be used for.
type Scope string

// The scopes. ScopeWrite includes reading; ScopeAdmin includes both and the admin's own powers.
const (
	ScopeRead  Scope = "read"
	ScopeWrite Scope = "write"
	ScopeAdmin Scope = "admin"
)

// Token is a credential for the API. Its secret is shown once and never kept.
type Token struct {
	ID     int64
	UserID int64
	Name   string
	Scopes []Scope
	// ExpiresAt is zero for a token that does not expire.
	ExpiresAt time.Time
	CreatedAt time.Time
	// LastUsedAt is to the minute; zero for a token that was never used.
	LastUsedAt time.Time
}

// Session is somebody being signed in with a browser. Its secret is in the browser and never kept.
type Session struct {
	ID     int64
	UserID int64
	// TokenID is the API token that the session was begun with, and ends with; 0 when there is none.
	TokenID int64
	// Provider is the name of the provider who said who this is; empty when a token did.
	Provider  string
	CreatedAt time.Time
	// LastSeenAt is to the hour.
	LastSeenAt time.Time
	// ExpiresAt is when it ends even if it is used all the time.
	ExpiresAt time.Time
}
