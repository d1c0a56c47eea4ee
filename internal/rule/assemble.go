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
	"github.com/seed-504bad89/accolade/internal/event"
)

// assemble turns declarations without problems into what Match and Fold work on.
func assemble(declarations []declaration) *Set {
	a := &assembler{set: &Set{index: index{}}, matchers: map[string]*matcher{}, measures: map[string]*Measure{}}
	for i := range declarations {
		a.declare(&declarations[i])
	}
	for id, m := range a.matchers {
		m.id = digest(id)
	}
	for _, m := range a.set.matchers {
		m.needs = m.asks()
		a.set.needsHistory = a.set.needsHistory || m.needs&needsHistory != 0
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
	if d.award == nil && d.revoke == nil {
		return
	}
	targets := a.targets(d)
	if d.award == nil { // people give it by hand
		a.match(d.revoke, revoking, nil, targets)
		return
	}
	c := d.award
	switch {
	case len(c.parts) > 0:
		a.several(c, targets)
	case c.measure != nil:
		a.measured(c, targets)
		a.rereads(d, c, targets)
	case d.tiers[0].Kind == achievement.Revocable && (d.revoke != nil || c.while != nil):
		a.comingAndGoing(d, targets)
		return
	default:
		a.match(c, always, nil, targets)
	}
	if d.revoke != nil {
		a.match(d.revoke, revoking, nil, targets)
	}
}

// targets are what a declaration gives: one achievement, or one for each tier.
func (a *assembler) targets(d *declaration) []target {
	kind := d.tiers[0].Kind
	targets := make([]target, len(d.tiers))
	for i, tier := range d.tiers {
		targets[i] = target{rule: tier.Namespace + "/" + cmp.Or(tier.Series, tier.Key), namespace: tier.Namespace, key: tier.Key}
	}
	c := d.award
	if c == nil {
		return targets
	}
	for i := range targets {
		t := &targets[i]
		*t = target{
			rule: t.rule, namespace: t.namespace, key: t.key,
			at: d.thresholds[i], again: c.again, closing: c.top > 0 || c.atEnd, repeats: kind == achievement.Repeatable,
			reach: c.reach, requires: d.requires, hold: c.hold, message: c.message, quiet: c.quiet,
		}
		if c.first > 0 {
			t.first = a.measure(meter{kind: admitting, most: c.first}, true, "first", t.namespace, t.key, c.identity())
		}
		if c.limit != nil {
			limited := a.measure(meter{kind: admitting, most: c.limit.most}, false, "limit", t.namespace, t.key, c.identity(), c.limit.period.identity())
			t.limit = &limit{limited, c.limit.period}
		}
	}
	return targets
}

// comingAndGoing adds the matchers of an achievement that is held from one event until another.
func (a *assembler) comingAndGoing(d *declaration, targets []target) {
	parts := []string{d.award.identity()}
	if d.revoke != nil {
		parts = append(parts, d.revoke.identity())
	}
	state := &step{measure: a.measure(meter{kind: membership}, false, parts...)}
	a.match(d.award, entering, state, targets)
	if d.award.while != nil {
		a.match(d.award, leaving, state, targets).negated = true
	}
	if d.revoke != nil {
		a.match(d.revoke, leaving, state, targets)
	}
	a.rereads(d, d.award, targets)
}

// measured adds the matcher of one measure.
func (a *assembler) measured(c *clause, targets []target) *matcher {
	main := a.step(c, c.measure, "")
	m := a.match(c, measuring, main, targets)
	if inner := c.measure.each; inner != nil {
		m.each = a.step(c, inner, "each of "+main.measure.id)
		m.each.at = inner.threshold
	}
	if limit := c.measure.limit; limit != nil {
		capping := a.measure(meter{kind: capping, most: limit.most}, false, "cap of "+main.measure.id, limit.period.identity())
		m.capped = &step{measure: capping, period: limit.period}
	}
	if c.top > 0 {
		a.set.closings = append(a.set.closings, &Closing{
			period: c.period, settle: c.settle, parts: []part{{measure: main.measure}}, top: c.top, ties: c.ties, targets: targets,
		})
	}
	return m
}

// step is a measure of the clause; role tells it from the clause's own.
func (a *assembler) step(c *clause, m *measureClause, role string) *step {
	parts := []string{c.identity(), m.of.source()}
	if role != "" {
		parts = append(parts, role)
	}
	if more := m.inner(); more != "" {
		parts = append(parts, more)
	}
	return &step{measure: a.measure(m.meter, m.shared, parts...), of: m.of, adds: m.adds()}
}

// inner tells measures apart by what goes on before them.
func (m *measureClause) inner() string {
	var parts []any
	if m.each != nil {
		parts = append(parts, "each", m.each.meter.identity(), m.each.of.source(), m.each.threshold)
	}
	if m.limit != nil {
		parts = append(parts, "limit", m.limit.most, m.limit.period.identity())
	}
	if parts == nil {
		return ""
	}
	return encode(parts)
}

// several adds a matcher for each of several measures; each of them may complete what is to be reached.
func (a *assembler) several(c *clause, targets []target) {
	matchers := make([]*matcher, len(c.parts))
	parts := make([]part, len(c.parts))
	for i := range c.parts {
		of := &c.parts[i].clause
		of.bounds, of.period, of.per, of.message = c.bounds, c.period, c.per, c.message
		if !c.atEnd {
			of.settle = c.settle
		}
		matchers[i] = a.measured(of, nil)
		parts[i] = part{c.parts[i].name, matchers[i].main.measure}
	}
	for i := range targets {
		targets[i].parts = parts
	}
	for _, m := range matchers {
		m.targets = append(m.targets, targets...)
	}
	if c.atEnd {
		a.set.closings = append(a.set.closings, &Closing{
			period: c.period, settle: c.settle, parts: parts, reach: c.reach, targets: targets,
		})
	}
}

// rereads lets what an achievement waits for be looked at again when the recipient is given it, and
// takes a revocable one away with it.
func (a *assembler) rereads(d *declaration, c *clause, targets []target) {
	if len(d.requires) == 0 || c.per != nil || c.period.unit != "" || c.top > 0 {
		return
	}
	measure := a.matcherOf(d.award, targets)
	again := a.internal(event.AwardGranted, rereading, &step{measure: measure}, d.requires)
	again.targets = append(again.targets, targets...)
	if d.tiers[0].Kind == achievement.Revocable {
		gone := a.internal(event.AwardRevoked, revoking, nil, d.requires)
		gone.targets = append(gone.targets, targets...)
	}
}

// matcherOf returns the measure of the matcher that has the targets.
func (a *assembler) matcherOf(c *clause, targets []target) *Measure {
	for _, m := range a.set.matchers {
		for i := range m.targets {
			if m.targets[i].key == targets[0].key && m.targets[i].namespace == targets[0].namespace {
				return m.main.measure
			}
		}
	}
	panic("the rule of " + c.identity() + " has no matcher")
}

// internal returns the matcher of an award event about achievements.
func (a *assembler) internal(kind string, f fold, main *step, of []Ref) *matcher {
	id := encode([]any{kind, int(f), of})
	if main != nil {
		id += main.measure.id
	}
	if a.matchers[id] == nil {
		a.matchers[id] = &matcher{kinds: []string{kind}, awards: of, fold: f, main: main}
		a.set.matchers = append(a.set.matchers, a.matchers[id])
	}
	return a.matchers[id]
}

// match adds the targets to the matcher of the clause; clauses that ask the same and fold alike
// share it, and with it the hit and its count.
func (a *assembler) match(c *clause, f fold, main *step, targets []target) *matcher {
	id := c.identity() + "\x00" + strconv.Itoa(int(f))
	if main != nil {
		id += "\x00" + main.measure.id
	}
	m := a.matchers[id]
	if m == nil {
		m = &matcher{
			kinds: c.kinds, when: c.when, while: c.while, to: c.to, everyone: c.everyone, per: c.per,
			except: exceptionsOf(c.except), bounds: c.bounds, period: c.period, settle: c.settle, fold: f, main: main,
		}
		if c.top > 0 || c.atEnd {
			m.settle = 0 // it is the end of the period that waits
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
	return m
}

// measure returns the measure of what the parts say; what says the same is the same measure.
func (a *assembler) measure(m meter, shared bool, parts ...string) *Measure {
	id := digest(encode(append([]string{"2", m.identity()}, parts...)))
	if a.measures[id] == nil {
		a.measures[id] = &Measure{id: id, meter: m, shared: shared}
		a.set.measures = append(a.set.measures, a.measures[id])
	}
	return a.measures[id]
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// asks returns the facts that a matcher's expressions need.
func (m *matcher) asks() needs {
	expressions := []*expr{m.when, m.while, m.to, m.per, m.bounds.where}
	for _, st := range []*step{m.main, m.each} {
		if st != nil {
			expressions = append(expressions, st.of)
		}
	}
	for i := range m.targets {
		expressions = append(expressions, m.targets[i].message)
	}
	var found needs
	for _, e := range expressions {
		if e != nil {
			found |= e.needs
		}
	}
	if m.except.optedOut {
		found |= needsRecipient
	}
	return found
}

// identity tells what a clause asks from what others ask.
func (c *clause) identity() string {
	to := c.to.source()
	if c.everyone {
		to = everyone
	}
	parts := []any{c.kinds, c.when.source(), to, c.per.source(), exceptionsOf(c.except).text}
	// What few rules have is no part of what all others are called.
	if more := []string{c.bounds.identity(), c.period.identity(), c.while.source(), c.waits()}; strings.Join(more, "") != "" {
		parts = append(parts, more)
	}
	return encode(parts)
}

func (c *clause) waits() string {
	if c.settle == 0 || c.top > 0 || c.atEnd {
		return ""
	}
	return c.settle.String()
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
		for i := range m.targets {
			r.Targets = append(r.Targets, m.targets[i].identity())
		}
		slices.Sort(r.Targets)
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(x, y rule) int { return cmp.Compare(x.ID, y.ID) })
	var closings []string
	for _, c := range a.set.closings {
		closings = append(closings, c.identity())
	}
	slices.Sort(closings)
	sum := sha256.Sum256([]byte(encode([]any{declared, rules, closings})))
	return hex.EncodeToString(sum[:])
}

func (t *target) identity() string { return encode([]any{t.asks(), t.message.source(), t.quiet}) }

// asks tells what is asked for a target from what is asked for others.
func (t *target) asks() string {
	parts := []any{t.namespace, t.key, t.at, t.again, t.closing, t.reach.source(), t.requires, t.hold.length, t.hold.reached}
	for _, part := range t.parts {
		parts = append(parts, part.name, part.measure.id)
	}
	if t.first != nil {
		parts = append(parts, t.first.id)
	}
	if t.limit != nil {
		parts = append(parts, t.limit.measure.id)
	}
	return encode(parts)
}

func (c *Closing) identity() string {
	parts := []any{c.period.identity(), c.settle, c.top, c.ties}
	for i := range c.targets {
		parts = append(parts, c.targets[i].identity())
	}
	for _, part := range c.parts {
		parts = append(parts, part.measure.id)
	}
	return encode(parts)
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic("encoding texts and numbers failed: " + err.Error())
	}
	return string(text)
}

func decimal(n int) string { return strconv.Itoa(n) }
