//go:build !race

// The race detector takes memory and time of its own, so that make test runs these tests without it.

package forge_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// A parser takes at most four times the body's size, beside what the smallest one takes.
const (
	memoryTimes  = 4
	memoryBeside = 64 << 10
)

// Recorded bodies, and bodies of a megabyte in which everything is as wide or as long as it can be, take no more memory
// than they may. The test does not run at the same time as others, whose memory would be counted.
func TestBodiesTakeBoundedMemory(t *testing.T) {
	for _, forgeName := range forge.Names() {
		tried := map[string]bool{}
		for _, name := range recordings(t, forgeName) {
			req := recording(t, forgeName, name)
			takesBounded(t, forgeName, name, req)
			if form := formOf(req); form != nil {
				takesBounded(t, forgeName, name+" as a long form", *form)
			}
			kind, _, _ := strings.Cut(name, "-")
			if tried[kind] || forgeName == forge.Forgejo || !json.Valid(req.Body) { // Gitea's parser is Forgejo's too.
				continue
			}
			tried[kind] = true
			for word, grown := range grownBodies(t, req.Body) {
				req.Body = grown
				takesBounded(t, forgeName, name+" with "+word, req)
			}
		}
	}
}

// formOf returns a form of a megabyte in the place of a form-encoded body, nil for any other.
func formOf(req forge.Request) *forge.Request {
	if req.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return nil
	}
	payload, err := url.QueryUnescape(strings.TrimPrefix(string(req.Body), "payload="))
	if err != nil {
		return nil
	}
	payload = strings.Replace(payload, "{", `{"padding":"`+strings.Repeat("text ", 1<<20/5)+`",`, 1)
	req.Body = []byte("payload=" + url.QueryEscape(payload))
	return &req
}

// takesBounded checks how much memory is taken in all for the events of a delivery, which may be unreadable.
func takesBounded(t *testing.T, forgeName, name string, req forge.Request) {
	t.Helper()

	speaks, src := speak(t, forgeName), source(forgeName)
	var took uint64
	var err error
	for range 3 { // What a regular expression needs is kept from one body to the next, but not for ever.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = speaks.Events(src, req)
		runtime.ReadMemStats(&after)
		if took = after.TotalAlloc - before.TotalAlloc; took <= memoryTimes*uint64(len(req.Body))+memoryBeside {
			break
		}
	}
	if took > memoryTimes*uint64(len(req.Body))+memoryBeside {
		t.Errorf("%s, %s: a body of %d bytes took %d bytes, %.1f times as much (%.200v)",
			forgeName, name, len(req.Body), took, float64(took)/float64(len(req.Body)), err)
	}
	_, unreadable := errors.AsType[*forge.UnreadableError](err)
	_, unknown := errors.AsType[*forge.UnknownError](err)
	if err != nil && !unreadable && !unknown {
		t.Errorf("%s, %s: %v", forgeName, name, err)
	}
}

// grower writes JSON anew with each array, object and text grown as it says; what it leaves nil stays as it is.
type grower struct {
	room  int // how many bytes each of them may grow by
	array func(item string) string
	field func(number int) string
	text  string
}

// grownBodies returns bodies of about a megabyte each, made from a body, by what they have.
func grownBodies(tb testing.TB, body []byte) map[string][]byte {
	tb.Helper()

	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		tb.Fatal(err)
	}
	arrays, objects, texts := countValues(value)
	each := func(count int) int { return 1 << 20 / max(count, 1) }
	empty := func(item string) func(string) string { return func(string) string { return item } }
	grown := map[string][]byte{}
	for word, grow := range map[string]grower{
		"long arrays":                 {room: each(arrays), array: func(item string) string { return item }},
		"long arrays of {}":           {room: each(arrays), array: empty(`{}`)},
		"long arrays of long objects": {room: each(arrays), array: empty(`{"id":1,"x":"` + strings.Repeat("y", 1<<17) + `"}`)},
		"wide objects":                {room: each(objects), field: func(number int) string { return `"f` + strconv.Itoa(number) + `":{}` }},
		"long texts of escapes":       {room: each(texts), text: `\u00e9`},
		"long texts of no UTF-8":      {room: each(texts), text: "\xff"},
		"long texts of trailers":      {room: each(texts), text: `\nCo-authored-by: a <b@c>`},
		"long texts of digits":        {room: each(texts), text: "7"},
	} {
		var written strings.Builder
		grow.write(&written, value)
		grown[word] = []byte(written.String())
	}
	return grown
}

