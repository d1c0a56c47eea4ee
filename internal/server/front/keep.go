package front

import (
	"context"
	"strconv"
	"strings"
)

// Dep is something that an answer depends on. When it changes, the answer is forgotten. Every answer depends on
// Everything besides.
type Dep struct {
	kind byte
	id   int64
}

// The kinds of Dep, as they are written.
const (
	kindEverything = '*'
	kindNewcomers  = '+'
	kindUser       = 'u'
	kindNamespace  = 'n'
)

var (
	// Everything changes when achievements, namespaces, names, settings or rules do.
	Everything = Dep{kind: kindEverything}
	// Newcomers change when there is a user who was not there before.
	Newcomers = Dep{kind: kindNewcomers}
)

// User changes when the user's awards do.
func User(id int64) Dep { return Dep{kindUser, id} }

// Namespace changes when awards of the namespace's achievements are given, taken or changed.
func Namespace(id int64) Dep { return Dep{kindNamespace, id} }

// Deps puts together what has changed.
func Deps(users, namespaces []int64, newcomers, everything bool) []Dep {
	deps := make([]Dep, 0, len(users)+len(namespaces)+1)
	for _, id := range users {
		deps = append(deps, User(id))
	}
	for _, id := range namespaces {
		deps = append(deps, Namespace(id))
	}
	if newcomers {
		deps = append(deps, Newcomers)
	}
	if everything {
		deps = append(deps, Everything)
	}
	return deps
}

// String returns the form in which servers tell each other.
func (d Dep) String() string {
	if d.id == 0 {
		return string(rune(d.kind))
	}
	return string(rune(d.kind)) + strconv.FormatInt(d.id, 10)
}

// Parse reads what String wrote. What it does not know is Everything: another version may know better.
func Parse(text string) Dep {
	for _, kind := range []byte{kindUser, kindNamespace} {
		if number, ok := strings.CutPrefix(text, string(rune(kind))); ok {
			if id, err := strconv.ParseInt(number, 10, 64); err == nil && id > 0 {
				return Dep{kind, id}
			}
		}
	}
	if text == Newcomers.String() {
		return Newcomers
	}
	return Everything
}

// pending is a request whose answer may be kept.
type pending struct {
	// since is how many changes there had been before anything was read.
	since uint64
	kept  bool
	deps  []Dep
}

type pendingKey struct{}

// Keep lets the answer to the request be given again, to anyone who asks the same without a credential, until something
// that it depends on changes. A handler calls it before it writes, with everybody and everything that the answer shows or
// that decided about it; for an answer about nobody, Newcomers. The answer may depend on nothing else: not on the
// caller, nor on headers. HEAD must be handled as GET is.
//
// Kept are 200 and, for a moment, 404. For requests that are not kept at all it does nothing.
func Keep(ctx context.Context, deps ...Dep) {
	if p, ok := ctx.Value(pendingKey{}).(*pending); ok {
		p.kept = true
		p.deps = append(p.deps, deps...)
	}
}
