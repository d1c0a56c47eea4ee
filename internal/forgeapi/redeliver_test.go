package forgeapi_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// GitLab's log has what all tries share among the headers that were sent, and bounds how often may be asked.
func TestGitLabIsAskedAgain(t *testing.T) {
	f, src := onGitLab(t)
	const hooks = "/projects/acme%2Ftools%2Fcli/hooks"
	f.lists[hooks] = &list{things: []thing{{"id": 4, "url": "https://accolade.example.com/hooks/lab", "push_events": true}}}
	try := func(id int, key, status string) thing {
		return thing{"id": id, "trigger": "merge_request_hooks", "response_status": status, "request_headers": thing{"Idempotency-Key": key}, "created_at": "2026-11-09T10:00:00Z"}
	}
	f.lists[hooks+"/4/events"] = &list{things: []thing{
		try(9, "d", "500"), try(8, "a", "200"), try(7, "b", "internal error"), try(6, "b", "503"), try(5, "a", "503"),
		{"id": 4, "trigger": "push_hooks", "response_status": "503", "request_headers": thing{"Idempotency-Key": "e"}, "created_at": "2026-11-01T10:00:00Z"},
	}}
	var asked []string
	f.failing(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		if asked = append(asked, r.URL.EscapedPath()); len(asked) == 2 {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		return true
	})
	src.Projects = []string{"acme/tools/cli"}
	api := newAPI(t, src, forgeapi.Config{})
	lost, _, err := api.Redeliver(t.Context(), "https://accolade.example.com/hooks/lab", forgeapi.LogSearch{Since: clock.Add(-72 * time.Hour), Most: 10})
	if err == nil || len(lost) != 2 || !lost[0].Requested || lost[1].Requested {
		t.Errorf("lost are %+v, %v", lost, err)
	}
	if !slices.Equal(asked, []string{hooks + "/4/events/9/resend", hooks + "/4/events/7/resend"}) {
		t.Errorf("asked for are %q", asked)
	}
}

// What a forge asks for, and what it must not be believed.
func TestTheClientHonoursWhatForgesSay(t *testing.T) {
	answering := func(status int, header map[string]string, body string) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			for name, value := range header {
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	inAMinute := clock.Add(time.Minute)
	for name, tc := range map[string]struct {
		fail  func(int, http.ResponseWriter, *http.Request) bool
		until time.Time
	}{
		"429 with seconds":            {answering(429, map[string]string{"Retry-After": "60"}, ""), inAMinute},
		"429 with a date":             {answering(429, map[string]string{"Retry-After": inAMinute.Format(http.TimeFormat)}, ""), inAMinute},
		"403 with nothing remaining":  {answering(403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1794225660"}, ""), inAMinute},
		"429 with GitLab's headers":   {answering(429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "1794225660"}, ""), inAMinute},
		"403 with a secondary limit":  {answering(403, nil, `{"message":"You have exceeded a secondary rate limit"}`), inAMinute},
		"429 without a word":          {answering(429, nil, ""), inAMinute},
		"503 with seconds":            {answering(503, map[string]string{"Retry-After": "60"}, ""), inAMinute},
		"more than an hour":           {answering(429, map[string]string{"Retry-After": "86400"}, ""), clock.Add(time.Hour)},
		"a number that is none":       {answering(429, map[string]string{"Retry-After": "soon"}, ""), inAMinute},
		"a reset long ago, unsaid by": {answering(429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "x"}, ""), inAMinute},
	} {
		f, src := onGitHub(t)
		f.failing(tc.fail)
		_, err := newAPI(t, src, forgeapi.Config{}).Parts(t.Context())
		wait, ok := errors.AsType[*forgeapi.WaitError](errors.Unwrap(err))
		if !ok {
			wait, ok = errors.AsType[*forgeapi.WaitError](err)
		}
		if !ok || !wait.Until.Equal(tc.until.Add(time.Second)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A list of members that shifts while it is read takes nobody away.
func TestShiftingRosterIsPartial(t *testing.T) {
	f, src := onGitLab(t)
	f.most = 1
	const members = "/groups/acme%2Ftools/members"
	f.lists[members].things = append(f.lists[members].things, mixed(noor, thing{"access_level": 30, "created_at": "2026-10-13T09:20:31.456Z"}))
	read := func() *forgeapi.Roster {
		page, err := newAPI(t, src, forgeapi.Config{}).Page(t.Context(), forgeapi.Part{Place: "acme/tools", Group: true, Listing: "members"}, time.Time{}, "")
		if err != nil {
			t.Fatal(err)
		}
		return page.Roster
	}
	if roster := read(); roster.Partial || len(roster.Present) != 2 {
		t.Errorf("a quiet list is %+v", roster)
	}
	third := mixed(ivy, thing{"id": 57, "access_level": 30, "created_at": "2026-10-14T09:20:31.456Z"})
	f.lists[members].things = append(f.lists[members].things, third)
	left := false
	f.failing(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("page") == "2" && !left { // The first one leaves, and the second is passed over.
			left = true
			f.lists[members].things = f.lists[members].things[1:]
		}
		return false
	})
	if roster := read(); !roster.Partial {
		t.Errorf("a list that shifted is whole: %d are present", len(roster.Present))
	}
}

// A token goes nowhere but to the forge, and what is broken on the way is asked for again.
func TestTheClientIsCareful(t *testing.T) {
	other := newFake(t)
	f, src := onGitHub(t)
	f.failing(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/users/acme" {
			http.Redirect(w, r, other.URL+"/users/acme", http.StatusMovedPermanently)
			return true
		}
		return false
	})
	cfg := forgeapi.Config{Sleep: noSleep}
	if _, err := newAPI(t, src, cfg).Parts(t.Context()); err == nil || len(other.asked) > 0 {
		t.Errorf("a redirect to another host was followed: %v, %q", err, other.asked)
	}
	f.failing(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/orgs/acme/repos" {
			w.Header().Set("Link", "<"+other.URL+`/orgs/acme/repos?page=2>; rel="next"`)
			_, _ = w.Write([]byte("[]"))
			return true
		}
		return false
	})
	if _, err := newAPI(t, src, cfg).Parts(t.Context()); err == nil || len(other.asked) > 0 {
		t.Errorf("a page of another host was asked for: %v, %q", err, other.asked)
	}
	f.failing(func(n int, w http.ResponseWriter, _ *http.Request) bool { // Every second answer is lost on the way.
		if n%2 == 1 {
			return false
		}
		if hijacker, ok := w.(http.Hijacker); ok {
			if connection, _, err := hijacker.Hijack(); err == nil {
				_ = connection.Close()
			}
		}
		return true
	})
	if listed, _ := everything(t, src, cfg, time.Time{}, false); len(listed) < 10 {
		t.Errorf("only %d events are listed over a bad line", len(listed))
	}
	f.failing(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
		<-r.Context().Done() // It never answers.
		return true
	})
	if _, err := newAPI(t, src, forgeapi.Config{Sleep: noSleep, Timeout: 20 * time.Millisecond}).Parts(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a forge that does not answer is %v", err)
	}
	f.failing(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		_, _ = w.Write([]byte("<html>"))
		return true
	})
	if _, err := newAPI(t, src, cfg).Parts(t.Context()); err == nil {
		t.Error("a page that is no JSON is taken for a list")
	}
	src.Forge = forge.CloudEvents
	if _, err := forgeapi.New(src, cfg); err == nil {
		t.Error("what has no API is asked")
	}
}
