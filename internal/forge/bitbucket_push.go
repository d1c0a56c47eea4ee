package forge

import (
	"cmp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// noCommitHash stands in the key of a push to a new branch for the commit that was not there before.
const noCommitHash = "0000000000000000000000000000000000000000"

type bitbucketCommit struct {
	Hash    textID         `json:"hash"`
	Message prose          `json:"message"`
	Date    moment         `json:"date"`
	Links   bitbucketLinks `json:"links"`
	Author  struct {
		// Raw is the author as the commit has it, "Ada <ada@example.com>".
		Raw  text           `json:"raw"`
		User *bitbucketUser `json:"user"`
	} `json:"author"`
}

type bitbucketRef struct {
	// Type is "branch" or "tag".
	Type   text            `json:"type"`
	Name   text            `json:"name"`
	Target bitbucketCommit `json:"target"`
}

// is reports whether there is a branch or a tag, as the type says, with all that its events need.
func (r *bitbucketRef) is(kind text) bool {
	return r != nil && r.Type == kind && r.Name != "" && r.Target.Hash != ""
}

// bitbucketChange is what a push did to one branch or tag: New is nil when it is gone, Old when it is new.
type bitbucketChange struct {
	New     *bitbucketRef         `json:"new"`
	Old     *bitbucketRef         `json:"old"`
	Forced  bool                  `json:"forced"`
	Commits list[bitbucketCommit] `json:"commits"`
}

// bitbucketPushEvents reads a push, which may be of many branches and tags. It lists the first five commits of each
// and does not count the others.
func bitbucketPushEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		bitbucketCommon

		Push struct {
			Changes list[bitbucketChange] `json:"changes"`
		} `json:"push"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.repositoryID() == "" {
		return nil, &UnreadableError{Reason: "the push has no repository"}
	}
	var events []event.Event
	for i := range body.Push.Changes {
		events = append(events, body.Push.Changes[i].events(src, body.Repository)...)
	}
	if events == nil {
		return nil, &UnknownError{Event: "repo:push"}
	}
	events = distinct(events)
	for i := range events {
		body.place(&events[i], src)
		events[i].Time = firstTime(req.ReceivedAt)
	}
	return events, nil
}

func (c *bitbucketChange) events(src Source, repository *bitbucketRepository) []event.Event {
	id := repository.UUID
	switch {
	case c.New.is("tag") && c.Old == nil:
		ev := newEvent(src, event.TagCreated, refObject("tag", id, string(c.New.Name)), actionCreated)
		ev.Tag = string(c.New.Name)
		return []event.Event{ev}
	case c.New == nil && c.Old.is("branch"):
		ev := newEvent(src, event.BranchDeleted, refObject("branch", id, string(c.Old.Name)), actionDeleted, c.Old.Target.Hash.String())
		ev.Ref = string(c.Old.Name)
		return []event.Event{ev}
	case !c.New.is("branch") || c.Old != nil && c.Old.Target.Hash == "":
		return nil
	}
	var events []event.Event
	object, before, after := refObject("branch", id, string(c.New.Name)), noCommitHash, c.New.Target.Hash.String()
	if c.Old == nil {
		events = append(events, newEvent(src, event.BranchCreated, object, actionCreated, after))
	} else {
		before = c.Old.Target.Hash.String()
	}
	if c.Old == nil && len(c.Commits) == 0 { // The branch begins at a commit that was there.
		events[0].Ref = string(c.New.Name)
		return events
	}
	push := newEvent(src, event.Push, object, "pushed", before, after)
	push.Commits, push.Forced = int64(len(c.Commits)), c.Forced
	for i := range c.Commits {
		push.Pushed = append(push.Pushed, c.Commits[i].commit(src, repository))
	}
	events = append(events, push)
	for i := range events {
		events[i].Ref = string(c.New.Name)
	}
	return events
}

// commit describes a commit. Its author is the account whose e-mail address it has, or text that anybody may write.
func (c *bitbucketCommit) commit(src Source, in *bitbucketRepository) event.Commit {
	commit := newCommit(c.Hash.String(), c.Message, c.Date, c.Links.HTML.URL.link(), cmp.Or(in.Links.HTML.URL.link(), src.BaseURL))
	name, _, _ := strings.Cut(string(c.Author.Raw), "<")
	if commit.Author = c.Author.User.account(src); commit.Author == nil && strings.TrimSpace(name) != "" {
		commit.Author = &event.Account{Name: strings.TrimSpace(name), FromText: true}
	}
	return commit
}
