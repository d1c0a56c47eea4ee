package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// githubComment is a comment on anything. Each sort of comment has numbers of its own.
type githubComment struct {
	ID      id          `json:"id"`
	User    *githubUser `json:"user"`
	URL     text        `json:"html_url"`
	Body    length      `json:"body"`
	Commit  text        `json:"commit_id"`
	Created moment      `json:"created_at"`
	Updated moment      `json:"updated_at"`
}

// commented returns the event on a comment of the sort, which is on the object. Nothing says when a comment was
// deleted, so that this is the time of receipt.
func (b *githubBody) commented(src Source, req Request, comment *githubComment, sort, object string) (event.Event, error) {
	if comment.ID == 0 {
		return event.Event{}, &UnreadableError{Reason: "the comment has no id"}
	}
	parts := []string{sort, comment.ID.String(), string(b.Action)}
	var ev event.Event
	switch b.Action {
	case actionCreated:
		ev = b.newEvent(src, event.CommentCreated, firstTime(comment.Created.Time, req.ReceivedAt), object, parts...)
	case actionEdited:
		if comment.Updated.IsZero() {
			return ev, &UnreadableError{Reason: "it is not said when the comment was edited"}
		}
		ev = b.newEvent(src, event.CommentEdited, comment.Updated.Time, object, append(parts, occurrence(comment.Updated))...)
	case actionDeleted:
		ev = b.newEvent(src, event.CommentDeleted, firstTime(req.ReceivedAt), object, parts...)
	default:
		return ev, b.unknown(req)
	}
	ev.URL, ev.Author, ev.BodyLength = comment.URL.link(), comment.User.account(src), int64(comment.Body)
	return ev, nil
}

// githubIssueCommentEvents reads comments on issues and those on pull requests as a whole.
func githubIssueCommentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Issue   githubIssue   `json:"issue"`
		Comment githubComment `json:"comment"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Issue.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the comment is on no issue or in no repository"}
	}
	object := numbered(body.Issue.noun(), body.repository(), body.Issue.Number)
	ev, err := body.commented(src, req, &body.Comment, "comment", object)
	if err != nil {
		return nil, err
	}
	ev.Target = body.Issue.target(src)
	return []event.Event{ev}, nil
}

// githubReviewCommentEvents reads comments on the code of a pull request.
func githubReviewCommentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Pull    githubPull    `json:"pull_request"`
		Comment githubComment `json:"comment"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Pull.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the comment is on no pull request or in no repository"}
	}
	object := numbered("merge_request", body.repository(), body.Pull.Number)
	ev, err := body.commented(src, req, &body.Comment, "comment-review", object)
	if err != nil {
		return nil, err
	}
	ev.Target = body.Pull.target(src)
	return []event.Event{ev}, nil
}

// githubCommitCommentEvents reads comments on commits.
func githubCommitCommentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Comment githubComment `json:"comment"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	comment := &body.Comment
	if comment.Commit == "" || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the comment is on no commit or in no repository"}
	}
	object := "commit:" + body.repository().String() + ":" + string(comment.Commit)
	ev, err := body.commented(src, req, comment, "comment-commit", object)
	if err != nil {
		return nil, err
	}
	page, _, _ := strings.Cut(ev.URL, "#") // The comment is shown on the page of the commit.
	ev.Target = &event.Target{Kind: "commit", URL: page}
	return []event.Event{ev}, nil
}

type githubDiscussion struct {
	Number  id              `json:"number"`
	URL     text            `json:"html_url"`
	Title   text            `json:"title"`
	User    *githubUser     `json:"user"`
	State   text            `json:"state"`
	Labels  list[labelName] `json:"labels"`
	Created moment          `json:"created_at"`
	// Answered is null until somebody chooses an answer.
	Answered moment `json:"answer_chosen_at"`
}

func (d *githubDiscussion) target(src Source) *event.Target {
	return &event.Target{
		Kind: "discussion", IID: int64(d.Number), Title: string(d.Title), URL: d.URL.link(), Author: d.User.account(src),
		Labels: labelNames(d.Labels), State: githubState(d.State, moment{}), OpenedAt: d.Created.Time,
	}
}

// githubDiscussionCommentEvents reads comments on discussions, and the answers to them.
func githubDiscussionCommentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Discussion githubDiscussion `json:"discussion"`
		Comment    githubComment    `json:"comment"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Discussion.Number == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the comment is on no discussion or in no repository"}
	}
	object := numbered("discussion", body.repository(), body.Discussion.Number)
	ev, err := body.commented(src, req, &body.Comment, "comment-discussion", object)
	if err != nil {
		return nil, err
	}
	ev.Target = body.Discussion.target(src)
	return []event.Event{ev}, nil
}

// githubDiscussionEvents reads which comment was chosen as the answer.
func githubDiscussionEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Discussion githubDiscussion `json:"discussion"`
		Answer     githubComment    `json:"answer"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Action != "answered" {
		return nil, body.unknown(req)
	}
	if body.Discussion.Number == 0 || body.Answer.ID == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the answer has no id, no discussion or no repository"}
	}
	ev := body.newEvent(src, event.DiscussionAnswered, firstTime(body.Discussion.Answered.Time, req.ReceivedAt),
		numbered("discussion", body.repository(), body.Discussion.Number), "answered", body.Answer.ID.String())
	ev.URL, ev.Author, ev.Target = body.Answer.URL.link(), body.Answer.User.account(src), body.Discussion.target(src)
	return []event.Event{ev}, nil
}
