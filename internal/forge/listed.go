package forge

import (
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Starred returns the event of a star that a listing shows, of forges whose webhooks tell of none (GitLab, Gitea and
// Forgejo). It has the natural key that webhooks of other forges give. The link is that of the repository.
func Starred(src Source, in *event.Repository, link string, giver event.Account, at time.Time) event.Event {
	giver.Bot = isBot(src, text(giver.Login), giver.Bot)
	ev := newEvent(src, event.StarAdded, "repository:"+in.ID, "star", giver.ID, verb(event.StarAdded))
	ev.Time, ev.Actor, ev.Repository, ev.URL, ev.Private = at, &giver, in, text(link).link(), isPrivate(in)
	return ev
}
