package rule

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/seed-504bad89/accolade/internal/event"
)

// index finds the matchers that an event may concern without asking all of them: by kind, and then
// by one comparison with a literal that the matcher's condition cannot do without.
type index map[string]*kindIndex

type kindIndex struct {
	// always are the matchers whose condition holds no such comparison.
	always []*matcher
	fields []fieldIndex
}

// fieldIndex are the matchers that ask for one of the texts in a field.
type fieldIndex struct {
	path     string
	read     func(*event.Event) string
	matchers map[string][]*matcher
}

func (ix index) add(m *matcher) {
	path, text := discriminating(m)
	ix.put(m, path, text)
}

func (ix index) put(m *matcher, path, text string) {
	for _, kind := range m.kinds {
		k := ix[kind]
		if k == nil {
			k = &kindIndex{}
			ix[kind] = k
		}
		k.add(m, path, text)
	}
}

func (k *kindIndex) add(m *matcher, path, text string) {
	if path == "" {
		k.always = append(k.always, m)
		return
	}
	i := slices.IndexFunc(k.fields, func(f fieldIndex) bool { return f.path == path })
	if i < 0 {
		i = len(k.fields)
		k.fields = append(k.fields, fieldIndex{path, textFields()[path], map[string][]*matcher{}})
	}
	k.fields[i].matchers[text] = append(k.fields[i].matchers[text], m)
}

// discriminating returns the comparison to index the matcher by. Of several, those on what is
// rarer in an event come first: a path says more than a name of a branch.
func discriminating(m *matcher) (path, text string) {
	compared := literals(m.when)
	maps.Copy(compared, literals(m.bounds.where))
	if len(m.bounds.sources) == 1 {
		compared["source"] = m.bounds.sources[0]
	}
	var best string
	for path := range compared {
		if textFields()[path] != nil && (best == "" || rank(path) < rank(best) || rank(path) == rank(best) && path < best) {
			best = path
		}
	}
	return best, compared[best]
}

// selective are the fields that tell most events apart, the most telling first.
var selective = []string{"repository.path", "repository.id", "group.path", "group.id", "repository.namespace"}

func rank(path string) int {
	if i := slices.Index(selective, path); i >= 0 {
		return i
	}
	return len(selective)
}

// candidates calls fn with each matcher that the event may concern.
func (ix index) candidates(ev *event.Event, fn func(*matcher)) {
	k := ix[ev.Kind]
	if k == nil {
		return
	}
	for _, m := range k.always {
		fn(m)
	}
	for i := range k.fields {
		for _, m := range k.fields[i].matchers[k.fields[i].read(ev)] {
			fn(m)
		}
	}
}

// textFields returns how to read each text of an event and of what it points to, by its path in
// expressions. What an event does not have reads as "", as it does in expressions.
var textFields = sync.OnceValue(func() map[string]func(*event.Event) string {
	readers := map[string]func(*event.Event) string{}
	collect := func(t reflect.Type, prefix string, outer []int) {
		for field := range t.Fields() {
			if field.Type.Kind() == reflect.String {
				path := slices.Concat(outer, field.Index)
				readers[prefix+celName(field)] = func(ev *event.Event) string { return readText(ev, path) }
			}
		}
	}
	events := reflect.TypeFor[event.Event]()
	collect(events, "", nil)
	for field := range events.Fields() {
		if field.Type.Kind() == reflect.Pointer {
			collect(field.Type.Elem(), celName(field)+".", field.Index)
		}
	}
	return readers
})

func celName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("cel"), ",")
	return name
}

func readText(ev *event.Event, path []int) string {
	value := reflect.ValueOf(ev).Elem()
	for _, i := range path {
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return ""
			}
			value = value.Elem()
		}
		value = value.Field(i)
	}
	return value.String()
}
