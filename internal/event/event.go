// Package event is the one vocabulary in which Accolade speaks of what happened on a forge.
//
// Every forge's webhooks are translated into these events, and rules are written over them:
// the cel tags are the names that rule authors use, the json tags the names under which
// events are kept. "Merge request" stands for GitHub's and Gitea's pull request too.
// The package imports the standard library alone: event.go holds the event, nouns.go what it is made
// of, vocabulary.go the kinds, fields.go which kind has which fields.
package event

import "time"

// Event is one thing that happened on a forge. Which fields beyond the common ones a kind
// carries is listed in fields.go; the others are zero. A text, a list or a number that the forge does not
// say is empty or 0, an account or a time null in rules.
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
	// Object ties the events on one thing together, for example "merge_request:9:42", the ids of the repository and the thing.
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

	// Author wrote the thing that the event is of: the merge request, the review, the comment, the
	// answer. Author is not actor: who merges is the actor.
	Author *Account `json:"author,omitempty" cel:"author"`
	// CoAuthors are the others who wrote it, by the trailers of its commits.
	CoAuthors []Account `json:"co_authors,omitempty" cel:"co_authors"`
	// MergedBy is who merged; nil when the forge does not say.
	MergedBy *Account `json:"merged_by,omitempty" cel:"merged_by"`
	// ApprovedBy are those whose approval stands, Assignees and Reviewers those who are asked to work
	// on it and to review it, all at the time of the event.
	ApprovedBy []Account `json:"approved_by,omitempty" cel:"approved_by"`
	Assignees  []Account `json:"assignees,omitempty" cel:"assignees"`
	Reviewers  []Account `json:"reviewers,omitempty" cel:"reviewers"`
	// Assignee and Reviewer are whom this very event adds to those.
	Assignee *Account `json:"assignee,omitempty" cel:"assignee"`
	Reviewer *Account `json:"reviewer,omitempty" cel:"reviewer"`
	// IID is the number that people see, unique within the repository.
	IID int64 `json:"iid,omitempty" cel:"iid"`
	// Title is the thing's title, as text of unknown origin.
	Title string `json:"title,omitempty" cel:"title"`
	// Draft says that the merge request was marked as not ready.
	Draft bool `json:"draft,omitempty" cel:"draft"`
	// Confidential says that the issue, or what the comment is on, is hidden from most of those who see the repository.
	Confidential bool `json:"confidential,omitempty" cel:"confidential"`
	// Labels are the names of all labels at the time of the event, Label is the one that it adds or removes.
	Labels []string `json:"labels,omitempty" cel:"labels"`
	Label  string   `json:"label,omitempty" cel:"label"`
	// Milestone is the milestone's title.
	Milestone string `json:"milestone,omitempty" cel:"milestone"`
	// SourceBranch and TargetBranch are branch names without "refs/heads/".
	SourceBranch string `json:"source_branch,omitempty" cel:"source_branch"`
	TargetBranch string `json:"target_branch,omitempty" cel:"target_branch"`
	// OpenedAt, ClosedAt, MergedAt and DueAt are zero when the forge does not say or it has not happened.
	OpenedAt time.Time `json:"opened_at,omitzero" cel:"opened_at"`
	ClosedAt time.Time `json:"closed_at,omitzero" cel:"closed_at"`
	MergedAt time.Time `json:"merged_at,omitzero" cel:"merged_at"`
	DueAt    time.Time `json:"due_at,omitzero" cel:"due_at"`
	// Additions, Deletions (lines), ChangedFiles and Commits are 0 when the forge does not say;
	// GitLab's and Bitbucket's webhooks never do for merge requests. Of a push, Commits is how many the forge counts,
	// which may be more than it lists; Bitbucket does not count.
	Additions    int64 `json:"additions,omitempty" cel:"additions"`
	Deletions    int64 `json:"deletions,omitempty" cel:"deletions"`
	ChangedFiles int64 `json:"changed_files,omitempty" cel:"changed_files"`
	Commits      int64 `json:"commits,omitempty" cel:"commits"`
	// Closes are the numbers (IID) of the issues that merging closes.
	Closes []int64 `json:"closes,omitempty" cel:"closes"`
	// Reason is why an issue was closed, in the forge's word, such as "completed" or "not_planned".
	Reason string `json:"reason,omitempty" cel:"reason"`
	// Changes are the names of the fields that an update changed, in the words of this vocabulary
	// where it has one and in the forge's otherwise.
	Changes []string `json:"changes,omitempty" cel:"changes"`

	// Target is what a review, a comment or a reaction is on, and what an answer answers.
	Target *Target `json:"target,omitempty" cel:"target"`
	// State is the review's: "approved", "changes_requested", "commented" or "dismissed".
	State string `json:"state,omitempty" cel:"state"`
	// BodyLength is how long the text is, in characters; the text itself is not kept.
	BodyLength int64 `json:"body_length,omitempty" cel:"body_length"`
	// Emoji is the reaction's name without colons, such as "thumbsup".
	Emoji string `json:"emoji,omitempty" cel:"emoji"`

	// Ref is a branch or a tag without "refs/heads/" and "refs/tags/".
	Ref string `json:"ref,omitempty" cel:"ref"`
	// Pushed are the commits of a push as far as the forge lists them: GitLab 20, Gitea and Bitbucket 5, GitHub 2,048.
	Pushed []Commit `json:"pushed,omitempty" cel:"pushed"`
	// Forced says that the push replaced commits.
	Forced bool `json:"forced,omitempty" cel:"forced"`
	// Tag is the tag's name.
	Tag string `json:"tag,omitempty" cel:"tag"`
	// Prerelease says that the release is marked as not ready for all.
	Prerelease bool `json:"prerelease,omitempty" cel:"prerelease"`
	// Page is the wiki page's name, Action what was done to it: "created", "edited" or "deleted".
	Page   string `json:"page,omitempty" cel:"page"`
	Action string `json:"action,omitempty" cel:"action"`
	// Status is how a pipeline or a deployment ended: "success", "failed", "canceled" or "skipped".
	Status string `json:"status,omitempty" cel:"status"`
	// Duration is how long it took; 0 when the forge does not say, which is null in rules.
	Duration time.Duration `json:"duration,omitempty" cel:"duration"`
	// RunnerTags are the tags of the runners that did the pipeline's jobs.
	RunnerTags []string `json:"runner_tags,omitempty" cel:"runner_tags"`
	// Environment is the name of what was deployed to.
	Environment string `json:"environment,omitempty" cel:"environment"`

	// Fork is the repository that the fork made.
	Fork *Repository `json:"fork,omitempty" cel:"fork"`
	// Owner is the person who owns the repository; nil when a group does.
	Owner *Account `json:"owner,omitempty" cel:"owner"`
	// PathBefore is the repository's full path until now.
	PathBefore string `json:"path_before,omitempty" cel:"path_before"`
	// Member is whose membership changed.
	Member *Account `json:"member,omitempty" cel:"member"`
	// RoleBefore and RoleAfter are the forge's own words for the access level, lower case;
	// empty when there was none or the forge does not say.
	RoleBefore string `json:"role_before,omitempty" cel:"role_before"`
	RoleAfter  string `json:"role_after,omitempty" cel:"role_after"`
	// User is whose account the event is about, LoginBefore its login until now.
	User        *Account `json:"user,omitempty" cel:"user"`
	LoginBefore string   `json:"login_before,omitempty" cel:"login_before"`
	// Sponsor pays, Sponsored is paid; nil when that is a group. Tier is the name of how much.
	Sponsor   *Account `json:"sponsor,omitempty" cel:"sponsor"`
	Sponsored *Account `json:"sponsored,omitempty" cel:"sponsored"`
	Tier      string   `json:"tier,omitempty" cel:"tier"`

	// Award is what Accolade itself gave or took away, Holder from whom.
	Award  *Award   `json:"award,omitempty" cel:"award"`
	Holder *Account `json:"holder,omitempty" cel:"holder"`
	// Period is the calendar unit that has ended: "2026-11-02", "2026-W45", "2026-11", "2026-Q4" or "2026".
	Period string `json:"period,omitempty" cel:"period"`

	// Depth counts how many awards led to awards before this one was told of.
	Depth int `json:"depth,omitempty" cel:"-"`
	// Payload is what an event of a kind outside of the vocabulary carries.
	Payload map[string]any `json:"payload,omitempty" cel:"-"`
}
