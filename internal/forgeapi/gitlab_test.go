package forgeapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// The people of GitLab's recordings, as its API shows them.
var (
	ivy  = thing{"id": 42, "username": "ivy", "name": "Ivy Lindqvist", "state": "active"}
	noor = thing{"id": 63, "username": "noor", "name": "Noor Haddad", "state": "active"}
)

// ofGitLab returns a thing of a hook as the API shows it: labels by their titles, and times in milliseconds.
func ofGitLab(t *testing.T, hooked, more thing) thing {
	t.Helper()

	shown := maps.Clone(hooked)
	for name, value := range shown {
		text, _ := value.(string)
		if at, err := time.Parse("2006-01-02 15:04:05 MST", text); err == nil {
			shown[name] = at.Add(123 * time.Millisecond).Format("2006-01-02T15:04:05.000Z")
		}
	}
	titles := []string{}
	labels, _ := hooked["labels"].([]any)
	for _, label := range labels {
		one, _ := label.(thing)
		title, _ := one["title"].(string)
		titles = append(titles, title)
	}
	shown["labels"], shown["web_url"] = titles, hooked["url"]
	delete(shown, "url")
	delete(shown, "author_id")
	delete(shown, "merge_user_id")
	maps.Copy(shown, more)
	return shown
}

// onGitLab is the project of the recordings as GitLab's API shows it, and the source that reads it.
func onGitLab(t *testing.T) (*fake, forge.Source) {
	t.Helper()

	f := newFake(t)
	hook := func(name string) thing {
		body := recorded(t, forge.GitLab, name)
		return mixed(body.in("object_attributes"), thing{"assignees": body.body["assignees"], "reviewers": body.body["reviewers"]})
	}
	group := thing{"id": 204, "name": "Core", "path": "core", "full_path": "acme/tools"}
	project := thing{
		"id": 318, "name": "CLI", "path_with_namespace": "acme/tools/cli", "web_url": "https://gitlab.example.com/acme/tools/cli",
		"default_branch": "main", "visibility": "public", "namespace": thing{"full_path": "acme/tools"},
	}
	const at = "/projects/acme%2Ftools%2Fcli"
	f.objects["/groups/acme%2Ftools"], f.objects[at] = group, project
	f.lists["/groups/acme%2Ftools/projects"] = &list{things: []thing{project}}
	f.lists["/groups/acme%2Ftools/descendant_groups"] = &list{}
	f.lists["/groups/acme%2Ftools/members"] = &list{things: []thing{mixed(ivy, thing{"access_level": 40, "created_at": "2026-10-12T09:20:31.456Z"})}}
	f.lists[at+"/members"] = &list{things: []thing{mixed(noor, thing{"access_level": 40, "created_at": "2026-10-14T07:00:00.001Z"})}}

	merged := ofGitLab(t, hook("merge_request.merged"), thing{"author": ivy, "merge_user": noor, "merged_at": "2026-11-04T08:15:37.123Z"})
	closed := ofGitLab(t, hook("merge_request.closed"), thing{"iid": 18, "author": ivy, "closed_by": noor, "closed_at": "2026-11-03T17:40:00.999Z", "updated_at": "2026-11-08T00:00:00Z"})
	f.lists[at+"/merge_requests"] = &list{by: "updated_at", since: "updated_after", things: []thing{merged, closed}}
	f.objects[at+"/merge_requests/19"] = merged
	issue := ofGitLab(t, hook("issue.closed"), thing{"author": ivy, "closed_by": noor, "issue_type": "issue"})
	secret := ofGitLab(t, hook("issue.opened-confidential"), thing{"author": ivy, "issue_type": "issue"})
	f.lists[at+"/issues"] = &list{by: "updated_at", since: "updated_after", things: []thing{
		issue, secret, mixed(issue, thing{"iid": 99, "issue_type": "test_case"}),
	}}
	f.objects[at+"/issues/12"], f.objects[at+"/issues/13"] = issue, secret
	snippet := recorded(t, forge.GitLab, "comment.created-snippet").in("snippet")
	f.objects[at+"/snippets/53"] = ofGitLab(t, snippet, thing{"author": ivy, "visibility": "private"})
	events := []thing{{
		"action": "approved", "action_name": "approved", "target_type": "MergeRequest", "target_iid": 19, "author": noor,
		"created_at": "2026-11-04T08:00:00.000Z",
	}}
	for name, iid := range map[string]any{"merge_request": 19, "issue": 12, "issue-confidential": 13, "snippet": nil} {
		note := hook("comment.created-" + name)
		events = append(events, thing{
			"action": "commented", "action_name": "commented on", "author": noor, "created_at": note["created_at"],
			"note": ofGitLab(t, note, thing{"body": note["note"], "author": noor, "noteable_iid": iid}),
		})
	}
	f.lists[at+"/events"] = &list{things: events, where: "action"}
	f.lists[at+"/releases"] = &list{things: []thing{
		{"tag_name": "v1.4.0", "name": "The quiet one", "created_at": "2026-11-04T12:00:00.000Z", "released_at": "2026-11-04T12:00:00.000Z"},
	}}
	f.lists[at+"/starrers"] = &list{things: []thing{{"starred_since": "2026-11-05T10:00:00.000Z", "user": noor}}}
	return f, forge.Source{Name: "acme-gitlab", Forge: forge.GitLab, Secrets: []string{"s"}, Token: "t", APIURL: f.URL, Projects: []string{"acme/tools"}}
}

