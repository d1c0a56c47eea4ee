package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// bitbucketRepositoryEvents reads what was done to a repository. Those that were created or deleted are told by the
// hooks of workspaces alone.
func bitbucketRepositoryEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body struct {
		bitbucketCommon

		Fork          *bitbucketRepository `json:"fork"`
		PreviousOwner *bitbucketUser       `json:"previous_owner"`
		Changes       struct {
			Name     bitbucketBefore `json:"name"`
			FullName bitbucketBefore `json:"full_name"`
		} `json:"changes"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the repository has no uuid"}
	}
	var ev event.Event
	object := "repository:" + body.repositoryID().String()
	switch {
	case action == "fork" && body.Fork.repository() == nil:
		return nil, &UnreadableError{Reason: "the fork has no uuid"}
	case action == "fork":
		ev = newEvent(src, event.ForkCreated, object, "fork", body.Fork.UUID.String())
		ev.Time, ev.Fork, ev.URL = body.Fork.Created.Time, body.Fork.repository(), body.Fork.Links.HTML.URL.link()
	case action == actionCreated:
		ev = newEvent(src, event.RepositoryCreated, object, actionCreated)
		ev.Time = body.Repository.Created.Time
	case action == actionDeleted:
		ev = newEvent(src, event.RepositoryDeleted, object, actionDeleted)
	case action == "transfer":
		ev = newEvent(src, event.RepositoryTransferred, object, "transferred", digest(req))
		ev.PathBefore = body.Repository.pathOf(body.PreviousOwner)
	case action == actionUpdated && (body.Changes.Name.Old != "" || body.Changes.FullName.Old != ""):
		ev = newEvent(src, event.RepositoryRenamed, object, "renamed", digest(req))
		ev.PathBefore = string(body.Changes.FullName.Old)
	default:
		return nil, &UnknownError{Event: "repo:" + action}
	}
	body.place(&ev, src)
	ev.Time = firstTime(ev.Time, req.ReceivedAt)
	ev.Private = ev.Private || ev.Fork != nil && isPrivate(ev.Fork)
	if event.Carries(ev.Kind, "owner") {
		ev.URL = body.Repository.Links.HTML.URL.link()
		if owner := body.Repository.Owner; owner != nil && owner.Type == "user" {
			ev.Owner = owner.account(src)
		}
	}
	return []event.Event{ev}, nil
}

// bitbucketBefore is what a field was before it was changed.
type bitbucketBefore struct {
	Old text `json:"old"`
}

// pathOf returns the path that the repository had when it was the owner's, "" where that is not known: people have
// no names that paths are made of.
func (r *bitbucketRepository) pathOf(owner *bitbucketUser) string {
	if owner == nil || owner.Username == "" || r.FullName == "" {
		return ""
	}
	return string(owner.Username) + "/" + string(r.FullName[strings.LastIndexByte(string(r.FullName), '/')+1:])
}

// bitbucketStatuses are how builds end.
var bitbucketStatuses = map[text]string{"SUCCESSFUL": statusSuccess, "FAILED": statusFailed, "STOPPED": statusCanceled}

// bitbucketStatusEvents reads how a build of a commit ended. A build is known by the commit and by the key that its
// program gave it.
func bitbucketStatusEvents(src Source, req Request, action string) ([]event.Event, error) {
	var body struct {
		bitbucketCommon

		Status struct {
			Key     text   `json:"key"`
			Name    text   `json:"name"`
			State   text   `json:"state"`
			URL     text   `json:"url"`
			Branch  text   `json:"refname"`
			Created moment `json:"created_on"`
			Updated moment `json:"updated_on"`
			Commit  struct {
				Hash textID `json:"hash"`
			} `json:"commit"`
			Links struct {
				Commit struct {
					URL text `json:"href"`
				} `json:"commit"`
			} `json:"links"`
		} `json:"commit_status"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	build := &body.Status
	hash := build.Commit.Hash.String()
	if hash == "" { // Older bodies have a link alone, which ends with it.
		hash = string(build.Links.Commit.URL[strings.LastIndexByte(string(build.Links.Commit.URL), '/')+1:])
	}
	if build.Key == "" || hash == "" || body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the commit status has no key, no commit or no repository"}
	}
	status := bitbucketStatuses[build.State]
	if status == "" {
		return nil, &UnknownError{Event: "repo:" + action, Action: string(build.State)}
	}
	object := "pipeline:" + body.repositoryID().String() + ":" + hash + ":" + string(build.Key)
	ev := newEvent(src, event.PipelineFinished, object, status)
	body.place(&ev, src)
	ev.Time = firstTime(build.Updated.Time, build.Created.Time, req.ReceivedAt)
	ev.URL, ev.Title, ev.Ref = build.URL.link(), string(build.Name), string(build.Branch)
	ev.Status, ev.OpenedAt = status, build.Created.Time
	return []event.Event{ev}, nil
}
