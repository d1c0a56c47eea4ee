package forgeapi_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// onBitbucket is the repository of the recordings as Bitbucket Cloud's API shows it, and the source that reads it.
func onBitbucket(t *testing.T) (*fake, forge.Source) {
	t.Helper()

	f := newFake(t)
	f.most, f.wrap = 1, "next"
	hook := func(name string) webhook { return recorded(t, forge.BitbucketCloud, name) }
	merged, closed, issue := hook("merge_request.merged"), hook("merge_request.closed"), hook("issue.closed")
	repository := merged.in("repository")
	path, _ := repository["full_name"].(string)
	workspace, _, _ := strings.Cut(path, "/")
	at := "/repositories/" + path
	f.objects["/workspaces/"+workspace] = thing{"uuid": "{w}", "slug": workspace, "name": "The workspace"}
	f.lists["/repositories/"+workspace] = &list{things: []thing{repository}}
	f.objects[at] = repository
	f.lists["/workspaces/"+workspace+"/members"] = &list{things: []thing{{"user": merged.in("actor")}}}

	pull := mixed(merged.in("pullrequest"), thing{"updated_on": "2026-11-06T00:00:00+00:00"}) // Somebody commented later.
	other := mixed(closed.in("pullrequest"), thing{"id": 4000})
	f.lists[at+"/pullrequests"] = &list{things: []thing{other, pull}, by: "updated_on", since: "q"}
	f.lists[at+"/pullrequests/23/activity"] = &list{things: []thing{
		{"comment": hook("comment.created-merge-request").in("comment")},
		{"comment": thing{"id": 1, "deleted": true, "content": thing{"raw": "x"}}},
		{"update": thing{"state": "MERGED", "date": merged.in("pullrequest")["updated_on"]}},
		{"approval": hook("review.submitted-approved").in("approval")},
		{"changes_requested": hook("review.submitted-changes-requested").in("changes_request")},
		{"update": thing{"state": "OPEN", "date": pull["created_on"]}},
	}}
	f.lists[at+"/pullrequests/4000/activity"] = &list{}
	f.lists[at+"/issues"] = &list{things: []thing{mixed(issue.in("issue"), thing{"updated_on": "2026-11-07T00:00:00+00:00"})}, by: "updated_on", since: "q"}
	f.lists[at+"/issues/7/changes"] = &list{things: []thing{
		{"created_on": "2026-11-05T08:00:00+00:00", "user": issue.in("actor"), "changes": thing{"title": thing{"old": "a", "new": "b"}}},
		{"created_on": issue.in("issue")["updated_on"], "user": issue.in("actor"), "changes": thing{"state": issue.in("changes", "status")}},
	}}
	f.lists[at+"/issues/7/comments"] = &list{things: []thing{
		hook("comment.created-issue").in("comment"), issue.in("comment"), {"id": 19, "content": thing{"raw": ""}, "user": issue.in("actor")},
	}}
	f.lists[at+"/forks"] = &list{things: []thing{hook("fork.created").in("fork")}}
	return f, forge.Source{Name: "acme-bitbucket", Forge: forge.BitbucketCloud, Secrets: []string{"s"}, Token: "t", APIURL: f.URL, Projects: []string{workspace}}
}

func TestBitbucketsListingsAgreeWithItsWebhooks(t *testing.T) {
	_, src := onBitbucket(t)
	listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, true)
	merged := recorded(t, forge.BitbucketCloud, "merge_request.merged")
	want := []string{"member:group:{w}:" + merged.in("actor")["uuid"].(string) + ":added:listed-2026-11-09T12:00:00Z"}
	names := []string{
		"merge_request.opened", "merge_request.merged", "merge_request.closed", "review.submitted-approved", "review.submitted-changes-requested",
		"issue.opened", "issue.closed", "comment.created-merge-request", "comment.created-issue", "fork.created",
	}
	sameForRules(t, listed, allTold(t, src, names...))
	for _, name := range names {
		for _, key := range keys(recorded(t, forge.BitbucketCloud, name).events(t, src)) {
			if name == "merge_request.closed" {
				key = strings.Replace(key, ":23:", ":4000:", 1)
				want = append(want, strings.TrimSuffix(key, "closed")+"opened")
			}
			want = append(want, key)
		}
	}
	slices.Sort(want)
	asked := slices.DeleteFunc(keys(listed), func(key string) bool { return strings.Contains(key, ":review_requested:") })
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("what is listed is not what webhooks told (-told +listed):\n%s", diff)
	}
	agree(t, listed, merged.events(t, src)[0], recorded(t, forge.BitbucketCloud, "issue.closed").events(t, src)[0])
}

