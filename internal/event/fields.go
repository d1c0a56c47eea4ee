package event

import "slices"

// Groups of fields that several kinds have, by their names in rules.
var (
	// always are those of every kind, onForge of what happens on a forge, and inRepository of what may
	// happen in a repository or a group.
	always       = []string{"kind", "time", "source", "key", "object"}
	onForge      = slices.Concat(always, []string{"url", "private", "actor"})
	inRepository = slices.Concat(onForge, []string{"repository", "group"})

	mergeRequest = slices.Concat(inRepository, []string{
		"author", "co_authors", "approved_by", "assignees", "reviewers", "iid", "title", "draft", "labels", "milestone",
		"source_branch", "target_branch", "opened_at", "additions", "deletions", "changed_files", "commits", "closes",
	})
	// ended is what a merge request has that may be merged or closed already.
	ended = slices.Concat(mergeRequest, []string{"closed_at", "merged_at", "merged_by"})

	issue = slices.Concat(inRepository, []string{
		"author", "assignees", "iid", "title", "labels", "milestone", "opened_at", "confidential",
	})
	closedIssue = slices.Concat(issue, []string{"closed_at", "reason"})

	comment    = slices.Concat(inRepository, []string{"author", "target", "body_length", "confidential"})
	repository = slices.Concat(inRepository, []string{"owner"})
	user       = slices.Concat(onForge, []string{"user"})
	award      = slices.Concat(onForge, []string{"award", "holder"})
	clock      = slices.Concat(always, []string{"period"})
)

// kindOf is what a kind means to somebody who writes rules, and the fields that it has.
type kindOf struct {
	meaning string
	fields  []string
}

func has(meaning string, fields []string, more ...string) kindOf {
	return kindOf{meaning, slices.Concat(fields, more)}
}

// kinds are all kinds of event.
var kinds = map[string]kindOf{
	MergeRequestOpened:          has("a merge request was opened", mergeRequest),
	MergeRequestClosed:          has("a merge request was closed without being merged", mergeRequest, "closed_at"),
	MergeRequestReopened:        has("a closed merge request was opened again", mergeRequest),
	MergeRequestMerged:          has("a merge request was merged; the author earned it, the actor merged it", mergeRequest, "merged_at", "merged_by"),
	MergeRequestUpdated:         has("a merge request was edited, or its source branch pushed to", ended, "changes"),
	MergeRequestLabeled:         has("a merge request was given a label", ended, "label"),
	MergeRequestUnlabeled:       has("a label was taken off a merge request", ended, "label"),
	MergeRequestAssigned:        has("a merge request was assigned to somebody", ended, "assignee"),
	MergeRequestReviewRequested: has("somebody was asked to review a merge request", mergeRequest, "reviewer"),

	ReviewSubmitted: has("a merge request was reviewed", inRepository, "author", "state", "target", "body_length"),

	IssueOpened:    has("an issue was opened", issue),
	IssueClosed:    has("an issue was closed; the actor closed it", closedIssue),
	IssueReopened:  has("a closed issue was opened again", issue),
	IssueLabeled:   has("an issue was given a label", closedIssue, "label"),
	IssueUnlabeled: has("a label was taken off an issue", closedIssue, "label"),
	IssueAssigned:  has("an issue was assigned to somebody", closedIssue, "assignee"),

	CommentCreated: has("a comment was written", comment),
	CommentEdited:  has("a comment was edited; the author wrote it, the actor edited it", comment),
	CommentDeleted: has("a comment was deleted; the author wrote it, the actor deleted it", comment),

	DiscussionAnswered: has("a comment was marked as the answer; the author wrote it, the actor marked it", inRepository, "author", "target"),

	ReactionAdded:   has("somebody reacted with an emoji", inRepository, "emoji", "target"),
	ReactionRemoved: has("somebody took a reaction back", inRepository, "emoji", "target"),

	Push:          has("commits were pushed to a branch", inRepository, "ref", "pushed", "commits", "forced"),
	TagCreated:    has("a tag was created", inRepository, "tag"),
	BranchCreated: has("a branch was created", inRepository, "ref"),
	BranchDeleted: has("a branch was deleted", inRepository, "ref"),

	ReleasePublished:   has("a release was published", inRepository, "author", "title", "tag", "prerelease"),
	MilestoneClosed:    has("a milestone was closed", inRepository, "milestone", "iid", "opened_at", "closed_at", "due_at"),
	WikiEdited:         has("a page of a wiki was created, edited or deleted", inRepository, "page", "title", "action"),
	PipelineFinished:   has("a pipeline (GitHub: workflow run) ended", inRepository, "iid", "title", "ref", "status", "duration", "runner_tags", "opened_at"),
	DeploymentFinished: has("a deployment ended", inRepository, "environment", "ref", "status", "duration"),

	StarAdded:             has("somebody gave a repository a star; `event.repository.stars` counts it", inRepository),
	StarRemoved:           has("somebody took a star back", inRepository),
	ForkCreated:           has("a repository was forked", inRepository, "fork"),
	RepositoryCreated:     has("a repository was created", repository),
	RepositoryArchived:    has("a repository was archived", repository),
	RepositoryRenamed:     has("a repository was renamed", repository, "path_before"),
	RepositoryTransferred: has("a repository was given to another owner or group", repository, "path_before"),
	RepositoryDeleted:     has("a repository was deleted", repository),

	MemberAdded:       has("somebody became a member of a group, an organisation, a team or a repository", inRepository, "member", "role_after"),
	MemberRemoved:     has("somebody's membership ended", inRepository, "member", "role_before"),
	MemberRoleChanged: has("a member was given another role", inRepository, "member", "role_before", "role_after"),

	UserCreated: has("an account was created on the forge", user),
	UserRenamed: has("an account was given another login", user, "login_before"),
	UserUpdated: has("an account's profile was changed", user, "changes"),
	UserDeleted: has("an account was deleted on the forge", user),

	SponsorshipCreated: has("somebody began to sponsor somebody", onForge, "sponsor", "sponsored", "group", "tier"),

	AwardGranted: has("Accolade gave an award", award),
	AwardRevoked: has("Accolade took an award away", award),

	ClockDaily:     has("a day has ended", clock),
	ClockWeekly:    has("a week, from Monday, has ended", clock),
	ClockMonthly:   has("a month has ended", clock),
	ClockQuarterly: has("a quarter of a year has ended", clock),
	ClockYearly:    has("a year has ended", clock),
}
