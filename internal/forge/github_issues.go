package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

// githubIssue is an issue or, in the bodies of comments, also a pull request.
type githubIssue struct {
	Number    id                `json:"number"`
	URL       text              `json:"html_url"`
	Title     text              `json:"title"`
	User      *githubUser       `json:"user"`
	State     text              `json:"state"`
	Reason    text              `json:"state_reason"`
	Labels    list[labelName]   `json:"labels"`
	Assignees list[*githubUser] `json:"assignees"`
	Milestone *githubMilestone  `json:"milestone"`
	Created   moment            `json:"created_at"`
	Updated   moment            `json:"updated_at"`
	Closed    moment            `json:"closed_at"`
	// Pull is not nil when it is a pull request.
	Pull *struct {
		Merged moment `json:"merged_at"`
	} `json:"pull_request"`
}

func githubIssueEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Issue    githubIssue `json:"issue"`
		Label    githubLabel `json:"label"`
		Assignee *githubUser `json:"assignee"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	issue := &body.Issue
	if issue.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the issue has no number or no repository"}
	}
	object := numbered("issue", body.repository(), issue.Number)
	var ev event.Event
	var err error
	switch body.Action {
	case "opened":
		ev = body.newEvent(src, event.IssueOpened, firstTime(issue.Created.Time, req.ReceivedAt), object, "opened")
	case actionClosed:
		ev, err = body.again(src, event.IssueClosed, firstTime(issue.Closed.Time, issue.Updated.Time), object)
		ev.ClosedAt = ev.Time
	case "reopened":
		ev, err = body.again(src, event.IssueReopened, issue.Updated.Time, object)
	case "labeled":
		ev, err = body.labeled(src, event.IssueLabeled, issue.Updated.Time, object, body.Label)
	case "unlabeled":
		ev, err = body.labeled(src, event.IssueUnlabeled, issue.Updated.Time, object, body.Label)
	case "assigned":
		ev, err = body.assigned(src, event.IssueAssigned, issue.Updated.Time, object, body.Assignee)
	default:
		return nil, body.unknown(req)
	}
	if err != nil {
		return nil, err
	}
	issue.describe(src, &ev)
	return []event.Event{ev}, nil
}

// describe adds what every event on an issue says of it.
func (i *githubIssue) describe(src Source, ev *event.Event) {
	ev.URL, ev.Author, ev.Assignees = i.URL.link(), i.User.account(src), githubAccounts(src, i.Assignees)
	ev.IID, ev.Title, ev.Labels, ev.Milestone = int64(i.Number), string(i.Title), labelNames(i.Labels), i.Milestone.title()
	ev.OpenedAt = i.Created.Time
	// An issue that is open again says "reopened" as its reason.
	if i.State == actionClosed && event.Carries(ev.Kind, "reason") {
		ev.Reason, ev.ClosedAt = i.Reason.lower(), firstTime(i.Closed.Time, ev.ClosedAt)
	}
}

// noun returns what the number is one of: a pull request is an issue to GitHub.
func (i *githubIssue) noun() string {
	if i.Pull != nil {
		return "merge_request"
	}
	return "issue"
}

// target returns the issue or the pull request as what a comment is on.
func (i *githubIssue) target(src Source) *event.Target {
	var merged moment
	if i.Pull != nil {
		merged = i.Pull.Merged
	}
	return &event.Target{
		Kind: i.noun(), IID: int64(i.Number), Title: string(i.Title), URL: i.URL.link(), Author: i.User.account(src),
		Labels: labelNames(i.Labels), State: githubState(i.State, merged),
		OpenedAt: i.Created.Time, ClosedAt: i.Closed.Time, MergedAt: merged.Time,
	}
}

type githubMilestone struct {
	ID      id     `json:"id"`
	Number  id     `json:"number"`
	Title   text   `json:"title"`
	URL     text   `json:"html_url"`
	Created moment `json:"created_at"`
	Updated moment `json:"updated_at"`
	Closed  moment `json:"closed_at"`
	Due     moment `json:"due_on"`
}

// title returns the milestone's title, or "" when there is none.
func (m *githubMilestone) title() string {
	if m == nil {
		return ""
	}
	return string(m.Title)
}

func githubMilestoneEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Milestone githubMilestone `json:"milestone"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Action != actionClosed {
		return nil, body.unknown(req)
	}
	milestone := &body.Milestone
	if milestone.ID == 0 {
		return nil, &UnreadableError{Reason: "the milestone has no id"}
	}
	at := firstTime(milestone.Closed.Time, milestone.Updated.Time)
	ev, err := body.again(src, event.MilestoneClosed, at, "milestone:"+milestone.ID.String())
	if err != nil {
		return nil, err
	}
	ev.URL, ev.Milestone, ev.IID = milestone.URL.link(), string(milestone.Title), int64(milestone.Number)
	ev.OpenedAt, ev.ClosedAt, ev.DueAt = milestone.Created.Time, at, milestone.Due.Time
	return []event.Event{ev}, nil
}
