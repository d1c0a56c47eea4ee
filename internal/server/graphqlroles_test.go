package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// mutations are the GraphQL mutations by the operations of the contract that they are.
var mutations = map[string]string{
	"createAchievement": `mutation { r: achievementsCreate(input: {namespaceId: "gid://gitlab/Namespace/{id}", name: "New one for {name}"}) { errors } }`,
	"updateAchievement": `mutation { r: achievementsUpdate(input: {achievementId: "gid://gitlab/Achievements::Achievement/{id}", description: "New"}) { errors } }`,
	"deleteAchievement": `mutation { r: achievementsDelete(input: {achievementId: "gid://gitlab/Achievements::Achievement/{id}"}) { errors } }`,
	"awardAchievement":  `mutation { r: achievementsAward(input: {achievementId: "gid://gitlab/Achievements::Achievement/{id}", userId: "gid://gitlab/User/{user}"}) { errors } }`,
	"revokeAward":       `mutation { r: achievementsRevoke(input: {userAchievementId: "gid://gitlab/Achievements::UserAchievement/{id}"}) { errors } }`,
	"deleteAward":       `mutation { r: userAchievementsDelete(input: {userAchievementId: "gid://gitlab/Achievements::UserAchievement/{id}"}) { errors } }`,
}

// Who may do what by REST may do it by GraphQL, and nobody else: by every cell of the table of roles.
func TestRolesByGraphQL(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	c := newCast(d)
	file, err := os.Open(roleTable)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	tried := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		cells := strings.Fields(lines.Text())
		if len(cells) == 0 || mutations[cells[0]] == "" {
			continue
		}
		tried[cells[0]] = true
		for i, role := range roleNames {
			allowed := strings.HasPrefix(cells[i+2], "2")
			data, errors := c.mutate(cells[0], cells[1], role)
			if did := len(errors) == 0; did != allowed {
				t.Errorf("%s in a %s namespace by %s: REST says %s, GraphQL %v %v", cells[0], cells[1], role, cells[i+2], data, errors)
			}
			for _, message := range errors {
				if !strings.Contains(message, "does not exist or you don't have permission") {
					t.Errorf("%s by %s is refused with %q", cells[0], role, message)
				}
			}
		}
	}
	if len(tried) != len(mutations) {
		t.Errorf("the table of roles has only %v", tried)
	}
}

// mutate makes what the mutation is about, and runs it in the role.
func (c *cast) mutate(operation, place, role string) (map[string]any, []string) {
	c.t.Helper()

	c.count++
	namespace, subject := c.paths[place], fmt.Sprintf("graph-subject-%d", c.count)
	token := c.tokens[role]
	own := c.person(subject)
	if role == "recipient" {
		token = own
	}
	var id int64
	switch operation {
	case "createAchievement":
		id = c.number("/api/v1/namespaces/" + strings.ReplaceAll(namespace, "/", "%2F"))
	case "revokeAward", "deleteAward":
		id = c.number(c.award(c.achievement(namespace, "Graph "+subject, "repeatable"), subject))
	default:
		id = c.number(c.achievement(namespace, "Graph "+subject, "repeatable"))
	}
	data, errors := c.graph(token, strings.NewReplacer(
		"{id}", strconv.FormatInt(id, 10), "{name}", subject, "{user}", strconv.FormatInt(c.number("/api/v1/users/"+subject), 10),
	).Replace(mutations[operation]), nil)
	if texts, _ := at(data, "r", "errors").([]any); len(texts) > 0 {
		c.t.Errorf("%s by %s: %v", operation, role, texts)
	}
	return data, errors
}

// One's own awards are one's own to hide and to put in order, by GraphQL too.
func TestOwnAwardsByGraphQL(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada, grace := d.person("ada"), d.person("grace")
		d.namespace("acme", "public")
		d.member("acme", "grace", "maintainer")
		award := d.award(d.achievement("acme", "Badge", "repeatable"), "ada")
		id := d.number(award)
		change := func(token, fields string) any {
			data, errors := d.graph(token, fmt.Sprintf(`mutation { r: userAchievementsUpdate(input: {userAchievementId: "gid://gitlab/Achievements::UserAchievement/%d", %s})
				{ errors userAchievement { showOnProfile awardMessage } } }`, id, fields), nil)
			if len(errors) > 0 {
				return errors
			}
			return at(data, "r", "userAchievement")
		}
		same(t, "hiding one's own", change(ada, `showOnProfile: false`), any(map[string]any{"showOnProfile": false, "awardMessage": nil}))
		same(t, "a message by the recipient", change(ada, `awardMessage: "Me"`), any(map[string]any{"showOnProfile": false, "awardMessage": nil}))
		same(t, "a message by a maintainer, who may not show it", change(grace, `awardMessage: "You", showOnProfile: true`),
			any(map[string]any{"showOnProfile": false, "awardMessage": "You"}))
		same(t, "nulls change nothing", change(ada, `awardMessage: null, showOnProfile: null`), any(map[string]any{"showOnProfile": false, "awardMessage": "You"}))
		stranger := change(d.person("stranger"), `showOnProfile: true`)
		if text, _ := stranger.([]string); len(text) != 1 || !strings.Contains(text[0], "permission") {
			t.Errorf("a stranger gets %v", stranger)
		}
		same(t, "read by REST", d.must(http.StatusOK, ada, "GET", award, nil).object["message"], any("You"))
	})
}
