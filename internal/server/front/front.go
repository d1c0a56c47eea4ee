// Package front gives anonymous readers answers that were given before, out of memory, as long as nothing has changed that
// they depend on.
//
// A handler lets its answer be kept by Keep, and says there what it depends on; app hands what transactions change to
// Changed. No answer that was read before a change is kept after it: Changed drops what was kept, and what is being read
// meanwhile is not kept at all. Requests with a credential of any kind pass by. The package knows no other room; it may
// import gin and the client of Prometheus.
package front

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxAnswer is the largest body that is kept.
	maxAnswer = 256 << 10
	// heardFor is how long an answer is given again when all changes are heard of: a belt, since none should be missed.
	heardFor = time.Minute
	// unheardFor is how long it is when others may change the book without a word.
	unheardFor = 5 * time.Second
	// missingFor is how long it is said again that somebody is not there.
	missingFor = 30 * time.Second
	// staleFor is how old an answer may become while the book cannot be read.
	staleFor = 24 * time.Hour
	// unheardAge is how old an answer may have been, when the book could last be read, to be given while it cannot, where
	// others may change it without a word.
	unheardAge = 5 * time.Minute
	// awayFor is how long nobody tries the book again after it could not be read.
	awayFor = time.Second
)

// Config is what New needs. Now and Metrics are needed.
type Config struct {
	// Bytes is how much is kept at most; 0 keeps nothing.
	Bytes   int
	Now     func() time.Time
	Metrics prometheus.Registerer
	// Hears says that at first all changes are heard of, until Hearing says something else.
	Hears bool
	// Answered says when the book could last be read; nil for always.
	Answered func() time.Time
}

// Front keeps answers. It is safe for concurrent use.
type Front struct {
	now      func() time.Time
	answered func() time.Time
	memory   *memory
	flights  flights
	hears    atomic.Bool
	// away is when the book may be tried again, in Unix nanoseconds; 0 while it can be read.
	away atomic.Int64
	// routes are those that have kept something.
	routes sync.Map
	// always is in the header of every answer, unless its handler took it away.
	always             http.Header
	hit, missed, stale prometheus.Counter
	off                bool
}

// New returns a front that keeps nothing yet.
func New(cfg Config) *Front {
	f := &Front{now: cfg.Now, answered: cfg.Answered, memory: newMemory(cfg.Bytes), off: cfg.Bytes <= 0}
	f.flights.running = map[string]chan struct{}{}
	f.hears.Store(cfg.Hears)
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "accolade", Name: "read_cache_requests_total",
		Help: "Anonymous requests whose answers may be kept: given from memory (hit), read anew (miss), or old because the database is away (stale).",
	}, []string{"result"})
	f.hit, f.missed, f.stale = requests.WithLabelValues("hit"), requests.WithLabelValues("miss"), requests.WithLabelValues("stale")
	gauge := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "accolade", Name: name, Help: help}, read)
	}
	cfg.Metrics.MustRegister(requests,
		gauge("read_cache_bytes", "Memory of the answers that are kept.", func() float64 { _, bytes := f.memory.sizes(); return float64(bytes) }),
		gauge("read_cache_answers", "Answers that are kept.", func() float64 { entries, _ := f.memory.sizes(); return float64(entries) }))
	return f
}

// Changed forgets every answer that depends on one of them. Call it after the change can be read, and before anybody is told
// that it was made.
func (f *Front) Changed(deps ...Dep) { f.memory.change(deps) }

// Hearing notes whether changes that other servers make are heard of from now on. Either way some may have been missed, and
// everything is forgotten.
func (f *Front) Hearing(hears bool) {
	f.hears.Store(hears)
	f.memory.change([]Dep{Everything})
}

// Serve returns the middleware. Before an answer is given from memory, admit may refuse the request, and answer it. What is
// always in the header before any handler, unless one takes it away, is kept with the answers.
func (f *Front) Serve(always http.Header, admit func(*gin.Context) bool) gin.HandlerFunc {
	f.always = always
	return func(c *gin.Context) {
		if f.off || !anonymous(c.Request) {
			return
		}
		key := keyOf(c.Request.URL)
		kept := f.memory.find(key)
		if kept != nil && !accepts(c.Request.Header["Accept"], kept.kind) {
			return // whoever negotiates shall say
		}
		switch {
		case kept != nil && f.fresh(kept):
			f.repeat(c, kept, admit, f.hit)
		case kept != nil && f.usable(kept) && !f.mayTry():
			f.repeat(c, kept, admit, f.stale)
		default:
			if found := f.awaited(c, key); found != nil {
				f.repeat(c, found, admit, f.hit)
				return
			}
			f.read(c, key, kept)
		}
	}
}

// awaited waits for another request that reads the same, if it is one of a kind that is kept, and returns the fresh answer
// that it left, or nil.
func (f *Front) awaited(c *gin.Context, key string) *entry {
	if _, keeps := f.routes.Load(c.FullPath()); !keeps || !f.flights.wait(c.Request.Context(), key) {
		return nil
	}
	found := f.memory.find(key)
	if found == nil || !f.fresh(found) || !accepts(c.Request.Header["Accept"], found.kind) {
		return nil
	}
	return found
}

