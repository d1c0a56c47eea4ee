package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

// giteaIssue is an issue or a pull request: the second has all fields of the first.
type giteaIssue struct {
	Number    id               `json:"number"`
	URL       text             `json:"html_url"`
	Title     text             `json:"title"`
	State     text             `json:"state"`
	User      *giteaUser       `json:"user"`
	Labels    list[giteaLabel] `json:"labels"`
	Assignees list[*giteaUser] `json:"assignees"`
	Milestone struct {
		Title text `json:"title"`
	} `json:"milestone"`
	Created moment `json:"created_at"`
	Updated moment `json:"updated_at"`
	Closed  moment `json:"closed_at"`

	Draft        bool             `json:"draft"`
	Reviewers    list[*giteaUser] `json:"requested_reviewers"`
	Head         branch           `json:"head"`
	Base         branch           `json:"base"`
	Merged       bool             `json:"merged"`
	MergedAt     moment           `json:"merged_at"`
	MergedBy     *giteaUser       `json:"merged_by"`
	Additions    int64            `json:"additions"`
	Deletions    int64            `json:"deletions"`
	ChangedFiles int64            `json:"changed_files"`

	// Pull is what an issue says of the pull request that it is.
	Pull struct {
		Merged   bool   `json:"merged"`
		MergedAt moment `json:"merged_at"`
	} `json:"pull_request"`
}

type giteaLabel struct {
	ID   id   `json:"id"`
	Name text `json:"name"`
}

func (i *giteaIssue) labels() []string {
	all := make([]text, len(i.Labels))
	for at, label := range i.Labels {
		all[at] = label.Name
	}
	return texts(all)
}

// giteaIssueBody is what is sent of issues, pull requests, their reviews and their comments.
type giteaIssueBody struct {
	Action      text        `json:"action"`
	Issue       *giteaIssue `json:"issue"`
	PullRequest *giteaIssue `json:"pull_request"`
	// IsPull says that the issue of a comment is a pull request.
	IsPull  bool         `json:"is_pull"`
	Comment giteaComment `json:"comment"`
	Review  struct {
		Type    text   `json:"type"`
		Content length `json:"content"`
	} `json:"review"`
	// Reviewer is who was asked for a review.
	Reviewer *giteaUser `json:"requested_reviewer"`
	// Changes has what was there before, of what an edit changed.
	Changes struct {
		Title *struct{} `json:"title"`
		Body  *struct{} `json:"body"`
		Ref   *struct{} `json:"ref"`
	} `json:"changes"`
	Repository *giteaRepository `json:"repository"`
	Sender     *giteaUser       `json:"sender"`
}

// giteaIssueEvents reads every event whose name begins with "issue" or "pull_request". The two names that come
// with a delivery say the same with more and with less detail, and one of them, pull_request_comment, means a
// comment as the finer and a review as the coarser name: the body itself says what it is of.
func giteaIssueEvents(src Source, req Request, name string) ([]event.Event, error) {
	var body giteaIssueBody
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	noun, subject := nounMergeRequest, body.PullRequest
	switch {
	case body.Issue != nil && body.Comment.ID != 0 && (body.IsPull || body.PullRequest != nil):
		subject = body.Issue
	case body.Issue != nil && body.PullRequest == nil:
		noun, subject = nounIssue, body.Issue
	}
	if subject == nil || subject.Number == 0 || giteaRepositoryID(body.Repository) == 0 {
		return nil, &UnreadableError{Reason: "the issue or pull request has no number or no repository"}
	}
	object := numbered(noun, body.Repository.ID, subject.Number)
	var events []event.Event
	switch {
	case body.Comment.ID != 0:
		events = giteaCommentEvents(src, req, &body, object, giteaTarget(src, noun, subject, body.PullRequest))
	case body.Action == "reviewed" && body.PullRequest != nil:
		events = giteaReviewEvents(src, req, &body, object, giteaTarget(src, noun, subject, subject))
	case noun == nounIssue:
		events = giteaIssueChanges(src, req, &body, object)
	default:
		events = giteaPullRequestChanges(src, req, &body, object)
	}
	if events == nil {
		return nil, &UnknownError{Event: name, Action: string(body.Action)}
	}
	events = distinct(events)
	for i := range events {
		giteaPlace(&events[i], src, body.Repository, body.Sender)
		if events[i].URL == "" {
			events[i].URL = subject.URL.link()
		}
	}
	return events, nil
}

