package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

type serverParticipant struct {
	User     *serverUser `json:"user"`
	Approved bool        `json:"approved"`
}

type serverRef struct {
	Name       text              `json:"displayId"`
	Repository *serverRepository `json:"repository"`
}

type serverPullRequest struct {
	ID          id                      `json:"id"`
	Title       text                    `json:"title"`
	Description text                    `json:"description"`
	State       text                    `json:"state"`
	Draft       bool                    `json:"draft"`
	Author      serverParticipant       `json:"author"`
	Reviewers   list[serverParticipant] `json:"reviewers"`
	From        serverRef               `json:"fromRef"`
	To          serverRef               `json:"toRef"`
	Created     moment                  `json:"createdDate"`
	Updated     moment                  `json:"updatedDate"`
	Closed      moment                  `json:"closedDate"`
	Links       serverLinks             `json:"links"`
}

type serverPullRequestBody struct {
	serverCommon

	PullRequest serverPullRequest `json:"pullRequest"`
	Comment     serverComment     `json:"comment"`
	// Participant is who reviewed, and PreviousStatus what that person's last word was.
	Participant    serverParticipant `json:"participant"`
	PreviousStatus text              `json:"previousStatus"`
	Added          list[*serverUser] `json:"addedReviewers"`
	// What was there before an edit; nil where nothing is said.
	PreviousTitle       *text      `json:"previousTitle"`
	PreviousDescription *text      `json:"previousDescription"`
	PreviousTarget      *serverRef `json:"previousTarget"`
	PreviousDraft       *bool      `json:"previousDraft"`
}

func serverPullRequestEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body serverPullRequestBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	pull := &body.PullRequest
	repository := pull.To.Repository
	if pull.ID == 0 || repository == nil || repository.ID == 0 {
		return nil, &UnreadableError{Reason: "the pull request has no id or no repository"}
	}
	object := numbered(nounMergeRequest, repository.ID, pull.ID)
	var events []event.Event
	if comment, ok := strings.CutPrefix(action, "comment:"); ok {
		if body.Comment.ID == 0 {
			return nil, &UnreadableError{Reason: "the comment has no id"}
		}
		events = body.Comment.events(src, req, comment, object, pull.target(src))
	} else if events = body.changes(src, req, action, object); events == nil {
		events = body.review(src, req, action, object)
	}
	if events == nil {
		return nil, &UnknownError{Event: "pr:" + action}
	}
	events = distinct(events)
	for i := range events {
		body.place(&events[i], src, req, repository)
		if events[i].URL == "" {
			events[i].URL = pull.Links.link()
		}
	}
	return events, nil
}

// changes returns what happened to a pull request, nil for what is no change of it.
func (b *serverPullRequestBody) changes(src Source, req Request, action, object string) []event.Event {
	pull, events := &b.PullRequest, []event.Event{}
	switch {
	case action == "opened":
		ev := newEvent(src, event.MergeRequestOpened, object, "opened")
		ev.Time = pull.Created.Time
		events = append(events, ev)
		for _, reviewer := range pull.Reviewers {
			events = append(events, serverReviewRequest(src, req, reviewer.User, object, pull.Created)...)
		}
	case action == "merged":
		ev := newEvent(src, event.MergeRequestMerged, object, "merged")
		ev.MergedAt = firstTime(pull.Closed.Time, b.Date.Time, req.ReceivedAt)
		ev.Time, ev.MergedBy = ev.MergedAt, b.Actor.account(src)
		events = append(events, ev)
	case action == "declined":
		events = append(events, serverClosed(src, req, object, pull.Closed))
	case action == actionDeleted && pull.State == "OPEN": // Any other was closed before.
		events = append(events, serverClosed(src, req, object, b.Date))
	case action == "modified", action == "from_ref_updated":
		ev := newEvent(src, event.MergeRequestUpdated, object, "updated", occurrenceOrDigest(req, pull.Updated))
		ev.Time, ev.Changes = pull.Updated.Time, b.changed(action)
		events = append(events, ev)
	case action == "reviewer:updated":
		for _, reviewer := range b.Added {
			events = append(events, serverReviewRequest(src, req, reviewer, object, b.Date)...)
		}
	default:
		return nil
	}
	for i := range events {
		pull.describe(&events[i], src)
	}
	return events
}

