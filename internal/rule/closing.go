package rule

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Closing is what is judged when a unit of the calendar is over: who was best in it, or what was reached.
type Closing struct {
	period period
	settle time.Duration
	parts  []part
	reach  *expr
	top    int64
	ties   string
	// targets are what is given; of several, each is for the rank at.
	targets []target
}

// Closings returns what is judged at the end of periods.
func (s *Set) Closings() []*Closing { return s.closings }

// Clock is a unit of the calendar whose end somebody waits for.
type Clock struct {
	// Unit is day, week, month, quarter or year.
	Unit     string
	Location *time.Location
	// Settle is how long after the end it is judged.
	Settle time.Duration
}

// Clock returns the calendar unit that the closing ends with.
func (c *Closing) Clock() Clock { return Clock{c.period.unit, c.period.location, c.settle} }

// Name returns the unit that the time is in, such as 2026-11.
func (c Clock) Name(t time.Time) string { return period{c.Unit, c.Location}.name(t) }

// End returns the end of the unit that the time is in: the beginning of the next one.
func (c Clock) End(t time.Time) time.Time {
	p := period{c.Unit, c.Location}
	return p.beginning(p.number(t) + 1)
}

// kindsOfClocks are the kinds of event that tell of the end of a unit.
var kindsOfClocks = map[string]string{
	"day": event.ClockDaily, "week": event.ClockWeekly, "month": event.ClockMonthly, "quarter": event.ClockQuarterly, "year": event.ClockYearly,
}

// Event returns the event that a unit ended at a time.
func (c Clock) Event(end time.Time) event.Event {
	name, object := c.Name(end.Add(-time.Microsecond)), "clock:"+c.Location.String()
	kind := kindsOfClocks[c.Unit]
	return event.Event{
		Kind: kind, Time: end.UTC(), Source: event.Self, Object: object, Period: name,
		Key: kind + ":" + c.Location.String() + ":" + name,
	}
}

// Clocks returns the units whose ends the rules wait for, each once.
func (s *Set) Clocks() []Clock {
	var clocks []Clock
	add := func(c Clock) {
		if !slices.Contains(clocks, c) {
			clocks = append(clocks, c)
		}
	}
	for _, closing := range s.closings {
		add(closing.Clock())
	}
	for _, m := range s.matchers {
		for unit, kind := range kindsOfClocks {
			if m.everyone && slices.Contains(m.kinds, kind) {
				add(Clock{Unit: unit, Location: m.period.location})
			}
		}
	}
	slices.SortFunc(clocks, func(x, y Clock) int { return strings.Compare(x.String(), y.String()) })
	return clocks
}

// String names the clock: "month Europe/Berlin 1h0m0s".
func (c Clock) String() string { return c.Unit + " " + c.Location.String() + " " + c.Settle.String() }

// Measures are the measures whose states are judged.
func (c *Closing) Measures() []*Measure {
	measures := make([]*Measure, len(c.parts))
	for i := range c.parts {
		measures[i] = c.parts[i].measure
	}
	return measures
}

// Standing is how a person stands at the end of a period: the states of Measures, in order.
type Standing struct {
	// Person tells this one from others, and decides the order of those who are equal in all else.
	Person string
	States []State
}

// Granted is a decision about one of several people.
type Granted struct {
	Decision

	Person string
}

// Judge says who is awarded for a period that ended, given how everybody stood.
func (c *Closing) Judge(name string, end time.Time, standings []Standing) ([]Granted, []Failure) {
	if c.top > 0 {
		return c.best(name, end, standings), nil
	}
	var granted []Granted
	var failures []Failure
	for _, standing := range standings {
		numbers := make(map[string]any, len(c.parts))
		for i, part := range c.parts {
			numbers[part.name] = standing.States[i].N
		}
		holds, err := c.reach.over(numbers)
		if err != nil {
			failures = append(failures, Failure{Rule: c.targets[0].rule, Err: err})
			continue
		}
		for i := range c.targets {
			if holds {
				granted = append(granted, c.grant(i, name, end, standing.Person, ""))
			}
		}
	}
	return granted, failures
}

// best awards the best: a target to its rank when there are several, and the only one to all.
func (c *Closing) best(name string, end time.Time, standings []Standing) []Granted {
	standings = slices.DeleteFunc(slices.Clone(standings), func(s Standing) bool { return s.States[0].N == 0 })
	slices.SortFunc(standings, func(x, y Standing) int {
		return cmp.Or(c.compare(x, y), cmp.Compare(x.Person, y.Person))
	})
	var granted []Granted
	rank := int64(0)
	for i, standing := range standings {
		if i == 0 || c.compare(standings[i-1], standing) != 0 {
			rank = int64(i) + 1
		}
		if rank > c.top {
			break
		}
		for j := range c.targets {
			if t := &c.targets[j]; len(c.targets) == 1 && t.at <= 1 || t.at == rank {
				granted = append(granted, c.grant(j, name, end, standing.Person, strconv.FormatInt(rank, 10)))
			}
		}
	}
	return granted
}

// compare puts the better one first; who is equal shares a rank.
func (c *Closing) compare(x, y Standing) int {
	better := cmp.Compare(y.States[0].N, x.States[0].N)
	if better != 0 || c.ties != earlier {
		return better
	}
	return slices.Compare(decode(x.States[0].Data), decode(y.States[0].Data))
}

func (c *Closing) grant(i int, name string, end time.Time, person, rank string) Granted {
	t := &c.targets[i]
	d := Decision{
		Action: Grant, Namespace: t.namespace, Key: t.key, Rule: t.rule, At: end, Requires: t.requires, Quiet: t.quiet,
	}
	if t.repeats {
		d.Occurrence = name
	}
	if rank != "" && len(c.targets) == 1 && c.top > 1 {
		d.Message = "#" + rank
	}
	return Granted{d, person}
}
