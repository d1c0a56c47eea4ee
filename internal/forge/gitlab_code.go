package forge

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// maxGitLabCommits is how many commits GitLab lists of a push.
const maxGitLabCommits = 20

// gitlabPush is the body of "push" and "tag_push". Project hooks list commits, system hooks count them only. There is
// no time in it.
type gitlabPush struct {
	gitlabBody

	Ref      text               `json:"ref"`
	Before   text               `json:"before"`
	After    text               `json:"after"`
	UserID   id                 `json:"user_id"`
	Username text               `json:"user_username"`
	Name     text               `json:"user_name"`
	Email    text               `json:"user_email"`
	Total    int64              `json:"total_commits_count"`
	Commits  list[gitlabCommit] `json:"commits"`
}

type gitlabCommit struct {
	ID      text   `json:"id"`
	Title   text   `json:"title"`
	Message prose  `json:"message"`
	Time    moment `json:"timestamp"`
	URL     text   `json:"url"`
	Author  struct {
		Name  text `json:"name"`
		Email text `json:"email"`
	} `json:"author"`
	Added    list[text] `json:"added"`
	Removed  list[text] `json:"removed"`
	Modified list[text] `json:"modified"`
}

// read decodes the body and checks that all is there that keys are made of.
func (b *gitlabPush) read(req Request) error {
	if err := decode(req.Body, b); err != nil {
		return err
	}
	if b.project() == nil || b.Ref == "" || b.Before == "" || b.After == "" {
		return &UnreadableError{Reason: "the push has no project, no ref or no hashes"}
	}
	b.User = &gitlabUser{ID: b.UserID, Username: b.Username, Name: b.Name, Email: b.Email}
	return nil
}

// isNoHash reports whether a hash is the one of zeros that stands for nothing.
func isNoHash(hash text) bool { return strings.Trim(string(hash), "0") == "" }

// gitlabPushEvents reads pushes to branches, which may also create and delete them.
func gitlabPushEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body gitlabPush
	if err := body.read(req); err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(string(body.Ref), branchPrefix)
	if !ok || name == "" {
		return nil, head.unknown()
	}
	at, object := firstTime(req.ReceivedAt), refObject("branch", body.Project.ID, name)
	if isNoHash(body.After) {
		ev := body.newEvent(src, event.BranchDeleted, at, object, "deleted", string(body.Before))
		ev.Ref = name
		return []event.Event{ev}, nil
	}
	total := max(body.Total, int64(len(body.Commits)))
	var events []event.Event
	if isNoHash(body.Before) {
		ev := body.newEvent(src, event.BranchCreated, at, object, "created", string(body.After))
		ev.Ref = name
		events = append(events, ev)
		if total == 0 { // The branch begins at a commit that was there.
			return events, nil
		}
	}
	ev := body.newEvent(src, event.Push, at, object, "pushed", string(body.Before), string(body.After))
	ev.Ref, ev.Commits = name, total
	for _, commit := range body.Commits[:min(len(body.Commits), maxGitLabCommits)] {
		ev.Pushed = append(ev.Pushed, commit.commit(src, &body.gitlabBody))
	}
	return append(events, ev), nil
}

// commit returns the commit. The address of the project says on which forge the trailers' accounts are.
func (c *gitlabCommit) commit(src Source, in *gitlabBody) event.Commit {
	commit := newCommit(string(c.ID), c.Message, c.Time, c.URL.link(), cmp.Or(in.Project.URL.link(), src.BaseURL))
	commit.Author, commit.Message = c.author(src, in.User), withoutAddresses(commit.Message)
	commit.Added, commit.Removed = texts(c.Added), texts(c.Removed)
	commit.Paths = texts(append(append(append([]text(nil), c.Added...), c.Removed...), c.Modified...))
	return commit
}

// author returns who wrote the commit: who pushes it, if the addresses are equal or, where one of them is not shown,
// the names. Whatever a commit says is free text, so that anybody else is a name alone.
func (c *gitlabCommit) author(src Source, pusher *gitlabUser) *event.Account {
	name, address := c.Author.Name, shownAddress(c.Author.Email)
	if pusher != nil {
		other := shownAddress(pusher.Email)
		same := strings.EqualFold(address, other)
		if address == "" || other == "" {
			same = name != "" && name == pusher.Name
		}
		if account := pusher.account(src); same && account != nil {
			return account
		}
	}
	if name == "" {
		return nil
	}
	return &event.Account{Name: string(name), FromText: true}
}

// redacted is what GitLab sends instead of an address that its owner does not show.
const redacted = "[REDACTED]"

var bracketed = regexp.MustCompile(`<[^<>@\s]+@[^<>@\s]+>`)

