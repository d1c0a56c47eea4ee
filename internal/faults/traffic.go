package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Step is one thing that happened to a pull request, and all that the rules ask about it.
type Step struct {
	// Key names the step; no two have the same.
	Key string
	// Action is opened, labeled, unlabeled, merged or closed.
	Action string
	Number int
	Author int
	Merger int
	// Repository is 0 to 6.
	Repository int
	Additions  int
	Docs       bool
	Label      string
	At         time.Time
}

// Traffic makes steps by chance: the same seed makes the same steps.
type Traffic struct {
	// Seed and Users are what it makes them of.
	Seed  uint64
	Users int
}

const (
	firstAuthor = 10_000
	firstMerger = 500
	mergers     = 50
	// labels that the rules give something for while one wears them.
	champion, guardian = "champion", "guardian"
)

var began = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// Step returns the nth step: three for each pull request, a label put on or taken off between its beginning and its end.
func (t Traffic) Step(n int) Step {
	number := n/3 + 1
	chance := rand.New(rand.NewPCG(t.Seed, uint64(number))) //nolint:gosec // chance, not secrecy
	s := Step{
		Number: number, Author: firstAuthor + chance.IntN(t.Users), Merger: firstMerger + chance.IntN(mergers),
		Repository: chance.IntN(7), Additions: chance.IntN(100), Docs: chance.IntN(4) == 0,
		At: began.Add(time.Duration(n) * 20 * time.Second),
	}
	s.Label = []string{champion, guardian}[chance.IntN(2)]
	taken, merged := chance.IntN(3) == 0, chance.IntN(5) > 0
	switch n % 3 {
	case 0:
		s.Action = "opened"
	case 1:
		s.Action = map[bool]string{true: "unlabeled", false: "labeled"}[taken]
	default:
		s.Action = map[bool]string{true: "merged", false: "closed"}[merged]
	}
	s.Key = fmt.Sprintf("%d-%s", s.Number, s.Action)
	return s
}

// object is what the rules know the pull request by.
func (s Step) object() string { return fmt.Sprintf("merge_request:%d:%d", 7300+s.Repository, s.Number) }

func (s Step) path() string { return fmt.Sprintf("acme/repository-%d", s.Repository) }

// Body returns the step as GitHub tells of it.
func (s Step) Body() []byte {
	action, merged, state := s.Action, "null", "open"
	closed, labels := "null", []string{}
	at := s.At.Format(`"2006-01-02T15:04:05Z"`)
	switch s.Action {
	case "merged":
		action, merged, state, closed = "closed", at, "closed", at
	case "closed":
		state, closed = "closed", at
	}
	if s.Docs {
		labels = append(labels, `{"id":1,"name":"documentation"}`)
	}
	return fmt.Appendf(nil, `{"action":%q,"number":%[2]d,"label":{"id":7,"name":%[3]q},"pull_request":{"id":%[2]d,"number":%[2]d,`+
		`"html_url":"https://github.example.com/%[4]s/pull/%[2]d","title":"Change %[2]d","state":%[5]q,`+
		`"user":{"login":"author%[6]d","id":%[6]d,"type":"User"},"created_at":%[7]s,"updated_at":%[8]s,"closed_at":%[9]s,`+
		`"merged_at":%[10]s,"merged":%[11]t,"merged_by":{"login":"merger%[12]d","id":%[12]d,"type":"User"},"draft":false,"labels":[%[13]s],`+
		`"base":{"ref":"main"},"head":{"ref":"topic"},"additions":%[14]d,"deletions":1,"changed_files":1,"commits":1},`+
		`"repository":{"id":%[15]d,"name":"repository-%[16]d","full_name":%[4]q,"private":false,"default_branch":"main","visibility":"public"},`+
		`"sender":{"login":"merger%[12]d","id":%[12]d,"type":"User"}}`,
		action, s.Number, s.Label, s.path(), state, s.Author, began.Format(`"2006-01-02T15:04:05Z"`), at, closed,
		merged, s.Action == "merged", s.Merger, strings.Join(labels, ","), s.Additions, 7300+s.Repository, s.Repository)
}

