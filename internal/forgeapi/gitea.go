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
	"github.com/seed-504bad89/accolade/internal/forge"
)

// giteaReader reads Gitea and Forgejo, whose APIs are the same and show what their webhooks show:
// https://docs.gitea.com/api/ and https://forgejo.org/docs/latest/user/api-usage/. A server lists 50 things at most.
type giteaReader struct {
	*API

	// header names the event in the headers of a webhook.
	header string
}

func giteaAuthorize(header http.Header, token string) { header.Set("Authorization", "token "+token) }

func (g *giteaReader) places(ctx context.Context, name string) ([]place, error) {
	if strings.Contains(name, "/") {
		one, err := g.place(ctx, name, false)
		return []place{one}, err
	}
	var found []place
	listed := "/users/" + url.PathEscape(name) + "/repos?limit=50"
	group, err := g.place(ctx, name, true)
	switch {
	case err == nil:
		found = append(found, group)
		listed = "/orgs/" + url.PathEscape(name) + "/repos?limit=50"
	case !refusedWith(err, http.StatusNotFound):
		return nil, Explain(err)
	}
	repositories, next, err := g.list(ctx, listed)
	for err == nil && next != "" {
		var more []object
		more, next, err = g.list(ctx, next)
		repositories = append(repositories, more...)
	}
	for _, repository := range repositories {
		found = append(found, place{path: repository.text("full_name"), whole: repository, told: repository})
	}
	return found, Explain(err)
}

func (g *giteaReader) place(ctx context.Context, path string, group bool) (place, error) {
	where := githubPath(path)
	if group {
		where = "/orgs/" + url.PathEscape(path)
	}
	whole, err := g.read(ctx, where)
	return place{path: path, group: group, whole: whole, told: whole}, err
}

func (g *giteaReader) listings(group bool) []listing {
	if group {
		return []listing{{"members", g.members}, {"teams", g.teams}}
	}
	return []listing{
		{"merge_requests", g.pulls}, {listIssues, g.issues}, {"comments", g.comments}, {"releases", g.releases}, {"stars", g.stars}, {"forks", g.forks},
	}
}

// tell adds what the webhook of the event and action would have told of what somebody did.
func (g *giteaReader) tell(page *Page, at place, name, action string, body, actor object, when time.Time) {
	if _, has := body["repository"]; !has {
		body = body.with("repository", at.told)
	}
	if actor != nil {
		body = body.with("sender", actor)
	}
	g.hears(page, http.Header{g.header: {name}, "Content-Type": {"application/json"}}, body.with("action", action), when)
}

// pulls reads pull requests with their reviews: all of them by when they were opened, which does not change, and those
// since a time by when they changed, the newest first. What changes meanwhile goes to the front and is passed over, for
// the next reading to find: it changed after this one began.
func (g *giteaReader) pulls(ctx context.Context, at place, step cursor) (*Page, error) {
	sort := "oldest"
	if !step.Since.IsZero() {
		sort = "recentupdate"
	}
	listed, next, err := g.listIf(ctx, step.path(githubPath(at.path)+"/pulls?state=all&limit=50&sort="+sort))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, pull := range listed {
		if pull.at("updated_at").Before(step.Since) {
			page.Next = ""
			continue
		}
		if err := g.pull(ctx, at, page, pull); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func (g *giteaReader) pull(ctx context.Context, at place, page *Page, pull object) error {
	body := object{"pull_request": encode(pull)}
	g.tell(page, at, "pull_request", "opened", body, pull.in("user"), pull.at("created_at"))
	switch {
	case pull.is("merged"):
		g.tell(page, at, "pull_request", closed, body, pull.in("merged_by"), pull.at("merged_at"))
	case pull.text("state") == closed:
		closer, err := g.closer(ctx, at, pull)
		if err != nil {
			return err
		}
		g.tell(page, at, "pull_request", closed, body, closer, pull.at("closed_at"))
	}
	reviews, err := g.listAll(ctx, githubPath(at.path)+"/pulls/"+pull.text("number")+"/reviews?limit=50")
	if err != nil {
		return err
	}
	for _, review := range reviews {
		word, tells := giteaReviews[strings.ToUpper(review.text("state"))]
		if !tells {
			continue
		}
		// Of a review, webhooks say the time as that of the change of the pull request.
		told := object{
			"pull_request": encode(pull.with("updated_at", review["submitted_at"])),
			"review":       encode(object{"type": encode("pull_request_review_" + word), "content": review["body"]}.sent()),
		}
		g.tell(page, at, "pull_request_review_"+word, "reviewed", told, review.in("user"), review.at("submitted_at"))
	}
	return nil
}

// giteaReviews are the words of webhooks for the states of reviews.
var giteaReviews = map[string]string{"APPROVED": "approved", "REQUEST_CHANGES": "rejected", "COMMENT": "comment"}

// closer returns who closed something last; its timeline alone says it.
func (g *giteaReader) closer(ctx context.Context, at place, closed object) (object, error) {
	timeline, err := g.listAll(ctx, githubPath(at.path)+"/issues/"+closed.text("number")+"/timeline?limit=50")
	var by object
	for _, entry := range timeline {
		if entry.text("type") == "close" {
			by = entry.in("user")
		}
	}
	return by, err
}

// issues reads issues, the newest first: those that are opened meanwhile move others to later pages, where they are read
// again.
func (g *giteaReader) issues(ctx context.Context, at place, step cursor) (*Page, error) {
	first := githubPath(at.path) + "/issues?state=all&type=issues&limit=50" + step.sinceParameter("since")
	listed, next, err := g.listIf(ctx, step.path(first))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, issue := range listed {
		body := object{"issue": encode(issue)}
		g.tell(page, at, "issues", "opened", body, issue.in("user"), issue.at("created_at"))
		if issue.text("state") != closed {
			continue
		}
		closer, err := g.closer(ctx, at, issue)
		if err != nil {
			return nil, err
		}
		g.tell(page, at, "issues", closed, body, closer, issue.at("closed_at"))
	}
	return page, nil
}

// comments reads comments, the oldest first.
func (g *giteaReader) comments(ctx context.Context, at place, step cursor) (*Page, error) {
	listed, next, err := g.listIf(ctx, step.path(githubPath(at.path)+"/issues/comments?limit=50"+step.sinceParameter("since")))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, comment := range listed {
		address, isPull := comment.text("issue_url"), false
		if on := comment.text("pull_request_url"); on != "" {
			address, isPull = on, true
		}
		number := url.PathEscape(address[strings.LastIndexByte(address, '/')+1:])
		issue, err := g.readIf(ctx, githubPath(at.path)+"/issues/"+number)
		if err != nil {
			return nil, err
		}
		if len(issue) == 0 { // It was deleted meanwhile.
			page.Unreadable++
			continue
		}
		body := object{"issue": encode(issue), "comment": encode(comment), "is_pull": encode(isPull)}
		name := "issue_comment"
		if isPull {
			name = "pull_request_comment"
			pull, err := g.readIf(ctx, githubPath(at.path)+"/pulls/"+number)
			if err != nil {
				return nil, err
			}
			if len(pull) > 0 {
				body["pull_request"] = encode(pull)
			}
		}
		g.tell(page, at, name, "created", body, comment.in("user"), comment.at("created_at"))
	}
	return page, nil
}

func (g *giteaReader) releases(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, githubPath(at.path)+"/releases?limit=50", func(page *Page, release object) {
		if !release.is("draft") {
			g.tell(page, at, "release", "published", object{"release": encode(release)}, release.in("author"), release.at("published_at"))
		}
	})
}

// forks reads forks. Webhooks call the parent "forkee", and "repository" what is new.
func (g *giteaReader) forks(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, githubPath(at.path)+"/forks?limit=50", func(page *Page, fork object) {
		body := object{"forkee": encode(at.told), "repository": encode(fork)}
		g.tell(page, at, "fork", "", body, fork.in("owner"), fork.at("created_at"))
	})
}

