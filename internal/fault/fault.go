// Package fault holds the kinds of error that Accolade's rooms return to each other.
//
// A fault says what went wrong in terms a caller can act on: its kind, a stable code that
// programs may compare, and a text that is safe to show to anyone. Doors translate kinds
// (to HTTP statuses, exit codes, GraphQL errors); no other room knows a status code.
// The package imports the standard library alone.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a fault. The zero Kind is Internal: an error nobody foresaw.
type Kind int

// The kinds of fault.
const (
	// Internal is a defect or a broken world. Its cause is logged, never shown.
	Internal Kind = iota
	// NotFound is also the answer for what the caller may not know to exist.
	NotFound
	// Conflict says that the book's present state forbids the change.
	Conflict
	// Invalid says that the input breaks a documented limit or form.
	Invalid
	// Forbidden says that the caller may see the object, but not do this to it.
	Forbidden
	// Unauthenticated says that no valid credential came with the call.
	Unauthenticated
	// Limited says that the caller exceeded a rate or a quota.
	Limited
	// TooLarge says that the input is larger than its documented limit.
	TooLarge
	// TooSlow says that the input did not come in the time that it has.
	TooSlow
	// Unusable says that the request is well formed and contradicts an earlier one.
	Unusable
	// Changed says that the object is not the one any more that the caller meant to change.
	Changed
	// Expired says that it was right once, and is too old now.
	Expired
	// Unavailable says that something this needs is away; trying again may help.
	Unavailable
)

// String returns the kind in lower case words, as logs show it.
func (k Kind) String() string {
	names := [...]string{
		Internal: "internal", NotFound: "not found", Conflict: "conflict", Invalid: "invalid",
		Forbidden: "forbidden", Unauthenticated: "unauthenticated", Limited: "limited",
		TooLarge: "too large", TooSlow: "too slow", Unusable: "unusable", Changed: "changed", Expired: "expired", Unavailable: "unavailable",
	}
	if k < 0 || int(k) >= len(names) {
		return names[Internal]
	}
	return names[k]
}

// Field is one fault of one input field.
type Field struct {
	// Field names the field as the caller wrote it: a JSON path such as "name".
	Field string
	// Code is stable and meant for programs, for example "too_long".
	Code string
	// Detail is for people.
	Detail string
}

// Error is a fault. Create one with New or a kind's own function; find one with As.
type Error struct {
	Kind Kind
	// Code is stable, lower_snake_case, and part of the API's contract.
	Code string
	// Text is one sentence, safe to show to anyone who may make the call.
	Text string
	// Fields lists the faults of single input fields, when there are any.
	Fields []Field
	// RetryAfter tells when trying again may help; 0 means unknown.
	RetryAfter time.Duration

	cause error
}

// New returns a fault of the kind with a stable code and a text made as by fmt.Sprintf.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Text: fmt.Sprintf(format, args...)}
}

// Because returns a copy of e that wraps cause, which logs show and callers do not.
func (e *Error) Because(cause error) *Error {
	wrapped := *e
	wrapped.cause = cause
	return &wrapped
}

// Error returns the text, and the cause after it. Show Text, not this, to callers.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Text + ": " + e.cause.Error()
	}
	return e.Text
}

// Reason returns what is wrong without the name of the field, for those who say themselves where it is.
func (e *Error) Reason() string {
	if len(e.Fields) > 0 {
		return e.Fields[0].Detail
	}
	return e.Text
}

// Unwrap returns the cause given to Because.
func (e *Error) Unwrap() error { return e.cause }

// As returns the first fault in err's chain. An error without one becomes an Internal fault
// that wraps it, so that a door always has something safe to show. As(nil) is nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return New(Internal, "internal", "something went wrong on our side").Because(err)
}

// Is reports whether err holds a fault of the kind.
func Is(err error, kind Kind) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == kind
}

// InvalidField returns an Invalid fault about one field.
func InvalidField(field, code, format string, args ...any) *Error {
	detail := fmt.Sprintf(format, args...)
	return &Error{
		Kind: Invalid, Code: "invalid", Text: field + ": " + detail,
		Fields: []Field{{Field: field, Code: code, Detail: detail}},
	}
}

// NotFoundFor returns the NotFound fault for a noun such as "achievement". It says the same
// whether the object does not exist or the caller may not see it.
func NotFoundFor(noun string) *Error {
	return New(NotFound, "not_found", "no such %s", noun)
}

// UnavailableFor returns an Unavailable fault for a dependency that is away.
func UnavailableFor(what string, retryAfter time.Duration) *Error {
	e := New(Unavailable, "unavailable", "%s is not available right now", what)
	e.RetryAfter = retryAfter
	return e
}