// Rules is the file of twenty rules that the model knows: each of the three promises, and counts of every simple kind.
const Rules = `
namespace: acme
achievements:
  - {key: size-0, name: Size 0, kind: irrevocable, award: {on: merge_request.merged, to: event.author, count: {}}, tiers: [{at: 1, name: Size 0}, {at: 5, name: Size 0 II}, {at: 20, name: Size 0 III}]}
  - {key: size-20, name: Size 20, kind: irrevocable, award: {on: merge_request.merged, when: event.additions >= 20, to: event.author, count: {}}, tiers: [{at: 1, name: Size 20}, {at: 5, name: Size 20 II}, {at: 20, name: Size 20 III}]}
  - {key: size-40, name: Size 40, kind: irrevocable, award: {on: merge_request.merged, when: event.additions >= 40, to: event.author, count: {}}, tiers: [{at: 1, name: Size 40}, {at: 5, name: Size 40 II}, {at: 20, name: Size 40 III}]}
  - {key: size-60, name: Size 60, kind: irrevocable, award: {on: merge_request.merged, when: event.additions >= 60, to: event.author, count: {}}, tiers: [{at: 1, name: Size 60}, {at: 5, name: Size 60 II}, {at: 20, name: Size 60 III}]}
  - {key: size-80, name: Size 80, kind: irrevocable, award: {on: merge_request.merged, when: event.additions >= 80, to: event.author, count: {}}, tiers: [{at: 1, name: Size 80}, {at: 5, name: Size 80 II}, {at: 20, name: Size 80 III}]}
  - {key: opened, name: Opened, kind: irrevocable, award: {on: merge_request.opened, to: event.author, count: {}}, tiers: [{at: 2, name: Opened}, {at: 4, name: Opened II}]}
  - {key: closed, name: Closed, kind: irrevocable, award: {on: merge_request.closed, to: event.author, count: 2}}
  - {key: lines, name: Lines, kind: irrevocable, award: {on: merge_request.merged, to: event.author, sum: {of: event.additions, at_least: 200}}}
  - {key: wide, name: Wide, kind: irrevocable, award: {on: merge_request.merged, to: event.author, distinct: {of: event.repository.path, at_least: 3}}}
  - {key: merger, name: Merger, kind: irrevocable, award: {on: merge_request.merged, to: event.merged_by, count: {}}, tiers: [{at: 5, name: Merger}, {at: 50, name: Merger II}]}
  - {key: first-docs, name: First docs, kind: irrevocable, award: {on: merge_request.merged, when: '"documentation" in event.labels', to: event.author}}
  - {key: first-open, name: First open, kind: irrevocable, award: {on: merge_request.opened, to: event.author}}
  - {key: merge, name: Merge, kind: repeatable, award: {on: merge_request.merged, to: event.author, per: event.object}}
  - {key: docs, name: Docs, kind: repeatable, award: {on: merge_request.merged, when: '"documentation" in event.labels', to: event.author, per: event.object}}
  - {key: proposal, name: Proposal, kind: repeatable, award: {on: merge_request.opened, when: event.repository.path == "acme/repository-0", to: event.author, per: event.object}}
  - {key: regular, name: Regular, kind: repeatable, award: {on: merge_request.merged, to: event.author, per: event.repository.path, count: 2}}
  - {key: day, name: Day, kind: repeatable, award: {on: merge_request.merged, to: event.author, per: 'date(event.time, "UTC")', count: 2}}
  - {key: third, name: Third, kind: repeatable, award: {on: merge_request.merged, when: event.additions >= 10, to: event.author, count: {at_least: 3, again: true}}}
  - {key: champion, name: Champion, kind: revocable, award: {on: merge_request.labeled, when: event.label == "champion", to: event.author}, revoke: {on: merge_request.unlabeled, when: event.label == "champion", to: event.author}}
  - {key: guardian, name: Guardian, kind: revocable, award: {on: merge_request.labeled, when: event.label == "guardian", to: event.author}, revoke: {on: merge_request.unlabeled, when: event.label == "guardian", to: event.author}}
`
