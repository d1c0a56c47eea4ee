package testkit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// GitHubAPI is the API of a GitHub with the organisation acme, whose one repository is acme/rocket. It lists by pages, and
// fails when it is told to.
type GitHubAPI struct {
	*httptest.Server

	mutex   sync.Mutex
	pulls   []apiPull
	members []map[string]any
	asked   int
	fail    func(asked int, w http.ResponseWriter, r *http.Request) bool
}

// apiPull is a pull request as the API shows it, and when it changed.
type apiPull struct {
	number  int
	updated time.Time
	whole   map[string]any
}

// NewGitHubAPI starts an API that knows nothing; it ends with the test.
func NewGitHubAPI(t *testing.T) *GitHubAPI {
	t.Helper()

	api := &GitHubAPI{}
	api.Server = httptest.NewServer(api)
	t.Cleanup(api.Close)
	return api
}

// Fail lets a function answer requests in the API's place; it is told how many came before, and says whether it has.
// The API is locked meanwhile: the function may change it by the methods that say so.
func (g *GitHubAPI) Fail(fail func(asked int, w http.ResponseWriter, r *http.Request) bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.fail = fail
}

// Asked returns how many requests came so far.
func (g *GitHubAPI) Asked() int {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	return g.asked
}

// Merged lets the API know a pull request as a delivery of MergedPullRequest tells of it, changed at a time.
func (g *GitHubAPI) Merged(t *testing.T, delivery []byte, updated time.Time) {
	t.Helper()
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.Touch(t, delivery, updated)
}

// Touch is Merged for a function that Fail was given.
func (g *GitHubAPI) Touch(t *testing.T, delivery []byte, updated time.Time) {
	t.Helper()

	var told struct {
		Number int            `json:"number"`
		Pull   map[string]any `json:"pull_request"`
	}
	if err := json.Unmarshal(delivery, &told); err != nil {
		t.Fatal(err)
	}
	told.Pull["updated_at"] = updated.UTC().Format(time.RFC3339)
	g.pulls = slices.DeleteFunc(g.pulls, func(known apiPull) bool { return known.number == told.Number })
	g.pulls = append(g.pulls, apiPull{number: told.Number, updated: updated, whole: told.Pull})
}

// Members sets who belongs to the organisation, by id and login.
func (g *GitHubAPI) Members(members map[int64]string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.members = nil
	for id, login := range members {
		g.members = append(g.members, map[string]any{"id": id, "login": login, "type": "User"})
	}
}

// ServeHTTP answers as GitHub does.
func (g *GitHubAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.fail != nil && g.fail(g.asked, w, r) {
		g.asked++
		return
	}
	g.asked++
	const repository = "/repos/acme/rocket"
	var answer any = []any{}
	path := r.URL.Path
	number, _ := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	switch {
	case r.Header.Get("Authorization") != "Bearer a token of the tests":
		w.WriteHeader(http.StatusUnauthorized)
		answer = map[string]any{"message": "Bad credentials"}
	case path == "/users/acme", path == "/orgs/acme":
		answer = map[string]any{"login": "acme", "id": 9919, "type": "Organization"}
	case path == "/user/memberships/orgs/acme":
		answer = map[string]any{"state": "active"}
	case path == "/orgs/acme/repos":
		answer = []any{repositoryOfAPI()}
	case path == "/orgs/acme/members" && r.URL.Query().Get("role") == "all":
		answer = append([]map[string]any{}, g.members...)
	case path == repository:
		answer = repositoryOfAPI()
	case path == repository+"/issues":
		answer = g.page(w, r)
	case strings.HasPrefix(path, repository+"/pulls/") && number > 0:
		i := slices.IndexFunc(g.pulls, func(known apiPull) bool { return known.number == number })
		if i >= 0 {
			answer = g.pulls[i].whole
			break
		}
		fallthrough
	case strings.HasPrefix(path, "/users/"):
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]any{"message": "Not Found"}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic("an answer of the tests is no JSON: " + err.Error())
	}
	_, _ = w.Write(text)
}

func repositoryOfAPI() map[string]any {
	var told struct {
		Repository map[string]any `json:"repository"`
	}
	if err := json.Unmarshal(MergedPullRequest(1, 1, "x"), &told); err != nil {
		panic(fmt.Sprintf("a delivery of the tests is no JSON: %v", err))
	}
	return told.Repository
}

// page lists pull requests as issues are listed: by when they changed, since a time.
func (g *GitHubAPI) page(w http.ResponseWriter, r *http.Request) []map[string]any {
	query := r.URL.Query()
	since, _ := time.Parse(time.RFC3339, query.Get("since"))
	chosen := slices.Clone(g.pulls)
	chosen = slices.DeleteFunc(chosen, func(pull apiPull) bool { return pull.updated.Before(since) })
	slices.SortStableFunc(chosen, func(x, y apiPull) int { return x.updated.Compare(y.updated) })
	size, _ := strconv.Atoi(query.Get("per_page"))
	page, _ := strconv.Atoi(query.Get("page"))
	from := min((page-1)*size, len(chosen))
	if from+size < len(chosen) {
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", "<"+g.URL+r.URL.Path+"?"+query.Encode()+`>; rel="next"`)
	}
	listed := []map[string]any{}
	for _, pull := range chosen[from:min(from+size, len(chosen))] {
		listed = append(listed, map[string]any{
			"id": pull.number, "number": pull.number, "title": pull.whole["title"], "state": pull.whole["state"], "user": pull.whole["user"],
			"created_at": pull.whole["created_at"], "updated_at": pull.whole["updated_at"], "closed_by": nil,
			"pull_request": map[string]any{"merged_at": pull.whole["merged_at"]},
		})
	}
	return listed
}
