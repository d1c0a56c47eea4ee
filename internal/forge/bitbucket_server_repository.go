package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

type serverComment struct {
	ID      id          `json:"id"`
	Text    length      `json:"text"`
	Author  *serverUser `json:"author"`
	Created moment      `json:"createdDate"`
	Updated moment      `json:"updatedDate"`
}

// events returns what happened to the comment, nil for what the vocabulary does not have.
func (c *serverComment) events(src Source, req Request, action, object string, target *event.Target) []event.Event {
	var ev event.Event
	part := "comment:" + c.ID.String()
	switch action {
	case "added":
		ev = newEvent(src, event.CommentCreated, object, part, actionCreated)
		ev.Time = c.Created.Time
	case actionEdited:
		ev = newEvent(src, event.CommentEdited, object, part, actionEdited, occurrenceOrDigest(req, c.Updated))
		ev.Time = c.Updated.Time
	case actionDeleted:
		ev = newEvent(src, event.CommentDeleted, object, part, actionDeleted)
	default:
		return nil
	}
	ev.Author, ev.Target, ev.BodyLength = c.Author.account(src), target, int64(c.Text)
	return []event.Event{ev}
}

func serverCommitCommentEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body struct {
		serverCommon

		Repository *serverRepository `json:"repository"`
		Comment    serverComment     `json:"comment"`
		Commit     textID            `json:"commit"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.Repository.repository() == nil || body.Comment.ID == 0 || body.Commit == "" {
		return nil, &UnreadableError{Reason: "the comment has no id, no commit or no repository"}
	}
	object := numbered("commit", body.Repository.ID, body.Commit)
	events := body.Comment.events(src, req, action, object, &event.Target{Kind: "commit"})
	if events == nil {
		return nil, &UnknownError{Event: "repo:comment:" + action}
	}
	body.place(&events[0], src, req, body.Repository)
	return events, nil
}

type serverCommit struct {
	Hash    textID     `json:"id"`
	Message prose      `json:"message"`
	Author  serverUser `json:"author"`
	Time    moment     `json:"authorTimestamp"`
}

// commit describes a commit. Its author is the account whose e-mail address it has, or text that anybody may write.
func (c *serverCommit) commit(src Source) event.Commit {
	commit := newCommit(c.Hash.String(), c.Message, c.Time, "", src.BaseURL)
	if commit.Author = c.Author.account(src); commit.Author == nil && c.Author.Name != "" {
		commit.Author = &event.Account{Name: string(c.Author.Name), FromText: true}
	}
	return commit
}

// serverChange is what a push did to one branch or tag.
type serverChange struct {
	Ref struct {
		Name text `json:"displayId"`
		// Type is "BRANCH" or "TAG".
		Type text `json:"type"`
	} `json:"ref"`
	From textID `json:"fromHash"`
	To   textID `json:"toHash"`
	// Type is "ADD", "UPDATE" or "DELETE".
	Type text `json:"type"`
}

// serverPushEvents reads a push, which may be of many branches and tags. Newer servers list its last commits; whose
// they are is known where one branch was pushed alone. How many there were is never said.
func serverPushEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		serverCommon

		Repository *serverRepository  `json:"repository"`
		Changes    list[serverChange] `json:"changes"`
		Commits    list[serverCommit] `json:"commits"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.Repository.repository() == nil {
		return nil, &UnreadableError{Reason: "the push has no repository"}
	}
	commits := body.Commits
	if len(body.Changes) != 1 {
		commits = nil
	}
	var events []event.Event
	for i := range body.Changes {
		events = append(events, body.Changes[i].events(src, body.Repository.ID, commits)...)
	}
	if events == nil {
		return nil, &UnknownError{Event: "repo:refs_changed"}
	}
	events = distinct(events)
	for i := range events {
		body.place(&events[i], src, req, body.Repository)
	}
	return events, nil
}

func (c *serverChange) events(src Source, repository id, commits list[serverCommit]) []event.Event {
	name := string(c.Ref.Name)
	if name == "" || c.From == "" || c.To == "" {
		return nil
	}
	if c.Ref.Type == "TAG" && c.Type == "ADD" {
		ev := newEvent(src, event.TagCreated, refObject("tag", repository, name), actionCreated)
		ev.Tag = name
		return []event.Event{ev}
	}
	if c.Ref.Type != "BRANCH" {
		return nil
	}
	object := refObject("branch", repository, name)
	var events []event.Event
	switch c.Type {
	case "DELETE":
		events = append(events, newEvent(src, event.BranchDeleted, object, actionDeleted, c.From.String()))
	case "ADD":
		events = append(events, newEvent(src, event.BranchCreated, object, actionCreated, c.To.String()))
	}
	if c.Type == "ADD" || c.Type == "UPDATE" {
		push := newEvent(src, event.Push, object, "pushed", c.From.String(), c.To.String())
		push.Commits = int64(len(commits))
		for i := range commits {
			push.Pushed = append(push.Pushed, commits[i].commit(src))
		}
		events = append(events, push)
	}
	for i := range events {
		events[i].Ref = name
	}
	return events
}

// serverForkEvents reads a fork: its repository is what is new.
func serverForkEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		serverCommon

		Fork *serverRepository `json:"repository"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	fork := body.Fork.repository()
	if fork == nil || body.Fork.Origin.repository() == nil {
		return nil, &UnreadableError{Reason: "the fork or its origin has no id"}
	}
	ev := newEvent(src, event.ForkCreated, "repository:"+body.Fork.Origin.ID.String(), "fork", fork.ID)
	body.place(&ev, src, req, body.Fork.Origin)
	ev.URL, ev.Fork, ev.Private = body.Fork.Links.link(), fork, ev.Private || isPrivate(fork)
	return []event.Event{ev}, nil
}

// serverRepositoryEvents reads that a repository was renamed, or moved to another project.
func serverRepositoryEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		serverCommon

		Old *serverRepository `json:"old"`
		New *serverRepository `json:"new"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.Old.repository() == nil || body.New.repository() == nil {
		return nil, &UnreadableError{Reason: "the repository has no id"}
	}
	var kind string
	switch before, after := body.Old, body.New; {
	case before.Project.ID != after.Project.ID:
		kind = event.RepositoryTransferred
	case before.Slug != after.Slug || before.Name != after.Name:
		kind = event.RepositoryRenamed
	default:
		return nil, &UnknownError{Event: "repo:modified"}
	}
	ev := newEvent(src, kind, "repository:"+body.New.ID.String(), verb(kind), occurrenceOrDigest(req, body.Date))
	body.place(&ev, src, req, body.New)
	ev.URL, ev.Owner, ev.PathBefore = body.New.Links.link(), body.New.Project.Owner.account(src), body.Old.path()
	return []event.Event{ev}, nil
}
