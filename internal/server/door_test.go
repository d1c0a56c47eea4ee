package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

const adminToken = "the admin token of the tests"

// door is a service to knock at. Every response that comes through it is checked against the contract.
type door struct {
	t        *testing.T
	url      string
	client   *http.Client
	clock    *testkit.Clock
	log      *bytes.Buffer
	level    slog.Level
	registry *prometheus.Registry
	handler  http.Handler
	book     *store.Store
	// automation judges what a test hands it.
	automation *automation.Automation
	// statements counts what the database was asked.
	statements *atomic.Int64
	// fronts are those of all services with the book.
	fronts *fronts
	// fresh makes questions that nobody asked before.
	fresh int
}

// fronts are told together what the book's transactions change.
type fronts struct {
	mutex sync.Mutex
	all   []*front.Front
}

func (f *fronts) add(one *front.Front) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.all = append(f.all, one)
}

func (f *fronts) changed(c store.Change) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, one := range f.all {
		one.Changed(front.Deps(c.Users, c.Namespaces, c.Newcomers, c.All)...)
	}
}

// onEachDatabase runs the test with a new service on each of the databases.
func onEachDatabase(t *testing.T, run func(t *testing.T, d *door)) {
	t.Helper()
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()
		run(t, openDoor(t, databaseURL))
	})
}

// onSQLite starts a new service where the database makes no difference.
func onSQLite(t *testing.T, options ...func(*server.Config)) *door {
	t.Helper()
	return openDoor(t, testkit.SQLitePath(t), options...)
}

func openDoor(t *testing.T, databaseURL string, options ...func(*server.Config)) *door {
	t.Helper()

	d := &door{t: t, clock: testkit.NewClock(), log: &bytes.Buffer{}, statements: &atomic.Int64{}, fronts: &fronts{}}
	d.book = testkit.OpenWith(t, store.Config{
		URL: databaseURL, MaxConns: 8, Observe: func(time.Duration) { d.statements.Add(1) }, Changed: d.fronts.changed,
	})
	d.automate()
	return d.mode(func(*operation.Config) {}, options...)
}

// mode returns another service with the same book, in another mode.
func (d *door) mode(choose func(*operation.Config), options ...func(*server.Config)) *door {
	t := d.t
	t.Helper()

	other := *d
	d = &other
	d.registry = prometheus.NewRegistry()
	chosen := operation.Config{Store: d.book, Now: d.clock.Now, Sources: []string{"forge"}, Automation: d.automation}
	choose(&chosen)
	operations := operation.New(chosen)
	if _, err := operations.EnsureAdmin(t.Context(), adminToken); err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewUnstartedServer(nil)
	d.url = "http://" + listener.Listener.Addr().String()
	cfg := server.Config{
		BaseURL: d.url, Operations: operations, Metrics: d.registry, Ready: d.book.Ready,
		Log: slog.New(slog.NewJSONHandler(d.log, &slog.HandlerOptions{Level: d.level})),
	}
	cfg.Front = front.New(front.Config{Bytes: 1 << 20, Now: time.Now, Metrics: d.registry, Hears: true})
	d.fronts.add(cfg.Front)
	for _, option := range options {
		option(&cfg)
	}
	d.handler = server.New(cfg)
	listener.Config.Handler = d.handler
	listener.Start()
	t.Cleanup(func() {
		listener.Close()
		listener.Config.Handler = nil // what a test has cleaned up with is kept until the last test is over
	})
	d.client = &http.Client{Transport: newChecking(t)}
	return d
}

