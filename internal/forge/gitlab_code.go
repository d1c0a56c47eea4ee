package forge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

type gitlabCommit struct {
	ID       text       `json:"id"`
	Message  prose      `json:"message"`
	Time     moment     `json:"timestamp"`
	URL      text       `json:"url"`
	Added    list[text] `json:"added"`
	Modified list[text] `json:"modified"`
	Removed  list[text] `json:"removed"`
	Author   struct {
		Name  text `json:"name"`
		Email text `json:"email"`
	} `json:"author"`
}

// gitlabPush is a push to a branch or of a tag. At most 20 commits are listed, and all are counted.
type gitlabPush struct {
	gitlabPlace

	Ref      text               `json:"ref"`
	Before   text               `json:"before"`
	After    text               `json:"after"`
	Commits  list[gitlabCommit] `json:"commits"`
	Total    int64              `json:"total_commits_count"`
	UserID   id                 `json:"user_id"`
	Username text               `json:"user_username"`
	UserName text               `json:"user_name"`
	Email    text               `json:"user_email"`
}

func gitlabPushEvents(src Source, req Request) ([]event.Event, error) {
	var body gitlabPush
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	project := body.project(0)
	if project == 0 || body.Ref == "" || body.Before == "" || body.After == "" {
		return nil, &UnreadableError{Reason: "the push has no project, no ref or no commits' hashes"}
	}
	body.User = &gitlabUser{ID: body.UserID, Username: body.Username, Name: body.UserName}
	var events []event.Event
	if tag, ok := strings.CutPrefix(string(body.Ref), tagPrefix); ok {
		if noCommit(body.After) {
			return nothing, nil
		}
		ev := newEvent(src, event.TagCreated, refObject("tag", project, tag), actionCreated)
		ev.Tag = tag
		events = append(events, ev)
	}
	if name, ok := strings.CutPrefix(string(body.Ref), branchPrefix); ok {
		events = body.toBranch(src, refObject("branch", project, name), name)
	}
	for i := range events {
		body.describe(src, &events[i], 0)
		events[i].Time = firstTime(req.ReceivedAt)
	}
	return events, nil
}

// toBranch begins the events of a push to a branch, which may begin or end by it.
func (b *gitlabPush) toBranch(src Source, object, name string) []event.Event {
	var events []event.Event
	begins, ends := noCommit(b.Before), noCommit(b.After)
	if begins && !ends {
		events = append(events, newEvent(src, event.BranchCreated, object, actionCreated, string(b.After)))
	}
	if ends && !begins {
		events = append(events, newEvent(src, event.BranchDeleted, object, actionDeleted, string(b.Before)))
	}
	if !ends {
		ev := newEvent(src, event.Push, object, "pushed", string(b.Before), string(b.After))
		ev.Commits = max(b.Total, int64(len(b.Commits)))
		for i := range b.Commits {
			ev.Pushed = append(ev.Pushed, b.commit(src, &b.Commits[i]))
		}
		events = append(events, ev)
	}
	for i := range events {
		events[i].Ref = name
	}
	return events
}

// commit describes a commit. Its author is text that anybody may write; it is the pusher if it has the pusher's
// address or name.
func (b *gitlabPush) commit(src Source, c *gitlabCommit) event.Commit {
	address := src.BaseURL
	if b.Project != nil {
		address = cmp.Or(b.Project.URL.link(), address)
	}
	commit := newCommit(string(c.ID), c.Message, c.Time, c.URL.link(), address)
	commit.Paths = texts(slices.Concat[[]text](c.Added, c.Removed, c.Modified))
	commit.Added, commit.Removed = texts(c.Added), texts(c.Removed)
	sameAddress := strings.Contains(string(c.Author.Email), "@") && strings.EqualFold(string(c.Author.Email), string(b.Email))
	switch {
	case b.UserID != 0 && (sameAddress || c.Author.Name != "" && c.Author.Name == b.UserName):
		commit.Author = b.User.account(src)
	case c.Author.Name != "":
		commit.Author = &event.Account{Name: string(c.Author.Name), FromText: true}
	}
	return commit
}

func gitlabReleaseEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabPlace

		Action   text   `json:"action"`
		Name     text   `json:"name"`
		Tag      text   `json:"tag"`
		URL      text   `json:"url"`
		Created  moment `json:"created_at"`
		Released moment `json:"released_at"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.Action != gitlabCreate {
		return nil, nil
	}
	if body.Tag == "" || body.project(0) == 0 {
		return nil, &UnreadableError{Reason: "the release has no tag or no project"}
	}
	ev := newEvent(src, event.ReleasePublished, refObject("release", body.project(0), string(body.Tag)), "published")
	body.describe(src, &ev, 0)
	ev.Time = firstTime(body.Released.Time, body.Created.Time, req.ReceivedAt)
	ev.URL, ev.Title, ev.Tag = body.URL.link(), string(body.Name), string(body.Tag)
	return []event.Event{ev}, nil
}

func gitlabMilestoneEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabPlace

		Action    text         `json:"action"`
		Group     *gitlabGroup `json:"group"`
		Milestone struct {
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
	if body.Action != "close" {
		return nil, nil
	}
	milestone := &body.Milestone
	if milestone.ID == 0 {
		return nil, &UnreadableError{Reason: "the milestone has no id"}
	}
	ev := newEvent(src, event.MilestoneClosed, "milestone:"+milestone.ID.String(), actionClosed, occurrenceOrDigest(req, milestone.Updated))
	body.describe(src, &ev, 0)
	ev.Group = body.Group.group()
	ev.Time = firstTime(milestone.Updated.Time, req.ReceivedAt)
	ev.Milestone, ev.IID, ev.OpenedAt = string(milestone.Title), int64(milestone.IID), milestone.Created.Time
	ev.ClosedAt, ev.DueAt = ev.Time, milestone.Due.Time
	return []event.Event{ev}, nil
}

type gitlabGroup struct {
	ID   id   `json:"group_id"`
	Name text `json:"group_name"`
	Path text `json:"group_path"`
	Full text `json:"full_path"`
}

func (g *gitlabGroup) group() *event.Group {
	if g == nil || g.ID == 0 {
		return nil
	}
	return &event.Group{ID: g.ID.String(), Path: string(cmp.Or(g.Full, g.Path)), Name: string(g.Name)}
}

func gitlabWikiEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabPlace

		Page struct {
			Action  text `json:"action"`
			Slug    text `json:"slug"`
			Title   text `json:"title"`
			URL     text `json:"url"`
			Version text `json:"version_id"`
		} `json:"object_attributes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	action := map[text]string{gitlabCreate: actionCreated, "update": actionEdited, "delete": actionDeleted}[body.Page.Action]
	if action == "" {
		return nil, nil
	}
	page := string(cmp.Or(body.Page.Slug, body.Page.Title))
	if page == "" || body.project(0) == 0 {
		return nil, &UnreadableError{Reason: "the wiki page has no name or no project"}
	}
	version := string(body.Page.Version)
	if version == "" {
		version = digest(req)
	}
	ev := newEvent(src, event.WikiEdited, refObject("wiki", body.project(0), page), action, version)
	body.describe(src, &ev, 0)
	ev.Time, ev.URL = firstTime(req.ReceivedAt), body.Page.URL.link()
	ev.Page, ev.Title, ev.Action = page, string(body.Page.Title), action
	return []event.Event{ev}, nil
}

// gitlabEnds are the final states of pipelines and deployments.
var gitlabEnds = map[text]string{"success": statusSuccess, "failed": statusFailed, "canceled": statusCanceled, "skipped": statusSkipped}

func gitlabPipelineEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabPlace

		Pipeline struct {
			ID       id      `json:"id"`
			IID      id      `json:"iid"`
			Name     text    `json:"name"`
			Ref      text    `json:"ref"`
			Status   text    `json:"status"`
			Created  moment  `json:"created_at"`
			Finished moment  `json:"finished_at"`
			Duration seconds `json:"duration"`
			URL      text    `json:"url"`
		} `json:"object_attributes"`
		Builds list[struct {
			Runner struct {
				Tags list[text] `json:"tags"`
			} `json:"runner"`
		}] `json:"builds"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	pipeline := &body.Pipeline
	status := gitlabEnds[pipeline.Status]
	if status == "" {
		return nil, nil
	}
	if pipeline.ID == 0 {
		return nil, &UnreadableError{Reason: "the pipeline has no id"}
	}
	ev := newEvent(src, event.PipelineFinished, "pipeline:"+pipeline.ID.String(), status)
	body.describe(src, &ev, 0)
	ev.Time, ev.URL = firstTime(pipeline.Finished.Time, req.ReceivedAt), pipeline.URL.link()
	ev.IID, ev.Title, ev.Ref, ev.Status = int64(pipeline.IID), string(pipeline.Name), string(pipeline.Ref), status
	ev.OpenedAt, ev.Duration = pipeline.Created.Time, pipeline.Duration.duration()
	var tags []text
	for i := range body.Builds {
		tags = append(tags, body.Builds[i].Runner.Tags...)
	}
	ev.RunnerTags = texts(tags)
	return []event.Event{ev}, nil
}

func gitlabDeploymentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		gitlabPlace

		ID          id     `json:"deployment_id"`
		Status      text   `json:"status"`
		Changed     moment `json:"status_changed_at"`
		Environment text   `json:"environment"`
		Ref         text   `json:"ref"`
		URL         text   `json:"deployable_url"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	status := gitlabEnds[body.Status]
	if status == "" {
		return nil, nil
	}
	if body.ID == 0 {
		return nil, &UnreadableError{Reason: "the deployment has no id"}
	}
	ev := newEvent(src, event.DeploymentFinished, "deployment:"+body.ID.String(), status)
	body.describe(src, &ev, 0)
	ev.Time, ev.URL = firstTime(body.Changed.Time, req.ReceivedAt), body.URL.link()
	ev.Environment, ev.Ref, ev.Status = string(body.Environment), string(body.Ref), status
	return []event.Event{ev}, nil
}
