package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/api/client"
	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// sender is a GitHub whose hook has delivered, or tried to: it sends again what it is asked for.
type sender struct {
	*httptest.Server

	t       *testing.T
	mutex   sync.Mutex
	address string
	log     []sent
	asked   []string
	// takes is how long it takes to list a page, and slow how long that was in all, by the clock of the service.
	takes time.Duration
	slow  atomic.Int64
}

// sent is one try to deliver.
type sent struct {
	id     int
	guid   string
	body   []byte
	status int
}

func newSender(t *testing.T) *sender {
	t.Helper()

	s := &sender{t: t}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// try notes a delivery that was answered so.
func (s *sender) try(guid string, number int64, status int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.log = append(s.log, sent{id: len(s.log) + 1, guid: guid, body: testkit.MergedPullRequest(number, 815, "ada"), status: status})
}

func (s *sender) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	const hooks = "/repos/acme/rocket/hooks"
	switch path := r.URL.Path; {
	case path == "/repos/acme/rocket":
		fmt.Fprint(w, `{"id":7301,"full_name":"acme/rocket"}`)
	case path == hooks:
		fmt.Fprintf(w, `[{"id":1,"config":{"url":"https://elsewhere.example.com"}},{"id":9,"active":true,"config":{"url":%q}}]`, s.address+"/hooks/forge")
	case path == hooks+"/9/deliveries":
		s.list(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(path, hooks+"/9/deliveries/") && strings.HasSuffix(path, "/attempts"):
		id, _ := strconv.Atoi(strings.Split(path, "/")[7])
		s.asked = append(s.asked, strconv.Itoa(id))
		s.send(s.log[id-1])
		w.WriteHeader(http.StatusAccepted)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// list shows the tries, the newest first, two a page.
func (s *sender) list(w http.ResponseWriter, r *http.Request) {
	s.slow.Add(int64(s.takes))
	last, err := strconv.Atoi(r.URL.Query().Get("cursor"))
	if err != nil {
		last = len(s.log)
	}
	if last > 2 {
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?per_page=2&cursor=%d>; rel="next"`, s.URL, r.URL.Path, last-2))
	}
	var shown []string
	tries := slices.Clone(s.log[max(last-2, 0):last])
	slices.Reverse(tries)
	for _, one := range tries {
		at := time.Now().Add(-time.Duration(len(s.log)-one.id) * time.Minute).UTC()
		shown = append(shown, fmt.Sprintf(`{"id":%d,"guid":%q,"delivered_at":%q,"status_code":%d,"status":"x","event":"pull_request","action":"closed","redelivery":%t}`,
			one.id, one.guid, at.Format(time.RFC3339), one.status, slices.ContainsFunc(s.log[:one.id-1], func(earlier sent) bool { return earlier.guid == one.guid })))
	}
	fmt.Fprintf(w, "[%s]", strings.Join(shown, ","))
}

// send delivers a body once more, signed as the first time, under the GUID that it had.
func (s *sender) send(one sent) {
	request, err := testkit.GitHubDelivery(s.t.Context(), s.address, "forge", webhookSecret, "pull_request", one.body)
	if err != nil {
		s.t.Error(err)
		return
	}
	request.Header.Set("X-Github-Delivery", one.guid)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Error(err)
		return
	}
	answer.Body.Close()
	s.log = append(s.log, sent{id: len(s.log) + 1, guid: one.guid, body: one.body, status: answer.StatusCode})
}

// serve runs a service to which it delivers, and that may ask it.
func (s *sender) serve(change func(cfg *app.Config)) {
	s.t.Helper()

	serve(s.t, func(cfg *app.Config) {
		source := &cfg.Sources[0]
		source.Token, source.APIURL, source.Projects = "a token of the tests", s.URL, []string{"acme/rocket"}
		cfg.ReconcileEvery = 0
		change(cfg)
	})
	s.address = os.Getenv("ACCOLADE_BASE_URL")
}

// What a forge could not deliver while the service was away is asked for, arrives, and gives its award; what arrived at
// the second try is not asked for.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestRedeliverOnTheCommandLine(t *testing.T) {
	github := newSender(t)
	github.serve(func(cfg *app.Config) {
		cfg.Sources = append(cfg.Sources, forge.Source{
			Name: "tea", Forge: forge.Gitea, Secrets: []string{"s"}, Token: "t", APIURL: github.URL, Projects: []string{"acme/rocket"},
		})
	})
	github.try("a", 1, http.StatusBadGateway)
	github.try("b", 2, http.StatusServiceUnavailable)
	github.try("b", 2, http.StatusAccepted)
	github.try("c", 3, 0)
	github.try("c", 3, http.StatusBadGateway)

	says(t, 0, "redeliver forge --dry-run", "2 deliveries never arrived, 0 of them asked for")
	says(t, 0, "redeliver forge", "pull_request.closed", "502 x", "2 deliveries never arrived, 2 of them asked for")
	if !slices.Equal(github.asked, []string{"1", "5"}) {
		t.Errorf("asked for are %q", github.asked)
	}
	says(t, 0, "redeliver forge", "0 deliveries never arrived, 0 of them asked for")
	says(t, 0, "deliveries list --kind merge_request.merged", "pull_request")
	out := says(t, 0, "deliveries list --outcome judged")
	if strings.Count(out, "\n") != 2 {
		t.Errorf("judged are %q", out)
	}
	says(t, 1, "redeliver tea", "redelivery_not_offered")
	says(t, 1, "redeliver nobody", "not_found")
	github.address = "https://moved.example.com"
	says(t, 1, "redeliver forge", "hook_missing")
}

// What takes longer to look through than a call may is looked through by several, which the command makes.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestRedeliveringOfMuch(t *testing.T) {
	github := newSender(t)
	github.takes = 8 * time.Second
	github.serve(func(cfg *app.Config) {
		cfg.Now = func() time.Time {
			return time.Now().UTC().Truncate(time.Microsecond).Add(time.Duration(github.slow.Load()))
		}
	})
	for number := range int64(13) {
		status := http.StatusAccepted
		if number%4 == 0 {
			status = http.StatusBadGateway
		}
		github.try(strconv.FormatInt(number, 10), number+1, status)
	}
	says(t, 0, "redeliver forge --dry-run", "4 deliveries never arrived, 0 of them asked for")
	says(t, 0, "redeliver forge", "4 deliveries never arrived, 4 of them asked for")
	if !slices.Equal(github.asked, []string{"13", "9", "5", "1"}) {
		t.Errorf("asked for are %q", github.asked)
	}
	says(t, 0, "redeliver forge", "0 deliveries never arrived")
}

// A place in the forge's lists is one of this source, and of nothing else.
//
//nolint:paralleltest // it sets the environment and takes the standard output
func TestRedeliveringFromNowhere(t *testing.T) {
	github := newSender(t)
	github.serve(func(*app.Config) {})
	api, err := client.NewClientWithResponses(github.address, client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+os.Getenv("ACCOLADE_ADMIN_TOKEN"))
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, cursor := range []string{"x", "e30", base64.RawURLEncoding.EncodeToString([]byte(`{"place":"acme/rocket","hook":"8"}`))} {
		answer, err := api.RedeliverWithResponse(t.Context(), client.RedeliverWish{Source: "forge", Cursor: &cursor})
		if err != nil {
			t.Fatal(err)
		}
		if answer.ApplicationproblemJSON400 == nil || answer.ApplicationproblemJSON400.Code != "bad_cursor" {
			t.Errorf("%s is answered %s", cursor, answer.Body)
		}
	}
}
