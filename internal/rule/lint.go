package rule

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Sender is a forge whose events rules will see.
type Sender struct {
	Name string
	// Sends reports whether it can tell of a kind of event.
	Sends func(kind string) bool
}

// Lint returns what is likely a mistake in rules that load: each message begins with "warning: ". The tests
// are those that stand beside the rules. With senders, kinds of event that none of them can send are among
// the warnings. The error is a Problems when the rules do not load.
func Lint(rules, tests []File, senders []Sender) (Problems, error) {
	_, loaded, err := load(rules)
	if err != nil {
		return nil, err
	}
	l := linter{senders: senders, tested: mentioned(tests)}
	for _, use := range loaded.uses {
		if use.want == aBool {
			lintCondition(use)
		}
	}
	for _, r := range loaded.reports {
		l.asked = map[string]place{}
		l.file(outlineOf(r))
	}
	var once Problems
	for _, warning := range gather(loaded.reports) {
		if !slices.Contains(once, warning) { // a file's condition is used by each of its rules
			once = append(once, warning)
		}
	}
	return once, nil
}

// linter looks at how achievements are written.
type linter struct {
	senders []Sender
	// asked are the rules of the file by what they ask, and where. Files are sets to choose from, which may overlap.
	asked map[string]place
	// tested are the keys that tests mention.
	tested map[string]bool
}

// warnf adds a warning.
func (r *report) warnf(at place, key, format string, args ...any) {
	r.addf(at, key, "warning: "+format, args...)
}

func (l *linter) file(o outline) {
	tested := len(o.achievements) == 0
	for i := range o.achievements {
		a := &o.achievements[i]
		l.described(o.report, a)
		l.sent(o.report, a)
		l.unlike(&o, a)
		tested = tested || l.tested[a.key]
		for n := range itemsOf(a.fields["tiers"].value) {
			tested = tested || l.tested[a.key+"-"+decimal(n+1)]
		}
	}
	if !tested {
		o.report.warnf(o.root["achievements"].at, "achievements", "no test beside the file mentions any of them")
	}
}

// described warns of achievements that nobody can tell what they are for, and of steps that say the same.
func (l *linter) described(r *report, a *outlined) {
	_, described := a.fields["description"]
	tiers := itemsOf(a.fields["tiers"].value)
	said := map[string]bool{}
	for _, tier := range tiers {
		own, ok := pairsOf(tier)["description"]
		text := textOf(own.value)
		switch {
		case !ok && !described:
			r.warnf(at(tier), "description", "the step has none, and neither has the achievement")
		case ok && said[text]:
			r.warnf(own.at, "description", "another step says the same")
		}
		said[text] = true
	}
	if !described && len(tiers) == 0 {
		r.warnf(a.at, "description", "there is none: what is it for?")
	}
}

// sent warns of events that will never come.
func (l *linter) sent(r *report, a *outlined) {
	if len(l.senders) == 0 {
		return
	}
	names := make([]string, len(l.senders))
	for i := range l.senders {
		names[i] = l.senders[i].Name
	}
	for _, clause := range a.clauses() {
		for _, word := range itemsOf(clause["on"].value) {
			kinds := event.Expand(textOf(word))
			comes := slices.ContainsFunc(kinds, func(kind string) bool {
				return slices.ContainsFunc(l.senders, func(s Sender) bool { return s.Sends(kind) })
			})
			if len(kinds) > 0 && !comes {
				r.warnf(at(word), "on", "%s never sends %s", strings.Join(names, " or "), textOf(word))
			}
		}
	}
}

// unlike warns of a rule that gives for the same as another one.
func (l *linter) unlike(o *outline, a *outlined) {
	award, ok := a.fields[awardKey]
	if !ok {
		return
	}
	var same []string
	for _, key := range []string{"namespace", "timezone", "where", "sources"} {
		same = append(same, asksWhat(o.root[key].value))
	}
	asks, threshold := measureOf(pairsOf(award.value))
	if len(asks) > 0 && threshold == "" && textOf(a.fields["kind"].value) == "irrevocable" && !measuresAny(pairsOf(award.value)) {
		asks, threshold = append(asks, count+"="), "1"
	}
	slices.Sort(asks)
	same = append(same, textOf(a.fields["kind"].value), strings.Join(asks, "\n"), asksWhat(a.fields[revokeKey].value))
	steps := []field{{key: "key", at: a.fields["key"].at}}
	for i, tier := range itemsOf(a.fields["tiers"].value) {
		if i == 0 {
			steps = steps[:0]
		}
		step := pairsOf(tier)["at"]
		steps = append(steps, step)
	}
	for _, step := range steps {
		at := threshold
		if step.key == "at" {
			at = textOf(step.value)
		}
		id := encode([]any{same, at})
		if first, twice := l.asked[id]; twice {
			o.report.warnf(step.at, step.key, "is given for the same as the one in line %d", first.line)
			continue
		}
		l.asked[id] = step.at
	}
}

// notAsked are the parts of an award that say nothing of what it is given for.
var notAsked = []string{"message", "quiet"}

// measureOf returns what an award asks for, and the number that must be reached.
func measureOf(award map[string]field) (asks []string, threshold string) {
	for key, f := range award {
		inner := pairsOf(f.value)
		switch {
		case slices.Contains(notAsked, key):
			continue
		case !measuresAny(map[string]field{key: f}):
			asks = append(asks, key+"="+asksWhat(f.value))
			continue
		case inner == nil:
			threshold = textOf(f.value)
		default:
			threshold = textOf(inner["at_least"].value)
		}
		delete(inner, "at_least")
		parts := make([]string, 0, len(inner))
		for word, part := range inner {
			parts = append(parts, word+":"+asksWhat(part.value))
		}
		slices.Sort(parts)
		asks = append(asks, key+"="+strings.Join(parts, ","))
	}
	return asks, threshold
}

// measuresAny reports whether some of the keys are for a measure.
func measuresAny(fields map[string]field) bool {
	for _, word := range []string{count, sum, distinct, streak, "gauge", "gap", measuresKey} {
		if _, ok := fields[word]; ok {
			return true
		}
	}
	return false
}

// asksWhat returns what a part of a rule says, whatever its layout and the order of what has none.
func asksWhat(node ast.Node) string {
	if text := textOf(node); text != "" {
		return strings.Join(strings.Fields(text), " ")
	}
	if list, ok := node.(*ast.SequenceNode); ok {
		words := make([]string, len(list.Values))
		for i, item := range list.Values {
			words[i] = asksWhat(item)
		}
		slices.Sort(words)
		return strings.Join(words, " ")
	}
	return meaning(node)
}

// mentioned returns the keys that tests expect awards of, or say that they are about.
func mentioned(tests []File) map[string]bool {
	found := map[string]bool{}
	for _, file := range tests {
		root := pairsOf(parse(file, newReport(file)))
		for _, word := range itemsOf(root["about"].value) {
			found[textOf(word)] = true
		}
		for _, test := range itemsOf(root["tests"].value) {
			fields := pairsOf(test)
			for _, key := range []string{"awards", "revocations"} {
				for _, line := range itemsOf(fields[key].value) {
					word, _, _ := strings.Cut(textOf(line), " ")
					found[word] = true
				}
			}
		}
	}
	return found
}
