package forge

import (
	"encoding/json"
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabIssue is an issue, of a hook's own or as what a comment or a reaction is on. GitLab sends no milestone's title.
type gitlabIssue struct {
	IID          id                `json:"iid"`
	ProjectID    id                `json:"project_id"`
	AuthorID     id                `json:"author_id"`
	Title        text              `json:"title"`
	URL          text              `json:"url"`
	State        text              `json:"state"`
	Confidential bool              `json:"confidential"`
	Labels       list[gitlabLabel] `json:"labels"`
	Created      moment            `json:"created_at"`
	Updated      moment            `json:"updated_at"`
	Closed       moment            `json:"closed_at"`
	MovedTo      id                `json:"moved_to_id"`
	DuplicatedTo id                `json:"duplicated_to_id"`
}

type gitlabIssueBody struct {
	gitlabBody

	// EventType is "confidential_issue" for what is confidential.
	EventType  text              `json:"event_type"`
	Labels     list[gitlabLabel] `json:"labels"`
	Assignees  list[gitlabUser]  `json:"assignees"`
	Changes    gitlabChanges     `json:"changes"`
	Attributes struct {
		gitlabIssue

		Type text `json:"type"`
	} `json:"object_attributes"`
}

// gitlabIssueTypes are the types of work items that count as issues. They are numbered together in their project,
// opened, assigned and closed as issues are, and people call them issues. Only "Issue" comes as object_kind issue, the
// others as work_item. Epics and objectives belong to a group or to planning, test cases and requirements are closed
// by being archived: the vocabulary has no word for these.
var gitlabIssueTypes = []text{"Issue", "Incident", "Task", "Ticket"}

func gitlabIssueEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body gitlabIssueBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	issue, kind := &body.Attributes.gitlabIssue, body.Attributes.Type
	if !slices.Contains(gitlabIssueTypes, kind) && (kind != "" || head.kind() != nounIssue) { // Old servers send no type.
		return nil, head.unknown()
	}
	project := body.project(issue.ProjectID)
	if project == nil || issue.IID == 0 {
		return nil, &UnreadableError{Reason: "the issue has no number or no project"}
	}
	object := numbered(nounIssue, project.ID, issue.IID)
	events, err := body.happenings(src, req, head, object)
	if err != nil {
		return nil, err
	}
	body.describe(src, events)
	return distinct(events), nil
}

// happenings begins the events of the action.
func (b *gitlabIssueBody) happenings(src Source, req Request, head *gitlabHead, object string) ([]event.Event, error) {
	issue := &b.Attributes.gitlabIssue
	var events []event.Event
	switch at := issue.Updated; head.action() {
	case "open":
		return []event.Event{b.newEvent(src, event.IssueOpened, firstTime(issue.Created.Time, req.ReceivedAt), object, verb(event.IssueOpened))}, nil
	case "close":
		if at = (moment{firstTime(issue.Closed.Time, at.Time)}); at.IsZero() {
			return nil, errGitLabNoTime
		}
		events = append(events, b.again(src, event.IssueClosed, at, object))
		events[0].ClosedAt = at.Time
	case "reopen":
		if at.IsZero() {
			return nil, errGitLabNoTime
		}
		events = append(events, b.again(src, event.IssueReopened, at, object))
	case "update":
		if at.IsZero() {
			return nil, errGitLabNoTime
		}
		events = b.Changes.labeled(src, &b.gitlabBody, at, object, event.IssueLabeled, event.IssueUnlabeled)
		events = append(events, b.Changes.assigned(src, &b.gitlabBody, at, object, event.IssueAssigned)...)
	}
	if len(events) == 0 {
		return nil, head.unknown()
	}
	return events, nil
}

// describe adds what events on an issue say of it. They share the lists of people and labels, as those on a merge
// request do.
func (b *gitlabIssueBody) describe(src Source, events []event.Event) {
	issue, labels := &b.Attributes.gitlabIssue, b.Labels
	if labels == nil {
		labels = b.Attributes.Labels
	}
	titles, assignees := gitlabTitles(labels), gitlabAccounts(src, b.Assignees)
	author := gitlabPerson(src, issue.AuthorID, b.User, b.Assignees, b.Known)
	for i := range events {
		ev := &events[i]
		ev.URL, ev.Author, ev.Assignees, ev.Labels = issue.URL.link(), author, assignees, titles
		ev.IID, ev.Title, ev.OpenedAt = int64(issue.IID), string(issue.Title), issue.Created.Time
		ev.Confidential = issue.Confidential || b.EventType == "confidential_issue"
		ev.Private = ev.Private || ev.Confidential
		if issue.State == stateClosed && event.Carries(ev.Kind, "reason") {
			ev.ClosedAt = firstTime(issue.Closed.Time, ev.ClosedAt)
			ev.Reason = issue.reason()
		}
	}
}

