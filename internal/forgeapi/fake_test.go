package forgeapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/forgeapi"
)

// thing is one object of a fake forge's API.
type thing = map[string]any

// list is what a fake forge lists under a path.
type list struct {
	things []thing
	// by is the field that says when a thing changed. With since, the parameter that asks for what changed at or after
	// a time, the list is in that order.
	by, since string
	// where is the parameter that asks for things by the field of the same name.
	where string
}

// fake is a forge's API: it lists by pages, with the Link header of RFC 8288, and fails on demand.
type fake struct {
	*httptest.Server

	t *testing.T
	// objects and lists are served under their paths.
	mu      sync.Mutex
	objects map[string]thing
	lists   map[string]*list
	// most is the largest page that is served, whatever is asked for; 0 for as many as asked for.
	most int
	// wrap is how pages are written: as lists with the Link header, with "next" or with "start" in them.
	wrap string
	// fail is asked before the n-th request, from 1 on, whether it is to fail; it may answer the request itself.
	fail func(n int, w http.ResponseWriter, r *http.Request) bool
	// asked are the paths with their queries that were answered, and refused how many were not.
	asked   []string
	refused int
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, objects: map[string]thing{}, lists: map[string]*list{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// failing sets what answers in the fake's place.
func (f *fake) failing(fail func(n int, w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = io.Copy(io.Discard, r.Body)
	path := r.URL.EscapedPath()
	if f.fail != nil && f.fail(len(f.asked)+f.refused+1, w, r) {
		f.refused++
		return
	}
	f.asked = append(f.asked, r.URL.RequestURI())
	if one, ok := f.objects[path]; ok {
		_ = json.NewEncoder(w).Encode(one)
		return
	}
	if all, ok := f.lists[path]; ok {
		f.serve(w, r, all)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{"message":"Not Found"}`))
}

// serve writes a page of a list.
func (f *fake) serve(w http.ResponseWriter, r *http.Request, all *list) {
	query := r.URL.Query()
	chosen := slices.Clone(all.things)
	if all.since != "" {
		from, _ := time.Parse(time.RFC3339, strings.TrimPrefix(query.Get(all.since), "updated_on >= "))
		chosen = slices.DeleteFunc(chosen, func(one thing) bool { return changed(one, all.by).Before(from) })
		slices.SortStableFunc(chosen, func(x, y thing) int { return changed(x, all.by).Compare(changed(y, all.by)) })
	}
	if all.where != "" {
		chosen = slices.DeleteFunc(chosen, func(one thing) bool { return query.Get(all.where) != "all" && one[all.where] != query.Get(all.where) })
	}
	size := max(number(query, "per_page"), number(query, "limit"), number(query, "pagelen"))
	if size == 0 || f.most > 0 && size > f.most {
		size = max(f.most, 1)
	}
	page := max(number(query, "page"), 1, number(query, "start")/size+1)
	last := max((len(chosen)+size-1)/size, 1)
	var links []string
	for relation, to := range map[string]int{"next": page + 1, "last": last} {
		if to <= last && page < last {
			query.Set("page", strconv.Itoa(to))
			links = append(links, "<"+f.URL+r.URL.EscapedPath()+"?"+query.Encode()+`>; rel="`+relation+`"`)
		}
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
	from := min((page-1)*size, len(chosen))
	part := append([]thing{}, chosen[from:min(from+size, len(chosen))]...)
	switch {
	case f.wrap == "":
		_ = json.NewEncoder(w).Encode(part)
	case f.wrap == "start":
		_ = json.NewEncoder(w).Encode(thing{"values": part, "isLastPage": page == last, "nextPageStart": page * size})
	case page < last:
		query.Set("page", strconv.Itoa(page+1))
		_ = json.NewEncoder(w).Encode(thing{"values": part, "next": f.URL + r.URL.EscapedPath() + "?" + query.Encode()})
	default:
		_ = json.NewEncoder(w).Encode(thing{"values": part})
	}
}

func changed(one thing, by string) time.Time {
	text, _ := one[by].(string)
	at, _ := time.Parse(time.RFC3339Nano, text)
	return at
}

func number(query url.Values, name string) int {
	n, _ := strconv.Atoi(query.Get(name))
	return n
}

// webhook is a recorded delivery of package forge.
type webhook struct {
	forge, name string
	header      http.Header
	body        thing
	raw         []byte
}

func recorded(t *testing.T, forgeName, name string) webhook {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "forge", "testdata", forgeName, name+".http"))
	if err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(bytes.NewReader(append([]byte("POST / HTTP/1.1\r\n"), text...)))
	req, err := http.ReadRequest(reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	hook := webhook{forge: forgeName, name: name, header: req.Header, raw: bytes.TrimSpace(raw)}
	if err := json.Unmarshal(hook.raw, &hook.body); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return hook
}

// events returns what the webhook tells, as a source tells it.
func (h webhook) events(t *testing.T, src forge.Source) []event.Event {
	t.Helper()
	speaks, _ := forge.ByName(h.forge)
	events, err := speaks.Events(src, forge.Request{Header: h.header, Body: h.raw, ReceivedAt: clock})
	if err != nil {
		t.Fatalf("%s: %v", h.name, err)
	}
	return events
}

// in returns the object under a path of names in the webhook's body.
func (h webhook) in(names ...string) thing {
	at := h.body
	for _, name := range names {
		at, _ = at[name].(thing)
	}
	return at
}

// but returns a copy without some fields.
func but(one thing, names ...string) thing {
	rest := maps.Clone(one)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// noSleep does not wait.
func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// clock is the time at which tests run.
var clock = time.Date(2026, time.November, 9, 12, 0, 0, 0, time.UTC)

// everything reads all parts of a source to their ends and returns the events, those of rosters too, with how many
// steps it took. Every step is made by an API of its own when resume is set, as after a crash.
func everything(t *testing.T, src forge.Source, cfg forgeapi.Config, since time.Time, resume bool) (events []event.Event, steps int) {
	t.Helper()
	api := newAPI(t, src, cfg)
	parts, err := api.Parts(t.Context())
	if err != nil {
		t.Fatalf("the parts: %v", err)
	}
	for _, part := range parts {
		for position, first := "", true; first || position != ""; first = false {
			steps++
			if steps > 2000 {
				t.Fatalf("%v has no end", part)
			}
			if resume {
				api = newAPI(t, src, cfg)
			}
			page, err := api.Page(t.Context(), part, since, position)
			if err != nil {
				t.Fatalf("%v at %q: %v", part, position, err)
			}
			if page.Unreadable > 0 {
				t.Errorf("%v at %q: %d things are unreadable", part, position, page.Unreadable)
			}
			events = append(events, page.Events...)
			if page.Roster != nil {
				events = append(events, page.Roster.Present...)
			}
			position = page.Next
		}
	}
	return events, steps
}

func newAPI(t *testing.T, src forge.Source, cfg forgeapi.Config) *forgeapi.API {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return clock }
	}
	api, err := forgeapi.New(src, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// sameForRules checks that rules judge what is listed as they judge what webhooks told: whichever comes first counts. Of some
// things the API does not say who did them: their keys contain one of the anonymous parts.
func sameForRules(t *testing.T, listed, told []event.Event, anonymous ...string) {
	t.Helper()

	id := func(account *event.Account) string {
		if account == nil {
			return ""
		}
		return account.ID
	}
	shown := func(ev event.Event) thing {
		in, target := "", ""
		if ev.Repository != nil {
			in = ev.Repository.ID
		}
		if ev.Target != nil {
			target = ev.Target.Kind + strconv.FormatInt(ev.Target.IID, 10) + " of " + id(ev.Target.Author)
		}
		return thing{
			"kind": ev.Kind, "object": ev.Object, "private": ev.Private, "confidential": ev.Confidential, "actor": id(ev.Actor),
			"author": id(ev.Author), "merged by": id(ev.MergedBy), "member": id(ev.Member), "repository": in, "on": target, "state": ev.State,
			"iid": ev.IID, "title": ev.Title, "to": ev.TargetBranch, "tag": ev.Tag, "length": ev.BodyLength,
		}
	}
	common := 0
	for _, hook := range told {
		i := slices.IndexFunc(listed, func(ev event.Event) bool { return ev.Key == hook.Key })
		if i < 0 {
			continue
		}
		common++
		want, got := shown(hook), shown(listed[i])
		if slices.ContainsFunc(anonymous, func(part string) bool { return strings.Contains(hook.Key, part) }) {
			want["actor"] = got["actor"]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s is listed otherwise than it is told (-told +listed):\n%s", hook.Key, diff)
		}
	}
	if common < 6 {
		t.Errorf("only %d events are listed and told", common)
	}
}

// allTold returns what the webhooks of the names tell.
func allTold(t *testing.T, src forge.Source, names ...string) (told []event.Event) {
	t.Helper()
	for _, name := range names {
		told = append(told, recorded(t, src.Forge, name).events(t, src)...)
	}
	return told
}

// keys returns the keys of the events in order, each once.
func keys(events []event.Event) []string {
	all := make([]string, len(events))
	for i := range events {
		all[i] = events[i].Key
	}
	slices.Sort(all)
	return slices.Compact(all)
}
