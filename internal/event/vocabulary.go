package event

import (
	"maps"
	"slices"
	"strings"
)

// The kinds of event that forges are translated into.
const (
	MergeRequestOpened          = "merge_request.opened"
	MergeRequestClosed          = "merge_request.closed"
	MergeRequestReopened        = "merge_request.reopened"
	MergeRequestMerged          = "merge_request.merged"
	MergeRequestUpdated         = "merge_request.updated"
	MergeRequestLabeled         = "merge_request.labeled"
	MergeRequestUnlabeled       = "merge_request.unlabeled"
	MergeRequestAssigned        = "merge_request.assigned"
	MergeRequestReviewRequested = "merge_request.review_requested"

	ReviewSubmitted = "review.submitted"

	IssueOpened    = "issue.opened"
	IssueClosed    = "issue.closed"
	IssueReopened  = "issue.reopened"
	IssueLabeled   = "issue.labeled"
	IssueUnlabeled = "issue.unlabeled"
	IssueAssigned  = "issue.assigned"

	CommentCreated = "comment.created"
	CommentEdited  = "comment.edited"
	CommentDeleted = "comment.deleted"

	DiscussionAnswered = "discussion.answered"

	ReactionAdded   = "reaction.added"
	ReactionRemoved = "reaction.removed"

	Push          = "push"
	TagCreated    = "tag.created"
	BranchCreated = "branch.created"
	BranchDeleted = "branch.deleted"

	ReleasePublished   = "release.published"
	MilestoneClosed    = "milestone.closed"
	WikiEdited         = "wiki.edited"
	PipelineFinished   = "pipeline.finished"
	DeploymentFinished = "deployment.finished"

	StarAdded             = "star.added"
	StarRemoved           = "star.removed"
	ForkCreated           = "fork.created"
	RepositoryCreated     = "repository.created"
	RepositoryArchived    = "repository.archived"
	RepositoryRenamed     = "repository.renamed"
	RepositoryTransferred = "repository.transferred"
	RepositoryDeleted     = "repository.deleted"

	MemberAdded       = "member.added"
	MemberRemoved     = "member.removed"
	MemberRoleChanged = "member.role_changed"

	UserCreated = "user.created"
	UserRenamed = "user.renamed"
	UserUpdated = "user.updated"
	UserDeleted = "user.deleted"

	SponsorshipCreated = "sponsorship.created"
)

// The kinds of event that Accolade makes itself.
const (
	AwardGranted = "award.granted"
	AwardRevoked = "award.revoked"

	ClockDaily     = "clock.daily"
	ClockWeekly    = "clock.weekly"
	ClockMonthly   = "clock.monthly"
	ClockQuarterly = "clock.quarterly"
	ClockYearly    = "clock.yearly"
)

// Self is the source of the events that Accolade makes itself.
const Self = "accolade"

// Internal reports whether events of the kind come from Accolade itself, and from no forge.
func Internal(kind string) bool {
	return strings.HasPrefix(kind, "award.") || strings.HasPrefix(kind, "clock.")
}

// Kinds returns every kind of the vocabulary, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Describe returns one line on what a kind means, and whether the kind exists.
func Describe(kind string) (string, bool) {
	k, ok := kinds[kind]
	return k.meaning, ok
}

// Expand returns the kinds that a word in a rule's "on" stands for: a kind, or a family such
// as "member.*", or "*" for whatever forges tell. It returns nothing for a word that is neither.
func Expand(word string) []string {
	if word == "*" {
		return slices.DeleteFunc(Kinds(), Internal)
	}
	if _, ok := kinds[word]; ok {
		return []string{word}
	}
	family, ok := strings.CutSuffix(word, ".*")
	if !ok {
		return nil
	}
	var matching []string
	for _, kind := range Kinds() {
		if strings.HasPrefix(kind, family+".") {
			matching = append(matching, kind)
		}
	}
	return matching
}

// Carries reports whether events of the kind have the field, by its name in rules.
func Carries(kind, field string) bool { return slices.Contains(fieldsOf(kind), field) }

// Fields returns the fields that events of the kind have, by their names in rules.
func Fields(kind string) []string { return slices.Clone(fieldsOf(kind)) }

// fieldsOf returns the fields of a kind; those outside of the vocabulary have what happens in a repository has.
func fieldsOf(kind string) []string {
	if known, ok := kinds[kind]; ok {
		return known.fields
	}
	return inRepository
}