// countValues returns how many arrays, objects and texts there are in a value of JSON.
func countValues(value any) (arrays, objects, texts int) {
	add := func(within any) {
		a, o, t := countValues(within)
		arrays, objects, texts = arrays+a, objects+o, texts+t
	}
	switch value := value.(type) {
	case []any:
		arrays++
		for _, item := range value {
			add(item)
		}
	case map[string]any:
		objects++
		for _, field := range value {
			add(field)
		}
	case string:
		texts++
	}
	return arrays, objects, texts
}

func (g *grower) write(to *strings.Builder, value any) {
	switch value := value.(type) {
	case []any:
		g.writeArray(to, value)
	case map[string]any:
		g.writeObject(to, value)
	case string:
		quoted, _ := json.Marshal(value)
		to.Write(quoted[:len(quoted)-1])
		if g.text != "" {
			to.WriteString(strings.Repeat(g.text, g.room/len(g.text)))
		}
		to.WriteByte('"')
	default:
		plain, _ := json.Marshal(value)
		to.Write(plain)
	}
}

func (g *grower) writeArray(to *strings.Builder, items []any) {
	to.WriteByte('[')
	last := `{}`
	for i, item := range items {
		if i > 0 {
			to.WriteByte(',')
		}
		from := to.Len()
		g.write(to, item)
		last = to.String()[from:]
	}
	if g.array != nil {
		more := g.array(last)
		if len(items) == 0 {
			to.WriteString(more)
		}
		to.WriteString(strings.Repeat(","+more, g.room/(len(more)+1)))
	}
	to.WriteByte(']')
}

func (g *grower) writeObject(to *strings.Builder, fields map[string]any) {
	to.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			to.WriteByte(',')
		}
		to.WriteString(strconv.Quote(name) + ":")
		g.write(to, fields[name])
	}
	if g.field != nil && len(fields) > 0 {
		for number, room := 0, g.room; room > 0; number++ {
			field := "," + g.field(number)
			to.WriteString(field)
			room -= len(field)
		}
	}
	to.WriteByte('}')
}

// What any system may send is read into maps, which take the most memory for the least text: of events, and of the values
// in them, there are only so many.
func TestPayloadsTakeBoundedMemory(t *testing.T) {
	one := func(values int, value string) string {
		fields := make([]string, values)
		for i := range fields {
			fields[i] = `"f` + strconv.Itoa(i) + `":` + value
		}
		return `{"specversion":"1.0","type":"com.acme.counted","source":"/acme","id":"1","data":{` + strings.Join(fields, ",") + `}}`
	}
	many := func(events int, event string) string { return `[` + strings.Repeat(event+",", events-1) + event + `]` }
	for _, tc := range []struct {
		name, media, body string
		refused           bool
		mebibytes         uint64
	}{
		{"numbers", "application/cloudevents+json", one(4900, `0`), false, 1},
		{"objects", "application/cloudevents+json", one(2400, `{}`), false, 1},
		{"many numbers", "application/cloudevents+json", one(5100, `0`), true, 0},
		{"many objects", "application/cloudevents+json", one(2600, `{}`), true, 0},
		{"long text", "application/cloudevents+json", one(1, `"`+strings.Repeat("x", 128<<10)+`"`), true, 0},
		{"batch", "application/cloudevents-batch+json", many(1000, one(80, `0`)), false, 32},
		{"batch of many numbers", "application/cloudevents-batch+json", many(25, one(4900, `0`)), true, 0},
		{"batch of a large one", "application/cloudevents-batch+json", ` ` + many(2, one(5100, `0`)), true, 0},
		{"batch of many", "application/cloudevents-batch+json", many(1001, one(1, `0`)), true, 0},
	} {
		req := forge.Request{Header: http.Header{"Content-Type": {tc.media}}, Body: []byte(tc.body), ReceivedAt: receivedAt}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := speak(t, forge.CloudEvents).Events(source(forge.CloudEvents), req)
		runtime.ReadMemStats(&after)
		if _, unreadable := errors.AsType[*forge.UnreadableError](err); unreadable != tc.refused {
			t.Errorf("%s: %v", tc.name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > tc.mebibytes<<20+memoryBeside {
			t.Errorf("%s: a body of %d bytes took %d bytes", tc.name, len(tc.body), took)
		}
	}
}
