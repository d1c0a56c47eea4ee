package forge

import (
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Joined returns the event of a membership that a listing shows, of forges whose webhooks tell of none (Gitea, Forgejo and
// Bitbucket Cloud). The sort is "group" or "team", and the occurrence tells it from others of the same person there.
func Joined(src Source, sort string, group event.Group, member event.Account, role, occurrence string, at time.Time) event.Event {
	member.Bot = isBot(src, text(member.Login), member.Bot)
	ev := newEvent(src, event.MemberAdded, "member:"+sort+":"+group.ID+":"+member.ID, verb(event.MemberAdded), occurrence)
	ev.Time, ev.Member, ev.Group, ev.RoleAfter, ev.Private = at, &member, &group, role, true
	return ev
}

// Starred returns the event of a star that a listing shows, of forges whose webhooks tell of none (GitLab, Gitea and
// Forgejo). It has the natural key that webhooks of other forges give. The link is that of the repository.
func Starred(src Source, in *event.Repository, link string, giver event.Account, at time.Time) event.Event {
	giver.Bot = isBot(src, text(giver.Login), giver.Bot)
	ev := newEvent(src, event.StarAdded, "repository:"+in.ID, "star", giver.ID, verb(event.StarAdded))
	ev.Time, ev.Actor, ev.Repository, ev.URL, ev.Private = at, &giver, in, text(link).link(), isPrivate(in)
	return ev
}
