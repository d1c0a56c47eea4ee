package rule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// assemble turns declarations without problems into what Match and Fold work on.
func assemble(declarations []declaration) *Set {
	a := &assembler{set: &Set{index: index{}}, matchers: map[string]*matcher{}, measures: map[string]*Measure{}}
	for i := range declarations {
		a.declare(&declarations[i])
	}
	for _, m := range a.set.matchers {
		a.set.index.add(m)
	}
	slices.Sort(a.set.namespaces)
	a.set.namespaces = slices.Compact(a.set.namespaces)
	a.set.hash = a.hash()
	return a.set
}

type assembler struct {
	set      *Set
	matchers map[string]*matcher
	measures map[string]*Measure
}

func (a *assembler) declare(d *declaration) {
	a.set.declared = append(a.set.declared, d.tiers...)
	a.set.namespaces = append(a.set.namespaces, d.tiers[0].Namespace)
	if d.award == nil {
		return
	}
	kind := d.tiers[0].Kind
	targets := make([]target, len(d.tiers))
	for i, tier := range d.tiers {
		targets[i] = target{
			rule: tier.Namespace + "/" + cmp.Or(tier.Series, tier.Key), namespace: tier.Namespace, key: tier.Key,
			at: d.thresholds[i], repeats: kind == achievement.Repeatable, message: d.award.message, quiet: d.award.quiet,
		}
	}
	switch {
	case d.award.counted:
		measure, f := a.measure(count, d.award), counting
		if what := d.award.memory.identity(); what != "" {
			measure, f = a.measure(what, d.award), remembering
			measure.memory = d.award.memory
		}
		a.match(d.award, f, measure, targets)
		if d.revoke != nil {
			a.match(d.revoke, revoking, nil, targets)
		}
	case kind == achievement.Revocable && d.revoke != nil:
		state := a.measure("state", d.award, d.revoke)
		a.match(d.award, entering, state, targets)
		a.match(d.revoke, leaving, state, targets)
	default:
		a.match(d.award, always, nil, targets)
	}
}

// match adds the targets to the matcher of the clause; clauses that ask the same and fold alike
// share it, and with it the hit and its count.
func (a *assembler) match(c *clause, f fold, measure *Measure, targets []target) {
	id := c.identity() + "\x00" + strconv.Itoa(int(f))
	if measure != nil {
		id += "\x00" + measure.id
	}
	m := a.matchers[id]
	if m == nil {
		m = &matcher{
			kinds: c.kinds, when: c.when, to: c.to, per: c.per,
			except: exceptionsOf(c.except), reach: c.reach, period: c.period, of: c.of, adds: c.memory.kind == noMemory, fold: f, measure: measure,
		}
		a.matchers[id] = m
		a.set.matchers = append(a.set.matchers, m)
	}
	if f == revoking || f == leaving {
		targets = slices.Clone(targets)
		for i := range targets {
			targets[i].message = nil
		}
	}
	m.targets = append(m.targets, targets...)
}

// The words for what a rule measures.
const (
	count    = "count"
	sum      = "sum"
	distinct = "distinct"
	streak   = "streak"
)

// measure returns the measure of what the clauses ask; what asks the same is the same measure.
func (a *assembler) measure(what string, clauses ...*clause) *Measure {
	parts := []string{"1", what}
	for _, c := range clauses {
		parts = append(parts, c.identity())
	}
	sum := sha256.Sum256([]byte(encode(parts)))
	id := hex.EncodeToString(sum[:16])
	if a.measures[id] == nil {
		a.measures[id] = &Measure{id: id, count: what == count}
		a.set.measures = append(a.set.measures, a.measures[id])
	}
	return a.measures[id]
}

// identity tells what a clause asks from what others ask.
func (c *clause) identity() string {
	parts := []any{c.kinds, c.when.source(), c.to.source(), c.per.source(), exceptionsOf(c.except).text}
	// What few rules have is no part of what all others are called.
	if more := []string{c.reach.identity(), c.period.identity(), c.of.source()}; strings.Join(more, "") != "" {
		parts = append(parts, more)
	}
	return encode(parts)
}

func (e *expr) source() string {
	if e == nil {
		return ""
	}
	return e.meaning
}

// hash identifies everything that a change of would change what is awarded, or how it is shown.
func (a *assembler) hash() string {
	type rule struct {
		ID      string
		Targets []string
	}
	declared := slices.Clone(a.set.declared)
	for i := range declared {
		declared[i].File, declared[i].Line = "", 0
	}
	slices.SortFunc(declared, func(x, y Declared) int {
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Key, y.Key))
	})
	var rules []rule
	for id, m := range a.matchers {
		r := rule{ID: id}
		for _, t := range m.targets {
			r.Targets = append(r.Targets, encode([]any{t.namespace, t.key, t.at, t.message.source(), t.quiet}))
		}
		slices.Sort(r.Targets)
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(x, y rule) int { return cmp.Compare(x.ID, y.ID) })
	sum := sha256.Sum256([]byte(encode([]any{declared, rules})))
	return hex.EncodeToString(sum[:])
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("encoding texts and numbers failed: " + err.Error())
	}
	return string(text)
}

func decimal(n int) string { return strconv.Itoa(n) }
