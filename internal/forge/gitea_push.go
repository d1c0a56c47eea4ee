package forge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

type giteaCommit struct {
	ID      text  `json:"id"`
	Message prose `json:"message"`
	URL     text  `json:"url"`
	Author  struct {
		Name  text `json:"name"`
		Login text `json:"username"`
	} `json:"author"`
	Time     moment     `json:"timestamp"`
	Added    list[text] `json:"added"`
	Removed  list[text] `json:"removed"`
	Modified list[text] `json:"modified"`
}

// giteaPushEvents reads a push of commits or of a tag. The forge sends create and delete as well: these tell of
// branches, since a push does not tell that one was deleted. A test delivery is a push from a commit to the same one.
func giteaPushEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Ref        text              `json:"ref"`
		Before     text              `json:"before"`
		After      text              `json:"after"`
		Commits    list[giteaCommit] `json:"commits"`
		Total      int64             `json:"total_commits"`
		Repository *giteaRepository  `json:"repository"`
		Sender     *giteaUser        `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	repository := giteaRepositoryID(body.Repository)
	if repository == 0 || body.Ref == "" || body.Before == "" || body.After == "" {
		return nil, &UnreadableError{Reason: "the push has no repository, no ref or no commits' hashes"}
	}
	if body.Before == body.After {
		return nil, nil
	}
	if tag, ok := strings.CutPrefix(string(body.Ref), tagPrefix); ok && !noCommit(body.After) {
		return []event.Event{giteaTag(src, req, tag, body.Repository, body.Sender)}, nil
	}
	name, ok := strings.CutPrefix(string(body.Ref), branchPrefix)
	if !ok || noCommit(body.After) {
		return nil, &UnknownError{Event: "push"}
	}
	ev := newEvent(src, event.Push, refObject("branch", repository, name), "pushed", string(body.Before), string(body.After))
	giteaPlace(&ev, src, body.Repository, body.Sender)
	ev.Time, ev.Ref, ev.Commits = firstTime(req.ReceivedAt), name, max(body.Total, int64(len(body.Commits)))
	for i := range body.Commits {
		ev.Pushed = append(ev.Pushed, body.Commits[i].commit(src, body.Repository, body.Sender))
	}
	return []event.Event{ev}, nil
}

// commit describes a commit. Its author is text that anybody may write, to which the forge adds the login of whose
// e-mail address it is; of all accounts only the pusher's id is known.
func (c *giteaCommit) commit(src Source, in *giteaRepository, pusher *giteaUser) event.Commit {
	commit := newCommit(string(c.ID), c.Message, c.Time, c.URL.link(), cmp.Or(in.URL.link(), src.BaseURL))
	commit.Paths = texts(slices.Concat[[]text](c.Added, c.Removed, c.Modified))
	commit.Added, commit.Removed = texts(c.Added), texts(c.Removed)
	switch login, name := c.Author.Login, c.Author.Name; {
	case login != "" && pusher != nil && strings.EqualFold(string(login), string(pusher.Login)):
		commit.Author = pusher.account(src)
	case login != "" || name != "":
		commit.Author = &event.Account{Login: string(login), Name: string(name), Bot: isBot(src, login, false), FromText: login == ""}
	}
	return commit
}

// noCommit reports whether a hash is the one that stands for no commit, of whichever length.
func noCommit(hash text) bool { return strings.Trim(string(hash), "0") == "" }

func giteaTag(src Source, req Request, tag string, repository *giteaRepository, sender *giteaUser) event.Event {
	ev := newEvent(src, event.TagCreated, refObject("tag", repository.ID, tag), actionCreated)
	giteaPlace(&ev, src, repository, sender)
	ev.Time, ev.Tag = firstTime(req.ReceivedAt), tag
	return ev
}

// giteaRef is what is sent of a branch or a tag that was created or deleted.
type giteaRef struct {
	// Ref is the bare name from Gitea, and begins with refs/heads/ or refs/tags/ from Forgejo.
	Ref        text             `json:"ref"`
	Type       text             `json:"ref_type"`
	Hash       text             `json:"sha"`
	Repository *giteaRepository `json:"repository"`
	Sender     *giteaUser       `json:"sender"`
}

func readGiteaRef(req Request) (ref giteaRef, name string, err error) {
	if err := decode(jsonBody(req), &ref); err != nil {
		return ref, "", err
	}
	name = strings.TrimPrefix(strings.TrimPrefix(string(ref.Ref), branchPrefix), tagPrefix)
	if giteaRepositoryID(ref.Repository) == 0 || name == "" {
		return ref, "", &UnreadableError{Reason: "the branch or tag has no name or no repository"}
	}
	return ref, name, nil
}

func giteaCreateEvents(src Source, req Request) ([]event.Event, error) {
	ref, name, err := readGiteaRef(req)
	if err != nil {
		return nil, err
	}
	switch ref.Type {
	case "tag":
		return []event.Event{giteaTag(src, req, name, ref.Repository, ref.Sender)}, nil
	case "branch":
		hash := string(ref.Hash)
		if hash == "" {
			hash = digest(req)
		}
		return []event.Event{giteaBranch(src, req, event.BranchCreated, name, hash, &ref)}, nil
	}
	return nil, &UnknownError{Event: "create", Action: string(ref.Type)}
}

// giteaDeleteEvents tells branches alone: the vocabulary has no deleted tags.
func giteaDeleteEvents(src Source, req Request) ([]event.Event, error) {
	ref, name, err := readGiteaRef(req)
	if err != nil {
		return nil, err
	}
	if ref.Type != "branch" {
		return nil, &UnknownError{Event: "delete", Action: string(ref.Type)}
	}
	return []event.Event{giteaBranch(src, req, event.BranchDeleted, name, digest(req), &ref)}, nil
}

func giteaBranch(src Source, req Request, kind, name, occurrence string, ref *giteaRef) event.Event {
	ev := newEvent(src, kind, refObject("branch", ref.Repository.ID, name), verb(kind), occurrence)
	giteaPlace(&ev, src, ref.Repository, ref.Sender)
	ev.Time, ev.Ref = firstTime(req.ReceivedAt), name
	return ev
}
