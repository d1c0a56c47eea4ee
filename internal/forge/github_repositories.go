package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

// githubRepositoryEvents reads what happens to a repository as a whole.
func githubRepositoryEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Changes githubRepositoryChanges `json:"changes"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	kinds := map[text]string{
		actionCreated: event.RepositoryCreated, "archived": event.RepositoryArchived, "renamed": event.RepositoryRenamed,
		"transferred": event.RepositoryTransferred, actionDeleted: event.RepositoryDeleted,
	}
	kind, ok := kinds[body.Action]
	if !ok {
		return nil, body.unknown(req)
	}
	if body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the repository has no id"}
	}
	at, parts := firstTime(body.Repository.Updated.Time, req.ReceivedAt), []string{verb(kind)}
	switch kind {
	case event.RepositoryCreated:
		at = firstTime(body.Repository.Created.Time, req.ReceivedAt)
	case event.RepositoryDeleted:
		at = firstTime(req.ReceivedAt)
	default:
		again := githubOccurrence(req)
		if !body.Repository.Updated.IsZero() {
			again = occurrence(body.Repository.Updated)
		}
		parts = append(parts, again)
	}
	ev := body.newEvent(src, kind, at, "repository:"+body.repository().String(), parts...)
	ev.URL, ev.Owner = body.Repository.URL.link(), body.Repository.Owner.person(src)
	if event.Carries(kind, "path_before") {
		ev.PathBefore = body.Changes.pathBefore(body.Repository)
	}
	return []event.Event{ev}, nil
}

// githubRepositoryChanges says what a repository was called and whose it was, whichever has changed.
type githubRepositoryChanges struct {
	Repository struct {
		Name struct {
			From text `json:"from"`
		} `json:"name"`
	} `json:"repository"`
	Owner struct {
		From struct {
			User         *githubUser `json:"user"`
			Organization *githubUser `json:"organization"`
		} `json:"from"`
	} `json:"owner"`
}

// pathBefore returns the full path until now; empty when it is not said.
func (c *githubRepositoryChanges) pathBefore(now *githubRepository) string {
	owner, name := parentPath(now.FullName), string(now.Name)
	before := c.Owner.From.User
	if before == nil {
		before = c.Owner.From.Organization
	}
	if before != nil {
		owner = string(before.Login)
	}
	if c.Repository.Name.From != "" {
		name = string(c.Repository.Name.From)
	}
	if path := owner + "/" + name; owner != "" && name != "" && path != string(now.FullName) {
		return path
	}
	return ""
}

// githubForkEvents reads new forks: the event is in the repository that was forked.
func githubForkEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Fork *githubRepository `json:"forkee"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	fork := body.Fork.repository()
	if fork == nil || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the fork or its parent has no id"}
	}
	ev := body.newEvent(src, event.ForkCreated, firstTime(body.Fork.Created.Time, req.ReceivedAt),
		"repository:"+body.repository().String(), "fork", fork.ID)
	ev.URL, ev.Fork = body.Fork.URL.link(), fork
	return []event.Event{ev}, nil
}

// githubStarEvents reads stars that are given and taken back; when they are taken back, nothing says.
func githubStarEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Starred moment `json:"starred_at"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	var kind string
	switch body.Action {
	case actionCreated:
		kind = event.StarAdded
	case actionDeleted:
		kind = event.StarRemoved
	default:
		return nil, body.unknown(req)
	}
	giver := body.Sender.account(src)
	if giver == nil || body.repository() == 0 {
		return nil, &UnreadableError{Reason: "the star is from nobody or of no repository"}
	}
	ev := body.newEvent(src, kind, firstTime(body.Starred.Time, req.ReceivedAt),
		"repository:"+body.repository().String(), "star", giver.ID, verb(kind))
	ev.URL = body.Repository.URL.link()
	return []event.Event{ev}, nil
}
