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

func (g gitea) Events(src Source, req Request) ([]event.Event, error) {
	var body giteaPullRequest
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	name, pull := g.EventName(req), &body.PullRequest
	unknown := &UnknownError{Event: name, Action: string(body.Action)}
	if name != "pull_request" {
		return nil, unknown
	}
	if pull.Number == 0 || body.Repository == nil || body.Repository.ID == 0 {
		return nil, &UnreadableError{Reason: "the pull request has no number or no repository"}
	}
	object := numbered("merge_request", body.Repository.ID, pull.Number)
	var ev event.Event
	switch {
	case body.Action == "opened":
		ev = newEvent(src, event.MergeRequestOpened, object, "opened")
		ev.Time = firstTime(pull.Created.Time, req.ReceivedAt)
	case body.Action == "closed" && pull.Merged:
		ev = newEvent(src, event.MergeRequestMerged, object, "merged")
		ev.Time = firstTime(pull.MergedAt.Time, pull.Updated.Time, req.ReceivedAt)
		ev.MergedAt, ev.MergedBy = ev.Time, pull.MergedBy.account(src)
	default:
		return nil, unknown
	}
	ev.URL = pull.URL.link()
	ev.Actor, ev.Author = body.Sender.account(src), pull.User.account(src)
	ev.Repository = body.Repository.repository()
	ev.Private = isPrivate(ev.Repository)
	ev.IID, ev.Title, ev.Draft, ev.Labels = int64(pull.Number), string(pull.Title), pull.Draft, labelNames(pull.Labels)
	ev.SourceBranch, ev.TargetBranch = string(pull.Head.Ref), string(pull.Base.Ref)
	ev.OpenedAt = pull.Created.Time
	ev.Additions, ev.Deletions, ev.ChangedFiles = pull.Additions, pull.Deletions, pull.ChangedFiles
	return []event.Event{ev}, nil
}

type giteaPullRequest struct {
	Action      text `json:"action"`
	PullRequest struct {
		Number       id          `json:"number"`
		URL          text        `json:"html_url"`
		Title        text        `json:"title"`
		User         *giteaUser  `json:"user"`
		Draft        bool        `json:"draft"`
		Labels       []labelName `json:"labels"`
		Head         branch      `json:"head"`
		Base         branch      `json:"base"`
		Created      moment      `json:"created_at"`
		Updated      moment      `json:"updated_at"`
		Merged       bool        `json:"merged"`
		MergedAt     moment      `json:"merged_at"`
		MergedBy     *giteaUser  `json:"merged_by"`
		Additions    int64       `json:"additions"`
		Deletions    int64       `json:"deletions"`
		ChangedFiles int64       `json:"changed_files"`
	} `json:"pull_request"`
	Repository *giteaRepository `json:"repository"`
	Sender     *giteaUser       `json:"sender"`
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
	return newAccount(src, u.ID, u.Login, u.FullName, u.ID < 0 || strings.HasSuffix(string(u.Login), "[bot]"))
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
	Topics        []text     `json:"topics"`
	Language      text       `json:"language"`
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
