package forge

import (
	"cmp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

const githubSignature = "X-Hub-Signature-256"

// github speaks GitHub and GitHub Enterprise Server, as documented at
// https://docs.github.com/en/webhooks/webhook-events-and-payloads.
type github struct{}

// Verify checks HMAC-SHA256 of the raw body, form-encoded or not. The older SHA-1 header is
// never looked at.
func (github) Verify(secrets []string, req Request) error {
	return verifyHex(req, githubSignature, "sha256=", secrets, req.Body)
}

func (github) Sign(secret string, req Request) {
	signHex(req.Header, githubSignature, "sha256=", secret, req.Body)
}

// DeliveryID is the GUID of the event: a redelivery has the same one.
func (github) DeliveryID(req Request) string { return headerText(req, "X-GitHub-Delivery") }

func (github) EventName(req Request) string { return headerText(req, "X-GitHub-Event") }

func (g github) Events(src Source, req Request) ([]event.Event, error) {
	switch g.EventName(req) {
	case "ping":
		return nil, decode(jsonBody(req), &struct{}{})
	case "pull_request":
		return githubPullRequestEvents(src, req)
	case "organization":
		return githubOrganizationEvents(src, req)
	case "membership":
		return githubTeamEvents(src, req)
	}
	var body struct {
		Action text `json:"action"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	return nil, &UnknownError{Event: g.EventName(req), Action: string(body.Action)}
}

type githubUser struct {
	ID    id   `json:"id"`
	Login text `json:"login"`
	Name  text `json:"name"`
	Type  text `json:"type"`
}

// account returns the account, or nil for a deleted one. GitHub shows deleted accounts as null
// or as the user "ghost", who is no person either.
func (u *githubUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	bot := u.Type == "Bot" || strings.HasSuffix(string(u.Login), "[bot]") || u.Login == "ghost"
	return newAccount(src, u.ID, u.Login, u.Name, bot)
}

type githubRepository struct {
	ID            id     `json:"id"`
	FullName      text   `json:"full_name"`
	Name          text   `json:"name"`
	DefaultBranch text   `json:"default_branch"`
	Visibility    text   `json:"visibility"`
	Private       *bool  `json:"private"`
	Archived      bool   `json:"archived"`
	Stars         int64  `json:"stargazers_count"`
	Forks         int64  `json:"forks_count"`
	Topics        []text `json:"topics"`
	Language      text   `json:"language"`
}

func (r *githubRepository) repository() *event.Repository {
	if r == nil || r.ID == 0 {
		return nil
	}
	visibility := r.Visibility.lower()
	if visibility == "" && r.Private != nil { // Older servers send no visibility.
		visibility = visibilityPublic
		if *r.Private {
			visibility = visibilityPrivate
		}
	}
	return &event.Repository{
		ID: r.ID.String(), Path: string(r.FullName), Name: string(r.Name), Namespace: parentPath(r.FullName),
		DefaultBranch: string(r.DefaultBranch), Visibility: visibility, Archived: r.Archived,
		Stars: r.Stars, Forks: r.Forks, Topics: texts(r.Topics), Language: string(r.Language),
	}
}

type githubPullRequest struct {
	Action      text `json:"action"`
	PullRequest struct {
		Number  id          `json:"number"`
		URL     text        `json:"html_url"`
		Title   text        `json:"title"`
		User    *githubUser `json:"user"`
		Draft   bool        `json:"draft"`
		Labels  []labelName `json:"labels"`
		Head    branch      `json:"head"`
		Base    branch      `json:"base"`
		Created moment      `json:"created_at"`
		Updated moment      `json:"updated_at"`
		Merged  bool        `json:"merged"`
		// MergedAt is null until the merge.
		MergedAt     moment      `json:"merged_at"`
		MergedBy     *githubUser `json:"merged_by"`
		Additions    int64       `json:"additions"`
		Deletions    int64       `json:"deletions"`
		ChangedFiles int64       `json:"changed_files"`
		Commits      int64       `json:"commits"`
	} `json:"pull_request"`
	Repository *githubRepository `json:"repository"`
	Sender     *githubUser       `json:"sender"`
}

// labelName and branch are shared by the forges that follow GitHub's shape.
type labelName struct {
	Name text `json:"name"`
}

type branch struct {
	Ref text `json:"ref"`
}

func labelNames(labels []labelName) []string {
	all := make([]text, len(labels))
	for i, label := range labels {
		all[i] = label.Name
	}
	return texts(all)
}

func githubPullRequestEvents(src Source, req Request) ([]event.Event, error) {
	var body githubPullRequest
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	pull := &body.PullRequest
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
		return nil, &UnknownError{Event: "pull_request", Action: string(body.Action)}
	}
	ev.URL = pull.URL.link()
	ev.Actor, ev.Author = body.Sender.account(src), pull.User.account(src)
	ev.Repository = body.Repository.repository()
	ev.Private = isPrivate(ev.Repository)
	ev.IID, ev.Title, ev.Draft, ev.Labels = int64(pull.Number), string(pull.Title), pull.Draft, labelNames(pull.Labels)
	ev.SourceBranch, ev.TargetBranch = string(pull.Head.Ref), string(pull.Base.Ref)
	ev.OpenedAt = pull.Created.Time
	ev.Additions, ev.Deletions, ev.ChangedFiles, ev.Commits = pull.Additions, pull.Deletions, pull.ChangedFiles, pull.Commits
	return []event.Event{ev}, nil
}

type githubOrganization struct {
	ID    id   `json:"id"`
	Login text `json:"login"`
}

// githubOrganizationEvents reads who joined or left an organisation.
func githubOrganizationEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action     text `json:"action"`
		Membership struct {
			Role text        `json:"role"`
			User *githubUser `json:"user"`
		} `json:"membership"`
		Organization githubOrganization `json:"organization"`
		Sender       *githubUser        `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	var kind string
	switch body.Action {
	case "member_added":
		kind = event.MemberAdded
	case "member_removed":
		kind = event.MemberRemoved
	default:
		return nil, &UnknownError{Event: "organization", Action: string(body.Action)}
	}
	ev, err := githubMembership(src, req, kind, ofGroup, body.Organization.ID, body.Membership.User)
	if err != nil {
		return nil, err
	}
	ev.Actor = body.Sender.account(src)
	ev.Group = &event.Group{ID: body.Organization.ID.String(), Path: string(body.Organization.Login), Name: string(body.Organization.Login)}
	setRole(&ev, body.Membership.Role)
	return []event.Event{ev}, nil
}

// githubTeamEvents reads who joined or left a team of an organisation.
func githubTeamEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		Action text        `json:"action"`
		Member *githubUser `json:"member"`
		Team   struct {
			ID   id   `json:"id"`
			Slug text `json:"slug"`
			Name text `json:"name"`
			URL  text `json:"html_url"`
		} `json:"team"`
		Organization githubOrganization `json:"organization"`
		Sender       *githubUser        `json:"sender"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	var kind string
	switch body.Action {
	case "added":
		kind = event.MemberAdded
	case "removed":
		kind = event.MemberRemoved
	default:
		return nil, &UnknownError{Event: "membership", Action: string(body.Action)}
	}
	ev, err := githubMembership(src, req, kind, ofTeam, body.Team.ID, body.Member)
	if err != nil {
		return nil, err
	}
	ev.Actor = body.Sender.account(src)
	ev.URL = body.Team.URL.link()
	ev.Group = &event.Group{ID: body.Team.ID.String(), Name: string(body.Team.Name)}
	// A team that was deleted together with its memberships comes without a slug.
	if body.Organization.Login != "" && body.Team.Slug != "" {
		ev.Group.Path = string(body.Organization.Login + "/" + body.Team.Slug)
	}
	return []event.Event{ev}, nil
}

// githubMembership begins the event on a membership. The body has neither an id nor a time for
// it, so that the GUID of the delivery, which a redelivery and other hooks share, must identify
// it; where a proxy has dropped that header, the body does. The time is that of the receipt, and
// since no visibility is sent, the event is private.
func githubMembership(src Source, req Request, kind, of string, where id, who *githubUser) (event.Event, error) {
	member := who.account(src)
	if where == 0 || member == nil {
		return event.Event{}, &UnreadableError{Reason: "the membership has no member or no group"}
	}
	ev := newMembership(src, kind, of, where, who.ID, cmp.Or(github{}.DeliveryID(req), digest(req)))
	ev.Time, ev.Member, ev.Private = firstTime(req.ReceivedAt), member, true
	return ev, nil
}

// setRole notes the role of a membership that began or ended.
func setRole(ev *event.Event, role text) {
	if ev.Kind == event.MemberAdded {
		ev.RoleAfter = role.lower()
	} else {
		ev.RoleBefore = role.lower()
	}
}
