package forge

import (
	"github.com/seed-504bad89/accolade/internal/event"
)

// gitlabMember is the body of a group's member hook and of the system hook's events on groups
// and projects ("teams" in their names).
type gitlabMember struct {
	Created moment `json:"created_at"`
	Updated moment `json:"updated_at"`

	GroupID     id   `json:"group_id"`
	GroupName   text `json:"group_name"`
	GroupPath   text `json:"group_path"`
	GroupAccess text `json:"group_access"`

	ProjectID         id               `json:"project_id"`
	ProjectName       text             `json:"project_name"`
	ProjectPath       text             `json:"project_path_with_namespace"`
	ProjectVisibility gitlabVisibility `json:"project_visibility"`
	ProjectAccess     text             `json:"access_level"`

	UserID       id   `json:"user_id"`
	UserUsername text `json:"user_username"`
	UserName     text `json:"user_name"`
}

// gitlabMemberKinds are the kinds of events on memberships. An update may also have changed the day on which the
// membership ends, and the body does not say which; it says neither who did it.
var gitlabMemberKinds = map[text]string{
	"user_add_to_group": event.MemberAdded, "user_add_to_team": event.MemberAdded,
	"user_remove_from_group": event.MemberRemoved, "user_remove_from_team": event.MemberRemoved,
	"user_update_for_group": event.MemberRoleChanged, "user_update_for_team": event.MemberRoleChanged,
}

// gitlabMemberEvents reads a membership. It has no id of its own: the time of its creation, which is sent
// with its end too, tells one membership from the next of the same person. The time of its end
// is not sent, so that the time of receipt stands for it. A change of the role has the time of the update.
func gitlabMemberEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body gitlabMember
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	kind := gitlabMemberKinds[head.kind()]
	user := gitlabUser{ID: body.UserID, Username: body.UserUsername, Name: body.UserName}
	of, where, role := ofGroup, body.GroupID, body.GroupAccess
	if where == 0 {
		of, where, role = ofRepository, body.ProjectID, body.ProjectAccess
	}
	at := body.Created
	if kind == event.MemberRoleChanged {
		at = body.Updated
	}
	if where == 0 || user.ID == 0 || at.IsZero() {
		return nil, &UnreadableError{Reason: "the membership has no member, no group or no time"}
	}
	ev := newMembership(src, kind, of, where, user.ID, gitlabOccurrence(at))
	ev.Member, ev.Time = user.account(src), at.Time
	if kind == event.MemberRemoved {
		ev.Time, ev.RoleBefore = firstTime(req.ReceivedAt), role.lower()
	} else {
		ev.RoleAfter = role.lower()
	}
	if of == ofGroup {
		// The path is the group's own, without those of its parents: GitLab sends no other.
		ev.Group = &event.Group{ID: where.String(), Path: string(body.GroupPath), Name: string(body.GroupName)}
	} else {
		ev.Repository = &event.Repository{
			ID: where.String(), Path: string(body.ProjectPath), Name: string(body.ProjectName),
			Namespace: parentPath(body.ProjectPath), Visibility: string(body.ProjectVisibility),
		}
	}
	// The visibility of groups is not sent.
	ev.Private = isPrivate(ev.Repository)
	return []event.Event{ev}, nil
}

// gitlabUserKinds are the kinds of events on accounts. GitLab tells of no other changes of a profile than the login's.
var gitlabUserKinds = map[text]string{
	"user_create": event.UserCreated, "user_destroy": event.UserDeleted, "user_rename": event.UserRenamed,
}

// gitlabUserEvents reads accounts that come, go and change their logins. Who did it is not sent, nor when an account
// was deleted.
func gitlabUserEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		ID          id     `json:"user_id"`
		Username    text   `json:"username"`
		Name        text   `json:"name"`
		OldUsername text   `json:"old_username"`
		Created     moment `json:"created_at"`
		Updated     moment `json:"updated_at"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	account := (&gitlabUser{ID: body.ID, Username: body.Username, Name: body.Name}).account(src)
	if account == nil {
		return nil, &UnreadableError{Reason: "the user has no id"}
	}
	account.CreatedAt = body.Created.Time
	kind := gitlabUserKinds[head.kind()]
	at, parts := firstTime(req.ReceivedAt), []string{verb(kind)}
	switch kind {
	case event.UserCreated:
		at = firstTime(body.Created.Time, req.ReceivedAt)
	case event.UserRenamed:
		at = firstTime(body.Updated.Time, req.ReceivedAt)
		parts = append(parts, gitlabOccurrenceOrDigest(req, body.Updated))
	}
	ev := newEvent(src, kind, "user:"+account.ID, parts...)
	ev.Time, ev.User = at, account
	if kind == event.UserRenamed {
		ev.LoginBefore = string(body.OldUsername)
	}
	return []event.Event{ev}, nil
}

// gitlabOccurrenceOrDigest is gitlabOccurrence, or the digest of the body that should have said the time.
func gitlabOccurrenceOrDigest(req Request, at moment) string {
	if at.IsZero() {
		return digest(req)
	}
	return gitlabOccurrence(at)
}

// gitlabProjectKinds are the kinds of events on projects as a whole.
var gitlabProjectKinds = map[text]string{
	"project_create": event.RepositoryCreated, "project_destroy": event.RepositoryDeleted,
	"project_rename": event.RepositoryRenamed, "project_transfer": event.RepositoryTransferred,
}

// gitlabProjectEvents reads what system hooks and, of new and deleted projects, those of groups send. Of owners they
// send names alone, which identify nobody, and who did it they do not say.
func gitlabProjectEvents(src Source, req Request, head *gitlabHead) ([]event.Event, error) {
	var body struct {
		ID         id               `json:"project_id"`
		Name       text             `json:"name"`
		Path       text             `json:"path_with_namespace"`
		OldPath    text             `json:"old_path_with_namespace"`
		Visibility gitlabVisibility `json:"project_visibility"`
		Created    moment           `json:"created_at"`
		Updated    moment           `json:"updated_at"`
	}
	if err := decode(req.Body, &body); err != nil {
		return nil, err
	}
	if body.ID == 0 {
		return nil, &UnreadableError{Reason: "the project has no id"}
	}
	kind := gitlabProjectKinds[head.kind()]
	at, parts := firstTime(req.ReceivedAt), []string{verb(kind)}
	switch kind {
	case event.RepositoryCreated:
		at = firstTime(body.Created.Time, req.ReceivedAt)
	case event.RepositoryRenamed, event.RepositoryTransferred:
		at = firstTime(body.Updated.Time, req.ReceivedAt)
		parts = append(parts, gitlabOccurrenceOrDigest(req, body.Updated))
	}
	project := gitlabProject{ID: body.ID, Name: body.Name, Path: body.Path, Level: body.Visibility}
	ev := newEvent(src, kind, "repository:"+body.ID.String(), parts...)
	ev.Time, ev.Repository = at, project.repository()
	ev.Private = isPrivate(ev.Repository)
	if event.Carries(kind, "path_before") {
		ev.PathBefore = string(body.OldPath)
	}
	return []event.Event{ev}, nil
}
