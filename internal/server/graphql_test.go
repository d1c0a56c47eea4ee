package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// graph posts a query and returns the data, and the messages of the errors.
func (d *door) graph(token, query string, variables map[string]any) (data map[string]any, errors []string) {
	d.t.Helper()

	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		d.t.Fatal(err)
	}
	got := d.post(token, "application/json", body)
	if got.status != http.StatusOK {
		d.t.Fatalf("the query is answered %d %s", got.status, got.text)
	}
	return outcome(got.object)
}

func outcome(answer map[string]any) (data map[string]any, errors []string) {
	data, _ = answer["data"].(map[string]any)
	list, _ := answer["errors"].([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		message, _ := fields["message"].(string)
		errors = append(errors, message)
	}
	return data, errors
}

func (d *door) post(token, contentType string, body []byte) answer {
	d.t.Helper()

	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+"/api/graphql", bytes.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return d.plain().send(request)
}

// at follows field names and indices into JSON.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// seedDocuments are the GraphQL documents of GitLab's documentation of achievements as they stand there, with the
// ids and names that its readers are to fill in as %s.
var seedDocuments = map[string]string{
	"view":       `query { user(username: "%s") { userAchievements { nodes { achievement { name description avatarUrl namespace { fullPath name } } } } } }`,
	"create":     `mutation achievementsCreate($file: Upload!) { achievementsCreate( input: { namespaceId: "gid://gitlab/Namespace/%s", name: "%s", description: "%s", avatar: $file} ) { errors achievement { id name description avatarUrl } } }`,
	"update":     `mutation achievementsUpdate($file: Upload!) { achievementsUpdate( input: { achievementId: "gid://gitlab/Achievements::Achievement/%s", name: "%s", description: "%s", avatar: $file} ) { errors achievement { id name description avatarUrl } } }`,
	"award":      `mutation { achievementsAward(input: { achievementId: "gid://gitlab/Achievements::Achievement/%s", userId: "gid://gitlab/User/%s" }) { userAchievement { id achievement { id name } user { id username } } errors } }`,
	"revoke":     `mutation { achievementsRevoke(input: { userAchievementId: "gid://gitlab/Achievements::UserAchievement/%s" }) { userAchievement { id achievement { id name } user { id username } revokedAt } errors } }`,
	"delete":     `mutation { userAchievementsDelete(input: { userAchievementId: "gid://gitlab/Achievements::UserAchievement/%s" }) { userAchievement { id achievement { id name } user { id username } } errors } }`,
	"retire":     `mutation { achievementsDelete(input: { achievementId: "gid://gitlab/Achievements::Achievement/%s" }) { achievement { id name } errors } }`,
	"prioritise": `mutation { userAchievementPrioritiesUpdate(input: { userAchievementIds: ["gid://gitlab/Achievements::UserAchievement/%s", "gid://gitlab/Achievements::UserAchievement/%s"], }) { userAchievements { id priority } errors } }`,
}

// seedCurl is the documentation's command line, after its address: curl sends it as it stands, with ids filled in.
const seedOperations = `{ "query": "mutation ($file: Upload!) { achievementsCreate(input: { namespaceId: \"gid://gitlab/Namespace/%s\", name: \"%s\", description: \"%s\", avatar: $file }) { achievement { id name description avatarUrl } } }", "variables": { "file": null } }`

var number = regexp.MustCompile(`\d+$`)

// Every document of the seed does what the seed says, as it stands there.
func TestSeedDocuments(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		ada := d.person("ada")
		adaID := d.must(http.StatusOK, ada, "GET", "/api/v1/user", nil).id()
		maintainer := d.person("maintainer")
		d.namespace("acme", "public")
		d.member("acme", "maintainer", "owner")
		namespaceID := d.must(http.StatusOK, maintainer, "GET", "/api/v1/namespaces/acme", nil).id()
		do := func(token, name string, values ...any) map[string]any {
			data, errors := d.graph(token, fmt.Sprintf(seedDocuments[name], values...), nil)
			if len(errors) > 0 {
				t.Fatalf("%s: %v", name, errors)
			}
			return data
		}
		created := d.curl(maintainer, fmt.Sprintf(seedOperations, namespaceID, "Hero", "Saved the day"))
		hero := number.FindString(fmt.Sprint(at(created, "achievementsCreate", "achievement", "id")))
		avatar := fmt.Sprint(at(created, "achievementsCreate", "achievement", "avatarUrl"))
		same(t, "the achievement", at(created, "achievementsCreate", "achievement"), any(map[string]any{
			"id": "gid://gitlab/Achievements::Achievement/" + hero, "name": "Hero", "description": "Saved the day", "avatarUrl": avatar,
		}))
		if response, _ := d.ask(strings.TrimPrefix(avatar, d.url)); response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "image/png" {
			t.Errorf("the avatar at %s is answered %s", avatar, response.Status)
		}

		d.updateBySeed(maintainer, hero)

		var awards []string
		for range 2 {
			given := do(maintainer, "award", hero, adaID)
			same(t, "the recipient", at(given, "achievementsAward", "userAchievement", "user"), any(map[string]any{"id": "gid://gitlab/User/" + adaID, "username": "ada"}))
			awards = append(awards, number.FindString(fmt.Sprint(at(given, "achievementsAward", "userAchievement", "id"))))
		}
		seen := do("", "view", "ada")
		same(t, "the profile", at(seen, "user", "userAchievements", "nodes", 1, "achievement"), any(map[string]any{
			"name": "Heroine", "description": "Saved the day again", "avatarUrl": avatar, "namespace": map[string]any{"fullPath": "acme", "name": "ACME"},
		}))
		ordered := do(ada, "prioritise", awards[1], awards[0])
		same(t, "the order", at(ordered, "userAchievementPrioritiesUpdate", "userAchievements"), any([]any{
			map[string]any{"id": "gid://gitlab/Achievements::UserAchievement/" + awards[1], "priority": 0.0},
			map[string]any{"id": "gid://gitlab/Achievements::UserAchievement/" + awards[0], "priority": 1.0},
		}))
		revoked := do(maintainer, "revoke", awards[0])
		same(t, "that it is revoked", at(revoked, "achievementsRevoke", "userAchievement", "revokedAt") != nil, true)
		// GitLab takes the ids of awards that are revoked as well.
		same(t, "the order with a revoked award", at(do(ada, "prioritise", awards[0], awards[1]), "userAchievementPrioritiesUpdate", "userAchievements"), any([]any{
			map[string]any{"id": "gid://gitlab/Achievements::UserAchievement/" + awards[0], "priority": 0.0},
			map[string]any{"id": "gid://gitlab/Achievements::UserAchievement/" + awards[1], "priority": 1.0},
		}))
		same(t, "the deleted award", at(do(maintainer, "delete", awards[1]), "userAchievementsDelete", "userAchievement", "id"),
			any("gid://gitlab/Achievements::UserAchievement/"+awards[1]))
		same(t, "the deleted achievement", at(do(maintainer, "retire", hero), "achievementsDelete", "achievement", "name"), any("Heroine"))
		same(t, "a user nobody", at(do("", "view", "nobody"), "user"), any(nil))
	})
}

