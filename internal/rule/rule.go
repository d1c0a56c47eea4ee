// Package rule is the rules language and its engine.
//
// Load turns rules files into a Set. A Set is used in two steps: Match says, from an event alone,
// whom which rules are about; Fold takes each such hit and the state of its measure, and returns
// the new state and what is to be granted or revoked. Both are pure: the package knows no clock,
// no database and no network, so that its tests are lists of events.
//
//	rules files -> Load -> Set
//	event -> Set.Match -> hits; hit + state -> Hit.Fold -> state + decisions
//
// A measure counts what happened, thresholds are over measures: ten tiers cost one count, and a
// changed threshold needs no recount. The package may import event, achievement and fault.
package rule

import (
	"bytes"
	"time"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/event"
)

// The limits of the language.
const (
	// MaxFile is the size of a rules file in bytes.
	MaxFile = 1 << 20
	// MaxAchievements is how many achievements a Set declares, each tier being one.
	MaxAchievements = 20_000
	// MaxExpression is the length of an expression in bytes.
	MaxExpression = 4 << 10
	// MaxOccurrence is the length of what makes a repeatable award the same one, in characters.
	MaxOccurrence = 255
	// MaxMemory is the size of what a measure remembers of one person in one bucket, in bytes.
	MaxMemory = 16 << 10
	// maxCost bounds the work of one evaluation, in the units of CEL's cost model.
	maxCost = 1_000_000
)

// File is a rules file, a file of tests for rules, or a picture.
type File struct {
	// Name is a slash-separated path, as problems show it.
	Name string `json:"name"`
	Text string `json:"text,omitempty"`
	// Data is what a picture holds; nil for files of text.
	Data []byte `json:"data,omitempty"`
}

// Set is a set of rules that judges together. It does not change and may be used concurrently.
type Set struct {
	hash       string
	declared   []Declared
	namespaces []string
	measures   []*Measure
	matchers   []*matcher
	closings   []*Closing
	// custom are the kinds of event that the files declare.
	custom map[string]customKind
	// needsHistory says that some rule asks what happened before.
	needsHistory bool
	index        index
}

// Hash identifies what the rules mean: files that differ in comments, order or layout alone have
// the same one.
func (s *Set) Hash() string { return s.hash }

// Declared returns the achievements that the files declare, in the order of the files.
func (s *Set) Declared() []Declared { return s.declared }

// Namespaces returns the full paths of the namespaces of the files, sorted.
func (s *Set) Namespaces() []string { return s.namespaces }

// Measures returns every measure once.
func (s *Set) Measures() []*Measure { return s.measures }

// HearsAwards reports whether some rule is about awards.
func (s *Set) HearsAwards() bool {
	return s.index[event.AwardGranted] != nil || s.index[event.AwardRevoked] != nil
}

// Declared is an achievement that a file declares.
type Declared struct {
	// Namespace is a full path, and Key unique in it.
	Namespace, Key    string
	Name, Description string
	Kind              achievement.Kind
	// Avatar is the file of its picture; nil for none.
	Avatar []byte
	// avatarAt is where the picture is named, to say what is wrong with it.
	avatarAt Problem
	// Series is the key of the first tier and Tier is 1, 2, 3 ... for a tier; "" and 0 otherwise.
	Series string
	Tier   int
	// File and Line say where.
	File string
	Line int
}

// Measure is what is counted, for each person and bucket alone.
type Measure struct {
	id    string
	meter meter
	// shared says that all people have one state in a bucket.
	shared bool
}

// ID identifies the measure by what it counts; thresholds are no part of it.
func (m *Measure) ID() string { return m.id }

// Shared reports whether all people have one state in a bucket together.
func (m *Measure) Shared() bool { return m.shared }

// Counts reports whether a state of the measure is a number alone, which adds up when two people are one.
func (m *Measure) Counts() bool { return m.meter.kind == counting }

// Slot says which state a hit folds into or reads: of which measure, in which bucket; the recipient's, or
// everyone's when the measure is shared.
type Slot struct {
	Measure *Measure
	// Bucket separates states of the same measure and person, such as those of each month.
	Bucket string
}

// State is what a measure remembers of one person in one bucket. The zero State is the first one.
type State struct {
	// N is what thresholds are compared with: a count, a sum, the longest streak so far. It never
	// shrinks. For an achievement that comes and goes, it is the last time it did.
	N int64
	// Data is what else the measure remembers, at most MaxMemory bytes; nil for most.
	Data []byte
}

// Equal reports whether the states are the same.
func (s State) Equal(other State) bool { return s.N == other.N && bytes.Equal(s.Data, other.Data) }

// Action is what a decision does.
type Action int

// The actions.
const (
	Grant Action = iota + 1
	Revoke
)

// Ref names an achievement.
type Ref struct{ Namespace, Key string }

// Decision says to grant an achievement to the hit's recipient, or to revoke it. The one who
// carries it out knows what stands already: granting what stands or revoking what does not is
// nothing, but that a standing award's Until becomes the later one.
type Decision struct {
	Action         Action
	Namespace, Key string
	// Rule names the rule: "namespace/key" of the declaration, of its first tier for tiers.
	Rule string
	// Occurrence is what makes a repeatable award the same one; "" for other kinds.
	Occurrence string
	// At is when it was earned or lost: the event's time.
	At time.Time
	// Until is when the award lapses by itself unless something renews it; zero for never.
	Until time.Time
	// Requires are the achievements that the recipient must hold to be granted it.
	Requires []Ref
	Message  string
	// Quiet says that the recipient is sent no mail.
	Quiet bool
}

// Matched is what an event means to the rules.
type Matched struct {
	Hits     []Hit
	Failures []Failure
	// Late says that MatchLate has more to say.
	Late bool
	// Everyone says that MatchEveryone has more to say, for each person.
	Everyone bool
	// Settle says after how long MatchSettled has more to say.
	Settle []time.Duration
}

// Failure is an expression that failed on an event, such as one that adds a time that the event
// does not have. The rule awarded nothing, which is not the same as saying no.
type Failure struct {
	Rule string
	Err  error
}

// Hit says that an event is about a person, by one measure or by none.
type Hit struct {
	*effect

	// Recipient may be shared with other hits, and is not to be changed.
	Recipient *event.Account
}

// effect is what an event does by one measure. It is the same for everyone whom the event is about.
type effect struct {
	matcher *matcher
	at      time.Time
	slots   []Slot
	// doses are for the main measure, each with an inner one if there is a measure before it; cap is the
	// index of the state that bounds them.
	doses, inner []dose
	cap          int
	occurrence   string
	messages     []string
	// again says that the hit adds nothing, and looks again at what its states have reached.
	again bool

	// oneSlot and oneDose are the room for slots and doses where there is one, as there nearly always is.
	oneSlot [1]Slot
	oneDose [1]dose
}

// Rules calls fn with the name of each rule that the hit is of, "namespace/key".
func (h *Hit) Rules(fn func(string)) {
	last := ""
	for i := range h.matcher.targets {
		if name := h.matcher.targets[i].rule; name != last {
			fn(name)
			last = name
		}
	}
}

// Slots are the states that Fold takes, in order.
func (h *Hit) Slots() []Slot { return h.slots }
