package forge

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

const githubSignature = "X-Hub-Signature-256"

// github speaks GitHub and GitHub Enterprise Server, as documented at
// https://docs.github.com/en/webhooks/webhook-events-and-payloads. Hooks of repositories, organisations and
// enterprises and those of apps send the same bodies.
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

// githubReaders are the events that are understood, each with what reads its body.
var githubReaders = map[string]func(Source, Request) ([]event.Event, error){
	"commit_comment":              githubCommitCommentEvents,
	"create":                      githubCreateEvents,
	"delete":                      githubDeleteEvents,
	"deployment_status":           githubDeploymentEvents,
	"discussion":                  githubDiscussionEvents,
	"discussion_comment":          githubDiscussionCommentEvents,
	"fork":                        githubForkEvents,
	"gollum":                      githubWikiEvents,
	"issue_comment":               githubIssueCommentEvents,
	"issues":                      githubIssueEvents,
	"member":                      githubCollaboratorEvents,
	"membership":                  githubTeamEvents,
	"milestone":                   githubMilestoneEvents,
	"organization":                githubOrganizationEvents,
	"ping":                        githubNothing,
	"pull_request":                githubPullRequestEvents,
	"pull_request_review":         githubReviewEvents,
	"pull_request_review_comment": githubReviewCommentEvents,
	"push":                        githubPushEvents,
	"release":                     githubReleaseEvents,
	"repository":                  githubRepositoryEvents,
	"sponsorship":                 githubSponsorshipEvents,
	"star":                        githubStarEvents,
	"user":                        githubUserEvents,
	"watch":                       githubNothing, // It tells of stars as "star" does, but not of those taken back.
	"workflow_run":                githubWorkflowRunEvents,
}

func (g github) Events(src Source, req Request) ([]event.Event, error) {
	if read, ok := githubReaders[g.EventName(req)]; ok {
		return read(src, req)
	}
	var body githubBody
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	return nil, body.unknown(req)
}

// The actions that several events have.
const (
	actionCreated = "created"
	actionEdited  = "edited"
	actionDeleted = "deleted"
	actionClosed  = "closed"
)

// githubNothing reads a body that tells nothing.
func githubNothing(_ Source, req Request) ([]event.Event, error) {
	return nil, decode(jsonBody(req), &struct{}{})
}

// githubBody is what all bodies have. Some have no action, and those of organisations and enterprises no
// repository.
type githubBody struct {
	Action     text              `json:"action"`
	Repository *githubRepository `json:"repository"`
	Sender     *githubUser       `json:"sender"`
}

// unknown says that the vocabulary has no word for the action.
func (b *githubBody) unknown(req Request) error {
	return &UnknownError{Event: github{}.EventName(req), Action: string(b.Action)}
}

// repository returns the id of the repository, or 0 when there is none.
func (b *githubBody) repository() id {
	if b.Repository == nil {
		return 0
	}
	return b.Repository.ID
}

// newEvent returns an event in the body's repository.
func (b *githubBody) newEvent(src Source, kind string, at time.Time, object string, parts ...string) event.Event {
	ev := newEvent(src, kind, object, parts...)
	ev.Time, ev.Actor, ev.Repository = at, b.Sender.account(src), b.Repository.repository()
	ev.Private = isPrivate(ev.Repository)
	return ev
}

// githubOccurrence tells a happening from the same one at another time when the body has neither an id nor a time
// for it: by the GUID of the delivery, which a redelivery and other hooks share, and where a proxy has dropped that
// header, by the body.
func githubOccurrence(req Request) string {
	return cmp.Or(github{}.DeliveryID(req), digest(req))
}

type githubUser struct {
	ID      id     `json:"id"`
	Login   text   `json:"login"`
	Name    text   `json:"name"`
	Type    text   `json:"type"`
	URL     text   `json:"html_url"`
	Avatar  text   `json:"avatar_url"`
	Created moment `json:"created_at"`
}

// account returns the account, or nil for a deleted one. GitHub shows deleted accounts as null
// or as the user "ghost", who is no person either.
func (u *githubUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	return newAccount(src, u.ID, u.Login, u.Name, u.Type == "Bot" || u.Login == "ghost" || isGitHubBot(u.Login))
}

// person returns the account, or nil if it is an organisation's.
func (u *githubUser) person(src Source) *event.Account {
	if u == nil || u.Type == githubGroup {
		return nil
	}
	return u.account(src)
}

// group returns the organisation whose account it is, or nil for a person's.
func (u *githubUser) group() *event.Group {
	if u == nil || u.Type != githubGroup || u.ID == 0 {
		return nil
	}
	return &event.Group{ID: u.ID.String(), Path: string(u.Login), Name: cmp.Or(string(u.Name), string(u.Login))}
}

// githubGroup is the type of the accounts that are organisations.
const githubGroup = "Organization"

// isGitHubBot reports whether a login is that of an app.
func isGitHubBot(login text) bool { return strings.HasSuffix(string(login), "[bot]") }

// githubAccounts returns the accounts, each once.
func githubAccounts(src Source, users list[*githubUser]) []event.Account {
	var accounts []event.Account
	for _, user := range users {
		account := user.account(src)
		known := func(other event.Account) bool { return other.ID == account.ID }
		if account != nil && !slices.ContainsFunc(accounts, known) {
			accounts = append(accounts, *account)
		}
	}
	return accounts
}

type githubRepository struct {
	ID            id          `json:"id"`
	FullName      text        `json:"full_name"`
	Name          text        `json:"name"`
	Owner         *githubUser `json:"owner"`
	URL           text        `json:"html_url"`
	DefaultBranch text        `json:"default_branch"`
	Visibility    text        `json:"visibility"`
	Private       *bool       `json:"private"`
	Archived      bool        `json:"archived"`
	Stars         int64       `json:"stargazers_count"`
	Forks         int64       `json:"forks_count"`
	Topics        list[text]  `json:"topics"`
	Language      text        `json:"language"`
	Created       moment      `json:"created_at"`
	Updated       moment      `json:"updated_at"`
	Pushed        moment      `json:"pushed_at"`
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
