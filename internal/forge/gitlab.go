package forge

import (
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

// gitlabBody joins what is read of all bodies: which of them it is, only the body itself tells,
// since a system hook sends everything under one name.
type gitlabBody struct {
	gitlabMergeRequest
	gitlabMember

	ObjectKind text `json:"object_kind"`
	EventName  text `json:"event_name"`
}

func (gitlab) Events(src Source, req Request) ([]event.Event, error) {
	var body gitlabBody
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	switch {
	case body.ObjectKind == "merge_request":
		return body.gitlabMergeRequest.events(src, req)
	case body.ObjectKind != "":
		return nil, &UnknownError{Event: string(body.ObjectKind), Action: string(body.Attributes.Action)}
	case body.EventName == "user_add_to_group", body.EventName == "user_add_to_team":
		return body.gitlabMember.events(src, req, event.MemberAdded)
	case body.EventName == "user_remove_from_group", body.EventName == "user_remove_from_team":
		return body.gitlabMember.events(src, req, event.MemberRemoved)
	case body.EventName != "":
		return nil, &UnknownError{Event: string(body.EventName)}
	}
	return nil, &UnreadableError{Reason: "the body has neither an object_kind nor an event_name"}
}

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

type gitlabLabel struct {
	Title text `json:"title"`
}

type gitlabMergeRequest struct {
	User       *gitlabUser    `json:"user"`
	Project    *gitlabProject `json:"project"`
	Labels     []gitlabLabel  `json:"labels"`
	Assignees  []gitlabUser   `json:"assignees"`
	Reviewers  []gitlabUser   `json:"reviewers"`
	Attributes struct {
		IID            id             `json:"iid"`
		Action         text           `json:"action"`
		AuthorID       id             `json:"author_id"`
		MergeUserID    id             `json:"merge_user_id"`
		Title          text           `json:"title"`
		URL            text           `json:"url"`
		Draft          bool           `json:"draft"`
		WorkInProgress bool           `json:"work_in_progress"`
		SourceBranch   text           `json:"source_branch"`
		TargetBranch   text           `json:"target_branch"`
		Target         *gitlabProject `json:"target"`
		Labels         []gitlabLabel  `json:"labels"`
		Created        moment         `json:"created_at"`
		Updated        moment         `json:"updated_at"`
		// MergedAt is sent by GitLab 19 and later only.
		MergedAt moment `json:"merged_at"`
	} `json:"object_attributes"`
}

func (b *gitlabMergeRequest) events(src Source, req Request) ([]event.Event, error) {
	merge := &b.Attributes
	project := b.Project
	if project == nil {
		project = merge.Target
	}
	if merge.IID == 0 || project == nil || project.ID == 0 {
		return nil, &UnreadableError{Reason: "the merge request has no number or no project"}
	}
	object := numbered("merge_request", project.ID, merge.IID)
	var ev event.Event
	switch merge.Action {
	case "open":
		ev = newEvent(src, event.MergeRequestOpened, object, "opened")
		ev.Time = firstTime(merge.Created.Time, req.ReceivedAt)
	case "merge":
		ev = newEvent(src, event.MergeRequestMerged, object, "merged")
		ev.Time = firstTime(merge.MergedAt.Time, merge.Updated.Time, req.ReceivedAt)
		ev.MergedAt = ev.Time
		if ev.MergedBy = b.person(src, merge.MergeUserID); ev.MergedBy == nil {
			ev.MergedBy = b.User.account(src)
		}
	default:
		return nil, &UnknownError{Event: "merge_request", Action: string(merge.Action)}
	}
	labels := b.Labels
	if labels == nil {
		labels = merge.Labels
	}
	ev.URL = merge.URL.link()
	ev.Actor, ev.Author = b.User.account(src), b.person(src, merge.AuthorID)
	ev.Repository = project.repository()
	ev.Private = isPrivate(ev.Repository)
	ev.IID, ev.Title, ev.Draft, ev.Labels = int64(merge.IID), string(merge.Title), merge.Draft || merge.WorkInProgress, labelTitles(labels)
	ev.SourceBranch, ev.TargetBranch = string(merge.SourceBranch), string(merge.TargetBranch)
	ev.OpenedAt = merge.Created.Time
	return []event.Event{ev}, nil
}

// person returns the account of the id. The body has only ids for the author and the merger;
// their names are known if they also act in another part that is sent in full.
func (b *gitlabMergeRequest) person(src Source, number id) *event.Account {
	if b.User != nil && b.User.ID == number {
		return b.User.account(src)
	}
	for _, people := range [][]gitlabUser{b.Assignees, b.Reviewers} {
		for i := range people {
			if people[i].ID == number {
				return people[i].account(src)
			}
		}
	}
	return newAccount(src, number, "", "", false)
}

func labelTitles(labels []gitlabLabel) []string {
	all := make([]text, len(labels))
	for i, label := range labels {
		all[i] = label.Title
	}
	return texts(all)
}

type gitlabProject struct {
	ID            id     `json:"id"`
	Name          text   `json:"name"`
	Path          text   `json:"path_with_namespace"`
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

// gitlabMember is the body of a group's member hook and of the system hook's events on groups
// and projects ("teams" in their names).
type gitlabMember struct {
	Created moment `json:"created_at"`

	GroupID     id   `json:"group_id"`
	GroupName   text `json:"group_name"`
	GroupPath   text `json:"group_path"`
	GroupAccess text `json:"group_access"`

	ProjectID         id   `json:"project_id"`
	ProjectName       text `json:"project_name"`
	ProjectPath       text `json:"project_path_with_namespace"`
	ProjectVisibility text `json:"project_visibility"`
	ProjectAccess     text `json:"access_level"`

	UserID       id   `json:"user_id"`
	UserUsername text `json:"user_username"`
	UserName     text `json:"user_name"`
}

// events reads a membership. It has no id of its own: the time of its creation, which is sent
// with its end too, tells one membership from the next of the same person. The time of its end
// is not sent, so that the time of receipt stands for it.
func (b *gitlabMember) events(src Source, req Request, kind string) ([]event.Event, error) {
	user := gitlabUser{ID: b.UserID, Username: b.UserUsername, Name: b.UserName}
	of, where := ofGroup, b.GroupID
	if where == 0 {
		of, where = ofRepository, b.ProjectID
	}
	if where == 0 || user.ID == 0 || b.Created.IsZero() {
		return nil, &UnreadableError{Reason: "the membership has no member, no group or no time of creation"}
	}
	ev := newMembership(src, kind, of, where, user.ID, occurrence(b.Created))
	ev.Member = user.account(src)
	ev.Time = firstTime(req.ReceivedAt)
	if kind == event.MemberAdded {
		ev.Time = b.Created.Time
	}
	if of == ofGroup {
		// The path is the group's own, without those of its parents: GitLab sends no other.
		ev.Group = &event.Group{ID: where.String(), Path: string(b.GroupPath), Name: string(b.GroupName)}
		setRole(&ev, b.GroupAccess)
	} else {
		ev.Repository = &event.Repository{
			ID: where.String(), Path: string(b.ProjectPath), Name: string(b.ProjectName),
			Namespace: parentPath(b.ProjectPath), Visibility: b.ProjectVisibility.lower(),
		}
		setRole(&ev, b.ProjectAccess)
	}
	// The visibility of groups is not sent.
	ev.Private = isPrivate(ev.Repository)
	return []event.Event{ev}, nil
}
