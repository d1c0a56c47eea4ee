package achievement

import "time"

// AuditEvent is one thing that was done: who did what, on whom, from where, and, when a rule did it,
// which rule and for which event. It holds ids and no names, so that the record needs no change
// when a person is erased.
type AuditEvent struct {
	ID int64
	At time.Time
	// Action is a noun and what became of it: "award.granted".
	Action  string
	ActorID int64
	// NamespaceID and SubjectID are 0 where there is none.
	NamespaceID int64
	SubjectID   int64
	// Object is the noun that ObjectID is an id of.
	Object   string
	ObjectID int64
	// Address and RequestID say where the request came from; empty for a rule.
	Address   string
	RequestID string
	Rule      string
	EventID   int64
	// Details says what changed, in the words of the API.
	Details map[string]any
}