// automate makes what judges events; only what a test hands it.
func (d *door) automate() {
	d.t.Helper()

	seen, err := cache.NewSeen(cache.Config{})
	if err != nil {
		d.t.Fatal(err)
	}
	d.automation, err = automation.New(automation.Config{
		Store: d.book, Seen: seen, Now: d.clock.Now, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
		Sources: []forge.Source{{Name: "forge", Forge: "github", Secrets: []string{"a webhook secret of the tests"}}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// plain returns the door without the check of its responses.
func (d *door) plain() *door {
	other := *d
	other.client = &http.Client{}
	return &other
}

// in returns the door for a subtest.
func (d *door) in(t *testing.T) *door {
	t.Helper()
	other := *d
	other.t = t
	return &other
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	// object is the body when it is a JSON object.
	object map[string]any
}

// call sends the body, which may be nil, text that goes as it is, or anything that becomes JSON.
func (d *door) call(token, method, path string, body any) answer {
	d.t.Helper()
	return d.with(nil, token, method, path, body)
}

// with calls with headers.
func (d *door) with(headers map[string]string, token, method, path string, body any) answer {
	d.t.Helper()

	var content io.Reader = http.NoBody
	switch body := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(body)
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			d.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, d.url+path, content)
	if err != nil {
		d.t.Fatal(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return d.send(request)
}

func (d *door) send(request *http.Request) answer {
	d.t.Helper()

	response, err := d.client.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	got := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &got.object) // not everything is a JSON object
	return got
}

// must calls and fails the test unless the status is the wanted one.
func (d *door) must(status int, token, method, path string, body any) answer {
	d.t.Helper()

	got := d.call(token, method, path, body)
	if got.status != status {
		d.t.Fatalf("%s %s answered %d, want %d: %s", method, path, got.status, status, got.text)
	}
	return got
}

// refused calls and checks the status and the code of the problem.
func (d *door) refused(status int, code, token, method, path string, body any) answer {
	d.t.Helper()

	got := d.must(status, token, method, path, body)
	if got.object["code"] != code || got.header.Get("Content-Type") != "application/problem+json" {
		d.t.Errorf("%s %s answered %s (%s), want the code %q", method, path, got.text, got.header.Get("Content-Type"), code)
	}
	return got
}

// same fails the test when what came is not what should have come.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not as wanted (-want +got):\n%s", what, diff)
	}
}

// id returns the id of what was answered, as it stands in paths.
func (a answer) id() string {
	id, _ := a.object["id"].(float64)
	return fmt.Sprintf("%.0f", id)
}

// at returns what is at the path of field names, nil when it is not there.
func (a answer) at(path ...string) any {
	var here any = a.object
	for _, name := range path {
		object, _ := here.(map[string]any)
		here = object[name]
	}
	return here
}

func (a answer) items() []answer {
	list, _ := a.object["items"].([]any)
	items := make([]answer, len(list))
	for i := range list {
		items[i].object, _ = list[i].(map[string]any)
	}
	return items
}

// person creates a user and returns a token of theirs with the scopes.
func (d *door) person(username string, scopes ...string) string {
	d.t.Helper()

	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users", map[string]any{"username": username, "name": strings.ToUpper(username)})
	if len(scopes) == 0 {
		scopes = []string{"write"}
	}
	return d.token(username, scopes...)
}

func (d *door) token(username string, scopes ...string) string {
	d.t.Helper()

	issued := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/users/"+username+"/tokens", map[string]any{"name": "tests", "scopes": scopes})
	token, _ := issued.object["token"].(string)
	return token
}

func (d *door) namespace(path, visibility string) {
	d.t.Helper()
	d.must(http.StatusCreated, adminToken, "POST", "/api/v1/namespaces",
		map[string]any{"full_path": path, "name": strings.ToUpper(path), "visibility": visibility})
}

func (d *door) member(path, username, level string) {
	d.t.Helper()
	d.must(http.StatusCreated, adminToken, "PUT", "/api/v1/namespaces/"+url.PathEscape(path)+"/members/"+username, map[string]any{"access_level": level})
}

// achievement creates one and returns its path.
func (d *door) achievement(path, name, kind string) string {
	d.t.Helper()
	made := d.must(http.StatusCreated, adminToken, "POST", "/api/v1/namespaces/"+url.PathEscape(path)+"/achievements",
		map[string]any{"name": name, "kind": kind})
	return "/api/v1/achievements/" + made.id()
}

// award gives the achievement at the path and returns the award's path.
func (d *door) award(achievement, username string) string {
	d.t.Helper()
	made := d.must(http.StatusCreated, adminToken, "POST", achievement+"/awards", map[string]any{"user": username})
	return "/api/v1/awards/" + made.id()
}
