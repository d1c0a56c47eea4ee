package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// What costs too much, or is no query, is refused before anything of it runs.
func TestGraphQLRefuses(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	d.person("ada")
	nested := func(depth int) string {
		return `query { user(username: "ada") { ` + strings.Repeat("userAchievements { nodes { user { ", depth) + "id" + strings.Repeat(" } } }", depth) + " } }"
	}
	aliases := func(count int) string {
		var query strings.Builder
		for i := range count {
			fmt.Fprintf(&query, " a%d:currentUser{id}", i)
		}
		return "{" + query.String() + "}"
	}
	var fragments strings.Builder
	for i := range 60 {
		fmt.Fprintf(&fragments, "fragment f%d on UserCore { ...f%d ...f%d } ", i, i+1, i+1)
	}
	for name, tc := range map[string]struct{ query, want string }{
		"1,000 aliases":         {aliases(1000), "Query too large"},
		"200 aliases":           {aliases(200), "complexity"},
		"an endless schema":     {endlessSchema(), "introspection"},
		"a fragment cycle":      {`query { user(username: "ada") { ...f } } fragment f on UserCore { ...g } fragment g on UserCore { ...f }`, "fields"},
		"fragments that double": {`query { user(username: "ada") { ...f0 } } ` + fragments.String() + ` fragment f60 on UserCore { id }`, "fields"},
		"a depth of 50":         {nested(17), "max depth"},
		"too many objects":      {nested(3), "objects"},
		"too long":              {"{ currentUser { id } } #" + strings.Repeat("x", 10_000), "Query too large"},
		"an unknown field":      {`{ currentUser { password } }`, "password"},
		"no query":              {``, "operation"},
		"no GraphQL":            {`SELECT 1`, "Unexpected"},
		"first and last":        {`{ user(username: "ada") { userAchievements(first: 1, last: 1) { nodes { id } } } }`, "not both"},
		"a negative page":       {`{ user(username: "ada") { userAchievements(first: -1) { nodes { id } } } }`, "negative"},
		"a cursor of nothing":   {`{ user(username: "ada") { userAchievements(after: "x") { nodes { id } } } }`, "cursor"},
		"two ways to name one":  {`{ user(username: "ada", id: "gid://gitlab/User/1") { id } }`, "single username or id"},
		"no global id":          {`{ user(id: "7") { id } }`, `"7" is not a valid Global ID`},
		"another class":         {`{ user(id: "gid://gitlab/Group/7") { id } }`, "does not represent an instance of User"},
	} {
		before := d.statements.Load()
		data, errors := d.graph("", tc.query, nil)
		if len(errors) == 0 || !strings.Contains(strings.Join(errors, "; "), tc.want) {
			t.Errorf("%s: %v and the errors %v, want %q", name, data, errors, tc.want)
		}
		// The last ones are wrong in the arguments of a field within another one, which is read before.
		if asked := d.statements.Load() - before; asked > 1 && !strings.Contains(tc.query, "(first: 1, last") && !strings.Contains(tc.query, "-1") && !strings.Contains(tc.query, "after") {
			t.Errorf("%s: the database was asked %d times", name, asked)
		}
	}
}

// endlessSchema asks for the same thing of each field of the schema, again and again.
func endlessSchema() string {
	var query strings.Builder
	for i := range 450 {
		fmt.Fprintf(&query, " a%d:name", i)
	}
	return "{__schema{types{fields{type{fields{" + query.String() + "}}}}}}"
}

// Tools ask for the schema once, which is answered; who asks for it in each query of a list is not.
func TestTheSchemaIsToldOnceARequest(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	// As deep as tools look: a type within seven lists and NonNulls.
	const kind = "fragment kind on __Type { name" + " ofType { kind name" + " ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } "
	const whole = `{ __schema { queryType { name } mutationType { name } subscriptionType { name } types { ...about } directives { name description locations args { ...value } } } }
		fragment about on __Type { kind name description fields(includeDeprecated: true) { name description args { ...value } type { ...kind } isDeprecated deprecationReason }
			inputFields { ...value } interfaces { ...kind } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...kind } }
		fragment value on __InputValue { name description type { ...kind } defaultValue } ` + kind
	if data, errors := d.graph("", whole, nil); len(errors) > 0 || at(data, "__schema", "types", 0, "name") == nil {
		t.Errorf("the schema is told as %.300v, %v", data, errors)
	}
	query, err := json.Marshal(map[string]any{"query": whole})
	if err != nil {
		t.Fatal(err)
	}
	got := d.post("", "application/json", []byte("["+string(query)+","+string(query)+"]"))
	if !strings.Contains(got.text, "fields of introspection") || !strings.Contains(got.text, `"AchievementsCreateInput"`) {
		t.Errorf("the schema twice is %d %.300s", got.status, got.text)
	}
}

