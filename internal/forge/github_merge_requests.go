package forge

import (
	"slices"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// githubPull is a pull request. That of a review and of a comment on the code has no numbers of lines.
type githubPull struct {
	Number    id                `json:"number"`
	URL       text              `json:"html_url"`
	Title     text              `json:"title"`
	User      *githubUser       `json:"user"`
	State     text              `json:"state"`
	Draft     bool              `json:"draft"`
	Labels    list[labelName]   `json:"labels"`
	Head      branch            `json:"head"`
	Base      branch            `json:"base"`
	Assignees list[*githubUser] `json:"assignees"`
	Reviewers list[*githubUser] `json:"requested_reviewers"`
	Milestone *githubMilestone  `json:"milestone"`
	Created   moment            `json:"created_at"`
	Updated   moment            `json:"updated_at"`
	// Closed is null until the end, and MergedAt until the merge.
	Closed       moment      `json:"closed_at"`
	Merged       bool        `json:"merged"`
	MergedAt     moment      `json:"merged_at"`
	MergedBy     *githubUser `json:"merged_by"`
	Additions    int64       `json:"additions"`
	Deletions    int64       `json:"deletions"`
	ChangedFiles int64       `json:"changed_files"`
	Commits      int64       `json:"commits"`
}

// githubPullRequest is the body of "pull_request". Label, Assignee, Reviewer and Team are whom and what the action
// is about.
type githubPullRequest struct {
	githubBody

	Pull     githubPull  `json:"pull_request"`
	Changes  names       `json:"changes"`
	Label    githubLabel `json:"label"`
	Assignee *githubUser `json:"assignee"`
	Reviewer *githubUser `json:"requested_reviewer"`
	Team     *githubTeam `json:"requested_team"`

	Organization githubOrganization `json:"organization"`
}

type githubLabel struct {
	ID   id   `json:"id"`
	Name text `json:"name"`
}

// githubChanged are the fields that an action changes, beside "edited", which says so itself.
var githubChanged = map[text]string{
	"synchronize":            "commits",
	"ready_for_review":       "draft",
	"converted_to_draft":     "draft",
	"milestoned":             "milestone",
	"demilestoned":           "milestone",
	"unassigned":             "assignees",
	"review_request_removed": "reviewers",
}

func githubPullRequestEvents(src Source, req Request) ([]event.Event, error) {
	var body githubPullRequest
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	pull := &body.Pull
	if pull.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the pull request has no number or no repository"}
	}
	ev, err := body.happening(src, req)
	if err != nil {
		return nil, err
	}
	ev.URL, ev.Author = pull.URL.link(), pull.User.account(src)
	ev.IID, ev.Title, ev.Draft, ev.Labels = int64(pull.Number), string(pull.Title), pull.Draft, labelNames(pull.Labels)
	ev.Assignees, ev.Reviewers = githubAccounts(src, pull.Assignees), githubAccounts(src, pull.Reviewers)
	ev.Milestone = pull.Milestone.title()
	ev.SourceBranch, ev.TargetBranch = string(pull.Head.Ref), string(pull.Base.Ref)
	ev.OpenedAt = pull.Created.Time
	ev.Additions, ev.Deletions, ev.ChangedFiles, ev.Commits = pull.Additions, pull.Deletions, pull.ChangedFiles, pull.Commits
	return []event.Event{ev}, nil
}

// happening begins the event with what the action is about.
func (b *githubPullRequest) happening(src Source, req Request) (event.Event, error) {
	pull, object := &b.Pull, numbered("merge_request", b.repository(), b.Pull.Number)
	switch b.Action {
	case "opened":
		return b.newEvent(src, event.MergeRequestOpened, firstTime(pull.Created.Time, req.ReceivedAt), object, "opened"), nil
	case actionClosed:
		if !pull.Merged {
			at := firstTime(pull.Closed.Time, pull.Updated.Time)
			ev, err := b.again(src, event.MergeRequestClosed, at, object)
			ev.ClosedAt = at
			return ev, err
		}
		at := firstTime(pull.MergedAt.Time, pull.Updated.Time, req.ReceivedAt)
		ev := b.newEvent(src, event.MergeRequestMerged, at, object, "merged")
		ev.MergedAt, ev.MergedBy = at, pull.MergedBy.account(src)
		return ev, nil
	case "reopened":
		return b.again(src, event.MergeRequestReopened, pull.Updated.Time, object)
	case "review_requested":
		return b.reviewRequested(src, object)
	}
	ev, err := b.change(src, req, object)
	ev.ClosedAt, ev.MergedAt, ev.MergedBy = pull.Closed.Time, pull.MergedAt.Time, pull.MergedBy.account(src)
	return ev, err
}

// change begins the event of an action that may also happen when all is over.
func (b *githubPullRequest) change(src Source, req Request, object string) (event.Event, error) {
	at := b.Pull.Updated.Time
	switch b.Action {
	case "labeled", "unlabeled":
		kind := event.MergeRequestLabeled
		if b.Action == "unlabeled" {
			kind = event.MergeRequestUnlabeled
		}
		return b.labeled(src, kind, at, object, b.Label)
	case "assigned":
		return b.assigned(src, event.MergeRequestAssigned, at, object, b.Assignee)
	case actionEdited:
		ev, err := b.again(src, event.MergeRequestUpdated, at, object)
		ev.Changes = githubChanges(b.Changes)
		return ev, err
	}
	changed, ok := githubChanged[b.Action]
	if !ok {
		return event.Event{}, b.unknown(req)
	}
	ev, err := b.again(src, event.MergeRequestUpdated, at, object)
	ev.Changes = []string{changed}
	return ev, err
}

