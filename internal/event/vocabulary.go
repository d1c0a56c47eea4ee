package event

import (
	"maps"
	"slices"
	"strings"
)

// The kinds of event that forges are translated into.
const (
	MergeRequestOpened = "merge_request.opened"
	MergeRequestMerged = "merge_request.merged"
	MemberAdded        = "member.added"
	MemberRemoved      = "member.removed"
	AwardGranted       = "award.granted"
	AwardRevoked       = "award.revoked"
	ClockDaily         = "clock.daily"
	ClockWeekly        = "clock.weekly"
	ClockMonthly       = "clock.monthly"
	ClockQuarterly     = "clock.quarterly"
	ClockYearly        = "clock.yearly"
)

// Self is the source of the events that Accolade tells itself: awards and clocks.
const Self = "accolade"

// common are the fields that every kind carries, by their names in rules.
var common = []string{"kind", "time", "source", "key", "object", "url", "private", "actor", "repository", "group"}

// Families share their fields: the part of a kind before the dot.
var families = map[string][]string{
	"merge_request": {
		"author", "merged_by", "iid", "title", "draft", "labels", "source_branch", "target_branch",
		"opened_at", "merged_at", "additions", "deletions", "changed_files", "commits",
	},
	"member": {"member", "role_before", "role_after"},
	"award":  {"award", "holder"},
	"clock":  {"period"},
}

// kinds says, for every kind, what it means to somebody who writes rules.
var kinds = map[string]string{
	MergeRequestOpened: "a merge request was opened",
	MergeRequestMerged: "a merge request was merged; the author earned it, the actor merged it",
	MemberAdded:        "somebody became a member of a group, an organisation, a team or a repository",
	MemberRemoved:      "somebody's membership ended",
	AwardGranted:       "somebody was given an award, by a rule or by hand",
	AwardRevoked:       "an award was revoked",
	ClockDaily:         "a day ended",
	ClockWeekly:        "a week ended",
	ClockMonthly:       "a month ended",
	ClockQuarterly:     "a quarter ended",
	ClockYearly:        "a year ended",
}

// Kinds returns every kind of the vocabulary, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Describe returns one line on what a kind means, and whether the kind exists.
func Describe(kind string) (string, bool) {
	text, ok := kinds[kind]
	return text, ok
}

// Expand returns the kinds that a word in a rule's "on" stands for: a kind, or a family such
// as "member.*", or "*" for whatever forges tell. It returns nothing for a word that is neither.
func Expand(word string) []string {
	if word == "*" {
		return slices.DeleteFunc(Kinds(), Internal)
	}
	if _, ok := kinds[word]; ok {
		return []string{word}
	}
	family, ok := strings.CutSuffix(word, ".*")
	if !ok {
		return nil
	}
	var matching []string
	for _, kind := range Kinds() {
		if strings.HasPrefix(kind, family+".") {
			matching = append(matching, kind)
		}
	}
	return matching
}

// Internal reports whether events of the kind come from Accolade itself, and from no forge.
func Internal(kind string) bool {
	return strings.HasPrefix(kind, "award.") || strings.HasPrefix(kind, "clock.")
}

// Carries reports whether events of the kind have the field, by its name in rules.
func Carries(kind, field string) bool {
	family, _, _ := strings.Cut(kind, ".")
	return slices.Contains(common, field) || slices.Contains(families[family], field)
}

// Fields returns the fields that events of the kind have, by their names in rules.
func Fields(kind string) []string {
	family, _, _ := strings.Cut(kind, ".")
	return slices.Concat(common, families[family])
}
