package server_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The columns of the role matrix.
var roles = []string{"anonymous", "stranger", "guest", "developer", "maintainer", "reader", "owner", "tired", "admin"}

type matrixRow struct {
	operation, method, path string
	body                    any
	// public and private are the statuses in such a namespace, a column a role.
	public, private string
}

// matrix says what each role gets for each operation in a public and in a private namespace. A
// "reader" is a maintainer with a token to read, "tired" an admin with a token to write.
var matrix = []matrixRow{
	{"getCurrentUser", "GET", "/api/v1/user", nil,
		"401 200 200 200 200 200 200 200 200", "401 200 200 200 200 200 200 200 200"},
	{"createUser", "POST", "/api/v1/users", map[string]any{"username": "new", "name": "New"},
		"401 403 403 403 403 403 403 403 201", "401 403 403 403 403 403 403 403 409"},
	{"getUser", "GET", "/api/v1/users/ada", nil,
		"200 200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200 200"},
	{"createToken", "POST", "/api/v1/users/ada/tokens", map[string]any{"name": "n", "scopes": []string{"read"}},
		"401 403 403 403 403 403 403 403 201", "401 403 403 403 403 403 403 403 201"},
	{"createNamespace", "POST", "/api/v1/namespaces", map[string]any{"full_path": "new", "name": "New", "visibility": "public"},
		"401 403 403 403 403 403 403 403 201", "401 403 403 403 403 403 403 403 409"},
	{"getNamespace", "GET", "/api/v1/namespaces/$ns", nil,
		"200 200 200 200 200 200 200 200 200", "404 404 200 200 200 200 200 404 200"},
	{"putMember", "PUT", "/api/v1/namespaces/$ns/members/ada", map[string]any{"access_level": "guest"},
		"401 403 403 403 403 403 201 403 200", "401 404 403 403 403 403 201 404 200"},
	{"listAchievements", "GET", "/api/v1/namespaces/$ns/achievements", nil,
		"200 200 200 200 200 200 200 200 200", "404 404 200 200 200 200 200 404 200"},
	{"createAchievement", "POST", "/api/v1/namespaces/$ns/achievements", map[string]any{"name": "Another"},
		"401 403 403 403 201 403 409 403 409", "401 404 403 403 201 403 409 404 409"},
	{"getAchievement", "GET", "$achievement", nil,
		"200 200 200 200 200 200 200 200 200", "404 404 200 200 200 200 200 404 200"},
	{"awardAchievement", "POST", "$achievement/awards", map[string]any{"user": "ada"},
		"401 403 403 403 201 403 201 403 201", "401 404 403 403 201 403 201 404 201"},
	{"listAwards", "GET", "$achievement/awards", nil,
		"200 200 200 200 200 200 200 200 200", "404 404 200 200 200 200 200 404 200"},
	{"listAwards", "GET", "$achievement/awards?state=all", nil,
		"403 403 403 403 200 200 200 403 200", "404 404 403 403 200 200 200 404 200"},
	// An award on a public profile is for everyone, whatever the namespace.
	{"getAward", "GET", "$award", nil,
		"200 200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200 200"},
	{"listUserAwards", "GET", "/api/v1/users/ada/awards", nil,
		"200 200 200 200 200 200 200 200 200", "200 200 200 200 200 200 200 200 200"},
	{"revokeAward", "POST", "$award/revoke", map[string]any{},
		"401 403 403 403 200 403 409 404 409", "401 403 403 403 200 403 409 404 409"},
	// Revoked by the maintainer, the award is no longer on the profile: others may not know of it.
	{"deleteAward", "DELETE", "$award", nil,
		"401 404 404 404 403 403 204 404 404", "401 404 404 404 403 403 204 404 404"},
}

func TestRoleMatrix(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()
		d.person("ada")
		tokens := map[string]string{
			"anonymous": "", "admin": adminToken, "tired": d.token("admin", "write"), "stranger": d.person("stranger"),
		}
		for _, level := range []string{"guest", "developer", "maintainer", "owner"} {
			tokens[level] = d.person(level)
		}
		tokens["reader"] = d.token("maintainer", "read")
		for _, visibility := range []string{"public", "private"} {
			top := visibility + "-group"
			d.namespace(top, visibility)
			d.namespace(top+"/sub", visibility)
			for _, level := range []string{"guest", "developer", "maintainer", "owner"} {
				d.member(top, level, level) // what a member of the group is, a member of its subgroup is
			}
			achievement := d.achievement(top+"/sub", "Badge", "repeatable")
			replace := strings.NewReplacer("$ns", top+"%2Fsub", "$achievement", achievement, "$award", d.award(achievement, "ada"))
			for _, row := range matrix {
				want := row.public
				if visibility == "private" {
					want = row.private
				}
				for i, status := range strings.Fields(want) {
					got := d.call(tokens[roles[i]], row.method, replace.Replace(row.path), row.body)
					if strconv.Itoa(got.status) != status {
						t.Errorf("%s in a %s namespace: %s gets %d, want %s: %s", row.operation, visibility, roles[i], got.status, status, got.text)
					}
				}
			}
		}
	})
}

func TestRoleMatrixIsComplete(t *testing.T) {
	t.Parallel()

	var missing []string
	for _, item := range document(t).Paths.Map() {
		for _, operation := range item.Operations() {
			id := operation.OperationID
			covered := slices.ContainsFunc(matrix, func(row matrixRow) bool {
				return row.operation == id && len(strings.Fields(row.public)) == len(roles) && len(strings.Fields(row.private)) == len(roles)
			})
			if !covered && id != "receiveWebhook" { // a signature's holder may, and no role
				missing = append(missing, id)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("the role matrix lacks %v", missing)
	}
}
