package forgeapi

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// gitlabReader reads GitLab: https://docs.gitlab.com/api/rest/. Its API and its hooks call the same things differently, so
// that bodies are composed field by field.
type gitlabReader struct{ *API }

func gitlabAuthorize(header http.Header, token string) { header.Set("Private-Token", token) }

func (g *gitlabReader) places(ctx context.Context, name string) ([]place, error) {
	project, err := g.place(ctx, name, false)
	if err == nil {
		return []place{project}, nil
	}
	if !refusedWith(err, http.StatusNotFound) {
		return nil, Explain(err)
	}
	group, err := g.place(ctx, name, true)
	if err != nil {
		return nil, Explain(err)
	}
	found := []place{group}
	below, err := g.listAll(ctx, gitlabPath(name, true)+"/descendant_groups?per_page=100")
	if err != nil {
		return nil, Explain(err)
	}
	for _, one := range below {
		found = append(found, place{path: one.text("full_path"), group: true, whole: one})
	}
	projects, err := g.listAll(ctx, gitlabPath(name, true)+"/projects?include_subgroups=true&with_shared=false&per_page=100&order_by=id&sort=asc")
	for _, one := range projects {
		found = append(found, place{path: one.text("path_with_namespace"), whole: one, told: gitlabProject(one)})
	}
	return found, Explain(err)
}

func (g *gitlabReader) place(ctx context.Context, path string, group bool) (place, error) {
	whole, err := g.read(ctx, gitlabPath(path, group))
	return place{path: path, group: group, whole: whole, told: gitlabProject(whole)}, err
}

// createdAt is what GitLab calls when something came to be.
const createdAt = "created_at"

func gitlabPath(path string, group bool) string {
	if group {
		return "/groups/" + url.PathEscape(path)
	}
	return "/projects/" + url.PathEscape(path)
}

// gitlabProject returns a project as hooks show it.
func gitlabProject(whole object) object {
	return object{
		"id": whole["id"], "name": whole["name"], "path_with_namespace": whole["path_with_namespace"], "web_url": whole["web_url"],
		"default_branch": whole["default_branch"], "visibility": whole["visibility"],
	}
}

func (g *gitlabReader) listings(group bool) []listing {
	if group {
		return []listing{{"members", g.members}}
	}
	return []listing{
		{"members", g.members}, {"merge_requests", g.mergeRequests}, {listIssues, g.issues}, {"approvals", g.approvals},
		{"comments", g.comments}, {"releases", g.releases}, {"stars", g.stars},
	}
}

// tell adds what the hook of the kind would have told of what somebody did.
func (g *gitlabReader) tell(page *Page, at place, kind string, actor, attributes, more object, when time.Time) {
	body := object{"object_kind": encode(kind), "project": encode(at.told), "object_attributes": encode(attributes)}
	if actor != nil {
		body["user"] = encode(actor)
	}
	maps.Copy(body, more)
	g.hears(page, http.Header{"Content-Type": {"application/json"}}, body, when)
}

// mergeRequests walks merge requests: https://docs.gitlab.com/api/merge_requests/
func (g *gitlabReader) mergeRequests(ctx context.Context, at place, step cursor) (*Page, error) {
	path := func(c cursor) string {
		return gitlabPath(at.path, false) + "/merge_requests?scope=all&state=all&order_by=updated_at&sort=asc" + c.sinceParameter("updated_after") + c.query()
	}
	listed, next, err := g.walkIf(ctx, step, path, "updated_at")
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, merge := range listed {
		attributes, more := gitlabMerge(merge, at), gitlabPeople(merge)
		g.tell(page, at, "merge_request", merge.in("author"), attributes.with("action", "open"), more, merge.at(createdAt))
		switch merge.text("state") {
		case "merged":
			by := merge.in("merge_user")
			if by == nil {
				by = merge.in("merged_by")
			}
			g.tell(page, at, "merge_request", by, attributes.with("action", "merge"), more, merge.at("merged_at"))
		case closed:
			// Of a close, hooks say the time as that of the update.
			attributes = attributes.with("action", "close").with("updated_at", merge["closed_at"])
			g.tell(page, at, "merge_request", merge.in("closed_by"), attributes, more, merge.at("closed_at"))
		}
	}
	return page, nil
}

// gitlabMerge returns a merge request as hooks show it.
func gitlabMerge(merge object, at place) object {
	by := merge.in("merge_user")
	if by == nil {
		by = merge.in("merged_by")
	}
	return object{
		"iid": merge["iid"], "author_id": merge.in("author")["id"], "merge_user_id": by["id"], "title": merge["title"], "url": merge["web_url"],
		"state": merge["state"], "draft": merge["draft"], "work_in_progress": merge["work_in_progress"],
		"source_branch": merge["source_branch"], "target_branch": merge["target_branch"], "target_project_id": at.told["id"],
		"labels": gitlabLabels(merge), createdAt: merge[createdAt], "updated_at": merge["updated_at"], "merged_at": merge["merged_at"],
	}.sent()
}

// gitlabPeople returns who has to do with something, as hooks show them.
func gitlabPeople(of object) object {
	var known []object
	for _, name := range []string{"author", "merge_user", "merged_by"} {
		if one := of.in(name); one != nil {
			known = append(known, one)
		}
	}
	return object{
		"assignees": of["assignees"], "reviewers": of["reviewers"], "labels": gitlabLabels(of), "known_users": encode(known),
	}.sent()
}

// gitlabLabels returns the labels, which the API gives by their titles, as hooks show them.
func gitlabLabels(of object) []byte {
	labels := []object{}
	for _, title := range of.texts("labels") {
		labels = append(labels, object{"title": encode(title)})
	}
	return encode(labels)
}

