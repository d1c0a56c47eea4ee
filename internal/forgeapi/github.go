package forgeapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// githubReader reads GitHub and GitHub Enterprise Server: https://docs.github.com/en/rest
type githubReader struct{ *API }

func githubAuthorize(header http.Header, token string) {
	header.Set("Authorization", "Bearer "+token)
	header.Set("X-Github-Api-Version", "2022-11-28")
}

// closed is how the forges call what is neither open nor merged.
const closed = "closed"

// The media type that shows when a star was given.
const githubStars = "application/vnd.github.star+json"

func (g *githubReader) places(ctx context.Context, name string) ([]place, error) {
	if strings.Contains(name, "/") {
		one, err := g.place(ctx, name, false)
		return []place{one}, err
	}
	owner, err := g.read(ctx, "/users/"+url.PathEscape(name))
	if err != nil {
		return nil, Explain(err)
	}
	var found []place
	listed := "/users/" + url.PathEscape(name) + "/repos?type=owner&per_page=100"
	if owner.text("type") == "Organization" {
		found = append(found, place{path: owner.text("login"), group: true, whole: owner, told: owner})
		listed = "/orgs/" + url.PathEscape(name) + "/repos?per_page=100"
	}
	repositories, err := g.listAll(ctx, listed)
	for _, repository := range repositories {
		found = append(found, place{path: repository.text("full_name"), whole: repository, told: repository})
	}
	return found, Explain(err)
}

func (g *githubReader) place(ctx context.Context, path string, group bool) (place, error) {
	where := githubPath(path)
	if group {
		where = "/orgs/" + url.PathEscape(path)
	}
	whole, err := g.read(ctx, where)
	return place{path: path, group: group, whole: whole, told: whole}, Explain(err)
}

func githubPath(path string) string {
	owner, name, _ := strings.Cut(path, "/")
	return "/repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name)
}

func (g *githubReader) listings(group bool) []listing {
	if group {
		return []listing{{"members", g.members}, {"teams", g.teams}}
	}
	return []listing{
		{listIssues, g.issues}, {"comments", g.comments}, {"review_comments", g.reviewComments},
		{"releases", g.releases}, {"milestones", g.milestones}, {"stars", g.stars}, {"forks", g.forks},
	}
}

// hook returns the headers of a webhook.
func (g *githubReader) hook(name string) http.Header {
	return http.Header{"X-Github-Event": {name}, "Content-Type": {"application/json"}}
}

// tell adds what the webhook with the name, action and body would have told.
func (g *githubReader) tell(page *Page, at place, name, action string, body, actor object, when time.Time) {
	body = body.with("action", action).with("repository", at.told)
	if actor != nil {
		body = body.with("sender", actor)
	}
	g.hears(page, g.hook(name), body, when)
}

