package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

func giteaReleaseEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action  text `json:"action"`
		Release struct {
			Tag        text       `json:"tag_name"`
			Name       text       `json:"name"`
			URL        text       `json:"html_url"`
			Draft      bool       `json:"draft"`
			Prerelease bool       `json:"prerelease"`
			Created    moment     `json:"created_at"`
			Published  moment     `json:"published_at"`
			Author     *giteaUser `json:"author"`
		} `json:"release"`
		Repository *giteaRepository `json:"repository"`
		Sender     *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	release, repository := &body.Release, giteaRepositoryID(body.Repository)
	if repository == 0 || release.Tag == "" {
		return nil, &UnreadableError{Reason: "the release has no tag or no repository"}
	}
	if body.Action != "published" || release.Draft {
		return nil, &UnknownError{Event: "release", Action: string(body.Action)}
	}
	ev := newEvent(src, event.ReleasePublished, refObject("release", repository, string(release.Tag)), "published")
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time = firstTime(release.Published.Time, release.Created.Time, req.ReceivedAt)
	ev.URL, ev.Author = release.URL.link(), release.Author.account(src)
	ev.Title, ev.Tag, ev.Prerelease = string(release.Name), string(release.Tag), release.Prerelease
	return []event.Event{ev}, nil
}

// giteaWikiEvents reads what was done to a page. Its body has neither a version nor a time.
func giteaWikiEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action     text             `json:"action"`
		Page       text             `json:"page"`
		Repository *giteaRepository `json:"repository"`
		Sender     *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	repository := giteaRepositoryID(body.Repository)
	if repository == 0 || body.Page == "" {
		return nil, &UnreadableError{Reason: "the wiki has no page or no repository"}
	}
	switch body.Action {
	case actionCreated, actionEdited, actionDeleted:
	default:
		return nil, &UnknownError{Event: "wiki", Action: string(body.Action)}
	}
	ev := newEvent(src, event.WikiEdited, refObject("wiki", repository, string(body.Page)), string(body.Action), digest(req))
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time, ev.Page, ev.Action = firstTime(req.ReceivedAt), string(body.Page), string(body.Action)
	return []event.Event{ev}, nil
}

// giteaForkEvents reads a fork. Unlike GitHub, the forge calls the parent "forkee", and "repository" what is new.
func giteaForkEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Parent *giteaRepository `json:"forkee"`
		Fork   *giteaRepository `json:"repository"`
		Sender *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	parent, fork := giteaRepositoryID(body.Parent), giteaRepositoryID(body.Fork)
	if parent == 0 || fork == 0 {
		return nil, &UnreadableError{Reason: "the fork or its parent has no id"}
	}
	ev := newEvent(src, event.ForkCreated, "repository:"+parent.String(), "fork", fork.String())
	giteaPlace(&ev, src, body.Parent, body.Sender)
	ev.Time, ev.URL = firstTime(body.Fork.Created.Time, req.ReceivedAt), body.Fork.URL.link()
	ev.Fork = body.Fork.repository()
	ev.Private = ev.Private || isPrivate(ev.Fork)
	return []event.Event{ev}, nil
}

// giteaRepositoryEvents reads that a repository was created or deleted. It calls every owner an organisation, so
// that the owner is known to be a person only where it is the sender.
func giteaRepositoryEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action     text             `json:"action"`
		Repository *giteaRepository `json:"repository"`
		Sender     *giteaUser       `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	repository := giteaRepositoryID(body.Repository)
	if repository == 0 {
		return nil, &UnreadableError{Reason: "the repository has no id"}
	}
	var ev event.Event
	switch body.Action {
	case actionCreated:
		ev = newEvent(src, event.RepositoryCreated, "repository:"+repository.String(), actionCreated)
		ev.Time = body.Repository.Created.Time
	case actionDeleted:
		ev = newEvent(src, event.RepositoryDeleted, "repository:"+repository.String(), actionDeleted)
	default:
		return nil, &UnknownError{Event: "repository", Action: string(body.Action)}
	}
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time, ev.URL = firstTime(ev.Time, req.ReceivedAt), body.Repository.URL.link()
	if owner := body.Repository.Owner; owner != nil && body.Sender != nil && owner.ID == body.Sender.ID {
		ev.Owner = owner.account(src)
	}
	return []event.Event{ev}, nil
}