// The types of work items, in the words of hooks, by those of the API.
var gitlabTypes = map[string]string{"issue": "Issue", "incident": "Incident", "task": "Task", "ticket": "Ticket", "": ""}

// issues walks issues: https://docs.gitlab.com/api/issues/
func (g *gitlabReader) issues(ctx context.Context, at place, step cursor) (*Page, error) {
	path := func(c cursor) string {
		return gitlabPath(at.path, false) + "/issues?scope=all&state=all&order_by=updated_at&sort=asc" + c.sinceParameter("updated_after") + c.query()
	}
	listed, next, err := g.walkIf(ctx, step, path, "updated_at")
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, issue := range listed {
		kind, counts := gitlabTypes[issue.text("issue_type")]
		if !counts {
			continue
		}
		attributes, more := gitlabIssue(issue, at).with("type", kind), gitlabPeople(issue)
		g.tell(page, at, "issue", issue.in("author"), attributes.with("action", "open"), more, issue.at(createdAt))
		if issue.text("state") == closed {
			g.tell(page, at, "issue", issue.in("closed_by"), attributes.with("action", "close"), more, issue.at("closed_at"))
		}
	}
	return page, nil
}

// gitlabIssue returns an issue as hooks show it.
func gitlabIssue(issue object, at place) object {
	return object{
		"iid": issue["iid"], "project_id": at.told["id"], "author_id": issue.in("author")["id"], "title": issue["title"], "url": issue["web_url"],
		"state": issue["state"], "confidential": issue["confidential"], "labels": gitlabLabels(issue), createdAt: issue[createdAt],
		"updated_at": issue["updated_at"], "closed_at": issue["closed_at"], "moved_to_id": issue["moved_to_id"],
	}.sent()
}

// releases reads the releases, the newest first: https://docs.gitlab.com/api/releases/
func (g *gitlabReader) releases(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.each(ctx, step, gitlabPath(at.path, false)+"/releases?per_page=100", func(page *Page, release object) {
		body := object{
			"object_kind": encode("release"), "action": encode("create"), "project": encode(at.told), "tag": release["tag_name"],
			"name": release["name"], createdAt: release[createdAt], "released_at": release["released_at"],
			"url": release.in("_links")["self"],
		}.sent()
		g.hears(page, http.Header{}, body, g.now())
	})
}

// stars reads who has starred a project: https://docs.gitlab.com/api/project_starring/. No hook tells of it.
func (g *gitlabReader) stars(ctx context.Context, at place, step cursor) (*Page, error) {
	in := &event.Repository{
		ID: at.whole.text("id"), Path: at.whole.text("path_with_namespace"), Name: at.whole.text("name"),
		Namespace: at.whole.in("namespace").text("full_path"), DefaultBranch: at.whole.text("default_branch"), Visibility: at.whole.text("visibility"),
	}
	return g.each(ctx, step, gitlabPath(at.path, false)+"/starrers?per_page=100", func(page *Page, star object) {
		giver, when := star.in("user"), star.at("starred_since")
		if giver.text("id") == "" || when.IsZero() {
			page.Unreadable++
			return
		}
		account := event.Account{ID: giver.text("id"), Login: giver.text("username"), Name: giver.text("name")}
		page.Events = append(page.Events, forge.Starred(g.src, in, at.whole.text("web_url"), account, when))
	})
}

// gitlabRoles are the names of access levels in hooks: https://docs.gitlab.com/api/access_requests/
var gitlabRoles = map[string]string{
	"5": "Minimal Access", "10": "Guest", "15": "Planner", "20": "Reporter", "30": "Developer", "40": "Maintainer", "50": "Owner",
}

// members reads who is a member of a group or a project itself, and not by way of another one. A membership has the time of
// its beginning, which hooks tell it by: https://docs.gitlab.com/api/members/
func (g *gitlabReader) members(ctx context.Context, at place, _ cursor) (*Page, error) {
	kind, prefix := "user_add_to_team", "member:repository:"
	if at.group {
		kind, prefix = "user_add_to_group", "member:group:"
	}
	listed, all, err := g.listRoster(ctx, gitlabPath(at.path, at.group)+"/members?per_page=100")
	if err != nil {
		return nil, err
	}
	page := &Page{Roster: &Roster{Prefix: prefix + at.whole.text("id") + ":", Partial: !all}}
	for _, member := range listed {
		body := object{
			"event_name": encode(kind), createdAt: member[createdAt],
			"user_id": member["id"], "user_username": member["username"], "user_name": member["name"],
		}
		role := encode(gitlabRoles[member.text("access_level")])
		if at.group {
			body["group_id"], body["group_name"], body["group_path"], body["group_access"] = at.whole["id"], at.whole["name"], at.whole["path"], role
		} else {
			body["project_id"], body["project_name"], body["access_level"] = at.whole["id"], at.whole["name"], role
			body["project_path_with_namespace"], body["project_visibility"] = at.whole["path_with_namespace"], at.whole["visibility"]
		}
		joined := &Page{}
		g.hears(joined, http.Header{}, body.sent(), g.now())
		page.Unreadable += joined.Unreadable
		page.Roster.Partial = page.Roster.Partial || len(joined.Events) == 0 // Whoever cannot be read has not left.
		page.Roster.Present = append(page.Roster.Present, joined.Events...)
	}
	return page, nil
}

// day returns the parameter that asks for what happened on the day of a time or later, in the words of GitLab's events.
func (c cursor) day() string {
	if c.Since.IsZero() {
		return ""
	}
	return "&after=" + c.Since.UTC().AddDate(0, 0, -1).Format(time.DateOnly)
}

func gitlabEvents(at place, action string, step cursor) string {
	return gitlabPath(at.path, false) + "/events?action=" + action + "&sort=asc&per_page=" + strconv.Itoa(pageSize) + step.day()
}