func TestGitLabsListingsAgreeWithItsWebhooks(t *testing.T) {
	_, src := onGitLab(t)
	listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, true)
	want := []string{"merge_request:318:18:opened", "repository:318:star:63:added"}
	names := []string{
		"merge_request.opened", "merge_request.merged", "merge_request.closed", "issue.opened", "issue.closed", "issue.opened-confidential",
		"comment.created-merge_request", "comment.created-issue", "comment.created-issue-confidential", "comment.created-snippet",
		"release.published", "member.added-group", "member.added-project-system-hook", "review.submitted-approved",
	}
	told := allTold(t, src, names...)
	for i := range told { // This one is of a project that was private then.
		told[i].Private = told[i].Private && !strings.HasPrefix(told[i].Key, "member:repository:")
	}
	sameForRules(t, listed, told)
	for _, name := range names {
		for _, key := range keys(recorded(t, forge.GitLab, name).events(t, src)) {
			if name == "merge_request.closed" {
				key = strings.Replace(key, ":19:", ":18:", 1)
			}
			want = append(want, key)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, keys(listed)); diff != "" {
		t.Errorf("what is listed is not what webhooks told (-told +listed):\n%s", diff)
	}
	for _, name := range []string{"merge_request.merged", "issue.closed", "issue.opened-confidential", "comment.created-issue-confidential", "member.added-group"} {
		hook := recorded(t, forge.GitLab, name).events(t, src)[0]
		for _, ev := range listed {
			if ev.Key != hook.Key {
				continue
			}
			hook.Author = ev.Author // Of authors, hooks say no more than the id.
			if ev.Target != nil {
				hook.Target.Author = ev.Target.Author
			}
			ev.Time, ev.OpenedAt, ev.ClosedAt, ev.MergedAt = hook.Time, hook.OpenedAt, hook.ClosedAt, hook.MergedAt // Hooks tell whole seconds.
			if hook.Target != nil {
				ev.Target.State, ev.Target.OpenedAt, ev.Target.ClosedAt = hook.Target.State, hook.Target.OpenedAt, hook.Target.ClosedAt // As of another time.
			}
			if diff := cmp.Diff(hook, ev); diff != "" {
				t.Errorf("%s is listed otherwise than it is told (-told +listed):\n%s", name, diff)
			}
		}
	}
}

// A name may be that of a project, too.
func TestGitLabsProjectsByName(t *testing.T) {
	_, src := onGitLab(t)
	src.Projects = []string{"acme/tools/cli", "acme/tools"}
	parts, err := newAPI(t, src, forgeapi.Config{}).Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 8 || !parts[0].Group || parts[1].Place != "acme/tools/cli" {
		t.Errorf("the parts are %v", parts)
	}
	src.Projects = []string{"nobody"}
	if _, err := newAPI(t, src, forgeapi.Config{}).Parts(t.Context()); err == nil {
		t.Error("a name that is nothing is read")
	}
}