// A request as a whole may be wrong, too; then the status says so.
func TestGraphQLRequests(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	ada := d.person("ada")
	const who = `{"query":"{ currentUser { username } }"}`
	for name, tc := range map[string]struct {
		token, contentType, body string
		status                   int
		want                     string
	}{
		"one query":              {ada, "application/json", who, 200, `{"data":{"currentUser":{"username":"ada"}}}`},
		"nobody's query":         {"", "application/json; charset=utf-8", who, 200, `{"data":{"currentUser":null}}`},
		"several queries":        {ada, "application/json", "[" + who + "," + who + "]", 200, `[{"data":{"currentUser":{"username":"ada"}}},{"data":{"currentUser":{"username":"ada"}}}]`},
		"100 queries":            {ada, "application/json", "[" + strings.Repeat(who+",", 99) + who + "]", 400, "more than 20"},
		"no query in a list":     {ada, "application/json", "[]", 400, "no query"},
		"no JSON":                {ada, "application/json", "{", 400, "not a GraphQL query"},
		"another type":           {ada, "text/plain", who, 415, "Content-Type"},
		"a token that is none":   {"acc_nothing", "application/json", who, 401, "Invalid token"},
		"too large":              {ada, "application/json", `{"query":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "too large"},
		"a mutation, anonymous":  {"", "application/json", `{"query":"mutation { achievementsDelete(input: {achievementId: \"gid://gitlab/Achievements::Achievement/1\"}) { errors } }"}`, 200, "does not exist or you don't have permission"},
		"variables that are not": {ada, "application/json", `{"query":"query($a: String!) { user(username: $a) { id } }"}`, 200, "Variable $a of type String! was provided invalid value (Expected value to not be null)"},
		"an input without a name": {
			ada, "application/json",
			`{"query":"mutation($input: AchievementsCreateInput!) { achievementsCreate(input: $input) { errors } }","variables":{"input":{"namespaceId":"gid://gitlab/Namespace/1","name":null}}}`,
			200, "Variable $input of type AchievementsCreateInput! was provided invalid value for name (Expected value to not be null)",
		},
	} {
		got := d.post(tc.token, tc.contentType, []byte(tc.body))
		if got.status != tc.status || !strings.Contains(got.text, tc.want) && !sameJSON(got.text, tc.want) {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.text, tc.status, tc.want)
		}
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

// However many rows a query reads, it asks the database as often.
func TestGraphQLAsksTheDatabaseSeldom(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.namespace("acme", "public")
		fill := func(from, to int) {
			for i := from; i < to; i++ {
				badge := d.achievement("acme", fmt.Sprintf("Badge %d", i), "repeatable")
				person := fmt.Sprintf("person-%d", i)
				d.person(person)
				d.award(badge, person)
				d.award(badge, "person-0")
			}
		}
		const wide = `query { group(fullPath: "acme") { achievements(first: 15) { count nodes { name namespace { fullPath }
			uniqueUsers(first: 5) { count nodes { username userAchievements(first: 3) { count nodes { id awardedByUser { name } } } } }
			userAchievements(first: 5) { nodes { user { username } achievement { name } } } } } } }`
		// On a busy machine, a list may miss the others that it waits for; the best of some tries counts.
		asked := func() int64 {
			best := int64(1000)
			for range 10 {
				before := d.statements.Load()
				data, errors := d.graph(adminToken, wide, nil)
				if len(errors) > 0 || at(data, "group", "achievements", "nodes", 0, "uniqueUsers", "nodes", 0, "userAchievements", "count") == nil {
					t.Fatalf("%v, %v", data, errors)
				}
				best = min(best, d.statements.Load()-before)
			}
			return best
		}
		fill(0, 2)
		few := asked()
		fill(2, 12)
		many := asked()
		if many > few || many > 60 {
			t.Errorf("the database is asked %d times for 2 achievements and %d times for 12", few, many)
		}
		t.Logf("%d statements for 2 achievements, %d for 12", few, many)
	})
}

// What others see of an award is the same by GraphQL as by REST.
func TestGraphQLShowsWhatRESTShows(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		cast := map[string]string{"": "", "admin": adminToken}
		for _, name := range []string{"ada", "stranger", "maintainer", "guest"} {
			cast[name] = d.person(name)
		}
		for _, visibility := range []string{"public", "internal", "private"} {
			d.namespace(visibility, visibility)
			d.member(visibility, "maintainer", "maintainer")
			d.member(visibility, "guest", "guest")
			badge := d.achievement(visibility, "Badge of "+visibility, "repeatable")
			d.award(badge, "ada")
			d.must(http.StatusOK, cast["ada"], "PATCH", d.award(badge, "ada"), map[string]any{"show_on_profile": false})
			d.must(http.StatusOK, adminToken, "POST", d.award(badge, "ada")+"/revoke", map[string]any{})
		}
		for _, profile := range []bool{false, true} {
			d.must(http.StatusOK, cast["ada"], "PATCH", "/api/v1/user", map[string]any{"private_profile": profile})
			for name, token := range cast {
				for _, hidden := range []bool{false, true} {
					rest := d.must(http.StatusOK, token, "GET", fmt.Sprintf("/api/v1/users/ada/awards?include_hidden=%t", hidden), nil).items()
					var want, got []string
					for _, item := range rest {
						want = append(want, fmt.Sprint("gid://gitlab/Achievements::UserAchievement/", item.id(), " ", at(item.object, "achievement", "namespace", "full_path")))
					}
					data, errors := d.graph(token, `query($hidden: Boolean) { user(username: "ada") { userAchievements(includeHidden: $hidden) { count nodes { id achievement { namespace { fullPath } } } } } }`,
						map[string]any{"hidden": hidden})
					nodes, _ := at(data, "user", "userAchievements", "nodes").([]any)
					for _, node := range nodes {
						got = append(got, fmt.Sprint(at(node, "id"), " ", at(node, "achievement", "namespace", "fullPath")))
					}
					same(t, fmt.Sprintf("what %q sees of a profile that is private: %t, hidden: %t (%v)", name, profile, hidden, errors), got, want)
					same(t, "their count", at(data, "user", "userAchievements", "count"), any(float64(len(want))))
				}
			}
		}
	})
}
