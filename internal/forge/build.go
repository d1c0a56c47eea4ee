package forge

import (
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// What a membership can be of. It is part of the natural key, since forges number groups, teams
// and repositories separately.
const (
	ofGroup      = "group"
	ofTeam       = "team"
	ofRepository = "repository"
)

// newMergeRequest returns an event of the kind, which happens to a merge request once: its
// natural key is made of the merge request's id, unique in the instance.
func newMergeRequest(src Source, kind string, number id) event.Event {
	object := "merge_request:" + number.String()
	return event.Event{Kind: kind, Source: src.Name, Object: object, Key: object + ":" + verb(kind)}
}

// newMembership returns an event of the kind on somebody's membership. People join and leave
// again and again, so that the natural key needs an occurrence which tells these times apart.
func newMembership(src Source, kind, of string, where, who id, occurrence string) event.Event {
	object := "member:" + of + ":" + where.String() + ":" + who.String()
	return event.Event{Kind: kind, Source: src.Name, Object: object, Key: object + ":" + verb(kind) + ":" + occurrence}
}

// verb returns the part of a kind after the dot.
func verb(kind string) string {
	_, verb, _ := strings.Cut(kind, ".")
	return verb
}

// newAccount returns the account, or nil if there is none. marked says that the forge, or one of
// its patterns, shows it to be a machine.
func newAccount(src Source, number id, login, name text, marked bool) *event.Account {
	if number == 0 {
		return nil
	}
	listed := login != "" && slices.ContainsFunc(src.Bots, func(bot string) bool {
		return strings.EqualFold(bot, string(login))
	})
	return &event.Account{ID: number.String(), Login: string(login), Name: string(name), Bot: marked || listed}
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
