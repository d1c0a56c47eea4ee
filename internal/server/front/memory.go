package front

import (
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// entry is a kept answer. It is never changed.
type entry struct {
	form

	key string
	// route is that of the handler that gave it.
	route  string
	status int
	kind   string // the media type
	// packed is the same answer for those who take gzip; nil when that would save nothing.
	packed *form
	deps   []Dep
	// at is when it was read from the book.
	at time.Time
}

// form is what an answer looks like.
type form struct {
	headers []header
	body    []byte
}

// header is one of an answer: values that are ready to be used, and never changed.
type header struct {
	name   string
	values []string
}

// overhead is about how many bytes an entry takes besides its texts.
const overhead = 1 << 10

func (e *entry) size() int {
	size := overhead + len(e.key) + len(e.body) + len(e.deps)*64
	if e.packed != nil {
		size += len(e.packed.body)
	}
	return size
}

// remembered is how many changes are remembered one by one: an answer that took longer is not kept.
const remembered = 1 << 12

// memory holds entries within a number of bytes: those that were not asked for longest go first.
type memory struct {
	mutex   sync.Mutex
	limit   int
	used    int
	entries *simplelru.LRU[string, *entry]
	of      map[Dep]map[*entry]struct{}
	// changes counts what has changed, and recent holds the last of it, by its number.
	changes uint64
	recent  [remembered]Dep
}

func newMemory(limit int) *memory {
	m := &memory{limit: limit, of: map[Dep]map[*entry]struct{}{}}
	var err error
	if m.entries, err = simplelru.NewLRU(math.MaxInt32, m.gone); err != nil {
		panic("a fixed positive size was refused: " + err.Error())
	}
	return m
}

// gone takes an entry that leaves out of the books.
func (m *memory) gone(_ string, e *entry) {
	m.used -= e.size()
	for _, dep := range e.deps {
		delete(m.of[dep], e)
		if len(m.of[dep]) == 0 {
			delete(m.of, dep)
		}
	}
}

// find returns the entry, nil when there is none.
func (m *memory) find(key string) *entry {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	e, _ := m.entries.Get(key)
	return e
}

// begin returns the number to call put with: it must be asked for before anything is read that the entry says.
func (m *memory) begin() uint64 {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.changes
}

// put keeps the entry, unless something that it depends on has changed since begin, or too much to tell.
func (m *memory) put(e *entry, since uint64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.changes-since > remembered || e.size() > m.limit {
		return
	}
	for number := since; number < m.changes; number++ {
		if changed := m.recent[number%remembered]; changed == Everything || dependsOn(e, changed) {
			return
		}
	}
	m.entries.Remove(e.key)
	m.entries.Add(e.key, e)
	m.used += e.size()
	for _, dep := range e.deps {
		if m.of[dep] == nil {
			m.of[dep] = map[*entry]struct{}{}
		}
		m.of[dep][e] = struct{}{}
	}
	for m.used > m.limit {
		m.entries.RemoveOldest()
	}
}

func dependsOn(e *entry, changed Dep) bool {
	return slices.Contains(e.deps, changed)
}

// change drops what depends on what has changed, and what is being read just now.
func (m *memory) change(deps []Dep) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for _, dep := range deps {
		m.recent[m.changes%remembered] = dep
		m.changes++
		if dep == Everything {
			m.entries.Purge()
			continue
		}
		for e := range m.of[dep] {
			m.entries.Remove(e.key)
		}
	}
}

// sizes returns how many entries there are and their bytes.
func (m *memory) sizes() (entries, bytes int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.entries.Len(), m.used
}

// lifetime is how long an answer with the status may be given again.
func lifetime(status int, most time.Duration) time.Duration {
	if status == http.StatusNotFound {
		return min(most, missingFor)
	}
	return most
}
