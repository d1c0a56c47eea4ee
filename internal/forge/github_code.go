package forge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// The prefixes of the names of branches and tags.
const (
	branchPrefix = "refs/heads/"
	tagPrefix    = "refs/tags/"
)

// maxCommits is how many commits GitHub lists of a push: the most of all forges.
const maxCommits = 2048

// githubPush is the body of "push". It has no time but that of the repository. Whether a commit is "distinct", that
// is on no other branch yet, is not looked at: most commits come to the default branch from another one.
type githubPush struct {
	githubBody

	Ref     text          `json:"ref"`
	Before  text          `json:"before"`
	After   text          `json:"after"`
	Created bool          `json:"created"`
	Deleted bool          `json:"deleted"`
	Forced  bool          `json:"forced"`
	Compare text          `json:"compare"`
	Commits githubCommits `json:"commits"`
}

// githubCommits are the commits of a push, and how many there are.
type githubCommits struct {
	listed []githubCommit
	count  int64
}

// UnmarshalJSON never fails.
func (c *githubCommits) UnmarshalJSON(raw []byte) error {
	c.listed, c.count = firstItems[githubCommit](raw, maxCommits), countItems(raw)
	return nil
}

type githubCommit struct {
	ID      text   `json:"id"`
	Message prose  `json:"message"`
	Time    moment `json:"timestamp"`
	URL     text   `json:"url"`
	Author  struct {
		Name  text `json:"name"`
		Login text `json:"username"`
	} `json:"author"`
	Added    list[text] `json:"added"`
	Removed  list[text] `json:"removed"`
	Modified list[text] `json:"modified"`
}

// githubPushEvents reads pushes to branches, which may also create and delete them, and new tags.
func githubPushEvents(src Source, req Request) ([]event.Event, error) {
	var body githubPush
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.repository() == 0 || body.Ref == "" || body.Before == "" || body.After == "" {
		return nil, &UnreadableError{Reason: "the push has no repository, no ref or no hashes"}
	}
	if tag, ok := strings.CutPrefix(string(body.Ref), tagPrefix); ok && body.Created {
		return body.tagCreated(src, req, tag)
	}
	name, ok := strings.CutPrefix(string(body.Ref), branchPrefix)
	if !ok || name == "" {
		return nil, body.unknown(req)
	}
	at, object := firstTime(body.Repository.Pushed.Time, req.ReceivedAt), "branch:"+body.repository().String()+":"+name
	if body.Deleted {
		ev := body.newEvent(src, event.BranchDeleted, at, object, "deleted", string(body.Before))
		ev.Ref = name
		return []event.Event{ev}, nil
	}
	var events []event.Event
	if body.Created {
		ev := body.newEvent(src, event.BranchCreated, at, object, "created", string(body.After))
		ev.Ref, ev.URL = name, body.Compare.link()
		events = append(events, ev)
	}
	if body.Created && body.Commits.count == 0 { // The branch begins at a commit that was there.
		return events, nil
	}
	ev := body.newEvent(src, event.Push, at, object, "pushed", string(body.Before), string(body.After))
	ev.Ref, ev.URL, ev.Forced = name, body.Compare.link(), body.Forced
	ev.Commits = body.Commits.count
	for i := range body.Commits.listed {
		ev.Pushed = append(ev.Pushed, body.Commits.listed[i].commit(src, &body.githubBody))
	}
	return append(events, ev), nil
}

// commit returns the commit. The address of the repository says on which forge the trailers' accounts are.
func (c *githubCommit) commit(src Source, in *githubBody) event.Commit {
	title, _, _ := strings.Cut(string(c.Message), "\n")
	paths := slices.Concat[[]text](c.Added, c.Removed, c.Modified)
	return event.Commit{
		ID: string(c.ID), Title: clean([]byte(strings.TrimSpace(title)), maxText), Message: string(c.Message),
		Author: c.author(src, in.Sender), CoAuthors: event.ParseCoAuthors(string(c.Message), cmp.Or(in.Repository.URL.link(), src.BaseURL)),
		Time: c.Time.Time, URL: c.URL.link(), Paths: texts(paths), Added: texts(c.Added), Removed: texts(c.Removed),
	}
}

