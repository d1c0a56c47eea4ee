package forge

import (
	"cmp"
	"regexp"
	"slices"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlab speaks GitLab's project, group and system hooks, as documented at
// https://docs.gitlab.com/user/project/integrations/webhook_events/ and
// https://docs.gitlab.com/administration/system_hooks/.
type gitlab struct{}

// Verify checks the plain token; once a signing token is among the secrets, only a signature
// made with one passes.
func (gitlab) Verify(secrets []string, req Request) error {
	if slices.ContainsFunc(secrets, isSigningToken) {
		return verifyStandard(req, secrets)
	}
	return verifyToken(req, "X-Gitlab-Token", secrets)
}

func (gitlab) Sign(secret string, req Request) {
	if isSigningToken(secret) {
		signStandard(secret, req)
		return
	}
	req.Header.Set("X-Gitlab-Token", secret)
}

// DeliveryID is the same for retries and for "resend", but differs between hooks. The headers
// with "UUID" in their names are random or shared by several events.
func (gitlab) DeliveryID(req Request) string {
	if key := headerText(req, "Idempotency-Key"); key != "" {
		return key
	}
	return headerText(req, "Webhook-Id")
}

func (gitlab) EventName(req Request) string { return headerText(req, "X-Gitlab-Event") }

// gitlabReaders are the readers of bodies, by what a body says that it is: its object_kind, or the event_name of those
// that have none. The headers do not tell, since a system hook sends everything under one name.
var gitlabReaders = map[text]func(Source, Request) ([]event.Event, error){
	nounMergeRequest: gitlabMergeRequestEvents,
	nounIssue:        gitlabIssueEvents,
	"work_item":      gitlabIssueEvents,
	"note":           gitlabNoteEvents,
	"emoji":          gitlabEmojiEvents,
	"push":           gitlabPushEvents,
	"tag_push":       gitlabPushEvents,
	"release":        gitlabReleaseEvents,
	"milestone":      gitlabMilestoneEvents,
	"wiki_page":      gitlabWikiEvents,
	"pipeline":       gitlabPipelineEvents,
	"deployment":     gitlabDeploymentEvents,
	// A system hook sends it beside the pushes that it sums up.
	"repository_update": gitlabNothing,

	"user_add_to_group": gitlabMemberEvents, "user_update_for_group": gitlabMemberEvents, "user_remove_from_group": gitlabMemberEvents,
	"user_add_to_team": gitlabMemberEvents, "user_update_for_team": gitlabMemberEvents, "user_remove_from_team": gitlabMemberEvents,
	"user_create": gitlabUserEvents, "user_rename": gitlabUserEvents, "user_destroy": gitlabUserEvents,
	"project_create": gitlabProjectEvents, "project_rename": gitlabProjectEvents, "project_transfer": gitlabProjectEvents,
	"project_destroy": gitlabProjectEvents,
}

// gitlabEnvelope is what every body says of itself.
type gitlabEnvelope struct {
	ObjectKind text `json:"object_kind"`
	EventName  text `json:"event_name"`
	Action     text `json:"action"`
	Attributes struct {
		Action text `json:"action"`
	} `json:"object_attributes"`
}

func (gitlab) Events(src Source, req Request) ([]event.Event, error) {
	var envelope gitlabEnvelope
	if err := decode(req.Body, &envelope); err != nil {
		return nil, err
	}
	name := cmp.Or(envelope.ObjectKind, envelope.EventName)
	if name == "" {
		return nil, &UnreadableError{Reason: "the body has neither an object_kind nor an event_name"}
	}
	unknown := &UnknownError{Event: string(name), Action: string(cmp.Or(envelope.Attributes.Action, envelope.Action))}
	read := gitlabReaders[name]
	if read == nil {
		return nil, unknown
	}
	events, err := read(src, req)
	if err == nil && events == nil {
		return nil, unknown
	}
	return distinct(events), err
}

// gitlabCreate is the action of what is new.
const gitlabCreate = "create"

// nothing is what a body tells that is understood and tells nothing.
var nothing = []event.Event{}

func gitlabNothing(Source, Request) ([]event.Event, error) { return nothing, nil }

type gitlabUser struct {
	ID       id   `json:"id"`
	Username text `json:"username"`
	Name     text `json:"name"`
}

// gitlabBots are the usernames of tokens, service accounts and GitLab's own machinery: webhooks
// have no field for it.
var gitlabBots = regexp.MustCompile(`^((project|group)_\d+_bot|service_account_|(ghost|support-bot|alert-bot)\d*$)`)

func (u *gitlabUser) account(src Source) *event.Account {
	if u == nil {
		return nil
	}
	return newAccount(src, u.ID, u.Username, u.Name, gitlabBots.MatchString(string(u.Username)))
}

func gitlabAccounts(src Source, users []gitlabUser) []event.Account {
	var accounts []event.Account
	for i := range users {
		if account := users[i].account(src); account != nil {
			accounts = append(accounts, *account)
		}
	}
	return accounts
}

// gitlabPerson returns the account of the id. Bodies have only ids of authors and mergers; their names are known if
// they also act in another part that is sent in full.
func gitlabPerson(src Source, number id, acting *gitlabUser, others ...list[gitlabUser]) *event.Account {
	if acting != nil && acting.ID == number {
		return acting.account(src)
	}
	for _, people := range others {
		for i := range people {
			if people[i].ID == number {
				return people[i].account(src)
			}
		}
	}
	return newAccount(src, number, "", "", false)
}

type gitlabLabel struct {
	ID    id   `json:"id"`
	Title text `json:"title"`
}

func gitlabTitles(labels []gitlabLabel) []string {
	all := make([]text, len(labels))
	for i, label := range labels {
		all[i] = label.Title
	}
	return texts(all)
}

// gitlabChanges says what an update changed: of labels and people what was there before and after.
type gitlabChanges struct {
	names     names
	labels    gitlabChange[gitlabLabel]
	assignees gitlabChange[gitlabUser]
	reviewers gitlabChange[gitlabUser]
}

type gitlabChange[T any] struct {
	Previous list[T] `json:"previous"`
	Current  list[T] `json:"current"`
}

// UnmarshalJSON never fails.
func (c *gitlabChanges) UnmarshalJSON(raw []byte) error {
	var known struct {
		Labels    gitlabChange[gitlabLabel] `json:"labels"`
		Assignees gitlabChange[gitlabUser]  `json:"assignees"`
		Reviewers gitlabChange[gitlabUser]  `json:"reviewers"`
	}
	if err := decode(raw, &known); err == nil {
		c.labels, c.assignees, c.reviewers = known.Labels, known.Assignees, known.Reviewers
	}
	return c.names.UnmarshalJSON(raw)
}

// added returns what is there now and was not before, by id.
func added[T any](change gitlabChange[T], idOf func(T) id) []T {
	var fresh []T
	for _, one := range change.Current {
		if idOf(one) != 0 && !slices.ContainsFunc(change.Previous, func(other T) bool { return idOf(other) == idOf(one) }) {
			fresh = append(fresh, one)
		}
	}
	return fresh
}

func (c gitlabChange[T]) reversed() gitlabChange[T] { return gitlabChange[T]{c.Current, c.Previous} }

func labelID(label gitlabLabel) id { return label.ID }
func userID(user gitlabUser) id    { return user.ID }

type gitlabProject struct {
	ID            id     `json:"id"`
	Name          text   `json:"name"`
	Path          text   `json:"path_with_namespace"`
	URL           text   `json:"web_url"`
	DefaultBranch text   `json:"default_branch"`
	Visibility    *int64 `json:"visibility_level"`
}

func (p *gitlabProject) repository() *event.Repository {
	if p == nil || p.ID == 0 {
		return nil
	}
	levels := map[int64]string{0: visibilityPrivate, 10: visibilityInternal, 20: visibilityPublic}
	visibility := ""
	if p.Visibility != nil {
		visibility = levels[*p.Visibility]
	}
	return &event.Repository{
		ID: p.ID.String(), Path: string(p.Path), Name: string(p.Name), Namespace: parentPath(p.Path),
		DefaultBranch: string(p.DefaultBranch), Visibility: visibility,
	}
}

// gitlabPlace is who did what where, in most bodies.
type gitlabPlace struct {
	User      *gitlabUser    `json:"user"`
	Project   *gitlabProject `json:"project"`
	ProjectID id             `json:"project_id"`
}

// project returns the id of the project; other is where some bodies have it as well.
func (p *gitlabPlace) project(other id) id {
	if p.Project != nil && p.Project.ID != 0 {
		return p.Project.ID
	}
	return cmp.Or(p.ProjectID, other)
}

// describe puts into an event who did it and where.
func (p *gitlabPlace) describe(src Source, ev *event.Event, other id) {
	ev.Actor, ev.Repository = p.User.account(src), p.Project.repository()
	if project := p.project(other); ev.Repository == nil && project != 0 {
		ev.Repository = &event.Repository{ID: project.String()}
	}
	ev.Private = isPrivate(ev.Repository)
}
