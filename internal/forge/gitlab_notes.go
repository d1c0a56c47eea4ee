package forge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabNote is a comment.
type gitlabNote struct {
	ID       id     `json:"id"`
	On       text   `json:"noteable_type"`
	OnID     id     `json:"noteable_id"`
	AuthorID id     `json:"author_id"`
	Note     length `json:"note"`
	URL      text   `json:"url"`
	Commit   text   `json:"commit_id"`
	System   bool   `json:"system"`
	// Internal is what GitLab calls now what it called Confidential before.
	Internal     bool   `json:"internal"`
	Confidential bool   `json:"confidential"`
	Created      moment `json:"created_at"`
	Updated      moment `json:"updated_at"`
}

type gitlabSnippet struct {
	ID       id               `json:"id"`
	AuthorID id               `json:"author_id"`
	Title    text             `json:"title"`
	URL      text             `json:"url"`
	Level    gitlabVisibility `json:"visibility_level"`
	Created  moment           `json:"created_at"`
}

// gitlabThing is what a comment or a reaction is on: one of these.
type gitlabThing struct {
	Issue    *gitlabIssue   `json:"issue"`
	WorkItem *gitlabIssue   `json:"work_item"`
	Merge    *gitlabMerge   `json:"merge_request"`
	Snippet  *gitlabSnippet `json:"snippet"`
	// ProjectSnippet is what reactions call the snippet.
	ProjectSnippet *gitlabSnippet `json:"project_snippet"`
	Commit         *gitlabCommit  `json:"commit"`
}

// gitlabThings are the forge's words for what comments and reactions are on. There are others, such as designs and
// epics, of which hooks do not say what is in a key.
var gitlabThings = []text{"Issue", "WorkItem", "MergeRequest", "Snippet", "ProjectSnippet", "Commit"}

// found returns the object of what a comment or a reaction is on, by the forge's word for it, and the thing itself.
// The object is empty when something that it is made of is missing.
func (t *gitlabThing) found(src Source, in *gitlabBody, word text, number id, hash text) (object string, target *event.Target, hidden bool) {
	project := in.project()
	switch word {
	case "Issue", "WorkItem":
		issue := cmp.Or(t.Issue, t.WorkItem)
		if issue == nil {
			return "", nil, false
		}
		if project = in.project(issue.ProjectID); project == nil || issue.IID == 0 {
			return "", nil, false
		}
		return numbered(nounIssue, project.ID, issue.IID), issue.target(src, in.User, in.Known), issue.Confidential
	case "MergeRequest":
		if t.Merge == nil {
			return "", nil, false
		}
		if project = in.project(t.Merge.TargetID); project == nil || t.Merge.IID == 0 {
			return "", nil, false
		}
		return numbered(nounMergeRequest, project.ID, t.Merge.IID), t.Merge.target(src, in.User, in.Known), false
	case "Snippet", "ProjectSnippet":
		snippet := cmp.Or(t.Snippet, t.ProjectSnippet, &gitlabSnippet{})
		if number = cmp.Or(number, snippet.ID); number == 0 {
			return "", nil, false
		}
		return "snippet:" + number.String(), snippet.target(src, in.User, in.Known), snippet.Level != visibilityPublic
	case "Commit":
		commit := cmp.Or(t.Commit, &gitlabCommit{})
		if hash = cmp.Or(hash, commit.ID); hash == "" || project == nil {
			return "", nil, false
		}
		return refObject("commit", project.ID, string(hash)), commit.target(src, in.User), false
	}
	return "", nil, false
}

func (s *gitlabSnippet) target(src Source, actor *gitlabUser, others ...list[gitlabUser]) *event.Target {
	return &event.Target{
		Kind: "snippet", Title: string(s.Title), URL: s.URL.link(), Author: gitlabPerson(src, s.AuthorID, actor, others...), OpenedAt: s.Created.Time,
	}
}

func (c *gitlabCommit) target(src Source, actor *gitlabUser) *event.Target {
	title, _, _ := strings.Cut(string(c.Message), "\n")
	return &event.Target{
		Kind: "commit", Title: string(cmp.Or(c.Title, text(clean([]byte(title), maxText)))), URL: c.URL.link(), Author: c.author(src, actor),
	}
}