// author returns who wrote the commit. GitHub knows the login by the address in the commit, which anybody can write
// there, and says no id; only who pushes is known.
func (c *githubCommit) author(src Source, sender *githubUser) *event.Account {
	login, name := c.Author.Login, c.Author.Name
	if login != "" && sender != nil && strings.EqualFold(string(login), string(sender.Login)) {
		return sender.account(src)
	}
	if login == "" && name == "" {
		return nil
	}
	return &event.Account{Login: string(login), Name: string(name), Bot: isBot(src, login, isGitHubBot(login)), FromText: true}
}

// tagCreated returns the event of a new tag, of which both "push" and "create" tell.
func (b *githubBody) tagCreated(src Source, req Request, name string) ([]event.Event, error) {
	if name == "" || b.repository() == 0 {
		return nil, &UnreadableError{Reason: "the tag has no name or no repository"}
	}
	ev := b.newEvent(src, event.TagCreated, firstTime(b.Repository.Pushed.Time, req.ReceivedAt),
		"tag:"+b.repository().String()+":"+name, "created")
	ev.Tag = name
	return []event.Event{ev}, nil
}

// githubRef is the body of "create" and "delete": it has no hash, so that branches are told of by "push".
type githubRef struct {
	githubBody

	Ref  text `json:"ref"`
	Type text `json:"ref_type"`
}

func githubCreateEvents(src Source, req Request) ([]event.Event, error) {
	var body githubRef
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	switch body.Type {
	case "branch":
		return nil, nil
	case "tag":
		return body.tagCreated(src, req, string(body.Ref))
	default:
		return nil, body.unknown(req)
	}
}

func githubDeleteEvents(_ Source, req Request) ([]event.Event, error) {
	var body githubRef
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Type == "branch" {
		return nil, nil
	}
	return nil, body.unknown(req)
}

// githubReleaseEvents reads "published" alone: the same release may also be "created", "released" and "prereleased".
func githubReleaseEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Release struct {
			Tag        text        `json:"tag_name"`
			Name       text        `json:"name"`
			URL        text        `json:"html_url"`
			Author     *githubUser `json:"author"`
			Prerelease bool        `json:"prerelease"`
			Created    moment      `json:"created_at"`
			Published  moment      `json:"published_at"`
		} `json:"release"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Action != "published" {
		return nil, body.unknown(req)
	}
	release := &body.Release
	if release.Tag == "" || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the release has no tag or no repository"}
	}
	ev := body.newEvent(src, event.ReleasePublished, firstTime(release.Published.Time, release.Created.Time, req.ReceivedAt),
		"release:"+body.repository().String()+":"+string(release.Tag), "published")
	ev.URL, ev.Author = release.URL.link(), release.Author.account(src)
	ev.Title, ev.Tag, ev.Prerelease = string(release.Name), string(release.Tag), release.Prerelease
	return []event.Event{ev}, nil
}

type githubPage struct {
	Name   text `json:"page_name"`
	Title  text `json:"title"`
	Action text `json:"action"`
	Hash   text `json:"sha"`
	URL    text `json:"html_url"`
}

// githubWikiEvents reads the pages of a wiki that one push changed. The body has no time.
func githubWikiEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Pages list[githubPage] `json:"pages"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if len(body.Pages) == 0 || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the wiki has no pages or no repository"}
	}
	var events []event.Event
	for _, page := range body.Pages {
		action := page.Action.lower()
		if page.Name == "" || action != actionCreated && action != actionEdited && action != actionDeleted {
			continue
		}
		ev := body.newEvent(src, event.WikiEdited, firstTime(req.ReceivedAt),
			"wiki:"+body.repository().String()+":"+string(page.Name), action, cmp.Or(string(page.Hash), digest(req)))
		ev.URL, ev.Page, ev.Title, ev.Action = page.URL.link(), string(page.Name), string(page.Title), action
		if !slices.ContainsFunc(events, func(told event.Event) bool { return told.Key == ev.Key }) {
			events = append(events, ev)
		}
	}
	if len(events) == 0 {
		return nil, body.unknown(req)
	}
	return events, nil
}

