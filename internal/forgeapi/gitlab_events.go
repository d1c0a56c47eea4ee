package forgeapi

import (
	"context"
	"net/url"
)

// approvals reads who has approved a merge request, in the events of the project, which GitLab keeps for three years; the
// merge request itself does not say when: https://docs.gitlab.com/api/events/
func (g *gitlabReader) approvals(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.happened(ctx, at, step, "approved", func(page *Page, done object) error {
		merge, err := g.readIf(ctx, gitlabPath(at.path, false)+"/merge_requests/"+url.PathEscape(done.text("target_iid")))
		if err != nil || len(merge) == 0 {
			return err
		}
		attributes := gitlabMerge(merge, at).with("action", "approved")
		g.tell(page, at, "merge_request", done.in("author"), attributes, gitlabPeople(merge), done.at(createdAt))
		return nil
	})
}

// happened reads what the events of a project say of an action, oldest first: nothing is put between them.
func (g *gitlabReader) happened(ctx context.Context, at place, step cursor, action string, tell func(*Page, object) error) (*Page, error) {
	listed, next, err := g.listIf(ctx, step.path(gitlabEvents(at, action, step)))
	if err != nil {
		return nil, err
	}
	page := &Page{Next: step.link(next)}
	for _, done := range listed {
		if done.at(createdAt).Before(step.Since) {
			continue
		}
		if err := tell(page, done); err != nil {
			return nil, err
		}
	}
	return page, nil
}

// comments reads comments in the events of the project. Of those on commits GitLab does not say there on which.
func (g *gitlabReader) comments(ctx context.Context, at place, step cursor) (*Page, error) {
	return g.happened(ctx, at, step, "commented", func(page *Page, done object) error {
		note := done.in("note")
		if note.is("system") {
			return nil
		}
		field, target, link, err := g.noteable(ctx, at, note)
		if err != nil || target == nil {
			return err
		}
		hidden := note.is("internal") || note.is("confidential")
		attributes := object{
			"id": note["id"], "noteable_type": note["noteable_type"], "noteable_id": note["noteable_id"], "author_id": note.in("author")["id"],
			"note": note["body"], "url": encode(link + "#note_" + note.text("id")), createdAt: note[createdAt], "updated_at": note["updated_at"],
			"internal": encode(hidden), "action": encode("create"),
		}.sent()
		author := note.in("author")
		if author == nil {
			author = done.in("author")
		}
		more := object{field: encode(target), "known_users": target["known_users"]}.sent()
		g.tell(page, at, "note", author, attributes, more, note.at(createdAt))
		return nil
	})
}

// noteable returns what a comment is on, as hooks show it, with its page; nil for what is gone or has no word in hooks.
func (g *gitlabReader) noteable(ctx context.Context, at place, note object) (field string, shown object, link string, err error) {
	project := gitlabPath(at.path, false)
	iid := url.PathEscape(note.text("noteable_iid"))
	var whole object
	switch note.text("noteable_type") {
	case "MergeRequest":
		field = "merge_request"
		whole, err = g.readIf(ctx, project+"/merge_requests/"+iid)
		shown = gitlabMerge(whole, at)
	case "Issue", "WorkItem":
		field = "issue"
		whole, err = g.readIf(ctx, project+"/issues/"+iid)
		shown = gitlabIssue(whole, at)
	case "Snippet", "ProjectSnippet":
		field = "snippet"
		whole, err = g.readIf(ctx, project+"/snippets/"+url.PathEscape(note.text("noteable_id")))
		shown = object{
			"id": whole["id"], "author_id": whole.in("author")["id"], "title": whole["title"], "url": whole["web_url"],
			"visibility_level": whole["visibility"], createdAt: whole[createdAt],
		}.sent()
	}
	if err != nil || len(whole) == 0 {
		return "", nil, "", err
	}
	if author := whole.in("author"); author != nil {
		shown["known_users"] = encode([]object{author})
	}
	return field, shown, whole.text("web_url"), nil
}
