package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

type bitbucketPullRequest struct {
	ID     id             `json:"id"`
	Title  text           `json:"title"`
	State  text           `json:"state"`
	Draft  bool           `json:"draft"`
	Author *bitbucketUser `json:"author"`
	Source struct {
		Branch bitbucketName `json:"branch"`
	} `json:"source"`
	Destination struct {
		Branch bitbucketName `json:"branch"`
	} `json:"destination"`
	Reviewers    list[*bitbucketUser]       `json:"reviewers"`
	Participants list[bitbucketParticipant] `json:"participants"`
	ClosedBy     *bitbucketUser             `json:"closed_by"`
	Created      moment                     `json:"created_on"`
	Updated      moment                     `json:"updated_on"`
	Links        bitbucketLinks             `json:"links"`
}

type bitbucketParticipant struct {
	User     *bitbucketUser `json:"user"`
	Approved bool           `json:"approved"`
}

type bitbucketName struct {
	Name text `json:"name"`
}

// bitbucketVerdict is an approval, or a request for changes.
type bitbucketVerdict struct {
	Date moment         `json:"date"`
	User *bitbucketUser `json:"user"`
}

type bitbucketPullRequestBody struct {
	bitbucketCommon

	PullRequest bitbucketPullRequest `json:"pullrequest"`
	Comment     bitbucketComment     `json:"comment"`
	Approval    bitbucketVerdict     `json:"approval"`
	Changes     bitbucketVerdict     `json:"changes_request"`
}

func bitbucketPullRequestEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body bitbucketPullRequestBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	pull := &body.PullRequest
	if pull.ID == 0 || body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the pull request has no id or no repository"}
	}
	object := numbered(nounMergeRequest, body.repositoryID(), pull.ID)
	var events []event.Event
	if comment, ok := strings.CutPrefix(action, "comment_"); ok {
		if body.Comment.ID == 0 {
			return nil, &UnreadableError{Reason: "the comment has no id"}
		}
		events = body.Comment.events(src, req, comment, object, body.Actor, pull.target(src))
	} else if events = pull.changes(src, req, action, object); events == nil {
		events = bitbucketReview(src, req, &body, action, object)
	}
	if events == nil {
		return nil, &UnknownError{Event: "pullrequest:" + action}
	}
	events = distinct(events)
	for i := range events {
		body.place(&events[i], src)
		if events[i].URL == "" {
			events[i].URL = pull.Links.HTML.URL.link()
		}
	}
	return events, nil
}

// changes returns what happened to a pull request. Nothing that was declined is opened again, so that each is
// closed once. Of an update only what is there now is sent: its reviewers are told as those who were asked, each
// once, by a key without a time.
func (p *bitbucketPullRequest) changes(src Source, req Request, action, object string) []event.Event {
	var events []event.Event
	switch action {
	case actionCreated:
		ev := newEvent(src, event.MergeRequestOpened, object, "opened")
		ev.Time = p.Created.Time
		events = append(events, ev)
	case "fulfilled":
		ev := newEvent(src, event.MergeRequestMerged, object, "merged")
		ev.MergedBy = p.ClosedBy.account(src)
		ev.MergedAt = firstTime(p.Updated.Time, req.ReceivedAt)
		events = append(events, ev)
	case "rejected":
		ev := newEvent(src, event.MergeRequestClosed, object, actionClosed)
		ev.ClosedAt = firstTime(p.Updated.Time, req.ReceivedAt)
		events = append(events, ev)
	case actionUpdated:
		events = append(events, newEvent(src, event.MergeRequestUpdated, object, "updated", occurrenceOrDigest(req, p.Updated)))
	default:
		return nil
	}
	if action == actionCreated || action == actionUpdated {
		for _, reviewer := range bitbucketAccounts(src, p.Reviewers) {
			ev := newEvent(src, event.MergeRequestReviewRequested, object, "review_requested", reviewer.ID)
			ev.Reviewer = &reviewer
			events = append(events, ev)
		}
	}
	p.describe(events, src, req)
	return events
}

// describe sets what events say of the pull request. They share the lists of people.
func (p *bitbucketPullRequest) describe(events []event.Event, src Source, req Request) {
	var approved []event.Account
	for _, participant := range p.Participants {
		if account := participant.User.account(src); account != nil && participant.Approved {
			approved = append(approved, *account)
		}
	}
	reviewers := bitbucketAccounts(src, p.Reviewers)
	for i := range events {
		ev := &events[i]
		ev.Time = firstTime(ev.Time, p.Updated.Time, req.ReceivedAt)
		ev.Author, ev.Reviewers, ev.ApprovedBy = p.Author.account(src), reviewers, approved
		ev.IID, ev.Title, ev.Draft, ev.OpenedAt = int64(p.ID), string(p.Title), p.Draft, p.Created.Time
		ev.SourceBranch, ev.TargetBranch = string(p.Source.Branch.Name), string(p.Destination.Branch.Name)
	}
}

// bitbucketReviews are the states that reviews give and take back, by the actions that say so.
var bitbucketReviews = map[string]struct {
	state     string
	takenBack bool
}{
	"approved":                {stateApproved, false},
	"unapproved":              {stateApproved, true},
	"changes_request_created": {stateChangesRequested, false},
	"changes_request_removed": {stateChangesRequested, true},
}

// bitbucketReview returns a review, nil for what is none. It has no id: whoever approves again after taking an
// approval back is told of once.
func bitbucketReview(src Source, req Request, body *bitbucketPullRequestBody, action, object string) []event.Event {
	review, ok := bitbucketReviews[action]
	verdict := body.Approval
	if review.state == stateChangesRequested {
		verdict = body.Changes
	}
	reviewer := verdict.User.account(src)
	if reviewer == nil {
		reviewer = body.Actor.account(src)
	}
	if !ok || reviewer == nil {
		return nil
	}
	parts, state := []string{"review", reviewer.ID, review.state}, review.state
	if review.takenBack {
		parts, state = append(parts, stateDismissed, occurrenceOrDigest(req, verdict.Date)), stateDismissed
	}
	ev := newEvent(src, event.ReviewSubmitted, object, parts...)
	ev.Time = firstTime(verdict.Date.Time, req.ReceivedAt)
	ev.Author, ev.State, ev.Target = reviewer, state, body.PullRequest.target(src)
	return []event.Event{ev}
}

// target describes the pull request as what a review or a comment is on.
func (p *bitbucketPullRequest) target(src Source) *event.Target {
	target := &event.Target{
		Kind: nounMergeRequest, IID: int64(p.ID), Title: string(p.Title), URL: p.Links.HTML.URL.link(), Author: p.Author.account(src),
		TargetBranch: string(p.Destination.Branch.Name), OpenedAt: p.Created.Time,
	}
	switch p.State {
	case "OPEN", "DRAFT":
		target.State = stateOpen
	case "MERGED":
		target.State = stateMerged
	case "DECLINED", "SUPERSEDED":
		target.State = stateClosed
	}
	return target
}

// bitbucketAccounts returns those of the users who are there.
func bitbucketAccounts(src Source, users list[*bitbucketUser]) []event.Account {
	var accounts []event.Account
	for _, user := range users {
		if account := user.account(src); account != nil {
			accounts = append(accounts, *account)
		}
	}
	return accounts
}