// githubEnds are the words of event.Event for how workflow runs and deployments end. What GitHub counts as neither
// good nor bad does not hold anything up, as a success.
var githubEnds = map[string]string{
	"success": "success", "neutral": "success",
	"failure": "failed", "error": "failed", "timed_out": "failed", "startup_failure": "failed",
	"cancelled": "canceled", "stale": "canceled",
	"skipped": "skipped",
}

func githubWorkflowRunEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Run struct {
			ID         id     `json:"id"`
			Name       text   `json:"name"`
			URL        text   `json:"html_url"`
			Branch     text   `json:"head_branch"`
			Conclusion text   `json:"conclusion"`
			Number     id     `json:"run_number"`
			Attempt    id     `json:"run_attempt"`
			Created    moment `json:"created_at"`
			Started    moment `json:"run_started_at"`
			Updated    moment `json:"updated_at"`
		} `json:"workflow_run"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	run := &body.Run
	status := githubEnds[run.Conclusion.lower()]
	switch {
	case body.Action != "completed":
		return nil, body.unknown(req)
	case run.Conclusion == "action_required": // It waits for somebody's approval.
		return nil, nil
	case status == "":
		return nil, body.unknown(req)
	case run.ID == 0:
		return nil, &UnreadableError{Reason: "the workflow run has no id"}
	}
	attempt := max(run.Attempt, 1) // Older servers number no attempts.
	ev := body.newEvent(src, event.PipelineFinished, firstTime(run.Updated.Time, req.ReceivedAt), "pipeline:"+run.ID.String(), attempt.String(), status)
	ev.URL, ev.IID, ev.Title, ev.Ref, ev.Status = run.URL.link(), int64(run.Number), string(run.Name), string(run.Branch), status
	ev.OpenedAt, ev.Duration = run.Created.Time, between(run.Started, run.Updated)
	return []event.Event{ev}, nil
}

// githubDeploymentEvents reads the states that a deployment ends with; the others tell nothing.
func githubDeploymentEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Status struct {
			State       text   `json:"state"`
			Environment text   `json:"environment"`
			Created     moment `json:"created_at"`
		} `json:"deployment_status"`
		Deployment struct {
			ID          id     `json:"id"`
			Ref         text   `json:"ref"`
			Environment text   `json:"environment"`
			Created     moment `json:"created_at"`
		} `json:"deployment"`
		// Run is the workflow run that deployed; null when none did.
		Run struct {
			URL text `json:"html_url"`
		} `json:"workflow_run"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	status := githubEnds[body.Status.State.lower()]
	switch {
	case body.Action != actionCreated && body.Action != "": // Older servers send no action.
		return nil, body.unknown(req)
	case status == "":
		return nil, nil
	case body.Deployment.ID == 0:
		return nil, &UnreadableError{Reason: "the deployment has no id"}
	}
	ev := body.newEvent(src, event.DeploymentFinished, firstTime(body.Status.Created.Time, req.ReceivedAt),
		"deployment:"+body.Deployment.ID.String(), status)
	ev.URL, ev.Ref, ev.Status = body.Run.URL.link(), string(body.Deployment.Ref), status
	ev.Environment = string(cmp.Or(body.Status.Environment, body.Deployment.Environment))
	ev.Duration = between(body.Deployment.Created, body.Status.Created)
	return []event.Event{ev}, nil
}
