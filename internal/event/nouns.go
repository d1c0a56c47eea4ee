package event

import "time"

// Account is a person or a bot on a forge, as an event names them.
type Account struct {
	// Source is the source whose account it is; empty means the event's own.
	Source string `json:"source,omitempty" cel:"source"`
	// ID is the forge's immutable id. It decides who somebody is; logins are only shown. Who has
	// none, such as the author of a commit whom the forge knows by login alone, is awarded nothing.
	ID string `json:"id" cel:"id"`
	// Login is the account's name on the forge at the time; empty when the forge sent an id alone.
	Login string `json:"login,omitempty" cel:"login"`
	// Name is the display name, often empty.
	Name string `json:"name,omitempty" cel:"name"`
	// Bot says that the forge, or a pattern of the forge's bot names, marks a machine.
	Bot bool `json:"bot,omitempty" cel:"bot"`
	// FromText says that a text names the account, such as a commit's trailer, which anybody can
	// write: its login and name are no facts.
	FromText bool `json:"from_text,omitempty" cel:"from_text"`
	// CreatedAt is when the account was made, Bio what its owner says of themselves, and AvatarURL
	// where its picture is. Most events do not say.
	CreatedAt time.Time `json:"created_at,omitzero" cel:"created_at"`
	Bio       string    `json:"bio,omitempty" cel:"bio"`
	AvatarURL string    `json:"avatar_url,omitempty" cel:"avatar_url"`
}

// Repository is a repository (GitLab: project) at the time of an event.
type Repository struct {
	// ID is the forge's immutable id.
	ID string `json:"id" cel:"id"`
	// Path is the full path, for example "acme/tools/cli".
	Path string `json:"path,omitempty" cel:"path"`
	// Name is the last part of the path or the forge's display name.
	Name string `json:"name,omitempty" cel:"name"`
	// Namespace is the path without its last part.
	Namespace     string `json:"namespace,omitempty" cel:"namespace"`
	DefaultBranch string `json:"default_branch,omitempty" cel:"default_branch"`
	// Visibility is "public", "internal" or "private"; empty when the forge does not say.
	Visibility string   `json:"visibility,omitempty" cel:"visibility"`
	Archived   bool     `json:"archived,omitempty" cel:"archived"`
	Stars      int64    `json:"stars,omitempty" cel:"stars"`
	Forks      int64    `json:"forks,omitempty" cel:"forks"`
	Topics     []string `json:"topics,omitempty" cel:"topics"`
	Language   string   `json:"language,omitempty" cel:"language"`
}

// Group is a group, an organisation or a team on a forge.
type Group struct {
	// ID is the forge's immutable id.
	ID string `json:"id" cel:"id"`
	// Path is the full path: GitLab "acme/core", GitHub an organisation "acme" or a team "acme/core".
	Path string `json:"path,omitempty" cel:"path"`
	Name string `json:"name,omitempty" cel:"name"`
}

// Target is the thing that an event on it finds there: what a comment is on, for one.
type Target struct {
	// Kind is "merge_request", "issue", "commit", "snippet", "discussion", "release" or "comment".
	Kind string `json:"kind" cel:"kind"`
	// IID is the number that people see, unique within the repository; 0 for what has none.
	IID   int64  `json:"iid,omitempty" cel:"iid"`
	Title string `json:"title,omitempty" cel:"title"`
	URL   string `json:"url,omitempty" cel:"url"`
	// Author wrote it: of a discussion, who asked.
	Author *Account `json:"author,omitempty" cel:"author"`
	Labels []string `json:"labels,omitempty" cel:"labels"`
	// State is "open", "closed" or "merged"; empty for what has none.
	State        string    `json:"state,omitempty" cel:"state"`
	TargetBranch string    `json:"target_branch,omitempty" cel:"target_branch"`
	OpenedAt     time.Time `json:"opened_at,omitzero" cel:"opened_at"`
	ClosedAt     time.Time `json:"closed_at,omitzero" cel:"closed_at"`
	MergedAt     time.Time `json:"merged_at,omitzero" cel:"merged_at"`
}

// Commit is one of the commits of a push.
type Commit struct {
	// ID is the hash, in hexadecimal digits.
	ID string `json:"id" cel:"id"`
	// Title is the message's first line, Message all of it.
	Title   string `json:"title,omitempty" cel:"title"`
	Message string `json:"message,omitempty" cel:"message"`
	// Author is who wrote it as far as the forge says: what a commit itself says is free text.
	Author *Account `json:"author,omitempty" cel:"author"`
	// CoAuthors are those of the trailers, as ParseCoAuthors finds them.
	CoAuthors []Account `json:"co_authors,omitempty" cel:"co_authors"`
	// Time is when it was written by the author's clock, which may be anything.
	Time time.Time `json:"time,omitzero" cel:"time"`
	URL  string    `json:"url,omitempty" cel:"url"`
	// Paths are those of all files that it touches; Added and Removed are those among them that
	// are new and gone.
	Paths   []string `json:"paths,omitempty" cel:"paths"`
	Added   []string `json:"added,omitempty" cel:"added"`
	Removed []string `json:"removed,omitempty" cel:"removed"`
}

// Award is an award of Accolade's own, in the events of its making and its end.
type Award struct {
	// Namespace is the full path and Key the key that the rules know the achievement by; Key is
	// empty when it was made by hand.
	Namespace string `json:"namespace" cel:"namespace"`
	Key       string `json:"key,omitempty" cel:"key"`
	Name      string `json:"name" cel:"name"`
	// Kind is "irrevocable", "revocable" or "repeatable".
	Kind string `json:"kind" cel:"kind"`
	// Series is the key of the ladder's first step, for a step of one.
	Series string `json:"series,omitempty" cel:"series"`
	// Occurrence tells the awards of a repeatable achievement apart.
	Occurrence string `json:"occurrence,omitempty" cel:"occurrence"`
	// Rule is the rule that gave it or took it away, "namespace/key"; empty when a person did.
	Rule string `json:"rule,omitempty" cel:"rule"`
	// Source is where the event came from that earned it; empty when none did.
	Source string `json:"source,omitempty" cel:"source"`
}
