package forge

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

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

// gitlabReaders are the bodies that are understood, by their object_kind or else their event_name, each with what
// reads it. The header does not tell: a system hook sends everything under one name.
var gitlabReaders = map[text]func(Source, Request, *gitlabHead) ([]event.Event, error){
	"deployment":             gitlabDeploymentEvents,
	"emoji":                  gitlabEmojiEvents,
	"issue":                  gitlabIssueEvents,
	"merge_request":          gitlabMergeRequestEvents,
	"milestone":              gitlabMilestoneEvents,
	"note":                   gitlabNoteEvents,
	"pipeline":               gitlabPipelineEvents,
	"project_create":         gitlabProjectEvents,
	"project_destroy":        gitlabProjectEvents,
	"project_rename":         gitlabProjectEvents,
	"project_transfer":       gitlabProjectEvents,
	"push":                   gitlabPushEvents,
	"release":                gitlabReleaseEvents,
	"repository_update":      gitlabNothing, // "push" and "tag_push" tell of the same, and say more.
	"tag_push":               gitlabTagEvents,
	"user_add_to_group":      gitlabMemberEvents,
	"user_add_to_team":       gitlabMemberEvents,
	"user_create":            gitlabUserEvents,
	"user_destroy":           gitlabUserEvents,
	"user_remove_from_group": gitlabMemberEvents,
	"user_remove_from_team":  gitlabMemberEvents,
	"user_rename":            gitlabUserEvents,
	"user_update_for_group":  gitlabMemberEvents,
	"user_update_for_team":   gitlabMemberEvents,
	"wiki_page":              gitlabWikiEvents,
	"work_item":              gitlabIssueEvents,
}

func (gitlab) Events(src Source, req Request) ([]event.Event, error) {
	var head gitlabHead
	if err := decode(req.Body, &head); err != nil {
		return nil, err
	}
	if head.kind() == "" {
		return nil, &UnreadableError{Reason: "the body has neither an object_kind nor an event_name"}
	}
	if read, ok := gitlabReaders[head.kind()]; ok {
		return read(src, req, &head)
	}
	return nil, head.unknown()
}

// gitlabHead is what says which body it is.
type gitlabHead struct {
	ObjectKind text `json:"object_kind"`
	EventName  text `json:"event_name"`
	Action     text `json:"action"`
	Attributes struct {
		Action text `json:"action"`
	} `json:"object_attributes"`
}

// gitlabCreate is the action of what is new.
const gitlabCreate = "create"

func (h *gitlabHead) kind() text { return cmp.Or(h.ObjectKind, h.EventName) }

// action returns what happened; most bodies say it in their attributes, those of releases and milestones beside them.
func (h *gitlabHead) action() text { return cmp.Or(h.Attributes.Action, h.Action) }

// unknown says that the vocabulary has no word for what happened.
func (h *gitlabHead) unknown() error {
	return &UnknownError{Event: string(h.kind()), Action: string(h.action())}
}

// gitlabNothing reads a body that tells nothing of its own.
func gitlabNothing(Source, Request, *gitlabHead) ([]event.Event, error) { return nil, nil }

// gitlabBody is what all bodies on things in a project have. Those of system hooks and of old servers have the
// project's id beside the project.
type gitlabBody struct {
	User      *gitlabUser    `json:"user"`
	Project   *gitlabProject `json:"project"`
	ProjectID id             `json:"project_id"`
	// Known is never sent by GitLab, whose hooks have only ids of authors: package forgeapi, which plays hooks by what the
	// API lists, says here who they are.
	Known list[gitlabUser] `json:"known_users"`
}

// project returns the project, with its id if that is known from anywhere, or nil when there is none.
func (b *gitlabBody) project(elsewhere ...id) *gitlabProject {
	if b.Project == nil {
		b.Project = &gitlabProject{}
	}
	for _, known := range append([]id{b.Project.ID, b.ProjectID}, elsewhere...) {
		if known != 0 {
			b.Project.ID = known
			return b.Project
		}
	}
	return nil
}

