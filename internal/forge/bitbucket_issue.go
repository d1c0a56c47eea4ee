package forge

import (
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
)

type bitbucketIssue struct {
	ID        id             `json:"id"`
	Title     text           `json:"title"`
	State     text           `json:"state"`
	Reporter  *bitbucketUser `json:"reporter"`
	Assignee  *bitbucketUser `json:"assignee"`
	Milestone bitbucketName  `json:"milestone"`
	Created   moment         `json:"created_on"`
	Updated   moment         `json:"updated_on"`
	Links     bitbucketLinks `json:"links"`
}

// bitbucketOpen are the states of issues that somebody still has to do something about.
var bitbucketOpen = []text{"new", "open", "on hold", "submitted"}

func bitbucketIssueEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body struct {
		bitbucketCommon

		Issue   bitbucketIssue   `json:"issue"`
		Comment bitbucketComment `json:"comment"`
		Changes struct {
			Status struct {
				Old text `json:"old"`
				New text `json:"new"`
			} `json:"status"`
		} `json:"changes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	issue, before, after := &body.Issue, body.Changes.Status.Old, body.Changes.Status.New
	if issue.ID == 0 || body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the issue has no id or no repository"}
	}
	object := numbered(nounIssue, body.repositoryID(), issue.ID)
	wasOpen, isOpen := slices.Contains(bitbucketOpen, before), slices.Contains(bitbucketOpen, after)
	var events []event.Event
	switch {
	case action == actionCreated:
		ev := newEvent(src, event.IssueOpened, object, "opened")
		ev.Time = issue.Created.Time
		events = []event.Event{ev}
	case action == actionUpdated && after != "" && wasOpen && !isOpen:
		ev := newEvent(src, event.IssueClosed, object, actionClosed, occurrenceOrDigest(req, issue.Updated))
		ev.ClosedAt, ev.Reason = issue.Updated.Time, string(after)
		events = []event.Event{ev}
	case action == actionUpdated && before != "" && !wasOpen && isOpen:
		events = []event.Event{newEvent(src, event.IssueReopened, object, "reopened", occurrenceOrDigest(req, issue.Updated))}
	}
	for i := range events {
		issue.describe(&events[i], src, req)
	}
	// Whoever changes an issue may say why: that comment comes with the change.
	if body.Comment.ID != 0 && (action == "comment_created" || action == actionUpdated && body.Comment.Content.Raw > 0) {
		events = append(events, body.Comment.events(src, req, actionCreated, object, body.Actor, issue.target(src))...)
	}
	if events == nil {
		return nil, &UnknownError{Event: "issue:" + action}
	}
	for i := range events {
		body.place(&events[i], src)
		if events[i].URL == "" {
			events[i].URL = issue.Links.HTML.URL.link()
		}
	}
	return events, nil
}

// describe sets what an event says of the issue.
func (i *bitbucketIssue) describe(ev *event.Event, src Source, req Request) {
	ev.Time = firstTime(ev.Time, i.Updated.Time, req.ReceivedAt)
	ev.Author, ev.Assignees = i.Reporter.account(src), bitbucketAccounts(src, list[*bitbucketUser]{i.Assignee})
	ev.IID, ev.Title, ev.Milestone, ev.OpenedAt = int64(i.ID), string(i.Title), string(i.Milestone.Name), i.Created.Time
}

// target describes the issue as what a comment is on.
func (i *bitbucketIssue) target(src Source) *event.Target {
	target := &event.Target{
		Kind: nounIssue, IID: int64(i.ID), Title: string(i.Title), URL: i.Links.HTML.URL.link(),
		Author: i.Reporter.account(src), OpenedAt: i.Created.Time,
	}
	if i.State != "" {
		target.State = stateClosed
		if slices.Contains(bitbucketOpen, i.State) {
			target.State = stateOpen
		}
	}
	return target
}

type bitbucketComment struct {
	ID      id             `json:"id"`
	User    *bitbucketUser `json:"user"`
	Content struct {
		Raw length `json:"raw"`
	} `json:"content"`
	Created moment         `json:"created_on"`
	Updated moment         `json:"updated_on"`
	Links   bitbucketLinks `json:"links"`
}

// events returns what happened to the comment, nil for what the vocabulary does not have. Older bodies do not name
// who wrote it, which is known of a new one alone.
func (c *bitbucketComment) events(src Source, req Request, action, object string, actor *bitbucketUser, target *event.Target) []event.Event {
	var ev event.Event
	part, author := "comment:"+c.ID.String(), c.User.account(src)
	switch action {
	case actionCreated:
		ev = newEvent(src, event.CommentCreated, object, part, actionCreated)
		ev.Time = c.Created.Time
		if author == nil {
			author = actor.account(src)
		}
	case "updated":
		ev = newEvent(src, event.CommentEdited, object, part, actionEdited, occurrenceOrDigest(req, c.Updated))
		ev.Time = c.Updated.Time
	case actionDeleted:
		ev = newEvent(src, event.CommentDeleted, object, part, actionDeleted)
	default:
		return nil
	}
	ev.Time = firstTime(ev.Time, req.ReceivedAt)
	ev.URL, ev.Author = c.Links.HTML.URL.link(), author
	ev.Target, ev.BodyLength = target, int64(c.Content.Raw)
	return []event.Event{ev}
}

func bitbucketCommitCommentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		bitbucketCommon

		Comment bitbucketComment `json:"comment"`
		Commit  struct {
			Hash  textID         `json:"hash"`
			Links bitbucketLinks `json:"links"`
		} `json:"commit"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.Comment.ID == 0 || body.Commit.Hash == "" || body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the comment has no id, no commit or no repository"}
	}
	target := &event.Target{Kind: "commit", URL: body.Commit.Links.HTML.URL.link()}
	object := numbered("commit", body.repositoryID(), body.Commit.Hash)
	events := body.Comment.events(src, req, actionCreated, object, body.Actor, target)
	body.place(&events[0], src)
	return events, nil
}
