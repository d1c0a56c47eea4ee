package rule_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/rule"
)

// Whatever is written as an expression is refused, or can be judged: it neither panics nor hangs.
func FuzzExpressions(f *testing.F) {
	for _, text := range []string{
		"event.draft == false && event.additions < 100", `event.labels.exists(l, l.startsWith("docs/"))`, "history.size() > 2",
		`"acme/a" in recipient.held && event.time - recipient.held["acme/a"] > days(3)`, `glob(event.title, "docs/**")`,
		`weekday(event.time, "Europe/Berlin") == "sunday"`, "co_authors(event.title).size() > 1", "years(recipient.since, event.time) > 1",
		"event.labels.map(a, event.labels.map(b, event.labels.map(c, a + b + c))).size() > 1", "event.labels[0].split(\"\").size() > 1",
		"payload.a.b.c == 1", "event.merged_at - event.opened_at < duration(\"1h\")", "[1, 2].all(x, x > 0) ? true : false",
	} {
		f.Add(text)
	}
	labels := make([]string, 60)
	for i := range labels {
		labels[i] = "label number " + strconv.Itoa(i)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := strconv.QuoteToASCII(text)
		set, err := rule.Load([]rule.File{{Name: "r.yaml", Text: one("irrevocable", "{on: merge_request.merged, when: "+quoted+", to: event.author}")}})
		if err != nil {
			return
		}
		ev := merged(1, "ada")
		ev.Labels, ev.Title = labels, "docs/a.md"
		s := rule.NewSimulation(set, noon)
		s.Play(merged(0, "grace"))
		s.Play(ev)
	})
}

// Whatever another system sends is judged: what has not the declared form is absent.
func FuzzPayloads(f *testing.F) {
	set := load(f, `
namespace: acme
events:
  com.acme.any.thing: {a: text, b: number, c: truth, d: time, e: texts, f: account, g: accounts}
achievements:
  - key: badge
    name: Badge
    award:
      on: com.acme.any.thing
      when: payload.a != "x" || payload.b > 3 || payload.c || payload.d != null || payload.e.size() > 1
      to: "payload.g + [payload.f]"
      per: '"n" + string(payload.b)'
      message: payload.a
`)
	for _, text := range []string{
		`{"a":"x","b":3,"c":true,"d":"2026-01-01T00:00:00Z","e":["a"],"f":"ada","g":["ada",{"id":7,"login":"x"}]}`,
		`{"f":null,"g":[null]}`, `{"f":{"id":{"id":{"id":1}}},"g":{"id":[]}}`, `{"a":1,"b":"x","c":0,"d":0,"e":{},"f":[],"g":""}`,
		`{"b":1e400,"f":1e99}`, `{"a":"\u0000","f":"\ud800"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		var payload map[string]any
		if json.Unmarshal([]byte(text), &payload) != nil {
			return
		}
		s := rule.NewSimulation(set, noon)
		s.Play(&event.Event{Kind: "com.acme.any.thing", Time: noon, Source: "test", Key: "1", Object: "1", Payload: payload})
	})
}
