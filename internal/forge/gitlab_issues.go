package forge

import (
	"cmp"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabIssue is an issue, or another work item.
type gitlabIssue struct {
	IID          id                `json:"iid"`
	ProjectID    id                `json:"project_id"`
	Action       text              `json:"action"`
	Type         text              `json:"type"`
	AuthorID     id                `json:"author_id"`
	Title        text              `json:"title"`
	URL          text              `json:"url"`
	State        text              `json:"state"`
	Confidential bool              `json:"confidential"`
	Labels       list[gitlabLabel] `json:"labels"`
	Created      moment            `json:"created_at"`
	Updated      moment            `json:"updated_at"`
	Closed       moment            `json:"closed_at"`
}

type gitlabIssueBody struct {
	gitlabPlace

	EventType text              `json:"event_type"`
	Labels    list[gitlabLabel] `json:"labels"`
	Assignees list[gitlabUser]  `json:"assignees"`
	Changes   gitlabChanges     `json:"changes"`
	Issue     gitlabIssue       `json:"object_attributes"`
}

// gitlabIssueEvents reads issues. Of the other work items only incidents are issues: tasks, epics, objectives and
// requirements are no word of the vocabulary.
func gitlabIssueEvents(src Source, req Request) ([]event.Event, error) {
	var body gitlabIssueBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	issue := &body.Issue
	if sort := issue.Type.lower(); sort != "" && sort != "issue" && sort != "incident" {
		return nil, nil
	}
	if issue.IID == 0 || body.project(issue.ProjectID) == 0 {
		return nil, &UnreadableError{Reason: "the issue has no number or no project"}
	}
	object := numbered(nounIssue, body.project(issue.ProjectID), issue.IID)
	events := body.happenings(src, req, object)
	labels := body.Labels
	if labels == nil {
		labels = issue.Labels
	}
	for i := range events {
		ev := &events[i]
		body.describe(src, ev, issue.ProjectID)
		ev.Confidential = issue.Confidential || body.EventType == "confidential_issue"
		ev.Private = ev.Private || ev.Confidential
		ev.URL, ev.Author = issue.URL.link(), gitlabPerson(src, issue.AuthorID, body.User, body.Assignees)
		ev.Assignees, ev.IID, ev.Title = gitlabAccounts(src, body.Assignees), int64(issue.IID), string(issue.Title)
		ev.Labels, ev.OpenedAt = gitlabTitles(labels), issue.Created.Time
		if event.Carries(ev.Kind, "closed_at") {
			ev.ClosedAt = issue.Closed.Time
		}
		ev.Time = firstTime(ev.Time, issue.Updated.Time, req.ReceivedAt)
	}
	return events, nil
}

func (b *gitlabIssueBody) happenings(src Source, req Request, object string) []event.Event {
	issue := &b.Issue
	switch issue.Action {
	case "open":
		ev := newEvent(src, event.IssueOpened, object, actionOpened)
		ev.Time = issue.Created.Time
		return []event.Event{ev}
	case "close":
		at := moment{firstTime(issue.Closed.Time, issue.Updated.Time)}
		ev := newEvent(src, event.IssueClosed, object, actionClosed, occurrenceOrDigest(req, at))
		ev.Time = at.Time
		return []event.Event{ev}
	case "reopen":
		return []event.Event{newEvent(src, event.IssueReopened, object, "reopened", occurrenceOrDigest(req, issue.Updated))}
	case "update":
		at := occurrenceOrDigest(req, issue.Updated)
		events := gitlabLabeled(src, &b.Changes, at, object, event.IssueLabeled, event.IssueUnlabeled)
		return append(events, gitlabAssigned(src, &b.Changes, at, object, event.IssueAssigned)...)
	}
	return nil
}

// gitlabNote is a comment.
type gitlabNote struct {
	ID       id     `json:"id"`
	AuthorID id     `json:"author_id"`
	Body     length `json:"note"`
	On       text   `json:"noteable_type"`
	OnID     id     `json:"noteable_id"`
	Commit   text   `json:"commit_id"`
	Action   text   `json:"action"`
	URL      text   `json:"url"`
	System   bool   `json:"system"`
	Internal bool   `json:"internal"`
	Created  moment `json:"created_at"`
	Updated  moment `json:"updated_at"`
}

// gitlabThings are what comments and reactions are on; a body has one of them.
type gitlabThings struct {
	gitlabPlace

	Merge   *gitlabMerge `json:"merge_request"`
	Issue   *gitlabIssue `json:"issue"`
	Commit  *gitlabSaved `json:"commit"`
	Snippet *gitlabSaved `json:"snippet"`
	// ProjectSnippet is what reactions call a snippet.
	ProjectSnippet *gitlabSaved `json:"project_snippet"`
	Note           *gitlabNote  `json:"note"`
}

// gitlabSaved is a commit or a snippet, as far as a comment on it says.
type gitlabSaved struct {
	ID       text   `json:"id"`
	AuthorID id     `json:"author_id"`
	Title    text   `json:"title"`
	URL      text   `json:"url"`
	Created  moment `json:"created_at"`
}

// on returns the object and the target of a comment or a reaction that is on something of the sort; "" for what the
// vocabulary has no word for.
func (b *gitlabThings) on(src Source, sort text, number id) (object string, target *event.Target, confidential bool) {
	project, snippet := b.project(0), cmp.Or(b.Snippet, b.ProjectSnippet)
	switch {
	case sort == "MergeRequest" && b.Merge != nil && b.Merge.IID != 0:
		return numbered(nounMergeRequest, cmp.Or(project, b.Merge.ProjectID), b.Merge.IID), b.Merge.target(src, b.User, nil), false
	case sort == "Issue" && b.Issue != nil && b.Issue.IID != 0:
		issue := b.Issue
		return numbered(nounIssue, cmp.Or(project, issue.ProjectID), issue.IID), &event.Target{
			Kind: nounIssue, IID: int64(issue.IID), Title: string(issue.Title), URL: issue.URL.link(), Author: gitlabPerson(src, issue.AuthorID, b.User),
			Labels: gitlabTitles(issue.Labels), State: gitlabState(issue.State), OpenedAt: issue.Created.Time, ClosedAt: issue.Closed.Time,
		}, issue.Confidential
	case sort == "Commit" && b.Commit != nil && b.Commit.ID != "":
		return refObject("commit", project, string(b.Commit.ID)),
			&event.Target{Kind: "commit", Title: string(b.Commit.Title), URL: b.Commit.URL.link()}, false
	case (sort == "Snippet" || sort == "ProjectSnippet" || sort == "PersonalSnippet") && snippet != nil && number != 0:
		return "snippet:" + number.String(), &event.Target{
			Kind: "snippet", Title: string(snippet.Title), URL: snippet.URL.link(), Author: gitlabPerson(src, snippet.AuthorID, b.User),
			OpenedAt: snippet.Created.Time,
		}, false
	}
	return "", nil, false
}

func gitlabNoteEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabThings

		EventType text       `json:"event_type"`
		Note      gitlabNote `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	note := &body.Note
	if note.System {
		return nothing, nil
	}
	if note.ID == 0 || body.project(0) == 0 && note.On != "Snippet" {
		return nil, &UnreadableError{Reason: "the comment has no id or no project"}
	}
	object, target, confidential := body.on(src, note.On, note.OnID)
	if object == "" {
		return nil, nil
	}
	var ev event.Event
	switch note.Action {
	case gitlabCreate, "": // Before GitLab 16.11, only new comments were told.
		ev = newEvent(src, event.CommentCreated, object, "comment", note.ID.String(), actionCreated)
		ev.Time = firstTime(note.Created.Time, req.ReceivedAt)
	case "update":
		ev = newEvent(src, event.CommentEdited, object, "comment", note.ID.String(), actionEdited, occurrenceOrDigest(req, note.Updated))
		ev.Time = firstTime(note.Updated.Time, req.ReceivedAt)
	default:
		return nil, nil
	}
	body.describe(src, &ev, 0)
	ev.Confidential = confidential || note.Internal || body.EventType == "confidential_note"
	ev.Private = ev.Private || ev.Confidential
	ev.URL, ev.Author, ev.BodyLength, ev.Target = note.URL.link(), gitlabPerson(src, note.AuthorID, body.User), int64(note.Body), target
	return []event.Event{ev}, nil
}

func gitlabEmojiEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabThings

		EventType text `json:"event_type"`
		Emoji     struct {
			ID      id     `json:"id"`
			Name    text   `json:"name"`
			On      text   `json:"awardable_type"`
			OnID    id     `json:"awardable_id"`
			URL     text   `json:"awarded_on_url"`
			Action  text   `json:"action"`
			Created moment `json:"created_at"`
			Updated moment `json:"updated_at"`
		} `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	emoji := &body.Emoji
	if emoji.ID == 0 {
		return nil, &UnreadableError{Reason: "the reaction has no id"}
	}
	object, target, confidential := body.on(src, emoji.On, emoji.OnID)
	if note := body.Note; emoji.On == "Note" && note != nil && note.ID != 0 {
		_, on, hidden := body.on(src, note.On, note.OnID)
		object, confidential = "comment:"+note.ID.String(), hidden || note.Internal
		target = &event.Target{Kind: "comment", URL: note.URL.link(), Author: gitlabPerson(src, note.AuthorID, body.User), OpenedAt: note.Created.Time}
		if on != nil {
			target.IID, target.Title = on.IID, on.Title
		}
	}
	if object == "" {
		return nil, nil
	}
	kind, at := event.ReactionAdded, firstTime(emoji.Created.Time, req.ReceivedAt)
	if cmp.Or(emoji.Action, body.EventType) == "revoke" {
		kind, at = event.ReactionRemoved, firstTime(req.ReceivedAt)
	}
	ev := newEvent(src, kind, object, "reaction", emoji.ID.String(), verb(kind))
	body.describe(src, &ev, 0)
	ev.Private = ev.Private || confidential
	ev.Time, ev.URL, ev.Emoji, ev.Target = at, emoji.URL.link(), string(emoji.Name), target
	return []event.Event{ev}, nil
}
