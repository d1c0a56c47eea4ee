package forge

import (
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitea speaks Gitea and Forgejo, whose payloads are the same; the headers begin with header.
// Both send the headers of GitHub, Gogs and (Forgejo) Gitea as well, which are never looked at.
type gitea struct{ header string }

// signed returns what the signature covers: the raw body, but of a form the value of the payload
// field alone.
func (gitea) signed(req Request) []byte { return jsonBody(req) }

// Verify checks HMAC-SHA256 in bare hex. Without a configured secret Gitea sends an empty header,
// which is refused like a missing one.
func (g gitea) Verify(secrets []string, req Request) error {
	return verifyHex(req, g.header+"Signature", "", secrets, g.signed(req))
}

func (g gitea) Sign(secret string, req Request) {
	signHex(req.Header, g.header+"Signature", "", secret, g.signed(req))
}

// DeliveryID is new with every delivery, also with every hook and redelivery of one event.
func (g gitea) DeliveryID(req Request) string { return headerText(req, g.header+"Delivery") }

// EventName prefers the finer of the two names that are sent.
func (g gitea) EventName(req Request) string {
	if name := headerText(req, g.header+"Event-Type"); name != "" {
		return name
	}
	return headerText(req, g.header+"Event")
}

// giteaReaders read the events that are not of an issue or a pull request, by their names.
var giteaReaders = map[string]func(Source, Request) ([]event.Event, error){
	"push":               giteaPushEvents,
	"create":             giteaCreateEvents,
	"delete":             giteaDeleteEvents,
	"release":            giteaReleaseEvents,
	"wiki":               giteaWikiEvents,
	"fork":               giteaForkEvents,
	"repository":         giteaRepositoryEvents,
	"status":             giteaStatusEvents,
	"workflow_run":       giteaWorkflowRunEvents,
	"action_run_success": giteaActionRunEvents,
	"action_run_recover": giteaActionRunEvents,
	"action_run_failure": giteaActionRunEvents,
}

// Events reads the bodies of modules/structs/hook.go in the sources of Gitea and Forgejo. A workflow_job tells
// nothing, since the workflow_run that it is part of does.
func (g gitea) Events(src Source, req Request) ([]event.Event, error) {
	name := g.EventName(req)
	if read, ok := giteaReaders[name]; ok {
		return read(src, req)
	}
	if strings.HasPrefix(name, "issue") || strings.HasPrefix(name, "pull_request") {
		return giteaIssueEvents(src, req, name)
	}
	var body struct {
		Action text `json:"action"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	return nil, &UnknownError{Event: name, Action: string(body.Action)}
}

type giteaUser struct {
	ID         id   `json:"id"`
	Login      text `json:"login"`
	FullName   text `json:"full_name"`
	Visibility text `json:"visibility"`
}

// account returns the account, or nil. Users that are no people have negative ids: the ghost of
// deleted users and the user of the forge's own automation.
func (u *giteaUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	login := string(u.Login)
	automation := login == "gitea-actions" || login == "forgejo-actions"
	return newAccount(src, u.ID, u.Login, u.FullName, u.ID < 0 || automation || strings.HasSuffix(login, "[bot]"))
}

// giteaAccounts returns those of the users who are there.
func giteaAccounts(src Source, users list[*giteaUser]) []event.Account {
	var accounts []event.Account
	for _, user := range users {
		if account := user.account(src); account != nil {
			accounts = append(accounts, *account)
		}
	}
	return accounts
}

type giteaRepository struct {
	ID            id         `json:"id"`
	Owner         *giteaUser `json:"owner"`
	FullName      text       `json:"full_name"`
	Name          text       `json:"name"`
	DefaultBranch text       `json:"default_branch"`
	Private       *bool      `json:"private"`
	Internal      bool       `json:"internal"`
	Archived      bool       `json:"archived"`
	Stars         int64      `json:"stars_count"`
	Forks         int64      `json:"forks_count"`
	Topics        list[text] `json:"topics"`
	Language      text       `json:"language"`
	URL           text       `json:"html_url"`
	Created       moment     `json:"created_at"`
}

func (r *giteaRepository) repository() *event.Repository {
	if r == nil || r.ID == 0 {
		return nil
	}
	visibility := visibilityPublic
	switch {
	case r.Private == nil:
		visibility = ""
	case *r.Private:
		visibility = visibilityPrivate
	case r.Internal || r.Owner != nil && r.Owner.Visibility != "" && r.Owner.Visibility != visibilityPublic:
		// A public repository of a limited or private owner is not shown to everyone either.
		visibility = visibilityInternal
	}
	return &event.Repository{
		ID: r.ID.String(), Path: string(r.FullName), Name: string(r.Name), Namespace: parentPath(r.FullName),
		DefaultBranch: string(r.DefaultBranch), Visibility: visibility, Archived: r.Archived,
		Stars: r.Stars, Forks: r.Forks, Topics: texts(r.Topics), Language: string(r.Language),
	}
}

// giteaPlace sets where an event happened and who did it.
func giteaPlace(ev *event.Event, src Source, repository *giteaRepository, sender *giteaUser) {
	ev.Repository, ev.Actor = repository.repository(), sender.account(src)
	ev.Private = isPrivate(ev.Repository)
}

// giteaRepositoryID returns the id of the repository, or 0 when there is none.
func giteaRepositoryID(repository *giteaRepository) id {
	if repository == nil {
		return 0
	}
	return repository.ID
}
