package forgeapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// onGitHub is the repository of the recordings as GitHub's API shows it, and the source that reads it.
func onGitHub(t *testing.T) (*fake, forge.Source) {
	t.Helper()
	f := newFake(t)
	hook := func(name string) webhook { return recorded(t, forge.GitHub, name) }
	opened, merged := hook("merge_request.opened"), hook("merge_request.merged")
	repository := opened.in("repository")
	const at = "/repos/acme/rocket"
	f.objects["/users/acme"] = thing{"login": "acme", "id": 9919001, "type": "Organization"}
	f.objects["/orgs/acme"] = thing{"login": "acme", "id": 9919001}
	f.lists["/orgs/acme/repos"] = &list{things: []thing{repository}}
	f.objects[at] = repository

	pull, closedPull, issue := merged.in("pull_request"), hook("merge_request.closed").in("pull_request"), hook("issue.closed").in("issue")
	closedPull["number"] = 40 // One that was not merged has another number than the one that was.
	asIssue := func(pull thing) thing {
		return thing{
			"number": pull["number"], "title": pull["title"], "state": pull["state"], "user": pull["user"], "closed_by": nil,
			"created_at": pull["created_at"], "updated_at": pull["updated_at"], "closed_at": pull["closed_at"],
			"pull_request": thing{"merged_at": pull["merged_at"]},
		}
	}
	f.lists[at+"/issues"] = &list{by: "updated_at", since: "since", things: []thing{asIssue(pull), asIssue(closedPull), but(issue, "closed_by")}}
	f.objects[at+"/issues/17"] = mixed(issue, thing{"closed_by": hook("issue.closed").in("sender")})
	f.objects[at+"/issues/40"] = mixed(asIssue(closedPull), thing{"closed_by": hook("merge_request.closed").in("sender")})
	f.objects[at+"/pulls/41"], f.objects[at+"/pulls/40"] = pull, closedPull
	f.lists[at+"/pulls"] = &list{things: []thing{but(closedPull, "merged", "merged_by"), but(pull, "merged", "merged_by")}}
	f.lists[at+"/pulls/40/reviews"] = &list{}
	f.lists[at+"/pulls/41/reviews"] = &list{things: []thing{
		mixed(hook("review.submitted-commented").in("review"), thing{"state": "COMMENTED"}),
		mixed(hook("review.submitted-dismissed").in("review"), thing{"state": "DISMISSED"}),
		{"id": 5, "state": "PENDING", "user": pull["user"]},
	}}
	f.lists[at+"/issues/comments"] = &list{by: "updated_at", since: "since", things: []thing{
		mixed(hook("comment.created-issue").in("comment"), thing{"issue_url": "https://api.github.com/repos/acme/rocket/issues/17"}),
	}}
	f.lists[at+"/pulls/comments"] = &list{by: "updated_at", since: "since", things: []thing{
		mixed(hook("comment.created-review").in("comment"), thing{"pull_request_url": "https://api.github.com/repos/acme/rocket/pulls/41"}),
	}}
	f.lists[at+"/releases"] = &list{things: []thing{{"id": 1, "draft": true, "tag_name": "v2"}, hook("release.published").in("release")}}
	f.lists[at+"/milestones"] = &list{things: []thing{hook("milestone.closed").in("milestone")}}
	f.lists[at+"/forks"] = &list{things: []thing{hook("fork.created").in("forkee")}}
	f.lists[at+"/stargazers"] = &list{things: []thing{{"starred_at": "2026-11-03T22:00:00Z", "user": hook("star.added").in("sender")}}}
	added := hook("member.added-organization").in("membership", "user")
	f.lists["/orgs/acme/members"] = &list{things: []thing{mixed(added, thing{"role": "member"})}}
	f.objects["/user/memberships/orgs/acme"] = thing{"state": "active"}
	team := hook("member.added-team")
	f.lists["/orgs/acme/teams"] = &list{things: []thing{team.in("team")}}
	f.lists[fmt.Sprintf("/orgs/acme/teams/%s/members", team.in("team")["slug"])] = &list{things: []thing{team.in("member")}}
	return f, forge.Source{Name: "acme-github", Forge: forge.GitHub, Secrets: []string{"s"}, Token: "t", APIURL: f.URL, Projects: []string{"acme"}}
}

