package forgeapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// bitbucketReader reads Bitbucket Cloud, whose API shows what its webhooks show:
// https://developer.atlassian.com/cloud/bitbucket/rest/
type bitbucketReader struct{ *API }

// bitbucketAuthorize sends an access token, or an e-mail address and an API token of that account with a colon between.
func bitbucketAuthorize(header http.Header, token string) {
	if strings.Contains(token, ":") {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(token)))
		return
	}
	header.Set("Authorization", "Bearer "+token)
}

func (b *bitbucketReader) places(ctx context.Context, name string) ([]place, error) {
	if strings.Contains(name, "/") {
		one, err := b.place(ctx, name, false)
		return []place{one}, err
	}
	workspace, err := b.place(ctx, name, true)
	if err != nil {
		return nil, err
	}
	found := []place{workspace}
	listed, next, err := b.list(ctx, "/repositories/"+url.PathEscape(name)+"?pagelen=100&sort=created_on")
	for err == nil && next != "" {
		var more []object
		more, next, err = b.list(ctx, next)
		listed = append(listed, more...)
	}
	for _, repository := range listed {
		found = append(found, place{path: repository.text("full_name"), whole: repository, told: repository})
	}
	return found, Explain(err)
}

func (b *bitbucketReader) place(ctx context.Context, path string, group bool) (place, error) {
	where := bitbucketPath(path)
	if group {
		where = "/workspaces/" + url.PathEscape(path)
	}
	whole, err := b.read(ctx, where)
	return place{path: path, group: group, whole: whole, told: whole}, Explain(err)
}

func bitbucketPath(path string) string {
	return "/repositories/" + strings.TrimPrefix(githubPath(path), "/repos/")
}

func (b *bitbucketReader) listings(group bool) []listing {
	if group {
		return []listing{{"members", b.members}}
	}
	return []listing{{"merge_requests", b.pulls}, {listIssues, b.issues}, {"forks", b.forks}}
}

// tell adds what the webhook of the name would have told of what somebody did.
func (b *bitbucketReader) tell(page *Page, at place, name string, body, actor object, when time.Time) {
	body = body.with("repository", at.told)
	if actor != nil {
		body = body.with("actor", actor)
	}
	b.hears(page, http.Header{"X-Event-Key": {name}}, body, when)
}

// changedSince returns the path of a page of what changed since the cursor's time, the oldest first.
func changedSince(list, parameters string) func(cursor) string {
	return func(c cursor) string {
		path := list + "?sort=updated_on&pagelen=" + strconv.Itoa(pageSize) + "&page=" + strconv.Itoa(c.Page) + parameters
		if !c.Since.IsZero() {
			path += "&q=" + url.QueryEscape("updated_on >= "+c.Since.UTC().Format(time.RFC3339))
		}
		return path
	}
}

// pulls walks pull requests with what happened to them, which is listed for each: the pull request itself does not say when
// it was merged.
func (b *bitbucketReader) pulls(ctx context.Context, at place, step cursor) (*Page, error) {
	list := bitbucketPath(at.path) + "/pullrequests"
	path := changedSince(list, "&state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED&fields="+url.QueryEscape("+values.participants,+values.reviewers"))
	listed, next, err := b.walkIf(ctx, step, path, "updated_on")
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, pull := range listed {
		activity, err := b.listAll(ctx, list+"/"+pull.text("id")+"/activity?pagelen=50")
		if err != nil {
			return nil, err
		}
		b.pull(page, at, pull, activity)
	}
	return page, nil
}

// bitbucketEnds are the words of webhooks for how pull requests end.
var bitbucketEnds = map[string]string{"MERGED": "pullrequest:fulfilled", "DECLINED": "pullrequest:rejected", "SUPERSEDED": "pullrequest:rejected"}