// reviewRequested begins the event of who was asked for a review. A whole team may be asked; it is the event's group.
func (b *githubPullRequest) reviewRequested(src Source, object string) (event.Event, error) {
	var whom string
	reviewer := b.Reviewer.account(src)
	switch {
	case reviewer != nil:
		whom = reviewer.ID
	case b.Team != nil && b.Team.ID != 0:
		whom = "team-" + b.Team.ID.String()
	default:
		return event.Event{}, &UnreadableError{Reason: "it is not said who was asked for a review"}
	}
	ev, err := b.again(src, event.MergeRequestReviewRequested, b.Pull.Updated.Time, object, whom)
	ev.Reviewer = reviewer
	if reviewer == nil {
		ev.Group = b.Team.group(b.Organization)
	}
	return ev, err
}

// again begins an event of what may happen again and again, so that its key ends with the time.
func (b *githubBody) again(src Source, kind string, at time.Time, object string, parts ...string) (event.Event, error) {
	if at.IsZero() {
		return event.Event{}, &UnreadableError{Reason: "it is not said when it happened"}
	}
	parts = slices.Concat([]string{verb(kind)}, parts, []string{occurrence(moment{at})})
	return b.newEvent(src, kind, at, object, parts...), nil
}

// labeled begins the event of a label that was put on or taken off.
func (b *githubBody) labeled(src Source, kind string, at time.Time, object string, label githubLabel) (event.Event, error) {
	if label.ID == 0 {
		return event.Event{}, &UnreadableError{Reason: "the label has no id"}
	}
	ev, err := b.again(src, kind, at, object, label.ID.String())
	ev.Label = string(label.Name)
	return ev, err
}

// assigned begins the event of somebody's assignment.
func (b *githubBody) assigned(src Source, kind string, at time.Time, object string, assignee *githubUser) (event.Event, error) {
	account := assignee.account(src)
	if account == nil {
		return event.Event{}, &UnreadableError{Reason: "it is not said who was assigned"}
	}
	ev, err := b.again(src, kind, at, object, account.ID)
	ev.Assignee = account
	return ev, err
}

// githubChanges returns what an edit changed, in the words of the vocabulary where it has one.
func githubChanges(changes names) []string {
	for i, name := range changes {
		if name == "base" {
			changes[i] = "target_branch"
		}
	}
	return slices.Sorted(slices.Values(texts(changes)))
}

// target returns the pull request as what a review or a comment is on.
func (p *githubPull) target(src Source) *event.Target {
	return &event.Target{
		Kind: "merge_request", IID: int64(p.Number), Title: string(p.Title), URL: p.URL.link(),
		Author: p.User.account(src), Labels: labelNames(p.Labels), State: githubState(p.State, p.MergedAt),
		TargetBranch: string(p.Base.Ref), OpenedAt: p.Created.Time, ClosedAt: p.Closed.Time, MergedAt: p.MergedAt.Time,
	}
}

// githubState returns the state of a pull request, an issue or a discussion in the words of event.Target.
func githubState(state text, merged moment) string {
	switch {
	case !merged.IsZero():
		return "merged"
	case state == "open", state == actionClosed:
		return string(state)
	default:
		return ""
	}
}

// githubReviewEvents reads reviews. Their states are in lower case here, unlike in the forge's API.
func githubReviewEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Review struct {
			ID        id          `json:"id"`
			User      *githubUser `json:"user"`
			State     text        `json:"state"`
			URL       text        `json:"html_url"`
			Body      length      `json:"body"`
			Submitted moment      `json:"submitted_at"`
			Updated   moment      `json:"updated_at"`
		} `json:"review"`
		Pull githubPull `json:"pull_request"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	review, state := &body.Review, body.Review.State.lower()
	parts, at := []string{"review", review.ID.String()}, firstTime(review.Submitted.Time, req.ReceivedAt)
	switch {
	case body.Action == "submitted" && slices.Contains([]string{"approved", "changes_requested", "commented"}, state):
	case body.Action == "dismissed": // A review is dismissed once, and nothing says when.
		state, parts = "dismissed", append(parts, "dismissed")
		at = firstTime(review.Updated.Time, body.Pull.Updated.Time, req.ReceivedAt)
	default:
		return nil, body.unknown(req)
	}
	if review.ID == 0 || body.Pull.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the review has no id, no pull request or no repository"}
	}
	ev := body.newEvent(src, event.ReviewSubmitted, at, numbered("merge_request", body.repository(), body.Pull.Number), parts...)
	ev.URL, ev.Author, ev.State = review.URL.link(), review.User.account(src), state
	ev.BodyLength, ev.Target = int64(review.Body), body.Pull.target(src)
	return []event.Event{ev}, nil
}