// issues walks issues and pull requests together, as GitHub lists them.
func (g *githubReader) issues(ctx context.Context, at place, step cursor) (*Page, error) {
	if step.Link != "" {
		return g.pulls(ctx, at, step)
	}
	path := func(c cursor) string {
		return githubPath(at.path) + "/issues?state=all&sort=updated&direction=asc" + c.sinceParameter("since") + c.query()
	}
	listed, next, err := g.walk(ctx, step, path, "updated_at")
	if refusedWith(err, http.StatusGone, http.StatusNotFound) { // Where issues are switched off, pull requests are not.
		return g.pulls(ctx, at, step)
	}
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, issue := range listed {
		tell := g.issue
		if issue.in("pull_request") != nil {
			tell = g.pull
		}
		if err := tell(ctx, at, page, issue); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// pulls reads the pull requests of a repository without issues, by when they were opened: none is ever deleted, so that
// the pages do not shift.
func (g *githubReader) pulls(ctx context.Context, at place, step cursor) (*Page, error) {
	first := githubPath(at.path) + "/pulls?state=all&sort=created&direction=asc&per_page=" + strconv.Itoa(pageSize)
	listed, next, err := g.listIf(ctx, step.path(first))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, pull := range listed {
		if pull.at("updated_at").Before(step.Since) {
			continue
		}
		if err := g.pull(ctx, at, page, pull); err != nil {
			return nil, err
		}
	}
	return page, nil
}

func (g *githubReader) issue(ctx context.Context, at place, page *Page, issue object) error {
	g.tell(page, at, "issues", "opened", object{"issue": encode(issue)}, issue.in("user"), issue.at("created_at"))
	if issue.text("state") != closed {
		return nil
	}
	closer, err := g.closer(ctx, at, issue)
	if err == nil {
		g.tell(page, at, "issues", closed, object{"issue": encode(issue)}, closer, issue.at("closed_at"))
	}
	return err
}

// closer returns who closed an issue or a pull request, which lists leave out.
func (g *githubReader) closer(ctx context.Context, at place, issue object) (object, error) {
	if by := issue.in("closed_by"); by != nil {
		return by, nil
	}
	whole, err := g.readIf(ctx, githubPath(at.path)+"/issues/"+issue.text("number"))
	return whole.in("closed_by"), err
}

// pull tells of a pull request and its reviews. The list leaves out who merged it and how large it is.
func (g *githubReader) pull(ctx context.Context, at place, page *Page, listed object) error {
	path := githubPath(at.path) + "/pulls/" + listed.text("number")
	pull, err := g.readIf(ctx, path)
	if err != nil || len(pull) == 0 {
		return err
	}
	body := object{"pull_request": encode(pull)}
	g.tell(page, at, "pull_request", "opened", body, pull.in("user"), pull.at("created_at"))
	switch {
	case pull.is("merged"):
		g.tell(page, at, "pull_request", closed, body, pull.in("merged_by"), pull.at("merged_at"))
	case pull.text("state") == closed:
		closer, err := g.closer(ctx, at, listed)
		if err != nil {
			return err
		}
		g.tell(page, at, "pull_request", closed, body, closer, pull.at("closed_at"))
	}
	reviews, err := g.listAll(ctx, path+"/reviews?per_page=100")
	if err != nil {
		return err
	}
	for _, review := range reviews {
		g.review(page, at, body, review)
	}
	return nil
}

// review tells of a review. What one that was dismissed had said before, nothing shows.
func (g *githubReader) review(page *Page, at place, body, review object) {
	switch strings.ToUpper(review.text("state")) {
	case "PENDING":
	case "DISMISSED":
		g.tell(page, at, "pull_request_review", "dismissed", body.with("review", review), nil, review.at("submitted_at"))
	default:
		g.tell(page, at, "pull_request_review", "submitted", body.with("review", review), review.in("user"), review.at("submitted_at"))
	}
}

// comments walks the comments on issues and on pull requests as a whole.
func (g *githubReader) comments(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.commented(ctx, at, step, "/issues/comments", "issue_url", "/issues/", "issue", "issue_comment")
}

// reviewComments walks the comments on lines of pull requests.
func (g *githubReader) reviewComments(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.commented(ctx, at, step, "/pulls/comments", "pull_request_url", "/pulls/", "pull_request", "pull_request_review_comment")
}

func (g *githubReader) commented(ctx context.Context, at place, step cursor, list, on, noun, field, name string) (*Page, error) {
	path := func(c cursor) string {
		return githubPath(at.path) + list + "?sort=updated&direction=asc" + c.sinceParameter("since") + c.query()
	}
	listed, next, err := g.walkIf(ctx, step, path, "updated_at")
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, comment := range listed {
		address := comment.text(on)
		target, err := g.readIf(ctx, githubPath(at.path)+noun+url.PathEscape(address[strings.LastIndexByte(address, '/')+1:]))
		if err != nil {
			return nil, err
		}
		if len(target) == 0 { // It was transferred or deleted meanwhile.
			page.Unreadable++
			continue
		}
		body := object{"comment": encode(comment), field: encode(target)}
		g.tell(page, at, name, "created", body, comment.in("user"), comment.at("created_at"))
	}
	return page, nil
}

// releases reads the releases, newest first: those that are published meanwhile move the others to later pages, where
// they are read again.
func (g *githubReader) releases(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, githubPath(at.path)+"/releases?per_page=100", func(page *Page, release object) {
		if !release.is("draft") {
			g.tell(page, at, "release", "published", object{"release": encode(release)}, release.in("author"), release.at("published_at"))
		}
	})
}

func (g *githubReader) milestones(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, githubPath(at.path)+"/milestones?state=closed&per_page=100", func(page *Page, milestone object) {
		g.tell(page, at, "milestone", closed, object{"milestone": encode(milestone)}, nil, milestone.at("closed_at"))
	})
}

func (g *githubReader) forks(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, githubPath(at.path)+"/forks?sort=newest&per_page=100", func(page *Page, fork object) {
		g.tell(page, at, "fork", "", object{"forkee": encode(fork)}, fork.in("owner"), fork.at("created_at"))
	})
}

// each reads a list by the addresses of its pages.
func (a *API) each(ctx context.Context, step cursor, first string, tell func(*Page, object)) (*Page, error) {
	listed, next, err := a.listIf(ctx, step.path(first))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, one := range listed {
		tell(page, one)
	}
	return page, nil
}