// mixed returns a copy of a thing with the fields of another.
func mixed(one, other thing) thing {
	whole := but(one)
	maps.Copy(whole, other)
	return whole
}

// toldByGitHub are the recordings whose facts onGitHub shows.
var toldByGitHub = []string{
	"merge_request.opened", "merge_request.merged", "issue.opened", "issue.closed", "review.submitted-commented",
	"review.submitted-dismissed", "comment.created-issue", "comment.created-review", "release.published", "milestone.closed",
	"fork.created", "star.added",
}

func TestGitHubsListingsAgreeWithItsWebhooks(t *testing.T) {
	f, src := onGitHub(t)
	listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, false)
	var want []string
	for _, name := range toldByGitHub {
		want = append(want, keys(recorded(t, forge.GitHub, name).events(t, src))...)
	}
	want = append(want,
		"merge_request:740193204:40:opened", "merge_request:740193204:40:closed:2026-11-03T11:20:05Z",
		"member:group:9919001:583407:added:listed-2026-11-09T12:00:00Z", "member:team:6120415:583407:added:listed-2026-11-09T12:00:00Z")
	slices.Sort(want)
	if diff := cmp.Diff(want, keys(listed)); diff != "" {
		t.Errorf("what is listed is not what webhooks told (-told +listed):\n%s", diff)
	}
	sameForRules(t, listed, allTold(t, src, toldByGitHub...), ":dismissed", "release:", "milestone:")
	// Not the keys alone: the merge is told as its webhook tells it.
	hook := recorded(t, forge.GitHub, "merge_request.merged").events(t, src)[0]
	for _, ev := range listed {
		if ev.Key != hook.Key {
			continue
		}
		if diff := cmp.Diff(hook.MergedBy, ev.MergedBy) + cmp.Diff(hook.Author, ev.Author) + cmp.Diff(hook.Time, ev.Time) + cmp.Diff(hook.Repository, ev.Repository); diff != "" {
			t.Errorf("the merge is listed otherwise than it is told:\n%s", diff)
		}
	}
	for _, path := range f.asked {
		if strings.Contains(path, "token") {
			t.Errorf("%s shows a token", path)
		}
	}
}

func TestGitHubWithoutIssuesListsPullRequests(t *testing.T) {
	f, src := onGitHub(t)
	f.failing(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/repos/acme/rocket/issues" {
			return false
		}
		http.Error(w, `{"message":"Issues has been disabled in this repository."}`, http.StatusGone)
		return true
	})
	listed, _ := everything(t, src, forgeapi.Config{}, time.Time{}, true)
	if found := keys(listed); !slices.Contains(found, "merge_request:740193204:41:merged") || slices.Contains(found, "issue:740193204:17:opened") {
		t.Errorf("listed are %q", found)
	}
}

// roster reads the members of the organisation.
func roster(t *testing.T, src forge.Source, place string) *forgeapi.Roster {
	t.Helper()

	page, err := newAPI(t, src, forgeapi.Config{}).Page(t.Context(), forgeapi.Part{Place: place, Group: true, Listing: "members"}, time.Time{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return page.Roster
}

// Who gets another role while the members are read has not left, and neither has who cannot be read.
func TestMembersOfGitHub(t *testing.T) {
	f, src := onGitHub(t)
	members := f.lists["/orgs/acme/members"]
	members.where = "role"
	for from, to := range map[string]string{"member": "admin", "admin": "member"} {
		members.things[0]["role"] = from
		f.failing(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if role := r.URL.Query().Get("role"); role != "" && role != "admin" { // the list of admins has been read
				members.things[0]["role"] = to
			}
			return false
		})
		if all := roster(t, src, "acme"); all.Partial || len(all.Present) != 1 {
			t.Errorf("while a member becomes an admin, or an admin a member, the members are %+v", all)
		}
	}
	members.things = append(members.things, thing{"role": "member", "login": "without an id"})
	if all := roster(t, src, "acme"); !all.Partial || len(all.Present) != 1 {
		t.Errorf("beside one who cannot be read, the members are %+v", all)
	}
}