// stars reads who has starred a repository. When, nothing says: it is told of as of the listing.
func (g *giteaReader) stars(ctx context.Context, at place, step cursor) (*Page, error) {
	shown := &Page{}
	g.tell(shown, at, "repository", "created", object{}, nil, g.now())
	if len(shown.Events) == 0 {
		return &Page{Unreadable: 1}, nil
	}
	in := shown.Events[0].Repository
	return g.each(ctx, step, githubPath(at.path)+"/stargazers?limit=50", func(page *Page, giver object) {
		page.Events = append(page.Events, forge.Starred(g.src, in, at.whole.text("html_url"), giteaAccount(giver), g.now()))
	})
}

func giteaAccount(user object) event.Account {
	return event.Account{ID: user.text("id"), Login: user.text("login"), Name: user.text("full_name")}
}

// members reads who belongs to an organisation; no webhook tells of it.
func (g *giteaReader) members(ctx context.Context, at place, _ cursor) (*Page, error) {
	path, id := at.path, at.whole.text("id")
	listed, all, err := g.listRoster(ctx, "/orgs/"+url.PathEscape(path)+"/members?limit=50")
	if err != nil {
		return nil, err
	}
	// Whoever does not belong to the organisation sees its public members alone, unless as an admin of the server.
	self, err := g.readIf(ctx, "/user")
	if err != nil {
		return nil, err
	}
	seesAll := self.is("is_admin") || slices.ContainsFunc(listed, func(member object) bool {
		return self.text("id") != "" && member.text("id") == self.text("id")
	})
	roster := &Roster{Prefix: "member:group:" + id + ":", Partial: !all || !seesAll}
	group, now := event.Group{ID: id, Path: path, Name: at.whole.text("full_name")}, g.now().UTC()
	for _, member := range listed {
		roster.Present = append(roster.Present, forge.Joined(g.src, "group", group, giteaAccount(member), "", listedAt(now), now))
	}
	return &Page{Roster: roster}, nil
}

// teams reads who belongs to the teams of an organisation, one team a step.
func (g *giteaReader) teams(ctx context.Context, at place, step cursor) (*Page, error) {
	listed, _, err := g.listIf(ctx, "/orgs/"+url.PathEscape(at.path)+"/teams?limit=1&page="+strconv.Itoa(step.Page))
	if err != nil || len(listed) == 0 || step.Page > maxPages {
		return &Page{}, err
	}
	team, now := listed[0], g.now().UTC()
	members, all, err := g.listRoster(ctx, "/teams/"+team.text("id")+"/members?limit=50")
	if err != nil {
		return nil, err
	}
	roster := &Roster{Prefix: "member:team:" + team.text("id") + ":", Partial: !all}
	group := event.Group{ID: team.text("id"), Path: at.path + "/" + team.text("name"), Name: team.text("name")}
	for _, member := range members {
		roster.Present = append(roster.Present, forge.Joined(g.src, "team", group, giteaAccount(member), team.text("permission"), listedAt(now), now))
	}
	return &Page{Roster: roster, Next: cursor{Page: step.Page + 1}.String()}, nil
}