func (b *bitbucketReader) pull(page *Page, at place, pull object, activity []object) {
	body, ended := object{"pullrequest": encode(pull)}, pull["updated_on"]
	b.tell(page, at, "pullrequest:created", body, pull.in("author"), pull.at("created_on"))
	for _, entry := range activity { // The newest come first.
		switch {
		case entry.in("update").text("state") == pull.text("state"):
			ended = entry.in("update")["date"]
		case entry.in("approval") != nil:
			b.reviewed(page, at, "pullrequest:approved", body.with("approval", entry["approval"]), entry.in("approval"))
		case entry.in("changes_requested") != nil:
			b.reviewed(page, at, "pullrequest:changes_request_created", body.with("changes_request", entry["changes_requested"]), entry.in("changes_requested"))
		case entry.in("comment") != nil:
			b.commented(page, at, "pullrequest:comment_created", body, []object{entry.in("comment")})
		}
	}
	if name := bitbucketEnds[pull.text("state")]; name != "" {
		body = object{"pullrequest": encode(pull.with("updated_on", ended))} // Of an end, webhooks say the time as that of the update.
		b.tell(page, at, name, body, pull.in("closed_by"), pull.at("updated_on"))
	}
}

func (b *bitbucketReader) reviewed(page *Page, at place, name string, body, verdict object) {
	b.tell(page, at, name, body, verdict.in("user"), verdict.at("date"))
}

func (b *bitbucketReader) commented(page *Page, at place, name string, body object, comments []object) {
	for _, comment := range comments {
		if !comment.is("deleted") && comment.in("content").text("raw") != "" { // What has no text is a change that was noted.
			b.tell(page, at, name, body.with("comment", comment), comment.in("user"), comment.at("created_on"))
		}
	}
}

// issues walks issues, where a repository has them. When one was closed and by whom, its changes say.
func (b *bitbucketReader) issues(ctx context.Context, at place, step cursor) (*Page, error) {
	list := bitbucketPath(at.path) + "/issues"
	listed, next, err := b.walkIf(ctx, step, changedSince(list, ""), "updated_on")
	if err != nil {
		return nil, err
	}
	page := &Page{Next: next}
	for _, issue := range listed {
		body, one := object{"issue": encode(issue)}, list+"/"+issue.text("id")
		b.tell(page, at, "issue:created", body, issue.in("reporter"), issue.at("created_on"))
		changes, err := b.listAll(ctx, one+"/changes?pagelen=100")
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			status := change.in("changes").in("state")
			if status == nil {
				continue
			}
			// Of a change, webhooks say the time as that of the issue's.
			told := object{
				"issue":   encode(issue.with("updated_on", change["created_on"]).with("state", status["new"])),
				"changes": encode(object{"status": encode(status)}),
			}
			b.tell(page, at, "issue:updated", told, change.in("user"), change.at("created_on"))
		}
		comments, err := b.listAll(ctx, one+"/comments?pagelen=100")
		if err != nil {
			return nil, err
		}
		b.commented(page, at, "issue:comment_created", body, comments)
	}
	return page, nil
}

func (b *bitbucketReader) forks(ctx context.Context, at place, step cursor) (*Page, error) {
	return b.each(ctx, step, bitbucketPath(at.path)+"/forks?pagelen=100&sort=created_on", func(page *Page, fork object) {
		b.tell(page, at, "repo:fork", object{"fork": encode(fork)}, fork.in("owner"), fork.at("created_on"))
	})
}

// members reads who belongs to a workspace; no webhook tells of it.
func (b *bitbucketReader) members(ctx context.Context, at place, _ cursor) (*Page, error) {
	listed, all, err := b.listRoster(ctx, "/workspaces/"+url.PathEscape(at.path)+"/members?pagelen=100")
	if err != nil {
		return nil, err
	}
	group, now := event.Group{ID: at.whole.text("uuid"), Path: at.path, Name: at.whole.text("name")}, b.now().UTC()
	roster := &Roster{Prefix: "member:group:" + group.ID + ":", Partial: !all}
	for _, member := range listed {
		user := member.in("user")
		account := event.Account{ID: user.text("uuid"), Login: user.text("nickname"), Name: user.text("display_name")}
		roster.Present = append(roster.Present, forge.Joined(b.src, "group", group, account, "", listedAt(now), now))
	}
	return &Page{Roster: roster}, nil
}
