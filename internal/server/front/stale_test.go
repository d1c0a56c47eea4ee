package front_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/server/front"
)

// breaking is a handler whose database can be taken away.
type breaking struct{ away atomic.Bool }

func (b *breaking) handle(c *gin.Context) {
	if b.away.Load() {
		c.Header("Retry-After", "2")
		c.String(http.StatusServiceUnavailable, "away")
		return
	}
	front.Keep(c, front.User(1))
	c.String(http.StatusOK, "here")
}

func TestOldAnswersWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()

	b := &breaking{}
	s := newService(t, front.Config{Hears: true}, b.handle)
	s.ask(http.MethodGet, "/x")
	b.away.Store(true)
	s.clock.Advance(time.Hour)
	got := s.ask(http.MethodGet, "/x")
	if got.Code != http.StatusOK || got.Body.String() != "here" || got.Header().Get("Age") != "3600" || got.Header().Get("Retry-After") != "" {
		t.Errorf("answered %d %s %v", got.Code, got.Body, got.Header())
	}
	tried := s.asked.Load()
	for range 5 {
		s.ask(http.MethodGet, "/x")
	}
	if s.asked.Load() != tried {
		t.Error("everybody tries a database that is away")
	}
	if got := s.ask(http.MethodGet, "/never-seen"); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") != "2" {
		t.Errorf("what was never read is answered with %d %v", got.Code, got.Header())
	}

	b.away.Store(false)
	s.clock.Advance(2 * time.Second)
	if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusOK || got.Header().Get("Age") != "" {
		t.Errorf("with the database back, answered %d %v", got.Code, got.Header())
	}
	b.away.Store(true)
	s.clock.Advance(24*time.Hour + time.Second)
	if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("what is older than a day is still given: %d", got.Code)
	}
}

// What has changed never comes back, however much it would help.
func TestNoOldAnswerAboutWhatHasChanged(t *testing.T) {
	t.Parallel()

	for name, change := range map[string]func(*front.Front){
		"the user":            func(f *front.Front) { f.Changed(front.User(1)) },
		"everything":          func(f *front.Front) { f.Changed(front.Everything) },
		"nothing heard":       func(f *front.Front) { f.Hearing(false) },
		"heard only from now": func(f *front.Front) { f.Hearing(true) },
	} {
		b := &breaking{}
		s := newService(t, front.Config{Hears: true}, b.handle)
		s.ask(http.MethodGet, "/x")
		change(s.Front)
		b.away.Store(true)
		if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: answered %d", name, got.Code)
		}
	}
}

// Where others change the book without a word, answers are young, and while the database is away only those are given that
// were young when it could last be read.
func TestUnheardChanges(t *testing.T) {
	t.Parallel()

	b := &breaking{}
	answered := &atomic.Int64{}
	var clock func() time.Time
	s := newService(t, front.Config{Answered: func() time.Time { return clock().Add(-time.Duration(answered.Load())) }}, b.handle)
	clock = s.clock.Now
	s.ask(http.MethodGet, "/x")
	s.clock.Advance(4 * time.Second)
	s.ask(http.MethodGet, "/x")
	if s.asked.Load() != 1 {
		t.Error("an answer of four seconds ago is not given again")
	}
	s.clock.Advance(2 * time.Second)
	s.ask(http.MethodGet, "/x")
	if s.asked.Load() != 2 {
		t.Error("an answer of six seconds ago is given again")
	}
	b.away.Store(true)
	s.clock.Advance(time.Hour)
	answered.Store(int64(time.Hour - time.Minute)) // it was read a minute after the answer, and never since
	if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusOK {
		t.Errorf("an answer that was a minute old when the database went is not given: %d", got.Code)
	}
	s.clock.Advance(2 * time.Second)
	answered.Store(0) // it was read just now, an hour after the answer
	if got := s.ask(http.MethodGet, "/x"); got.Code != http.StatusServiceUnavailable {
		t.Errorf("an answer that was an hour old when the database went is given: %d", got.Code)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()

	s := newService(t, front.Config{Hears: true}, func(c *gin.Context) {
		front.Keep(c, front.User(1))
		c.Header("ETag", `"tag"`)
		c.Data(http.StatusOK, "text/plain", make([]byte, 10_000))
	})
	for accepted, packed := range map[string]bool{"gzip": true, "br, gzip;q=0.5": true, "": false, "gzip;q=0": false, "identity": false, "xgzip": false} {
		got := s.ask(http.MethodGet, "/x", "Accept-Encoding", accepted)
		wanted := map[bool]string{true: `"tag-gzip"`, false: `"tag"`}[packed]
		if (got.Header().Get("Content-Encoding") == "gzip") != packed || got.Header().Get("ETag") != wanted ||
			(got.Body.Len() < 10_000) != packed || got.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("with Accept-Encoding %q: %d bytes, %v", accepted, got.Body.Len(), got.Header())
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()

	for _, dep := range []front.Dep{front.User(1), front.Namespace(1<<62 + 1), front.Newcomers, front.Everything} {
		if got := front.Parse(dep.String()); got != dep {
			t.Errorf("%v is read as %v", dep, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "u1", "n2", "+", "*", "u", "u-1", "u01", "x9", "u99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// What is not known is everything: the worst that a strange word does is to make us forget.
		if got := front.Parse(text); front.Parse(got.String()) != got {
			t.Errorf("%q is read as %v, which is read as %v", text, got, front.Parse(got.String()))
		}
	})
}

// What is kept is packed once for all, as well as can be; what is too large to be kept, for its one reader, fast.
func TestLargeAnswersArePackedFast(t *testing.T) {
	t.Parallel()

	const fastest = 4 // in the header of gzip (RFC 1952)
	for size, want := range map[int]byte{256 << 10: 0, 256<<10 + 1: fastest} {
		body := strings.Repeat("x", size)
		s := newService(t, front.Config{Hears: true}, func(c *gin.Context) { front.Keep(c); c.String(http.StatusOK, "%s", body) })
		for range 2 {
			answer := s.ask(http.MethodGet, "/x", "Accept-Encoding", "gzip")
			packed := answer.Body.Bytes()
			if answer.Header().Get("Content-Encoding") != "gzip" || packed[8] != want {
				t.Errorf("%d bytes are packed with %d, want %d: %v", size, packed[8], want, answer.Header())
			}
			reader, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(reader); err != nil || string(text) != body {
				t.Errorf("%d bytes become %d: %v", size, len(text), err)
			}
		}
	}
}