// reason returns why the issue is closed; empty for no reason that GitLab notes down.
func (i *gitlabIssue) reason() string {
	switch {
	case i.MovedTo != 0:
		return "moved"
	case i.DuplicatedTo != 0:
		return "duplicated"
	default:
		return ""
	}
}

// target returns the issue as what a comment or a reaction is on.
func (i *gitlabIssue) target(src Source, actor *gitlabUser, others ...list[gitlabUser]) *event.Target {
	return &event.Target{
		Kind: nounIssue, IID: int64(i.IID), Title: string(i.Title), URL: i.URL.link(), Labels: gitlabTitles(i.Labels),
		Author: gitlabPerson(src, i.AuthorID, actor, others...), State: gitlabState(i.State), OpenedAt: i.Created.Time, ClosedAt: i.Closed.Time,
	}
}

// gitlabChange is what was there before an update, and what is there now.
type gitlabChange[T any] struct {
	Previous list[T] `json:"previous"`
	Current  list[T] `json:"current"`
}

// gitlabChanges is what an update changed.
type gitlabChanges struct {
	names     names
	Labels    gitlabChange[gitlabLabel] `json:"labels"`
	Assignees gitlabChange[gitlabUser]  `json:"assignees"`
	Reviewers gitlabChange[gitlabUser]  `json:"reviewers"`
}

// UnmarshalJSON never fails.
func (c *gitlabChanges) UnmarshalJSON(raw []byte) error {
	type fields gitlabChanges
	var read fields
	_ = json.Unmarshal(raw, &read) // What has another type stays zero.
	*c = gitlabChanges(read)
	c.names = firstNames(raw, maxItems)
	return nil
}

// labeled returns an event for each label that was put on, and for each that was taken off.
func (c *gitlabChanges) labeled(src Source, in *gitlabBody, at moment, object, on, off string) []event.Event {
	var events []event.Event
	each := func(kind string, from, to []gitlabLabel) {
		for _, label := range to {
			was := slices.ContainsFunc(from, func(other gitlabLabel) bool { return other.ID == label.ID })
			if label.ID == 0 || was {
				continue
			}
			ev := in.again(src, kind, at, object, label.ID.String())
			ev.Label = string(label.Title)
			events = append(events, ev)
		}
	}
	each(on, c.Labels.Previous, c.Labels.Current)
	each(off, c.Labels.Current, c.Labels.Previous)
	return events
}

// assigned returns an event for each person who was assigned.
func (c *gitlabChanges) assigned(src Source, in *gitlabBody, at moment, object, kind string) []event.Event {
	var events []event.Event
	for _, assignee := range gitlabAdded(c.Assignees) {
		if account := assignee.account(src); account != nil {
			ev := in.again(src, kind, at, object, account.ID)
			ev.Assignee = account
			events = append(events, ev)
		}
	}
	return events
}

// gitlabAdded returns whom a change added, or asked again.
func gitlabAdded(change gitlabChange[gitlabUser]) []gitlabUser {
	var added []gitlabUser
	for _, user := range change.Current {
		if !slices.ContainsFunc(change.Previous, func(was gitlabUser) bool {
			return was.ID == user.ID && was.ReRequested == user.ReRequested
		}) {
			added = append(added, user)
		}
	}
	return added
}

// gitlabWords are the vocabulary's words for the fields of a change; those that an update touches in passing have none.
var gitlabWords = map[text]string{
	"work_in_progress": "draft", "milestone_id": "milestone", "due_date": "due_at",
	"assignee_id": "assignees", "assignee_ids": "assignees", "reviewer_ids": "reviewers",

	"closed_at": "", "head_pipeline_id": "", "labels": "", "last_edited_at": "", "last_edited_by_id": "", "merge_commit_sha": "",
	"merge_status": "", "prepared_at": "", "relative_position": "", "state_id": "", "time_change": "", "updated_at": "", "updated_by_id": "",
}

// words returns what was changed beside what has events of its own: labels, and people who were added.
func (c *gitlabChanges) words() []string {
	var words []string
	for _, name := range texts(c.names) {
		word, known := gitlabWords[text(name)]
		if !known {
			word = name
		}
		added := word == "assignees" && gitlabOnlyAdded(c.Assignees) || word == "reviewers" && gitlabOnlyAdded(c.Reviewers)
		if word != "" && !added && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return words
}

// gitlabOnlyAdded reports whether a change of people took nobody away.
func gitlabOnlyAdded(change gitlabChange[gitlabUser]) bool {
	return len(change.Current) > 0 && !slices.ContainsFunc(change.Previous, func(was gitlabUser) bool {
		return !slices.ContainsFunc(change.Current, func(now gitlabUser) bool { return now.ID == was.ID })
	})
}
