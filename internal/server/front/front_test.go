package front_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// service is a front before a handler, with a clock that stands.
type service struct {
	*front.Front

	t        *testing.T
	engine   *gin.Engine
	clock    *testkit.Clock
	registry *prometheus.Registry
	// asked counts what came through.
	asked atomic.Int64
}

func newService(t *testing.T, cfg front.Config, handle gin.HandlerFunc) *service {
	t.Helper()

	s := &service{t: t, clock: testkit.NewClock(), engine: gin.New(), registry: prometheus.NewRegistry()}
	s.engine.ContextWithFallback = true
	if cfg.Bytes == 0 {
		cfg.Bytes = 1 << 20
	}
	cfg.Now, cfg.Metrics = s.clock.Now, s.registry
	s.Front = front.New(cfg)
	s.engine.Use(s.Serve(nil, func(*gin.Context) bool { return true }))
	counted := func(c *gin.Context) {
		s.asked.Add(1)
		handle(c)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
		s.engine.Handle(method, "/*any", counted)
	}
	return s
}

func (s *service) ask(method, path string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()

	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(s.t.Context(), method, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	s.engine.ServeHTTP(recorder, request)
	return recorder
}

// gauge returns a metric.
func (s *service) gauge(name string) float64 {
	s.t.Helper()

	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}

// An answer that was read before a change may reach whoever asked before it, and nobody after.
func TestNothingReadBeforeAChangeIsKept(t *testing.T) {
	t.Parallel()

	for name, changed := range map[string]front.Dep{"its own": front.User(1), "everything": front.Everything} {
		var state atomic.Value
		state.Store("old")
		read, goOn := make(chan struct{}), make(chan struct{})
		var first sync.Once
		s := newService(t, front.Config{Hears: true}, func(c *gin.Context) {
			seen := state.Load().(string)
			first.Do(func() { close(read); <-goOn })
			front.Keep(c, front.User(1), front.Namespace(2))
			c.String(http.StatusOK, seen)
		})
		var early *httptest.ResponseRecorder
		var asking sync.WaitGroup
		asking.Go(func() { early = s.ask(http.MethodGet, "/x") })
		<-read
		state.Store("new")
		s.Changed(front.User(7), changed)
		close(goOn)
		asking.Wait()
		if early.Body.String() != "old" {
			t.Errorf("%s: who asked before is told %s", name, early.Body)
		}
		if got := s.ask(http.MethodGet, "/x").Body.String(); got != "new" {
			t.Errorf("%s: who asks after it is told %s", name, got)
		}
	}
}

// While many read and many change, nobody who asks after a change was acknowledged is told what was before it.
func TestAcknowledgedChangesAreSeen(t *testing.T) {
	t.Parallel()

	const people, changes = 4, 3000
	var states [people]atomic.Int64
	s := newService(t, front.Config{Hears: true, Bytes: 8 << 10}, func(c *gin.Context) {
		id, err := strconv.Atoi(strings.TrimPrefix(c.Request.URL.Path, "/"))
		if err != nil {
			t.Error(err)
		}
		seen := states[id].Load()
		front.Keep(c, front.User(int64(id)+1))
		c.String(http.StatusOK, "%d", seen)
	})
	var acknowledged [people]atomic.Int64
	var readers, writers sync.WaitGroup
	var done atomic.Bool
	for id := range people {
		writers.Go(func() {
			for n := range int64(changes) {
				states[id].Store(n + 1)
				s.Changed(front.User(int64(id) + 1))
				acknowledged[id].Store(n + 1)
			}
		})
		for range 2 {
			readers.Go(func() {
				for !done.Load() {
					least := acknowledged[id].Load()
					got, err := strconv.ParseInt(s.ask(http.MethodGet, fmt.Sprintf("/%d", id)).Body.String(), 10, 64)
					if err != nil || got < least {
						t.Errorf("after change %d was acknowledged, somebody is told %d, %v", least, got, err)
						return
					}
				}
			})
		}
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
	for id := range people {
		if got := s.ask(http.MethodGet, fmt.Sprintf("/%d", id)).Body.String(); got != strconv.Itoa(changes) {
			t.Errorf("in the end, %d is %s", id, got)
		}
	}
}

func kept(c *gin.Context) {
	front.Keep(c, front.User(1))
	c.Header("Content-Language", "en")
	c.String(http.StatusOK, "%s", c.Request.URL.RawQuery)
}

func TestWhoIsAnsweredFromMemory(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		method, path string
		headers      []string
		fromMemory   bool
	}{
		{"GET", "/x?a=1&b=2", nil, true},
		{"GET", "/x?b=2&a=1", nil, true},
		{"HEAD", "/x?a=1&b=2", nil, true},
		{"GET", "/x?a=1&b=2", []string{"Accept", "text/html, */*;q=0.8"}, true},
		{"GET", "/x?a=1&b=2", []string{"Accept", "text/plain"}, true},
		{"GET", "/x?a=1&b=2", []string{"Accept", "image/png"}, false},
		{"GET", "/x?a=1&b=2", []string{"Accept", "text/plain;q=0.000, */*"}, false},
		{"POST", "/x?a=1&b=2", nil, false},
		{"GET", "/x?a=1", nil, false},
		{"GET", "/%78?a=1&b=2", nil, false},
		{"GET", "/x?b=1&a=2", nil, false},
		{"GET", "/x?a=1&b=2", []string{"Authorization", "Bearer x"}, false},
		{"GET", "/x?a=1&b=2", []string{"Private-Token", ""}, false},
		{"GET", "/x?a=1&b=2", []string{"Cookie", "session=1"}, false},
		{"GET", "/x?a=1&b=2&private_token=x", nil, false},
		{"GET", "/x?a=1&b=2&access%5Ftoken=x", nil, false},
	} {
		s := newService(t, front.Config{Hears: true}, kept)
		first := s.ask(http.MethodGet, "/x?a=1&b=2")
		again := s.ask(tc.method, tc.path, tc.headers...)
		if fromMemory := s.asked.Load() == 1; fromMemory != tc.fromMemory {
			t.Errorf("%s %s %v: from memory is %t", tc.method, tc.path, tc.headers, fromMemory)
		}
		if tc.fromMemory && fmt.Sprint(again.Header()) != fmt.Sprint(first.Header()) {
			t.Errorf("%s %s: the headers are %v, and were %v", tc.method, tc.path, again.Header(), first.Header())
		}
	}
}

// Answers to those who bring something are given to nobody else.
func TestAnswersToCallersAreNotKept(t *testing.T) {
	t.Parallel()

	for _, header := range []string{"Authorization", "Private-Token", "Cookie"} {
		s := newService(t, front.Config{Hears: true}, kept)
		s.ask(http.MethodGet, "/x", header, "secret")
		s.ask(http.MethodGet, "/x")
		if s.asked.Load() != 2 {
			t.Errorf("what was said to one with %s is said again", header)
		}
	}
}

func TestWhatIsNotKept(t *testing.T) {
	t.Parallel()

	for name, handle := range map[string]gin.HandlerFunc{
		"without a word": func(c *gin.Context) { c.String(http.StatusOK, "x") },
		"another status": func(c *gin.Context) { front.Keep(c); c.String(http.StatusInternalServerError, "x") },
		"a cookie":       func(c *gin.Context) { front.Keep(c); c.Header("Set-Cookie", "a=b"); c.String(http.StatusOK, "x") },
		"for one caller": func(c *gin.Context) {
			front.Keep(c)
			c.Header("Cache-Control", "private")
			c.String(http.StatusOK, "x")
		},
		"by other headers":   func(c *gin.Context) { front.Keep(c); c.Header("Vary", "Accept-Language"); c.String(http.StatusOK, "x") },
		"more than is kept":  func(c *gin.Context) { front.Keep(c); c.String(http.StatusOK, "%s", strings.Repeat("x", 256<<10+1)) },
		"nothing but a head": func(c *gin.Context) { c.Status(http.StatusNoContent) },
	} {
		s := newService(t, front.Config{Hears: true}, handle)
		first, second := s.ask(http.MethodGet, "/x"), s.ask(http.MethodGet, "/x")
		if s.asked.Load() != 2 || first.Code != second.Code || first.Body.String() != second.Body.String() {
			t.Errorf("%s: asked %d times, answered %d and %d", name, s.asked.Load(), first.Code, second.Code)
		}
	}
}

func TestMissingIsKeptForAMoment(t *testing.T) {
	t.Parallel()

	s := newService(t, front.Config{Hears: true}, func(c *gin.Context) {
		front.Keep(c, front.Newcomers)
		c.String(http.StatusNotFound, "nobody")
	})
	s.ask(http.MethodGet, "/x")
	if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusNotFound || s.asked.Load() != 1 {
		t.Errorf("answered %d, asked %d times", got.Code, s.asked.Load())
	}
	s.Changed(front.Newcomers)
	s.ask(http.MethodGet, "/x")
	s.clock.Advance(30 * time.Second)
	s.ask(http.MethodGet, "/x")
	if s.asked.Load() != 3 {
		t.Errorf("asked %d times, want again after a newcomer and after a while", s.asked.Load())
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()

	const limit = 64 << 10
	s := newService(t, front.Config{Hears: true, Bytes: limit}, func(c *gin.Context) {
		front.Keep(c, front.User(1))
		c.String(http.StatusOK, "%s", strings.Repeat(c.Request.URL.RawQuery, 100))
	})
	s.ask(http.MethodGet, "/hot")
	for i := range 500 {
		s.ask(http.MethodGet, fmt.Sprintf("/x?n=%d", i))
		s.ask(http.MethodGet, "/hot")
	}
	if bytes := s.gauge("accolade_read_cache_bytes"); bytes == 0 || bytes > limit {
		t.Errorf("%v bytes are kept, want %d at most", bytes, limit)
	}
	if s.asked.Load() != 501 {
		t.Errorf("what is asked for all the time was forgotten: %d asked", s.asked.Load())
	}
	s.Changed(front.User(1))
	if left := s.gauge("accolade_read_cache_answers") + s.gauge("accolade_read_cache_bytes"); left != 0 {
		t.Errorf("%v is left after all changed", left)
	}
}

func TestReadersOfTheSameWaitForOne(t *testing.T) {
	t.Parallel()

	goOn := make(chan struct{})
	var slow atomic.Bool
	s := newService(t, front.Config{Hears: true}, func(c *gin.Context) {
		if slow.Load() {
			<-goOn
		}
		kept(c)
	})
	s.ask(http.MethodGet, "/first") // now it is known that answers here are kept
	slow.Store(true)
	var readers sync.WaitGroup
	for range 10 {
		readers.Go(func() { s.ask(http.MethodGet, "/x?a") })
	}
	for s.asked.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	close(goOn)
	readers.Wait()
	if s.asked.Load() > 4 {
		t.Errorf("ten who asked at once made it be read %d times", s.asked.Load()-1)
	}
}
