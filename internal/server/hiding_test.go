package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// hidingCases say, for each viewer of ada's open profile, of which namespaces' awards there is nothing to see when awards
// of namespaces that one may not read are hidden. When they are shown, everyone sees all.
var hidingCases = []struct {
	viewer string
	unseen []string
}{
	{"", []string{"internal", "private"}},
	{"stranger", []string{"private"}},
	{"other holder", []string{"private"}},
	{"guest", nil},
	{"guest of the parent", nil},
	{"maintainer", nil},
	{"recipient", nil},
	{"admin", nil},
}

func TestAwardsOfNamespacesThatOneMayNotRead(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		tokens := map[string]string{
			"": "", "admin": adminToken, "recipient": d.person("ada"), "stranger": d.person("stranger"), "guest": d.person("guest"),
			"other holder": d.person("grace"), "guest of the parent": d.person("above"), "maintainer": d.person("maintainer"),
		}
		badges, awards := map[string]string{}, map[string]string{}
		for _, visibility := range []string{"public", "internal", "private"} {
			parent := "parent-" + visibility
			path := parent + "/" + visibility
			d.namespace(parent, visibility)
			d.namespace(path, visibility)
			d.member(parent, "above", "guest")
			d.member(path, "guest", "guest")
			d.member(path, "maintainer", "maintainer")
			badges[visibility] = d.decorated(path, "Badge")
			awards[visibility] = d.award(badges[visibility], "ada")
			if visibility == "public" {
				d.award(badges[visibility], "grace")
			}
		}
		modes := map[string]*door{"shown": d, "hidden": d.mode(func(cfg *operation.Config) { cfg.HidePrivateAwards = true })}
		for mode, d := range modes {
			for _, tc := range hidingCases {
				who, token := fmt.Sprintf("%s: %q", mode, tc.viewer), tokens[tc.viewer]
				var want []string
				for _, visibility := range []string{"public", "internal", "private"} {
					seen := mode == "shown" || !slices.Contains(tc.unseen, visibility)
					status := http.StatusNotFound
					if seen {
						status = http.StatusOK
						want = append(want, awards[visibility])
					}
					same(t, who+" gets the award of "+visibility, d.call(token, "GET", awards[visibility], nil).status, status)
					// The picture goes with the award.
					same(t, who+" gets its picture", d.call(token, "GET", badges[visibility]+"/avatar", nil).status, status)
					d.agree(who, token, "parent-"+visibility+"/"+visibility, badges[visibility])
				}
				d.lists(who, token, want)
			}
		}
	})
}

// lists checks which awards of ada's are listed, by both doors, with and without what is hidden from profiles.
func (d *door) lists(who, token string, want []string) {
	d.t.Helper()

	for _, hidden := range []bool{false, true} {
		var byREST, paged, byGraphQL []string
		for _, item := range d.must(http.StatusOK, token, "GET", fmt.Sprintf("/api/v1/users/ada/awards?include_hidden=%t", hidden), nil).items() {
			byREST = append(byREST, "/api/v1/awards/"+item.id())
		}
		pages := 0
		for cursor, more := "", true; more; pages++ {
			page := d.must(http.StatusOK, token, "GET", fmt.Sprintf("/api/v1/users/ada/awards?limit=1&include_hidden=%t&cursor=%s", hidden, cursor), nil)
			for _, item := range page.items() {
				paged = append(paged, "/api/v1/awards/"+item.id())
			}
			cursor, more = page.object["next_cursor"].(string)
		}
		data, errors := d.graph(token, `query($hidden: Boolean) { user(username: "ada") { userAchievements(includeHidden: $hidden) { count nodes { id } } } }`,
			map[string]any{"hidden": hidden})
		nodes, _ := at(data, "user", "userAchievements", "nodes").([]any)
		for _, node := range nodes {
			id, _ := at(node, "id").(string)
			byGraphQL = append(byGraphQL, "/api/v1/awards/"+id[len("gid://gitlab/Achievements::UserAchievement/"):])
		}
		same(d.t, who+" lists by REST", byREST, want)
		same(d.t, who+" lists page by page", paged, want)
		same(d.t, who+" turns pages, none of them empty", pages, max(len(want), 1))
		same(d.t, fmt.Sprintf("%s lists by GraphQL (%v)", who, errors), byGraphQL, want)
		same(d.t, who+" counts", at(data, "user", "userAchievements", "count"), any(float64(len(want))))
	}
}

// agree checks that both doors list as many awards of an achievement, and its holders, to those who may read the namespace,
// and that the others find nothing.
func (d *door) agree(who, token, path, badge string) {
	d.t.Helper()

	listed := d.call(token, "GET", badge+"/awards", nil)
	data, errors := d.graph(token, `query($path: ID!) { namespace(fullPath: $path) { achievements(first: 5) { nodes { userAchievements(first: 5) { count nodes { id } } uniqueUsers(first: 5) { count } } } } }`,
		map[string]any{"path": path})
	same(d.t, who+" is told of", errors, []string(nil))
	if listed.status == http.StatusNotFound {
		same(d.t, who+" finds "+path, data["namespace"], any(nil))
		return
	}
	same(d.t, who+" lists awards of "+path, at(data, "namespace", "achievements", "nodes", 0, "userAchievements", "count"), any(float64(len(listed.items()))))
	nodes, _ := at(data, "namespace", "achievements", "nodes", 0, "userAchievements", "nodes").([]any)
	same(d.t, who+" sees awards of "+path, len(nodes), len(listed.items()))
	same(d.t, who+" counts holders in "+path, at(data, "namespace", "achievements", "nodes", 0, "uniqueUsers", "count"), any(float64(len(listed.items()))))
}