// giteaPullRequestChanges returns what happened to a pull request, nil for what the vocabulary does not have.
func giteaPullRequestChanges(src Source, req Request, body *giteaIssueBody, object string) []event.Event {
	var one event.Event
	pull := body.PullRequest
	switch body.Action {
	case "opened":
		one = newEvent(src, event.MergeRequestOpened, object, "opened")
		one.Time = pull.Created.Time
	case actionClosed:
		if one = newEvent(src, event.MergeRequestMerged, object, "merged"); !pull.Merged {
			one = newEvent(src, event.MergeRequestClosed, object, actionClosed, occurrenceOrDigest(req, pull.Closed))
		}
		one.Time = firstTime(pull.MergedAt.Time, pull.Closed.Time)
	case "reopened":
		one = newEvent(src, event.MergeRequestReopened, object, "reopened", occurrenceOrDigest(req, pull.Updated))
	case actionEdited, "synchronized":
		one = newEvent(src, event.MergeRequestUpdated, object, "updated", occurrenceOrDigest(req, pull.Updated))
		one.Changes = body.changes()
	case "review_requested":
		reviewer := body.Reviewer.account(src)
		if reviewer == nil { // A team was asked.
			return nil
		}
		one = newEvent(src, event.MergeRequestReviewRequested, object, "review_requested", reviewer.ID)
		one.Reviewer = reviewer
	case "label_updated":
		return giteaEach(src, req, pull, giteaLabeled(src, event.MergeRequestLabeled, object, pull))
	case "assigned":
		return giteaEach(src, req, pull, giteaAssigned(src, event.MergeRequestAssigned, object, pull))
	default:
		return nil
	}
	return giteaEach(src, req, pull, []event.Event{one})
}

// giteaIssueChanges returns what happened to an issue, nil for what the vocabulary does not have.
func giteaIssueChanges(src Source, req Request, body *giteaIssueBody, object string) []event.Event {
	var one event.Event
	issue := body.Issue
	switch body.Action {
	case "opened":
		one = newEvent(src, event.IssueOpened, object, "opened")
		one.Time = issue.Created.Time
	case actionClosed:
		one = newEvent(src, event.IssueClosed, object, actionClosed, occurrenceOrDigest(req, issue.Closed))
		one.Time = issue.Closed.Time
	case "reopened":
		one = newEvent(src, event.IssueReopened, object, "reopened", occurrenceOrDigest(req, issue.Updated))
	case "label_updated":
		return giteaEach(src, req, issue, giteaLabeled(src, event.IssueLabeled, object, issue))
	case "assigned":
		return giteaEach(src, req, issue, giteaAssigned(src, event.IssueAssigned, object, issue))
	default:
		return nil
	}
	return giteaEach(src, req, issue, []event.Event{one})
}

// giteaLabeled returns an event for every label that is there now: the body does not say which of them was put on.
// Their keys have no time, so that each label of an issue is told once. Of labels taken off nothing is sent but
// that there were some.
func giteaLabeled(src Source, kind, object string, issue *giteaIssue) []event.Event {
	events := []event.Event{}
	for _, label := range issue.Labels {
		if label.ID != 0 {
			ev := newEvent(src, kind, object, "labeled", label.ID.String())
			ev.Label = string(label.Name)
			events = append(events, ev)
		}
	}
	return events
}

// giteaAssigned returns an event for everybody who is assigned now, as giteaLabeled does for labels.
func giteaAssigned(src Source, kind, object string, issue *giteaIssue) []event.Event {
	events := []event.Event{}
	for _, assignee := range giteaAccounts(src, issue.Assignees) {
		ev := newEvent(src, kind, object, "assigned", assignee.ID)
		ev.Assignee = &assignee
		events = append(events, ev)
	}
	return events
}

// giteaEach describes the issue or pull request in each of the events. They share the lists of labels and people.
func giteaEach(src Source, req Request, issue *giteaIssue, events []event.Event) []event.Event {
	labels, assignees, reviewers := issue.labels(), giteaAccounts(src, issue.Assignees), giteaAccounts(src, issue.Reviewers)
	for i := range events {
		ev := &events[i]
		ev.Time = firstTime(ev.Time, issue.Updated.Time, req.ReceivedAt)
		ev.Author, ev.Assignees = issue.User.account(src), assignees
		ev.IID, ev.Title, ev.Labels, ev.Milestone = int64(issue.Number), string(issue.Title), labels, string(issue.Milestone.Title)
		ev.OpenedAt = issue.Created.Time
		if event.Carries(ev.Kind, "closed_at") {
			ev.ClosedAt = issue.Closed.Time
		}
		if event.Carries(ev.Kind, "merged_at") && issue.Merged {
			ev.MergedAt, ev.MergedBy = issue.MergedAt.Time, issue.MergedBy.account(src)
		}
		if ev.Kind == event.MergeRequestMerged {
			ev.MergedAt = ev.Time
		}
		if event.Carries(ev.Kind, "source_branch") {
			ev.Reviewers, ev.Draft = reviewers, issue.Draft
			ev.SourceBranch, ev.TargetBranch = string(issue.Head.Ref), string(issue.Base.Ref)
			ev.Additions, ev.Deletions, ev.ChangedFiles = issue.Additions, issue.Deletions, issue.ChangedFiles
		}
	}
	return events
}

// changes returns what an update changed, in the words of the vocabulary.
func (b *giteaIssueBody) changes() []string {
	var changed []string
	if b.Changes.Title != nil {
		changed = append(changed, "title")
	}
	if b.Changes.Body != nil {
		changed = append(changed, "body")
	}
	if b.Changes.Ref != nil {
		changed = append(changed, "target_branch")
	}
	if b.Action == "synchronized" {
		changed = append(changed, "commits")
	}
	return changed
}
