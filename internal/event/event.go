// Package event is the one vocabulary in which Accolade speaks of what happened on a forge.
//
// Every forge's webhooks are translated into these events, and rules are written over them:
// the cel tags are the names that rule authors use, the json tags the names under which
// events are kept. "Merge request" stands for GitHub's and Gitea's pull request too.
// The package imports the standard library alone.
package event

import "time"

// Event is one thing that happened on a forge. Which fields beyond the common ones a kind
// carries is listed in vocabulary.go; the others are zero.
type Event struct {
	// Kind names what happened, for example "merge_request.merged".
	Kind string `json:"kind" cel:"kind"`
	// Time is when it happened by the forge's clock, UTC; when the forge does not say, the
	// time of receipt.
	Time time.Time `json:"time" cel:"time"`
	// Source is the name of the configured source that sent it.
	Source string `json:"source" cel:"source"`
	// Key is the natural key: equal for every delivery of the same happening, unique within
	// the source, and made of immutable ids.
	Key string `json:"key" cel:"key"`
	// Object ties the events on one thing together, for example "merge_request:4711".
	Object string `json:"object" cel:"object"`
	// URL leads to the thing on the forge; empty when the forge does not send one.
	URL string `json:"url,omitempty" cel:"url"`
	// Private says that the thing is not visible to everyone on the forge, so that nothing of
	// it but its existence may be shown with an award.
	Private bool `json:"private,omitempty" cel:"private"`
	// Actor is who did it; nil when the forge names nobody.
	Actor *Account `json:"actor,omitempty" cel:"actor"`
	// Repository is where it happened; nil for events of groups and instances.
	Repository *Repository `json:"repository,omitempty" cel:"repository"`
	// Group is the group or organisation (GitHub: or team) that the event is about.
	Group *Group `json:"group,omitempty" cel:"group"`

	// Author wrote the merge request. Author is not actor: who merges is the actor.
	Author *Account `json:"author,omitempty" cel:"author"`
	// MergedBy is who merged; nil when the forge does not say.
	MergedBy *Account `json:"merged_by,omitempty" cel:"merged_by"`
	// IID is the number that people see, unique within the repository.
	IID int64 `json:"iid,omitempty" cel:"iid"`
	// Title is the merge request's title, as text of unknown origin.
	Title string `json:"title,omitempty" cel:"title"`
	// Draft says that the merge request was marked as not ready.
	Draft bool `json:"draft,omitempty" cel:"draft"`
	// Labels are the names of all labels at the time of the event.
	Labels []string `json:"labels,omitempty" cel:"labels"`
	// SourceBranch and TargetBranch are branch names without "refs/heads/".
	SourceBranch string `json:"source_branch,omitempty" cel:"source_branch"`
	TargetBranch string `json:"target_branch,omitempty" cel:"target_branch"`
	// OpenedAt and MergedAt are zero when the forge does not say or it has not happened.
	OpenedAt time.Time `json:"opened_at,omitzero" cel:"opened_at"`
	MergedAt time.Time `json:"merged_at,omitzero" cel:"merged_at"`
	// Additions, Deletions (lines), ChangedFiles and Commits are 0 when the forge does not say;
	// GitLab's webhooks never do.
	Additions    int64 `json:"additions,omitempty" cel:"additions"`
	Deletions    int64 `json:"deletions,omitempty" cel:"deletions"`
	ChangedFiles int64 `json:"changed_files,omitempty" cel:"changed_files"`
	Commits      int64 `json:"commits,omitempty" cel:"commits"`

	// Member is whose membership changed.
	Member *Account `json:"member,omitempty" cel:"member"`
	// RoleBefore and RoleAfter are the forge's own words for the access level, lower case;
	// empty when there was none or the forge does not say.
	RoleBefore string `json:"role_before,omitempty" cel:"role_before"`
	RoleAfter  string `json:"role_after,omitempty" cel:"role_after"`

	// Award is the award that was granted or revoked, and Holder who holds or held it.
	Award  *Award   `json:"award,omitempty" cel:"award"`
	Holder *Account `json:"holder,omitempty" cel:"holder"`
	// Period names the day, week, month or year that ended, for a clock event.
	Period string `json:"period,omitempty" cel:"period"`

	// Depth counts how many awards led to awards before this one was told of.
	Depth int `json:"depth,omitempty" cel:"-"`
	// Payload is what an event of a kind outside of the vocabulary carries.
	Payload map[string]any `json:"payload,omitempty" cel:"-"`
}

// Award is an award as an event names it.
type Award struct {
	// Namespace is the full path of the achievement's namespace, and Key its key; empty for one without.
	Namespace string `json:"namespace" cel:"namespace"`
	Key       string `json:"key,omitempty" cel:"key"`
	Name      string `json:"name" cel:"name"`
	Kind      string `json:"kind" cel:"kind"`
	// Series is the key of the ladder's first step, for a step of one.
	Series     string `json:"series,omitempty" cel:"series"`
	Occurrence string `json:"occurrence,omitempty" cel:"occurrence"`
	// Rule names the rule that gave it; empty for a person.
	Rule string `json:"rule,omitempty" cel:"rule"`
	// Source is where the event came from that earned it; empty when none did.
	Source string `json:"source,omitempty" cel:"source"`
}

// Account is a person or a bot on a forge, as an event names them.
type Account struct {
	// Source is the source whose account it is; empty means the event's.
	Source string `json:"source,omitempty" cel:"source"`
	// ID is the forge's immutable id. It decides who somebody is; logins are only shown.
	ID string `json:"id" cel:"id"`
	// Login is the account's name on the forge at the time; empty when the forge sent an id alone.
	Login string `json:"login,omitempty" cel:"login"`
	// Name is the display name, often empty.
	Name string `json:"name,omitempty" cel:"name"`
	// Bot says that the forge, or a pattern of the forge's bot names, marks a machine.
	Bot bool `json:"bot,omitempty" cel:"bot"`
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

// People returns every account that the event names, each once by id, in a fixed order.
func (e *Event) People() []*Account {
	people := make([]*Account, 0, 4)
	for _, account := range []*Account{e.Actor, e.Author, e.MergedBy, e.Member, e.Holder} {
		if account == nil || account.ID == "" {
			continue
		}
		known := false
		for _, seen := range people {
			known = known || seen.ID == account.ID
		}
		if !known {
			people = append(people, account)
		}
	}
	return people
}

// Forget takes the names of the account with the id out of the event; the bare id stays.
func (e *Event) Forget(id string) {
	for _, account := range []*Account{e.Actor, e.Author, e.MergedBy, e.Member, e.Holder} {
		if account != nil && account.ID == id {
			account.Login, account.Name = "", ""
		}
	}
}
