package forgeapi_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// onGitea is the repository of the recordings of Gitea or Forgejo as its API shows it, and the source that reads it.
func onGitea(t *testing.T, forgeName string) (*fake, forge.Source) {
	t.Helper()

	f := newFake(t)
	f.most = 1 // Everything comes in pages.
	hook := func(name string) webhook { return recorded(t, forgeName, name) }
	merged, closed := hook("merge_request.merged"), hook("merge_request.closed")
	repository := merged.in("repository")
	path, _ := repository["full_name"].(string)
	owner, _, _ := strings.Cut(path, "/")
	at := "/repos/" + path
	f.objects["/orgs/"+owner] = thing{"id": 5001, "name": owner, "full_name": "The owners"}
	f.lists["/orgs/"+owner+"/repos"] = &list{things: []thing{repository}}
	f.objects[at] = repository

	pull := merged.in("pull_request")
	other := mixed(closed.in("pull_request"), thing{"number": 4000})
	f.lists[at+"/pulls"] = &list{things: []thing{pull, other}}
	f.lists[at+"/issues/4000/timeline"] = &list{things: []thing{
		{"type": "comment", "user": pull["user"]}, {"type": "close", "user": closed.in("sender")},
	}}
	reviews := []thing{{"id": 9, "state": "PENDING", "user": pull["user"]}}
	for name, state := range map[string]string{"approved": "APPROVED", "rejected": "REQUEST_CHANGES", "commented": "COMMENT"} {
		review := hook("review.submitted-" + name)
		reviews = append(reviews, thing{
			"id": len(reviews), "state": state, "user": review.in("sender"), "body": review.in("review")["content"],
			"submitted_at": review.in("pull_request")["updated_at"],
		})
		number := text(review.in("pull_request")["number"])
		f.lists[at+"/pulls/"+number+"/reviews"] = &list{things: reviews}
	}
	issue := hook("issue.closed")
	f.lists[at+"/issues"] = &list{things: []thing{issue.in("issue")}}
	f.lists[at+"/issues/"+text(issue.in("issue")["number"])+"/timeline"] = &list{things: []thing{{"type": "close", "user": issue.in("sender")}}}

	onIssue, onPull := hook("comment.created-issue"), hook("comment.created-merge-request")
	for _, comment := range []webhook{onIssue, onPull} {
		f.objects[at+"/issues/"+text(comment.in("issue")["number"])] = comment.in("issue")
	}
	f.lists[at+"/issues/comments"] = &list{things: []thing{
		mixed(onIssue.in("comment"), thing{"issue_url": "https://x/issues/" + text(onIssue.in("issue")["number"]), "pull_request_url": ""}),
		mixed(onPull.in("comment"), thing{"issue_url": "", "pull_request_url": "https://x/pulls/" + text(onPull.in("issue")["number"])}),
	}}
	f.lists[at+"/releases"] = &list{things: []thing{{"draft": true, "tag_name": "v9"}, hook("release.published").in("release")}}
	f.lists[at+"/forks"] = &list{things: []thing{hook("fork.created").in("repository")}}
	f.lists[at+"/stargazers"] = &list{things: []thing{merged.in("sender")}}
	f.lists["/orgs/"+owner+"/members"] = &list{things: []thing{merged.in("sender"), {"id": 77, "login": "new", "full_name": "New"}}}
	f.objects["/user"] = thing{"id": 77, "login": "new"}
	f.lists["/orgs/"+owner+"/teams"] = &list{things: []thing{{"id": 31, "name": "Owners", "permission": "owner"}, {"id": 32, "name": "Core", "permission": "write"}}}
	f.lists["/teams/31/members"] = &list{things: []thing{merged.in("sender")}}
	f.lists["/teams/32/members"] = &list{}
	return f, forge.Source{Name: "acme-" + forgeName, Forge: forgeName, Secrets: []string{"s"}, Token: "t", APIURL: f.URL, Projects: []string{owner}}
}

// text writes a number of a recording.
func text(number any) string {
	whole, _ := number.(float64)
	return strconv.FormatInt(int64(whole), 10)
}

func TestGiteasListingsAgreeWithItsWebhooks(t *testing.T) {
	for _, forgeName := range []string{forge.Gitea, forge.Forgejo} {
		t.Run(forgeName, func(t *testing.T) {
			_, src := onGitea(t, forgeName)
			listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, true)
			merged := recorded(t, forgeName, "merge_request.merged")
			var want []string
			names := []string{
				"merge_request.opened", "merge_request.merged", "merge_request.closed", "review.submitted-approved", "review.submitted-rejected",
				"review.submitted-commented", "issue.opened", "issue.closed", "comment.created-issue", "comment.created-merge-request",
				"release.published", "fork.created",
			}
			sameForRules(t, listed, allTold(t, src, names...))
			for _, name := range names {
				for _, key := range keys(recorded(t, forgeName, name).events(t, src)) {
					if name == "merge_request.closed" {
						parts := strings.SplitN(key, ":", 4)
						parts[2] = "4000"
						key = strings.Join(parts, ":")
						want = append(want, strings.Join(parts[:3], ":")+":opened")
					}
					want = append(want, key)
				}
			}
			repository, giver := text(merged.in("repository")["id"]), text(merged.in("sender")["id"])
			const at = ":added:listed-2026-11-09T12:00:00Z"
			want = append(want, "repository:"+repository+":star:"+giver+":added", "member:group:5001:"+giver+at, "member:group:5001:77"+at, "member:team:31:"+giver+at)
			slices.Sort(want)
			want = slices.Compact(want)
			if diff := cmp.Diff(want, keys(listed)); diff != "" {
				t.Errorf("what is listed is not what webhooks told (-told +listed):\n%s", diff)
			}
			for _, name := range []string{"merge_request.merged", "review.submitted-approved", "comment.created-merge-request", "fork.created"} {
				hook := recorded(t, forgeName, name).events(t, src)[0]
				for _, ev := range listed {
					if ev.Key != hook.Key {
						continue
					}
					if name != "merge_request.merged" { // The pull request and the repository are shown as of another time.
						ev.Target, hook.Target, ev.Repository, hook.Repository, ev.URL = nil, nil, nil, nil, hook.URL
					}
					if diff := cmp.Diff(hook, ev); diff != "" {
						t.Errorf("%s is listed otherwise than it is told (-told +listed):\n%s", name, diff)
					}
				}
			}
		})
	}
}

// Gitea shows a stranger those alone who are members in public.
func TestMembersOfGitea(t *testing.T) {
	f, src := onGitea(t, forge.Gitea)
	owner := src.Projects[0]
	for name, tc := range map[string]struct {
		self    thing
		partial bool
	}{
		"a member":                 {thing{"id": 77, "login": "new"}, false},
		"a stranger":               {thing{"id": 78, "login": "stranger"}, true},
		"an admin of the server":   {thing{"id": 78, "login": "root", "is_admin": true}, false},
		"nobody who could be read": {nil, true},
	} {
		if f.objects["/user"] = tc.self; tc.self == nil {
			delete(f.objects, "/user")
		}
		if all := roster(t, src, owner); all.Partial != tc.partial || len(all.Present) != 2 {
			t.Errorf("to %s the members are %+v", name, all)
		}
	}
}
