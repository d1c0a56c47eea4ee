package forge

import (
	"maps"
	"slices"
)

// tells are the kinds of event that each forge can tell of at all, by what its webhooks are documented to send
// and were seen to send. Gitea sends no webhooks of memberships, stars and reactions, and does not say which label
// was taken off; GitHub sends none of reactions, and of accounts only that they come and go, and this from Enterprise
// Servers alone. GitLab tells of accounts that they come, go and change their logins, so that of other changes of
// profiles no forge tells; of comments that are deleted it does not tell, nor of stars, forks and archived projects.
var tells = map[string][]string{
	GitHub: slices.Concat(everywhere, []string{
		"merge_request.review_requested", "merge_request.labeled", "merge_request.unlabeled", "merge_request.assigned",
		"issue.labeled", "issue.unlabeled", "issue.assigned", "comment.edited", "comment.deleted", "discussion.answered",
		"branch.created", "branch.deleted", "release.published", "milestone.closed", "wiki.edited", "pipeline.finished", "deployment.finished",
		"star.added", "star.removed", "fork.created",
		"repository.created", "repository.archived", "repository.renamed", "repository.transferred", "repository.deleted",
		"member.added", "member.removed", "member.role_changed", "user.created", "user.deleted", "sponsorship.created",
	}),
	GitLab: slices.Concat(everywhere, []string{
		"merge_request.review_requested", "merge_request.labeled", "merge_request.unlabeled", "merge_request.assigned",
		"issue.labeled", "issue.unlabeled", "issue.assigned", "comment.edited", "reaction.added", "reaction.removed",
		"branch.created", "branch.deleted", "release.published", "milestone.closed", "wiki.edited", "pipeline.finished", "deployment.finished",
		"repository.created", "repository.renamed", "repository.transferred", "repository.deleted",
		"member.added", "member.removed", "member.role_changed", "user.created", "user.renamed", "user.deleted",
	}),
	Gitea:   likeGitea,
	Forgejo: likeGitea,
	// Neither product of Bitbucket has labels, and neither tells that somebody was assigned or that what was declined
	// was opened again. Data Center has no issues.
	BitbucketCloud: {
		"merge_request.opened", "merge_request.merged", "merge_request.closed", "merge_request.updated", "merge_request.review_requested",
		"review.submitted", "issue.opened", "issue.closed", "issue.reopened", "comment.created", "comment.edited", "comment.deleted",
		"push", "tag.created", "branch.created", "branch.deleted", "pipeline.finished", "fork.created",
		"repository.created", "repository.renamed", "repository.transferred", "repository.deleted",
	},
	BitbucketServer: {
		"merge_request.opened", "merge_request.merged", "merge_request.closed", "merge_request.updated", "merge_request.review_requested",
		"review.submitted", "comment.created", "comment.edited", "comment.deleted", "push", "tag.created", "branch.created", "branch.deleted",
		"fork.created", "repository.renamed", "repository.transferred",
	},
}

var (
	// everywhere are the kinds that every forge but Bitbucket tells of.
	everywhere = []string{
		"merge_request.opened", "merge_request.merged", "merge_request.closed", "merge_request.reopened", "merge_request.updated",
		"review.submitted", "issue.opened", "issue.closed", "issue.reopened", "comment.created", "push", "tag.created",
	}
	likeGitea = slices.Concat(everywhere, []string{
		"merge_request.review_requested", "merge_request.labeled", "merge_request.assigned",
		"issue.labeled", "issue.assigned", "comment.edited", "comment.deleted",
		"branch.created", "branch.deleted", "release.published", "wiki.edited", "pipeline.finished", "fork.created",
		"repository.created", "repository.deleted",
	})
)

// Tellers returns the names of the forges of which it is known what they can tell of, sorted.
func Tellers() []string { return slices.Sorted(maps.Keys(tells)) }

// Kinds returns the kinds that a forge can tell of.
func Kinds(forge string) []string { return slices.Clone(tells[forge]) }

// lists are the kinds of event that no webhook of a forge tells of, but that are read from what its API lists.
var lists = map[string][]string{
	GitLab:         {"star.added"},
	Gitea:          {"star.added", "member.added", "member.removed"},
	Forgejo:        {"star.added", "member.added", "member.removed"},
	BitbucketCloud: {"member.added", "member.removed"},
}

// Tells reports whether a forge can tell of a kind of event, by a webhook or in a list. Kinds that no forge tells of, such as those that
// Accolade makes itself, are none of theirs: for these it returns true.
func Tells(forge, kind string) bool {
	if slices.Contains(tells[forge], kind) || slices.Contains(lists[forge], kind) {
		return true
	}
	for _, kinds := range tells {
		if slices.Contains(kinds, kind) {
			return false
		}
	}
	return true
}
