package forge

import (
	"cmp"

	"github.com/seed-504bad89/accolade/internal/event"
)

type githubOrganization struct {
	ID    id   `json:"id"`
	Login text `json:"login"`
}

type githubTeam struct {
	ID   id   `json:"id"`
	Slug text `json:"slug"`
	Name text `json:"name"`
	URL  text `json:"html_url"`
}

// group returns the team of the organisation. One that was deleted together with its memberships has no slug.
func (t *githubTeam) group(of githubOrganization) *event.Group {
	group := event.Group{ID: t.ID.String(), Name: string(t.Name)}
	if of.Login != "" && t.Slug != "" {
		group.Path = string(of.Login + "/" + t.Slug)
	}
	return &group
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
		Team   githubTeam  `json:"team"`

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
	ev.Group = body.Team.group(body.Organization)
	return []event.Event{ev}, nil
}

// githubMembership begins the event on a membership. The body has neither an id nor a time for it: the time is that
// of the receipt, and since no visibility is sent, the event is private.
func githubMembership(src Source, req Request, kind, of string, where id, who *githubUser) (event.Event, error) {
	member := who.account(src)
	if where == 0 || member == nil {
		return event.Event{}, &UnreadableError{Reason: "the membership has no member or no group"}
	}
	ev := newMembership(src, kind, of, where, who.ID, githubOccurrence(req))
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

// githubCollaboratorEvents reads who may work on a repository without being asked in by an organisation.
func githubCollaboratorEvents(src Source, req Request) ([]event.Event, error) {
	type change struct {
		From text `json:"from"`
		To   text `json:"to"`
	}
	var body struct {
		githubBody

		Member  *githubUser `json:"member"`
		Changes struct {
			OldPermission change `json:"old_permission"`
			Permission    change `json:"permission"`
			RoleName      change `json:"role_name"`
		} `json:"changes"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	kinds := map[text]string{"added": event.MemberAdded, "removed": event.MemberRemoved, "edited": event.MemberRoleChanged}
	kind, ok := kinds[body.Action]
	if !ok {
		return nil, body.unknown(req)
	}
	ev, err := githubMembership(src, req, kind, ofRepository, body.repository(), body.Member)
	if err != nil {
		return nil, err
	}
	ev.Actor, ev.Repository = body.Sender.account(src), body.Repository.repository()
	ev.Private = isPrivate(ev.Repository)
	// The name of the role says more than the permission that it comes with; older servers send neither.
	changed := body.Changes
	if kind != event.MemberAdded {
		ev.RoleBefore = cmp.Or(changed.RoleName.From, changed.Permission.From, changed.OldPermission.From).lower()
	}
	if kind != event.MemberRemoved {
		ev.RoleAfter = cmp.Or(changed.RoleName.To, changed.Permission.To).lower()
	}
	return []event.Event{ev}, nil
}

// githubUserEvents reads accounts that come and go on an Enterprise Server. It tells of no other changes of them.
func githubUserEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		User *githubUser `json:"user"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	var kind string
	switch body.Action {
	case actionCreated:
		kind = event.UserCreated
	case actionDeleted:
		kind = event.UserDeleted
	default:
		return nil, body.unknown(req)
	}
	account := body.User.account(src)
	if account == nil {
		return nil, &UnreadableError{Reason: "the user has no id"}
	}
	ev := newEvent(src, kind, "user:"+account.ID, verb(kind))
	ev.Time, ev.URL, ev.Actor = firstTime(req.ReceivedAt), body.User.URL.link(), body.Sender.account(src)
	if kind == event.UserCreated {
		ev.Time = firstTime(body.User.Created.Time, req.ReceivedAt)
	}
	account.CreatedAt, account.AvatarURL = body.User.Created.Time, body.User.Avatar.link()
	ev.User = account
	return []event.Event{ev}, nil
}

// githubSponsorshipEvents reads who begins to sponsor whom. GitHub numbers sponsorships by node ids alone.
func githubSponsorshipEvents(src Source, req Request) ([]event.Event, error) {
	var body struct {
		githubBody

		Sponsorship struct {
			ID        text        `json:"node_id"`
			Created   moment      `json:"created_at"`
			Sponsor   *githubUser `json:"sponsor"`
			Sponsored *githubUser `json:"sponsorable"`
			Privacy   text        `json:"privacy_level"`
			Tier      struct {
				Name text `json:"name"`
			} `json:"tier"`
		} `json:"sponsorship"`
	}
	if err := decode(jsonBody(req), &body); err != nil {
		return nil, err
	}
	if body.Action != actionCreated {
		return nil, body.unknown(req)
	}
	made := &body.Sponsorship
	if made.ID == "" {
		return nil, &UnreadableError{Reason: "the sponsorship has no id"}
	}
	ev := newEvent(src, event.SponsorshipCreated, "sponsorship:"+string(made.ID), "created")
	ev.Time, ev.Actor, ev.Private = firstTime(made.Created.Time, req.ReceivedAt), body.Sender.account(src), made.Privacy.lower() != "public"
	ev.Sponsor, ev.Sponsored, ev.Tier = made.Sponsor.person(src), made.Sponsored.person(src), string(made.Tier.Name)
	ev.Group = cmp.Or(made.Sponsored.group(), made.Sponsor.group())
	return []event.Event{ev}, nil
}