// newEvent returns an event in the body's project, with the link to it: not every thing has one of its own.
func (b *gitlabBody) newEvent(src Source, kind string, at time.Time, object string, parts ...string) event.Event {
	ev := newEvent(src, kind, object, parts...)
	ev.Time, ev.Actor, ev.Repository = at, b.User.account(src), b.Project.repository()
	ev.Private = isPrivate(ev.Repository)
	if b.Project != nil {
		ev.URL = b.Project.URL.link()
	}
	return ev
}

// again returns an event of what may happen again and again, so that its key ends with the time.
func (b *gitlabBody) again(src Source, kind string, at moment, object string, parts ...string) event.Event {
	parts = slices.Concat([]string{verb(kind)}, parts, []string{gitlabOccurrence(at)})
	return b.newEvent(src, kind, at.Time, object, parts...)
}

// gitlabOccurrence writes a time into a natural key, to the second: hooks say no more in some versions and for some
// things, while the API says milliseconds.
func gitlabOccurrence(at moment) string { return occurrence(moment{at.Truncate(time.Second)}) }

var errGitLabNoTime = &UnreadableError{Reason: "it is not said when it happened"}

type gitlabUser struct {
	ID       id   `json:"id"`
	Username text `json:"username"`
	Name     text `json:"name"`
	// Email is never kept; it tells whether the author of a commit is who pushes it.
	Email text `json:"email"`
	// State is what somebody who was asked for a review has done, and ReRequested that they were asked again.
	State       text `json:"state"`
	ReRequested bool `json:"re_requested"`
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

// gitlabAccounts returns the accounts, each once. Some versions send no id of the assignees of issues; what names
// nobody for certain is left out.
func gitlabAccounts(src Source, users []gitlabUser) []event.Account {
	var accounts []event.Account
	for i := range users {
		account := users[i].account(src)
		known := func(other event.Account) bool { return other.ID == account.ID }
		if account != nil && !slices.ContainsFunc(accounts, known) {
			accounts = append(accounts, *account)
		}
	}
	return accounts
}

// gitlabPerson returns the account of the id. Bodies have only ids for authors and for who merged;
// their names are known if they are also sent in full somewhere.
func gitlabPerson(src Source, number id, actor *gitlabUser, others ...list[gitlabUser]) *event.Account {
	if actor != nil && actor.ID == number {
		return actor.account(src)
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

type gitlabProject struct {
	ID            id               `json:"id"`
	Name          text             `json:"name"`
	Path          text             `json:"path_with_namespace"`
	URL           text             `json:"web_url"`
	DefaultBranch text             `json:"default_branch"`
	Level         gitlabVisibility `json:"visibility_level"`
	// Visibility is what old servers send instead of the level.
	Visibility gitlabVisibility `json:"visibility"`
}

func (p *gitlabProject) repository() *event.Repository {
	if p == nil || p.ID == 0 {
		return nil
	}
	return &event.Repository{
		ID: p.ID.String(), Path: string(p.Path), Name: string(p.Name), Namespace: parentPath(p.Path),
		DefaultBranch: string(p.DefaultBranch), Visibility: string(cmp.Or(p.Level, p.Visibility)),
	}
}

// gitlabVisibility is a visibility, sent as a level or as a word, of which one version forgot to take the context off:
// "visibilitylevel|private". It is empty for anything else.
type gitlabVisibility string

// UnmarshalJSON never fails.
func (v *gitlabVisibility) UnmarshalJSON(raw []byte) error {
	*v = ""
	if len(raw) > maxNumber {
		return nil
	}
	word := strings.ToLower(strings.Trim(string(raw), `"`))
	switch word[strings.LastIndexByte(word, '|')+1:] {
	case "0", visibilityPrivate:
		*v = visibilityPrivate
	case "10", visibilityInternal:
		*v = visibilityInternal
	case "20", visibilityPublic:
		*v = visibilityPublic
	}
	return nil
}
