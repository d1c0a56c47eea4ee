package forge

import (
	"cmp"

	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabMember is the body of a group's member hook and of the system hook's events on groups
// and projects ("teams" in their names).
type gitlabMember struct {
	EventName text   `json:"event_name"`
	Created   moment `json:"created_at"`
	Updated   moment `json:"updated_at"`

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

// gitlabMemberEvents reads a membership. It has no id of its own: the time of its creation, which is sent
// with its end too, tells one membership from the next of the same person. The time of its end
// is not sent, so that the time of receipt stands for it.
func gitlabMemberEvents(src Source, req Request) ([]event.Event, error) {
	var body gitlabMember
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	kind := event.MemberRoleChanged
	at := moment{firstTime(body.Updated.Time, req.ReceivedAt)}
	switch body.EventName {
	case "user_add_to_group", "user_add_to_team":
		kind, at = event.MemberAdded, body.Created
	case "user_remove_from_group", "user_remove_from_team":
		kind, at = event.MemberRemoved, body.Created
	}
	user := gitlabUser{ID: body.UserID, Username: body.UserUsername, Name: body.UserName}
	of, where := ofGroup, body.GroupID
	if where == 0 {
		of, where = ofRepository, body.ProjectID
	}
	if where == 0 || user.ID == 0 || at.IsZero() {
		return nil, &UnreadableError{Reason: "the membership has no member, no group or no time of creation"}
	}
	ev := newMembership(src, kind, of, where, user.ID, occurrence(at))
	ev.Member, ev.Time = user.account(src), at.Time
	if kind == event.MemberRemoved {
		ev.Time = firstTime(req.ReceivedAt)
	}
	if of == ofGroup {
		// The path is the group's own, without those of its parents: GitLab sends no other.
		ev.Group = &event.Group{ID: where.String(), Path: string(body.GroupPath), Name: string(body.GroupName)}
		setRole(&ev, body.GroupAccess)
	} else {
		ev.Repository = &event.Repository{
			ID: where.String(), Path: string(body.ProjectPath), Name: string(body.ProjectName),
			Namespace: parentPath(body.ProjectPath), Visibility: body.ProjectVisibility.lower(),
		}
		setRole(&ev, body.ProjectAccess)
	}
	if kind == event.MemberRoleChanged { // What the role was before is not sent.
		ev.RoleBefore, ev.RoleAfter = "", ev.RoleBefore
	}
	// The visibility of groups is not sent.
	ev.Private = isPrivate(ev.Repository)
	return []event.Event{ev}, nil
}

// gitlabUserEvents reads what a system hook tells of accounts.
func gitlabUserEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		EventName text   `json:"event_name"`
		Created   moment `json:"created_at"`
		Updated   moment `json:"updated_at"`
		UserID    id     `json:"user_id"`
		Username  text   `json:"username"`
		Old       text   `json:"old_username"`
		Name      text   `json:"name"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	user := gitlabUser{ID: body.UserID, Username: body.Username, Name: body.Name}
	if user.ID == 0 {
		return nil, &UnreadableError{Reason: "the account has no id"}
	}
	object := "user:" + user.ID.String()
	var ev event.Event
	switch body.EventName {
	case "user_create":
		ev = newEvent(src, event.UserCreated, object, actionCreated)
		ev.Time = body.Created.Time
	case "user_destroy":
		ev = newEvent(src, event.UserDeleted, object, actionDeleted)
	default:
		ev = newEvent(src, event.UserRenamed, object, "renamed", occurrenceOrDigest(req, body.Updated))
		ev.Time, ev.LoginBefore = body.Updated.Time, string(body.Old)
	}
	ev.User = user.account(src)
	if ev.User != nil {
		ev.User.CreatedAt = body.Created.Time
	}
	ev.Time, ev.Private = firstTime(ev.Time, req.ReceivedAt), true
	return []event.Event{ev}, nil
}

// gitlabProjectEvents reads what system and group hooks tell of projects.
func gitlabProjectEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		EventName  text   `json:"event_name"`
		Created    moment `json:"created_at"`
		Updated    moment `json:"updated_at"`
		ProjectID  id     `json:"project_id"`
		Name       text   `json:"name"`
		Path       text   `json:"path_with_namespace"`
		Old        text   `json:"old_path_with_namespace"`
		Visibility text   `json:"project_visibility"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.ProjectID == 0 {
		return nil, &UnreadableError{Reason: "the project has no id"}
	}
	object := "repository:" + body.ProjectID.String()
	var ev event.Event
	switch body.EventName {
	case "project_create":
		ev = newEvent(src, event.RepositoryCreated, object, actionCreated)
		ev.Time = body.Created.Time
	case "project_destroy":
		ev = newEvent(src, event.RepositoryDeleted, object, actionDeleted)
	default:
		kind := map[text]string{"project_rename": event.RepositoryRenamed, "project_transfer": event.RepositoryTransferred}[body.EventName]
		ev = newEvent(src, kind, object, verb(kind), occurrenceOrDigest(req, body.Updated))
		ev.Time, ev.PathBefore = body.Updated.Time, string(body.Old)
	}
	ev.Time = firstTime(ev.Time, req.ReceivedAt)
	ev.Repository = &event.Repository{
		ID: body.ProjectID.String(), Path: string(body.Path), Name: string(body.Name), Namespace: parentPath(body.Path),
		Visibility: gitlabVisibility(body.Visibility),
	}
	ev.Private = isPrivate(ev.Repository)
	return []event.Event{ev}, nil
}

// gitlabVisibility returns a project's visibility, which older servers call "visibilitylevel|private".
func gitlabVisibility(sent text) string {
	switch word := cmp.Or(sent.lower(), ""); word {
	case visibilityPublic, "visibilitylevel|public":
		return visibilityPublic
	case visibilityInternal, "visibilitylevel|internal":
		return visibilityInternal
	case visibilityPrivate, "visibilitylevel|private":
		return visibilityPrivate
	default:
		return ""
	}
}