// gitlabNoteEvents reads comments. GitLab tells of those that are deleted nowhere.
func gitlabNoteEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody
		gitlabThing

		// EventType is "confidential_note" for what not everybody sees.
		EventType  text       `json:"event_type"`
		Attributes gitlabNote `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	note := &body.Attributes
	switch {
	case note.System: // GitLab writes down what was done in the manner of a comment.
		return nil, nil
	case !slices.Contains(gitlabThings, note.On):
		return nil, head.unknown()
	}
	object, target, hidden := body.found(src, &body.gitlabBody, note.On, note.OnID, note.Commit)
	if object == "" || note.ID == 0 {
		return nil, &UnreadableError{Reason: "the comment has no id, or it is not said what it is on"}
	}
	var ev event.Event
	switch parts := []string{"comment", note.ID.String()}; head.action() {
	case gitlabCreate, "": // GitLab before 16.11 tells of new comments only, and says no action.
		ev = body.newEvent(src, event.CommentCreated, firstTime(note.Created.Time, req.ReceivedAt), object, append(parts, "created")...)
	case "update":
		if note.Updated.IsZero() {
			return nil, errGitLabNoTime
		}
		ev = body.newEvent(src, event.CommentEdited, note.Updated.Time, object, append(parts, "edited", gitlabOccurrence(note.Updated))...)
	default:
		return nil, head.unknown()
	}
	ev.URL, ev.Author, ev.Target = note.URL.link(), gitlabPerson(src, note.AuthorID, body.User), target
	ev.BodyLength = int64(note.Note)
	if ev.Target.URL == "" { // A comment is shown on the page of what it is on.
		ev.Target.URL, _, _ = strings.Cut(ev.URL, "#")
	}
	// Who sees a snippet is not a question of confidence, but of its visibility.
	ev.Confidential = note.Internal || note.Confidential || body.EventType == "confidential_note" || hidden && target.Kind == nounIssue
	ev.Private = ev.Private || ev.Confidential || hidden
	return []event.Event{ev}, nil
}

// gitlabEmojiEvents reads reactions. When one was taken back, nothing says.
func gitlabEmojiEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody
		gitlabThing

		// EventType is the action, which servers before 16.8 say nowhere else.
		EventType  text        `json:"event_type"`
		Note       *gitlabNote `json:"note"`
		Attributes struct {
			ID      id     `json:"id"`
			Name    text   `json:"name"`
			On      text   `json:"awardable_type"`
			OnID    id     `json:"awardable_id"`
			URL     text   `json:"awarded_on_url"`
			Created moment `json:"created_at"`
		} `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	reaction := &body.Attributes
	if reaction.On != "Note" && !slices.Contains(gitlabThings, reaction.On) {
		return nil, head.unknown()
	}
	object, target, hidden := body.found(src, &body.gitlabBody, reaction.On, reaction.OnID, "")
	if reaction.On == "Note" && reaction.OnID != 0 {
		note := cmp.Or(body.Note, &gitlabNote{})
		_, _, hidden = body.found(src, &body.gitlabBody, note.On, note.OnID, note.Commit)
		hidden = hidden || note.Internal || note.Confidential
		object, target = "comment:"+reaction.OnID.String(), &event.Target{
			Kind: "comment", URL: note.URL.link(), Author: gitlabPerson(src, note.AuthorID, body.User), OpenedAt: note.Created.Time,
		}
	}
	if object == "" || reaction.ID == 0 {
		return nil, &UnreadableError{Reason: "the reaction has no id, or it is not said what it is on"}
	}
	kind, at := event.ReactionAdded, firstTime(reaction.Created.Time, req.ReceivedAt)
	switch cmp.Or(head.action(), body.EventType) {
	case "award":
	case "revoke":
		kind, at = event.ReactionRemoved, firstTime(req.ReceivedAt)
	default:
		return nil, head.unknown()
	}
	ev := body.newEvent(src, kind, at, object, "reaction", reaction.ID.String(), verb(kind))
	ev.URL, ev.Emoji, ev.Target = reaction.URL.link(), strings.Trim(string(reaction.Name), ":"), target
	if ev.Target.URL == "" {
		ev.Target.URL = ev.URL
	}
	ev.Private = ev.Private || hidden
	return []event.Event{ev}, nil
}
