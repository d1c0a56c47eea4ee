package forge

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

// What a membership can be of. It is part of the natural key, since forges number groups, teams
// and repositories separately.
const (
	ofGroup      = "group"
	ofTeam       = "team"
	ofRepository = "repository"
)

// newEvent returns an event of the kind on the object. Its natural key is the object and what tells this
// happening from all others on it, such as "merged" or "labeled:7:2026-11-08T12:00:00Z".
// docs/decisions/0015-natural-keys.md lists them all.
func newEvent(src Source, kind, object string, parts ...string) event.Event {
	return event.Event{Kind: kind, Source: src.Name, Object: object, Key: object + ":" + strings.Join(parts, ":")}
}

// numbered returns the object of a thing with a number in its repository: "merge_request:9:42". Not every body
// has the id that is unique in the instance, but every one has these two, and neither ever changes.
func numbered(noun string, repository, number fmt.Stringer) string {
	return noun + ":" + repository.String() + ":" + number.String()
}

// refObject returns the object of what has a name in its repository: "branch:9:main".
func refObject(noun string, repository fmt.Stringer, name string) string {
	return noun + ":" + repository.String() + ":" + name
}

// newMembership returns an event of the kind on somebody's membership. People join and leave
// again and again, so that the natural key needs an occurrence which tells these times apart.
func newMembership(src Source, kind, of string, where, who id, occurrence string) event.Event {
	return newEvent(src, kind, "member:"+of+":"+where.String()+":"+who.String(), verb(kind), occurrence)
}

// verb returns the part of a kind after the dot.
func verb(kind string) string {
	_, verb, _ := strings.Cut(kind, ".")
	return verb
}

// occurrence writes a forge's time into a natural key.
func occurrence(at moment) string { return at.UTC().Format(time.RFC3339Nano) }

// occurrenceOrDigest is the occurrence at a time, or the digest of the body that should have said it.
func occurrenceOrDigest(req Request, at moment) string {
	if at.IsZero() {
		return digest(req)
	}
	return occurrence(at)
}

// digest stands for what happened in a natural key when the body has nothing else that tells it from the same
// happening at another time: every delivery of one happening has the same body.
func digest(req Request) string {
	sum := sha256.Sum256(jsonBody(req))
	return hex.EncodeToString(sum[:16])
}

// newAccount returns the account, or nil if there is none. marked says that the forge, or one of
// its patterns, shows it to be a machine.
func newAccount(src Source, number id, login, name text, marked bool) *event.Account {
	if number == 0 {
		return nil
	}
	return newTextAccount(src, textID(number.String()), login, name, marked)
}

// newTextAccount is newAccount for forges whose ids are no numbers.
func newTextAccount(src Source, immutable textID, login, name text, marked bool) *event.Account {
	if immutable == "" {
		return nil
	}
	return &event.Account{ID: immutable.String(), Login: string(login), Name: string(name), Bot: isBot(src, login, marked)}
}

// isBot reports whether an account is a machine's, because it is marked as one or the source lists its login.
func isBot(src Source, login text, marked bool) bool {
	return marked || login != "" && slices.ContainsFunc(src.Bots, func(bot string) bool {
		return strings.EqualFold(bot, string(login))
	})
}

// between returns how long something took; 0 when one of the times is not known or they are no such times.
func between(start, end moment) time.Duration {
	if start.IsZero() || end.IsZero() {
		return 0
	}
	return max(end.Sub(start.Time), 0)
}

// The nouns that objects of things with a number begin with, which are also what reviews and comments are on.
const (
	nounMergeRequest = "merge_request"
	nounIssue        = "issue"
)

// How pipelines end, in the words of package event.
const (
	statusSuccess  = "success"
	statusFailed   = "failed"
	statusCanceled = "canceled"
	statusSkipped  = "skipped"
)

// The states of reviews and of what reviews and comments are on, in the words of package event.
const (
	stateApproved         = "approved"
	stateChangesRequested = "changes_requested"
	stateDismissed        = "dismissed"
	stateOpen             = "open"
	stateClosed           = "closed"
	stateMerged           = "merged"
)

// distinct returns the events without those whose key came before: a body may name somebody or something twice.
func distinct(events []event.Event) []event.Event {
	seen := map[string]bool{}
	return slices.DeleteFunc(events, func(ev event.Event) bool {
		known := seen[ev.Key]
		seen[ev.Key] = true
		return known
	})
}

// newCommit returns a commit of a push without its author. The address of the forge says whose trailers count.
func newCommit(hash string, message prose, at moment, link, address string) event.Commit {
	whole := strings.TrimRight(string(message), "\n")
	title, _, _ := strings.Cut(whole, "\n")
	return event.Commit{
		ID: hash, Title: clean([]byte(strings.TrimSpace(title)), maxText), Message: whole, Time: at.Time, URL: link,
		CoAuthors: event.ParseCoAuthors(whole, address),
	}
}

// isPrivate reports whether an event in the repository may show nothing but its existence. A
// repository whose visibility is not known counts as private.
func isPrivate(in *event.Repository) bool { return in == nil || in.Visibility != visibilityPublic }

// The visibilities of package event.
const (
	visibilityPublic   = "public"
	visibilityInternal = "internal"
	visibilityPrivate  = "private"
)

// parentPath returns a path without its last part.
func parentPath(path text) string {
	return string(path[:max(strings.LastIndexByte(string(path), '/'), 0)])
}

// texts returns at most maxItems of the texts that are not empty, each once.
func texts(all []text) []string {
	var kept []string
	for _, one := range all[:min(len(all), maxItems)] {
		if one != "" && !slices.Contains(kept, string(one)) {
			kept = append(kept, string(one))
		}
	}
	return kept
}
