package server_test

import (
	"net/http"
	"testing"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// What GitLab's tools ask before they award, by GitLab's own client.
func TestGitLabsRESTCalls(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		d.namespace("acme/tools", "private")
		client := d.gitlabClient(d.person("ada"))
		d.member("acme", "ada", "maintainer")
		d.person("grace")
		adaID := d.number("/api/v1/users/ada")

		me, _, err := client.Users.CurrentUser()
		if err != nil || me.Username != "ada" || me.ID != adaID || me.State != "active" {
			t.Errorf("the current user is %+v, %v", me, err)
		}
		group, _, err := client.Groups.GetGroup("acme/tools", nil)
		if err != nil || group.FullPath != "acme/tools" || group.Path != "tools" || group.Visibility != gitlab.PrivateVisibility {
			t.Fatalf("the group is %+v, %v", group, err)
		}
		byID, _, err := client.Groups.GetGroup(group.ID, nil)
		if err != nil || byID.FullPath != group.FullPath {
			t.Errorf("the group by id is %+v, %v", byID, err)
		}
		member, _, err := client.GroupMembers.GetInheritedGroupMember("acme/tools", adaID)
		if err != nil || member.AccessLevel != gitlab.MaintainerPermissions || member.Username != "ada" {
			t.Errorf("the member is %+v, %v", member, err)
		}
		found, _, err := client.Users.ListUsers(&gitlab.ListUsersOptions{Username: new("GRACE")})
		if err != nil || len(found) != 1 || found[0].Username != "grace" || found[0].Email != "" {
			t.Errorf("the user called grace is %+v, %v", found, err)
		}
		nobody, _, err := client.Users.ListUsers(&gitlab.ListUsersOptions{Username: new("nobody")})
		if err != nil || len(nobody) != 0 {
			t.Errorf("the user called nobody is %+v, %v", nobody, err)
		}
		projects, _, err := client.Projects.ListProjects(nil)
		if err != nil || len(projects) != 0 {
			t.Errorf("the projects are %v, %v", projects, err)
		}
		if version, _, err := client.Version.GetVersion(); err != nil || version.Version == "" {
			t.Errorf("the version is %+v, %v", version, err)
		}
		_, _, err = client.License.GetLicense()
		fails(t, "the licence", err, "404")
		_, _, err = d.gitlabClient(d.person("stranger")).Groups.GetGroup("acme/tools", nil)
		fails(t, "a stranger's private group", err, "404")
		_, _, err = d.gitlabClient("acc_nothing").Users.CurrentUser()
		fails(t, "a token that is none", err, "401 Unauthorized")
	})
}

func TestGitLabsRESTStatuses(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.namespace("acme", "public")
	d.namespace("acme/tools", "private")
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/api/v4/user":                      {http.StatusUnauthorized, `{"message":"401 Unauthorized"}`},
		"/api/v4/groups/acme%2Ftools":       {http.StatusNotFound, `{"message":"404 Group Not Found"}`},
		"/api/v4/groups/nothing":            {http.StatusNotFound, `{"message":"404 Group Not Found"}`},
		"/api/v4/users/x":                   {http.StatusNotFound, `{"message":"404 User Not Found"}`},
		"/api/v4/users/4711":                {http.StatusNotFound, `{"message":"404 User Not Found"}`},
		"/api/v4/users?username=7":          {http.StatusOK, `[]`},
		"/api/v4/groups/acme/members/all/7": {http.StatusUnauthorized, `{"message":"401 Unauthorized"}`},
		"/api/v4/license":                   {http.StatusNotFound, `{"message":"404 Not Found"}`},
	} {
		if got := d.plain().call("", "GET", path, nil); got.status != want.status || got.text != want.text {
			t.Errorf("%s is answered %d %s, want %d %s", path, got.status, got.text, want.status, want.text)
		}
	}
}
