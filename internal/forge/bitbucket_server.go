package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// bitbucketServer speaks Bitbucket Data Center, which was Bitbucket Server, as documented at
// https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html.
type bitbucketServer struct{}

// Verify checks HMAC-SHA256 of the raw body.
func (bitbucketServer) Verify(secrets []string, req Request) error {
	return verifyHex(req, bitbucketSignature, "sha256=", secrets, req.Body)
}

func (bitbucketServer) Sign(secret string, req Request) {
	signHex(req.Header, bitbucketSignature, "sha256=", secret, req.Body)
}

// DeliveryID is new with every delivery.
func (bitbucketServer) DeliveryID(req Request) string { return headerText(req, "X-Request-Id") }

func (bitbucketServer) EventName(req Request) string { return headerText(req, bitbucketEvent) }

// Events reads the action out of the event's name: the bodies have none.
func (b bitbucketServer) Events(src Source, req Request) ([]event.Event, error) {
	name := b.EventName(req)
	if action, ok := strings.CutPrefix(name, "pr:"); ok {
		return serverPullRequestEvents(src, req, action)
	}
	if action, ok := strings.CutPrefix(name, "repo:comment:"); ok {
		return serverCommitCommentEvents(src, req, action)
	}
	switch name {
	case "diagnostics:ping":
		return nil, decode(req.Body, &struct{}{})
	case "repo:refs_changed":
		return serverPushEvents(src, req)
	case "repo:forked":
		return serverForkEvents(src, req)
	case "repo:modified":
		return serverRepositoryEvents(src, req)
	}
	if err := decode(req.Body, &struct{}{}); err != nil {
		return nil, err
	}
	return nil, &UnknownError{Event: name}
}

type serverUser struct {
	ID   id   `json:"id"`
	Name text `json:"name"`
	// DisplayName is the name of the person, Name that of the account.
	DisplayName text `json:"displayName"`
	// Type is "NORMAL", or "SERVICE" for what acts by an access token of a repository or a project.
	Type text `json:"type"`
}

func (u *serverUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	return newAccount(src, u.ID, u.Name, u.DisplayName, u.Type == "SERVICE" || strings.HasSuffix(string(u.Name), "[bot]"))
}

type serverLinks struct {
	Self list[serverLink] `json:"self"`
}

type serverLink struct {
	URL text `json:"href"`
}

func (l *serverLinks) link() string {
	if len(l.Self) == 0 {
		return ""
	}
	return l.Self[0].URL.link()
}

type serverRepository struct {
	ID       id    `json:"id"`
	Slug     text  `json:"slug"`
	Name     text  `json:"name"`
	Public   *bool `json:"public"`
	Archived bool  `json:"archived"`
	Project  struct {
		ID     id   `json:"id"`
		Key    text `json:"key"`
		Public bool `json:"public"`
		// Owner is whose personal project it is; nil for those of groups.
		Owner *serverUser `json:"owner"`
	} `json:"project"`
	// Origin is what the repository is a fork of.
	Origin *serverRepository `json:"origin"`
	Links  serverLinks       `json:"links"`
}

// path returns the full path, such as "SPACE/rocket" or "~ada/rocket".
func (r *serverRepository) path() string {
	if r.Project.Key == "" || r.Slug == "" {
		return ""
	}
	return string(r.Project.Key + "/" + r.Slug)
}

func (r *serverRepository) repository() *event.Repository {
	if r == nil || r.ID == 0 {
		return nil
	}
	visibility := ""
	switch {
	case r.Public == nil:
	case *r.Public || r.Project.Public: // All repositories of a public project are public.
		visibility = visibilityPublic
	default:
		visibility = visibilityPrivate
	}
	return &event.Repository{
		ID: r.ID.String(), Path: r.path(), Name: string(r.Name), Namespace: string(r.Project.Key),
		Visibility: visibility, Archived: r.Archived,
	}
}

// serverCommon is what every body has.
type serverCommon struct {
	Date  moment      `json:"date"`
	Actor *serverUser `json:"actor"`
}

// place sets where and when an event happened, unless that is known better already, and who did it.
func (c *serverCommon) place(ev *event.Event, src Source, req Request, repository *serverRepository) {
	ev.Repository, ev.Actor = repository.repository(), c.Actor.account(src)
	ev.Private = isPrivate(ev.Repository)
	ev.Time = firstTime(ev.Time, c.Date.Time, req.ReceivedAt)
}