// updateBySeed changes the achievement by the seed's document, which has a file.
func (d *door) updateBySeed(token, achievement string) {
	d.t.Helper()

	query, err := json.Marshal(fmt.Sprintf(seedDocuments["update"], achievement, "Heroine", "Saved the day again"))
	if err != nil {
		d.t.Fatal(err)
	}
	updated := d.curl(token, `{"query": `+string(query)+`, "variables": {"file": null}}`)
	same(d.t, "the updated achievement", at(updated, "achievementsUpdate", "achievement", "name"), any("Heroine"))
	same(d.t, "what is wrong with it", at(updated, "achievementsUpdate", "errors"), any([]any{}))
}

// curl sends the operations with a picture by the seed's command line, and returns the data.
func (d *door) curl(token, operations string) map[string]any {
	d.t.Helper()

	picture := filepath.Join(d.t.TempDir(), "file.jpg")
	if err := os.WriteFile(picture, onePixel, 0o600); err != nil {
		d.t.Fatal(err)
	}
	command := exec.CommandContext(d.t.Context(), "curl", "--silent", "--show-error", d.url+"/api/graphql",
		"-H", "Authorization: Bearer "+token, "-H", "Content-Type: multipart/form-data",
		"-F", "operations="+operations, "-F", `map={ "0": ["variables.file"] }`, "-F", "0=@"+picture)
	output, err := command.CombinedOutput()
	if err != nil {
		d.t.Fatalf("curl: %v: %s", err, output)
	}
	var answer map[string]any
	if err := json.Unmarshal(output, &answer); err != nil {
		d.t.Fatalf("curl got %s", output)
	}
	data, errors := outcome(answer)
	if len(errors) > 0 {
		d.t.Fatalf("curl got %v", errors)
	}
	return data
}