// withoutAddresses returns a commit's message without the e-mail addresses of its trailers, except for those that
// GitLab makes up: people's own are not kept.
func withoutAddresses(message string) string {
	if !strings.Contains(message, "@") {
		return message
	}
	return bracketed.ReplaceAllStringFunc(message, func(found string) string {
		if strings.Contains(found, "@users.noreply.") {
			return found
		}
		return "<" + redacted + ">"
	})
}

// shownAddress returns an e-mail address, or "" for one that GitLab does not show.
func shownAddress(address text) string {
	if address == redacted {
		return ""
	}
	return string(address)
}

// gitlabTagEvents reads new tags. One that was deleted or moved to another commit tells nothing.
func gitlabTagEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body gitlabPush
	if err := body.read(req); err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(string(body.Ref), tagPrefix)
	switch {
	case !ok || name == "":
		return nil, head.unknown()
	case isNoHash(body.After) || !isNoHash(body.Before):
		return nil, nil
	}
	ev := body.newEvent(src, event.TagCreated, firstTime(req.ReceivedAt), refObject("tag", body.Project.ID, name), "created")
	ev.Tag = name
	return []event.Event{ev}, nil
}

// gitlabReleaseEvents reads new releases. Who made one is not sent. One that is to come out later is not ready for all.
func gitlabReleaseEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody

		Tag      text   `json:"tag"`
		Name     text   `json:"name"`
		URL      text   `json:"url"`
		Created  moment `json:"created_at"`
		Released moment `json:"released_at"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if head.action() != gitlabCreate {
		return nil, head.unknown()
	}
	project := body.project()
	if project == nil || body.Tag == "" {
		return nil, &UnreadableError{Reason: "the release has no tag or no project"}
	}
	at, later := firstTime(body.Released.Time, body.Created.Time, req.ReceivedAt), body.Released.After(req.ReceivedAt)
	if later {
		at = firstTime(body.Created.Time, req.ReceivedAt)
	}
	ev := body.newEvent(src, event.ReleasePublished, at, refObject("release", project.ID, string(body.Tag)), "published")
	ev.URL, ev.Title, ev.Tag, ev.Prerelease = body.URL.link(), string(body.Name), string(body.Tag), later
	return []event.Event{ev}, nil
}

// gitlabMilestoneEvents reads closed milestones, which are of a project or of a group. Who closed one is not sent.
func gitlabMilestoneEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody

		Group struct {
			ID   id   `json:"group_id"`
			Name text `json:"group_name"`
			Path text `json:"full_path"`
		} `json:"group"`
		Attributes struct {
			ID      id     `json:"id"`
			IID     id     `json:"iid"`
			Title   text   `json:"title"`
			Created moment `json:"created_at"`
			Updated moment `json:"updated_at"`
			Due     moment `json:"due_date"`
		} `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if head.action() != "close" {
		return nil, head.unknown()
	}
	milestone := &body.Attributes
	if milestone.ID == 0 {
		return nil, &UnreadableError{Reason: "the milestone has no id"}
	}
	if milestone.Updated.IsZero() {
		return nil, errGitLabNoTime
	}
	ev := body.again(src, event.MilestoneClosed, milestone.Updated, "milestone:"+milestone.ID.String())
	if body.Group.ID != 0 {
		ev.Group = &event.Group{ID: body.Group.ID.String(), Path: string(body.Group.Path), Name: string(body.Group.Name)}
	}
	ev.Milestone, ev.IID = string(milestone.Title), int64(milestone.IID)
	ev.OpenedAt, ev.ClosedAt, ev.DueAt = milestone.Created.Time, milestone.Updated.Time, milestone.Due.Time
	return []event.Event{ev}, nil
}

// gitlabWikiActions are the vocabulary's words for what is done to pages.
var gitlabWikiActions = map[text]string{gitlabCreate: actionCreated, "update": actionEdited, "delete": actionDeleted}

// gitlabWikiEvents reads what was done to a page of a project's wiki. There is no time in it.
func gitlabWikiEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		gitlabBody

		Attributes struct {
			Slug    text `json:"slug"`
			Title   text `json:"title"`
			URL     text `json:"url"`
			Version text `json:"version_id"`
		} `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	action, known := gitlabWikiActions[head.action()]
	if !known {
		return nil, head.unknown()
	}
	page, project := &body.Attributes, body.project()
	if project == nil || page.Slug == "" {
		return nil, &UnreadableError{Reason: "the page has no name or no project"}
	}
	ev := body.newEvent(src, event.WikiEdited, firstTime(req.ReceivedAt), refObject("wiki", project.ID, string(page.Slug)),
		action, cmp.Or(string(page.Version), digest(req)))
	ev.URL, ev.Page, ev.Title, ev.Action = page.URL.link(), string(page.Slug), string(page.Title), action
	return []event.Event{ev}, nil
}
