package forgeapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// serverReader reads Bitbucket Data Center: https://developer.atlassian.com/server/bitbucket/rest/
type serverReader struct{ *API }

func (b *serverReader) places(ctx context.Context, name string) ([]place, error) {
	if strings.Contains(name, "/") {
		one, err := b.place(ctx, name, false)
		return []place{one}, err
	}
	listed, next, err := b.list(ctx, "/projects/"+url.PathEscape(name)+"/repos?limit=100")
	for err == nil && next != "" {
		var more []object
		more, next, err = b.list(ctx, next)
		listed = append(listed, more...)
	}
	found := make([]place, len(listed))
	for i, repository := range listed {
		found[i] = place{path: repository.in("project").text("key") + "/" + repository.text("slug"), whole: repository, told: repository}
	}
	return found, Explain(err)
}

func (b *serverReader) place(ctx context.Context, path string, _ bool) (place, error) {
	whole, err := b.read(ctx, serverPath(path))
	return place{path: path, whole: whole, told: whole}, Explain(err)
}

func serverPath(path string) string {
	project, slug, _ := strings.Cut(path, "/")
	return "/projects/" + url.PathEscape(project) + "/repos/" + url.PathEscape(slug)
}

// listings of a project are none: who may do what in it is shown to its administrators alone, and no webhook tells of it.
func (b *serverReader) listings(group bool) []listing {
	if group {
		return nil
	}
	return []listing{{"merge_requests", b.pulls}, {"forks", b.forks}}
}

// tell adds what the webhook of the name would have told of what somebody did.
func (b *serverReader) tell(page *Page, name string, body, actor object, date []byte, when time.Time) {
	body = body.with("actor", actor)
	if date != nil {
		body["date"] = date
	}
	b.hears(page, http.Header{"X-Event-Key": {name}}, body, when)
}

// pulls reads pull requests with what happened to them, by when they were opened, which does not change. It cannot be asked
// for those that changed since a time.
func (b *serverReader) pulls(ctx context.Context, at place, step cursor) (*Page, error) {
	list := serverPath(at.path) + "/pull-requests"
	listed, next, err := b.listIf(ctx, step.path(list+"?state=ALL&order=OLDEST&limit="+strconv.Itoa(pageSize)))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, pull := range listed {
		if pull.milliseconds("updatedDate").Before(step.Since) {
			continue
		}
		activities, err := b.listAll(ctx, list+"/"+pull.text("id")+"/activities?limit=100")
		if err != nil {
			return nil, err
		}
		b.pull(page, pull, activities)
	}
	return page, nil
}

func (b *serverReader) pull(page *Page, pull object, activities []object) {
	body := object{"pullRequest": encode(pull)}
	opened := &Page{}
	b.tell(opened, "pr:opened", body, pull.in("author").in("user"), pull["createdDate"], pull.milliseconds("createdDate"))
	// Who was asked for a review later is shown as if it had been at the beginning.
	page.Unreadable += opened.Unreadable
	page.Events = append(page.Events, slices.DeleteFunc(opened.Events, func(ev event.Event) bool { return ev.Kind == event.MergeRequestReviewRequested })...)
	for _, done := range activities {
		user, date, when := done.in("user"), done["createdDate"], done.milliseconds("createdDate")
		reviewer := body.with("participant", object{"user": encode(user), "approved": encode(done.text("action") == "APPROVED")})
		switch done.text("action") {
		case "MERGED":
			b.tell(page, "pr:merged", body, user, date, when)
		case "DECLINED":
			b.tell(page, "pr:declined", body, user, date, when)
		case "APPROVED":
			b.tell(page, "pr:reviewer:approved", reviewer, user, date, when)
		case "REVIEWED":
			b.tell(page, "pr:reviewer:needs_work", reviewer, user, date, when)
		case "COMMENTED":
			if done.text("commentAction") == "ADDED" {
				b.commented(page, body, done.in("comment"))
			}
		}
	}
}

// commented tells of a comment and of the answers to it.
func (b *serverReader) commented(page *Page, body, comment object) {
	b.tell(page, "pr:comment:added", body.with("comment", comment), comment.in("author"), comment["createdDate"], comment.milliseconds("createdDate"))
	for _, answer := range comment.objects("comments") {
		b.commented(page, body, answer)
	}
}

// forks reads forks. When one was made, nothing says: it is told of as of the listing.
func (b *serverReader) forks(ctx context.Context, at place, step cursor) (*Page, error) {
	return b.each(ctx, step, serverPath(at.path)+"/forks?limit=100", func(page *Page, fork object) {
		b.tell(page, "repo:forked", object{"repository": encode(fork.with("origin", at.told))}, fork.in("project").in("owner"), nil, b.now())
	})
}