// read lets the handlers answer, and keeps what they say may be kept. While the book is away, what was kept is good enough.
func (f *Front) read(c *gin.Context, key string, kept *entry) {
	landed := f.flights.begin(key)
	defer landed()
	p := &pending{since: f.memory.begin()}
	at := f.now()
	direct, request := c.Writer, c.Request
	defer func() { c.Writer = direct }() // a panic is answered, too
	r := newRecorder(direct, p, kept != nil && f.usable(kept))
	c.Writer, c.Request = r, request.WithContext(withPending(request.Context(), p))
	c.Next()
	c.Writer = direct
	switch {
	case !r.decided:
		r.pass()
	case !r.held:
	case r.status == http.StatusServiceUnavailable:
		f.away.Store(f.now().Add(awayFor).UnixNano())
		copyLimits(direct.Header(), r.header)
		f.answer(c, kept, f.stale)
	default:
		f.away.Store(0)
		f.routes.Store(c.FullPath(), true)
		e := newEntry(key, at, r, f.always)
		e.route = c.FullPath()
		if cacheable(r) {
			e.packed = pack(e, gzip.DefaultCompression)
			f.memory.put(e, p.since)
		} else {
			e.packed = pack(e, gzip.BestSpeed) // for this reader alone: a quarter of the work, and a quarter more to send
		}
		landed() // nobody waits for a slow reader
		copyLimits(direct.Header(), r.header)
		f.answer(c, e, f.missed)
	}
}

// newEntry makes an entry of what the handlers wrote: the headers that were not there before, and those that are always there.
func newEntry(key string, at time.Time, r *recorder, always http.Header) *entry {
	e := &entry{key: key, at: at, status: r.status, form: form{body: r.body.Bytes()}, deps: r.pending.deps}
	slices.SortFunc(e.deps, func(x, y Dep) int { return strings.Compare(x.String(), y.String()) })
	e.deps = slices.Compact(e.deps)
	if r.header.Get("ETag") == "" && r.status == http.StatusOK {
		sum := sha256.Sum256(e.body)
		r.header.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	}
	e.kind, _, _ = strings.Cut(r.header.Get("Content-Type"), ";")
	before := r.ResponseWriter.Header()
	for name, values := range r.header {
		if !slices.Contains(limitHeaders, name) && (always[name] != nil || !slices.Equal(values, before[name])) {
			e.headers = append(e.headers, header{name, slices.Clip(slices.Clone(values))})
		}
	}
	e.measure()
	return e
}

// cacheable reports whether nothing about the answer says that it is for one caller alone.
func cacheable(r *recorder) bool {
	if r.body.Len() > maxAnswer || len(r.header["Set-Cookie"]) > 0 {
		return false
	}
	for _, line := range r.header["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			// Who brings a credential passes by; what scripts of other origins may see is said anew each time.
			if !slices.Contains([]string{"Authorization", "Private-Token", "Cookie", "Origin"}, strings.TrimSpace(name)) {
				return false
			}
		}
	}
	return !strings.Contains(r.header.Get("Cache-Control"), "private")
}

// limitHeaders tell a caller of their own limits.
var limitHeaders = []string{"Ratelimit", "Ratelimit-Policy"}

func copyLimits(to, from http.Header) {
	for _, name := range limitHeaders {
		if values := from[name]; values != nil {
			to[name] = values
		}
	}
}

// repeat answers with what was kept, if the caller may ask.
func (f *Front) repeat(c *gin.Context, e *entry, admit func(*gin.Context) bool, count prometheus.Counter) {
	c.Abort()
	if !admit(c) {
		return
	}
	if count == f.hit {
		c.Set(hitKey{}, true)
	}
	f.answer(c, e, count)
}

func (f *Front) answer(c *gin.Context, e *entry, count prometheus.Counter) {
	count.Inc()
	var age []string
	if count == f.stale {
		age = f.age(e)
	}
	for name := range f.always {
		c.Writer.Header().Del(name) // the entry has those that its handler left
	}
	f.write(c.Writer, c.Request, e, age)
}

type hitKey struct{}

// Hit reports whether the request was answered from memory.
func Hit(c *gin.Context) bool { return c.GetBool(hitKey{}) }

// fresh reports whether the answer may be given without reading anything.
func (f *Front) fresh(e *entry) bool {
	most := unheardFor
	if f.hears.Load() {
		most = heardFor
	}
	return f.now().Sub(e.at) < lifetime(e.status, most)
}

// usable reports whether the answer may be given while the book cannot be read.
func (f *Front) usable(e *entry) bool {
	if e.status != http.StatusOK || f.now().Sub(e.at) > staleFor {
		return false
	}
	return f.hears.Load() || f.answered == nil || f.answered().Sub(e.at) < unheardAge
}

// mayTry reports whether to read the book: always, but while it is away once in a moment.
func (f *Front) mayTry() bool {
	until, now := f.away.Load(), f.now()
	return until == 0 || now.UnixNano() >= until && f.away.CompareAndSwap(until, now.Add(awayFor).UnixNano())
}