// agree checks that what is listed is told as by webhooks.
func agree(t *testing.T, listed []event.Event, told ...event.Event) {
	t.Helper()

	for _, hook := range told {
		for _, ev := range listed {
			if ev.Key != hook.Key {
				continue
			}
			if diff := cmp.Diff(hook, ev); diff != "" {
				t.Errorf("%s is listed otherwise than it is told (-told +listed):\n%s", hook.Key, diff)
			}
		}
	}
}

// onServer is the repository of the recordings as Bitbucket Data Center's API shows it, and the source that reads it.
func onServer(t *testing.T) (*fake, forge.Source) {
	t.Helper()

	f := newFake(t)
	f.most, f.wrap = 2, "start"
	hook := func(name string) webhook { return recorded(t, forge.BitbucketServer, name) }
	merged, declined, comment := hook("merge_request.merged"), hook("merge_request.closed-declined"), hook("comment.created")
	repository := merged.in("pullRequest", "toRef", "repository")
	key, _ := merged.in("pullRequest", "toRef", "repository", "project")["key"].(string)
	slug, _ := repository["slug"].(string)
	at := "/projects/" + key + "/repos/" + slug
	f.lists["/projects/"+key+"/repos"] = &list{things: []thing{repository}}
	f.objects[at] = repository
	pull, other := merged.in("pullRequest"), mixed(declined.in("pullRequest"), thing{"id": 4000})
	f.lists[at+"/pull-requests"] = &list{things: []thing{other, pull}}
	milliseconds := func(name string) any {
		date, _ := hook(name).body["date"].(string)
		when, err := time.Parse("2006-01-02T15:04:05-0700", date)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixMilli()
	}
	done := func(name, action string) thing {
		return thing{"action": action, "user": hook(name).in("actor"), "createdDate": milliseconds(name)}
	}
	answer := mixed(comment.in("comment"), thing{"id": 999, "comments": []thing{}})
	f.lists[at+"/pull-requests/23/activities"] = &list{things: []thing{
		done("merge_request.merged", "MERGED"), done("review.submitted-approved", "APPROVED"), done("review.submitted-needs-work", "REVIEWED"),
		{"action": "COMMENTED", "commentAction": "ADDED", "user": comment.in("actor"), "comment": mixed(comment.in("comment"), thing{"comments": []thing{answer}})},
		{"action": "COMMENTED", "commentAction": "DELETED", "user": comment.in("actor"), "comment": mixed(comment.in("comment"), thing{"id": 5})},
		{"action": "OPENED", "user": pull["author"]},
	}}
	f.lists[at+"/pull-requests/4000/activities"] = &list{things: []thing{done("merge_request.closed-declined", "DECLINED")}}
	f.lists[at+"/forks"] = &list{things: []thing{hook("fork.created").in("repository")}}
	return f, forge.Source{Name: "acme-server", Forge: forge.BitbucketServer, Secrets: []string{"s"}, Token: "t", APIURL: f.URL, Projects: []string{key}}
}

func TestBitbucketServersListingsAgreeWithItsWebhooks(t *testing.T) {
	_, src := onServer(t)
	listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, true)
	want := []string{"merge_request:77:23:comment:999:created"}
	names := []string{
		"merge_request.opened", "merge_request.merged", "merge_request.closed-declined", "review.submitted-approved", "review.submitted-needs-work",
		"comment.created", "fork.created",
	}
	sameForRules(t, listed, allTold(t, src, names...))
	for _, name := range names {
		for _, key := range keys(recorded(t, forge.BitbucketServer, name).events(t, src)) {
			if name == "merge_request.closed-declined" {
				key = strings.Replace(key, ":23:", ":4000:", 1)
				want = append(want, "merge_request:77:4000:opened")
			}
			if !strings.Contains(key, ":review_requested:") {
				want = append(want, key)
			}
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, keys(listed)); diff != "" {
		t.Errorf("what is listed is not what webhooks told (-told +listed):\n%s", diff)
	}
	agree(t, listed, recorded(t, forge.BitbucketServer, "merge_request.merged").events(t, src)[0])
}
