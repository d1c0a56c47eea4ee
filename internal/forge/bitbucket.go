package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// The headers that Bitbucket Cloud and Bitbucket Data Center share.
const (
	bitbucketSignature = "X-Hub-Signature"
	bitbucketEvent     = "X-Event-Key"
)

// actionUpdated is the end of the names of several events.
const actionUpdated = "updated"

// bitbucket speaks Bitbucket Cloud, as documented at
// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads. A body of more than 256 KB is never sent.
type bitbucket struct{}

// Verify checks HMAC-SHA256 of the raw body. GitHub has a header of the same name for SHA-1, which is refused here.
func (bitbucket) Verify(secrets []string, req Request) error {
	return verifyHex(req, bitbucketSignature, "sha256=", secrets, req.Body)
}

func (bitbucket) Sign(secret string, req Request) {
	signHex(req.Header, bitbucketSignature, "sha256=", secret, req.Body)
}

// DeliveryID is new with every hook that is told of an event.
func (bitbucket) DeliveryID(req Request) string { return headerText(req, "X-Request-UUID") }

func (bitbucket) EventName(req Request) string { return headerText(req, bitbucketEvent) }

// Events reads the action out of the event's name: the bodies have none.
func (b bitbucket) Events(src Source, req Request) ([]event.Event, error) {
	name := b.EventName(req)
	family, action, _ := strings.Cut(name, ":")
	switch {
	case family == "pullrequest":
		return bitbucketPullRequestEvents(src, req, action)
	case family == "issue":
		return bitbucketIssueEvents(src, req, action)
	case name == "repo:push":
		return bitbucketPushEvents(src, req)
	case name == "repo:commit_comment_created":
		return bitbucketCommitCommentEvents(src, req)
	case name == "repo:commit_status_created", name == "repo:commit_status_updated":
		return bitbucketStatusEvents(src, req, action)
	case family == "repo":
		return bitbucketRepositoryEvents(src, req, action)
	}
	if err := decode(req.Body, &struct{}{}); err != nil {
		return nil, err
	}
	return nil, &UnknownError{Event: name}
}

// bitbucketUser is known by its uuid. Since logins are private, there are two immutable ids, and only people
// have the other one, account_id: workspaces and apps, which may own and push too, have the uuid alone, and so
// has everybody in every body and in every answer of the API.
type bitbucketUser struct {
	UUID     textID `json:"uuid"`
	Nickname text   `json:"nickname"`
	Username text   `json:"username"`
	Name     text   `json:"display_name"`
	// Type is "user", "team" or "app_user": what acts by the token of a repository, a project or a workspace.
	Type text `json:"type"`
}

// account returns the account, or nil. The nickname is what people are called; what has no nickname has a username.
func (u *bitbucketUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	login := u.Nickname
	if login == "" {
		login = u.Username
	}
	return newTextAccount(src, u.UUID, login, u.Name, u.Type == "app_user" || strings.HasSuffix(string(login), "[bot]"))
}

type bitbucketLinks struct {
	HTML struct {
		URL text `json:"href"`
	} `json:"html"`
}

type bitbucketRepository struct {
	UUID     textID         `json:"uuid"`
	FullName text           `json:"full_name"`
	Name     text           `json:"name"`
	Private  *bool          `json:"is_private"`
	Language text           `json:"language"`
	Owner    *bitbucketUser `json:"owner"`
	Links    bitbucketLinks `json:"links"`
	Main     struct {
		Name text `json:"name"`
	} `json:"mainbranch"`
	Created moment `json:"created_on"`
}

func (r *bitbucketRepository) repository() *event.Repository {
	if r == nil || r.UUID == "" {
		return nil
	}
	visibility := ""
	if r.Private != nil {
		visibility = visibilityPublic
		if *r.Private {
			visibility = visibilityPrivate
		}
	}
	return &event.Repository{
		ID: r.UUID.String(), Path: string(r.FullName), Name: string(r.Name), Namespace: parentPath(r.FullName),
		DefaultBranch: string(r.Main.Name), Visibility: visibility, Language: string(r.Language),
	}
}

// bitbucketCommon is what every body has.
type bitbucketCommon struct {
	Actor      *bitbucketUser       `json:"actor"`
	Repository *bitbucketRepository `json:"repository"`
}

// place sets where an event happened and who did it.
func (c *bitbucketCommon) place(ev *event.Event, src Source) {
	ev.Repository, ev.Actor = c.Repository.repository(), c.Actor.account(src)
	ev.Private = isPrivate(ev.Repository)
}

// repositoryID returns the id of the repository, or "" when there is none.
func (c *bitbucketCommon) repositoryID() textID {
	if c.Repository == nil {
		return ""
	}
	return c.Repository.UUID
}