// stars reads the stars from the last page to the first, so that stars that are taken back meanwhile, which move the
// others up, make none be passed over. It ends at those that were given before the time asked for.
func (g *githubReader) stars(ctx context.Context, at place, step cursor) (*Page, error) {
	list := githubPath(at.path) + "/stargazers?per_page=100&page="
	if step.Link == "" {
		got, err := g.client.get(ctx, list+"1", githubStars)
		if err != nil {
			return nil, ifSeen(g.explain(err))
		}
		step.Link = pageOf(linkTo(got.header, "last"))
	}
	listed, _, err := g.listIf(ctx, list+step.Link, githubStars)
	if err != nil {
		return nil, err
	}
	page, older := &Page{}, false
	for _, star := range listed {
		older = older || star.at("starred_at").Before(step.Since)
		body := object{"starred_at": star["starred_at"]}
		g.tell(page, at, "star", "created", body, star.in("user"), star.at("starred_at"))
	}
	if number, _ := strconv.Atoi(step.Link); number > 1 && !older {
		page.Next = step.link(strconv.Itoa(number - 1))
	}
	return page, nil
}

// pageOf returns the number of the page at an address; 1 when it says none.
func pageOf(address string) string {
	where, err := url.Parse(address)
	if err != nil || where.Query().Get("page") == "" {
		return "1"
	}
	return where.Query().Get("page")
}

// members reads who belongs to an organisation. Only the list of those with a role says the role; all are listed once more, since
// whoever gets another one meanwhile may be on neither list.
func (g *githubReader) members(ctx context.Context, at place, _ cursor) (*Page, error) {
	list := "/orgs/" + url.PathEscape(at.path) + "/members?per_page=100&role="
	admins, knowsAdmins, err := g.listRoster(ctx, list+"admin")
	if err != nil {
		return nil, err
	}
	listed, all, err := g.listRoster(ctx, list+"all")
	if err != nil {
		return nil, err
	}
	page := &Page{Roster: &Roster{Prefix: "member:group:" + at.whole.text("id") + ":", Partial: !knowsAdmins || !all}}
	for _, member := range listed {
		role := "member"
		if slices.ContainsFunc(admins, func(admin object) bool { return admin.text("id") == member.text("id") }) {
			role = "admin"
		}
		g.joins(page.Roster, "organization", object{
			"action": encode("member_added"), "organization": encode(at.told),
			"membership": encode(object{"role": encode(role), "user": encode(member)}),
		})
	}
	// Whoever does not belong to the organisation sees its public members alone.
	own, err := g.readIf(ctx, "/user/memberships/orgs/"+url.PathEscape(at.path))
	page.Roster.Partial = page.Roster.Partial || own.text("state") != "active"
	return page, err
}

// teams reads who belongs to the teams of an organisation, one team a step.
func (g *githubReader) teams(ctx context.Context, at place, step cursor) (*Page, error) {
	organization := "/orgs/" + url.PathEscape(at.path)
	listed, next, err := g.listIf(ctx, organization+"/teams?per_page=1&page="+strconv.Itoa(step.Page))
	if err != nil || len(listed) == 0 {
		return &Page{}, err
	}
	team := listed[0]
	members, all, err := g.listRoster(ctx, organization+"/teams/"+url.PathEscape(team.text("slug"))+"/members?per_page=100")
	if err != nil {
		return nil, err
	}
	page := &Page{Roster: &Roster{Prefix: "member:team:" + team.text("id") + ":", Partial: !all}}
	for _, member := range members {
		g.joins(page.Roster, "membership", object{
			"action": encode("added"), "organization": encode(at.told), "team": encode(team), "member": encode(member),
		})
	}
	if next != "" {
		page.Next = cursor{Page: step.Page + 1}.String()
	}
	return page, nil
}

// joins adds a joining that has no time of its own to a roster: it is told of as of the listing.
func (g *githubReader) joins(roster *Roster, name string, body object) {
	now := g.now().UTC()
	header := g.hook(name)
	header.Set("X-Github-Delivery", listedAt(now))
	events, err := g.speaks.Events(g.src, forge.Request{Header: header, Body: encode(body), ReceivedAt: now})
	if err != nil || len(events) == 0 {
		roster.Partial = true // Whoever cannot be read has not left.
		return
	}
	roster.Present = append(roster.Present, events...)
}

// listedAt is the occurrence of a membership of which only a listing tells.
func listedAt(now time.Time) string { return "listed-" + now.Format(time.RFC3339) }