func serverClosed(src Source, req Request, object string, at moment) event.Event {
	ev := newEvent(src, event.MergeRequestClosed, object, actionClosed, occurrenceOrDigest(req, at))
	ev.Time, ev.ClosedAt = at.Time, at.Time
	return ev
}

// serverReviewRequest returns the event that somebody was asked for a review, none where nobody is named.
func serverReviewRequest(src Source, req Request, reviewer *serverUser, object string, at moment) []event.Event {
	account := reviewer.account(src)
	if account == nil {
		return nil
	}
	ev := newEvent(src, event.MergeRequestReviewRequested, object, "review_requested", account.ID, occurrenceOrDigest(req, at))
	ev.Time, ev.Reviewer = at.Time, account
	return []event.Event{ev}
}

// changed returns what an update changed, in the words of the vocabulary where it has one. The body has what was
// there before of every field, changed or not.
func (b *serverPullRequestBody) changed(action string) []string {
	if action == "from_ref_updated" {
		return []string{"commits"}
	}
	var changed []string
	if b.PreviousTitle != nil && *b.PreviousTitle != b.PullRequest.Title {
		changed = append(changed, "title")
	}
	if b.PreviousDescription != nil && *b.PreviousDescription != b.PullRequest.Description {
		changed = append(changed, "description")
	}
	if b.PreviousTarget != nil && b.PreviousTarget.Name != b.PullRequest.To.Name {
		changed = append(changed, "target_branch")
	}
	if b.PreviousDraft != nil && *b.PreviousDraft != b.PullRequest.Draft {
		changed = append(changed, "draft")
	}
	return changed
}

// describe sets what an event says of the pull request.
func (p *serverPullRequest) describe(ev *event.Event, src Source) {
	ev.Author = p.Author.User.account(src)
	for _, reviewer := range p.Reviewers {
		if account := reviewer.User.account(src); account != nil {
			ev.Reviewers = append(ev.Reviewers, *account)
			if reviewer.Approved {
				ev.ApprovedBy = append(ev.ApprovedBy, *account)
			}
		}
	}
	ev.IID, ev.Title, ev.Draft, ev.OpenedAt = int64(p.ID), string(p.Title), p.Draft, p.Created.Time
	ev.SourceBranch, ev.TargetBranch = string(p.From.Name), string(p.To.Name)
	if ev.Kind == event.MergeRequestUpdated {
		ev.ClosedAt = p.Closed.Time
	}
}

// review returns a review, nil for what is none. It has no id, so that whoever approves again after taking an
// approval back is told of once. What was taken back is the status before.
func (b *serverPullRequestBody) review(src Source, req Request, action, object string) []event.Event {
	reviewer := b.Participant.User.account(src)
	if reviewer == nil {
		reviewer = b.Actor.account(src)
	}
	var state string
	switch action {
	case "reviewer:approved":
		state = stateApproved
	case "reviewer:needs_work", "reviewer:changes_requested":
		state = stateChangesRequested
	case "reviewer:unapproved":
		if state = stateApproved; b.PreviousStatus != "" && b.PreviousStatus != "APPROVED" {
			state = stateChangesRequested
		}
	}
	if state == "" || reviewer == nil {
		return nil
	}
	parts := []string{"review", reviewer.ID, state}
	if action == "reviewer:unapproved" {
		parts, state = append(parts, stateDismissed, occurrenceOrDigest(req, b.Date)), stateDismissed
	}
	ev := newEvent(src, event.ReviewSubmitted, object, parts...)
	ev.Author, ev.State, ev.Target = reviewer, state, b.PullRequest.target(src)
	return []event.Event{ev}
}

// target describes the pull request as what a review or a comment is on.
func (p *serverPullRequest) target(src Source) *event.Target {
	target := &event.Target{
		Kind: nounMergeRequest, IID: int64(p.ID), Title: string(p.Title), URL: p.Links.link(), Author: p.Author.User.account(src),
		TargetBranch: string(p.To.Name), OpenedAt: p.Created.Time, ClosedAt: p.Closed.Time,
	}
	switch p.State {
	case "OPEN":
		target.State = stateOpen
	case "DECLINED":
		target.State = stateClosed
	case "MERGED":
		target.State, target.MergedAt = "merged", p.Closed.Time
	}
	return target
}
