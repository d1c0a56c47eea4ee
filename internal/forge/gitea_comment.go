package forge

import (
	"cmp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

type giteaComment struct {
	ID      id         `json:"id"`
	URL     text       `json:"html_url"`
	User    *giteaUser `json:"user"`
	Body    length     `json:"body"`
	Created moment     `json:"created_at"`
	Updated moment     `json:"updated_at"`
}

// giteaCommentEvents returns what happened to a comment, nil for what the vocabulary does not have.
func giteaCommentEvents(src Source, req Request, body *giteaIssueBody, object string, target *event.Target) []event.Event {
	var ev event.Event
	comment := &body.Comment
	part := "comment:" + comment.ID.String()
	switch body.Action {
	case actionCreated:
		ev = newEvent(src, event.CommentCreated, object, part, actionCreated)
		ev.Time = comment.Created.Time
	case actionEdited:
		ev = newEvent(src, event.CommentEdited, object, part, actionEdited, occurrenceOrDigest(req, comment.Updated))
		ev.Time = comment.Updated.Time
	case actionDeleted:
		ev = newEvent(src, event.CommentDeleted, object, part, actionDeleted)
	default:
		return nil
	}
	ev.Time = firstTime(ev.Time, req.ReceivedAt)
	ev.URL, ev.Author = comment.URL.link(), comment.User.account(src)
	ev.Target, ev.BodyLength = target, int64(comment.Body)
	return []event.Event{ev}
}

// giteaReviewEvents returns the review of a pull request. Neither it nor its time is sent: whoever approves a
// second time is told of once.
func giteaReviewEvents(src Source, req Request, body *giteaIssueBody, object string, target *event.Target) []event.Event {
	states := map[string]string{"approved": stateApproved, "rejected": stateChangesRequested, "comment": "commented"}
	word := string(body.Review.Type)
	state, reviewer := states[word[strings.LastIndexByte(word, '_')+1:]], body.Sender.account(src)
	if state == "" || reviewer == nil {
		return nil
	}
	ev := newEvent(src, event.ReviewSubmitted, object, "review", reviewer.ID, state)
	ev.Time = firstTime(body.PullRequest.Updated.Time, req.ReceivedAt)
	ev.Author, ev.State, ev.BodyLength, ev.Target = reviewer, state, int64(body.Review.Content), target
	return []event.Event{ev}
}

// giteaTarget describes what a review or a comment is on. A pull request that a comment is on comes as an issue,
// and from newer forges as itself too, which has the branch.
func giteaTarget(src Source, noun string, issue, pull *giteaIssue) *event.Target {
	target := &event.Target{
		Kind: noun, IID: int64(issue.Number), Title: string(issue.Title), URL: issue.URL.link(),
		Author: issue.User.account(src), Labels: issue.labels(), State: issue.State.lower(),
		OpenedAt: issue.Created.Time, ClosedAt: issue.Closed.Time,
	}
	if issue.Merged || issue.Pull.Merged {
		target.State = stateMerged
		target.MergedAt = cmp.Or(issue.MergedAt, issue.Pull.MergedAt).Time
	}
	if pull != nil {
		target.TargetBranch = string(pull.Base.Ref)
	}
	return target
}
