package event_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
)

// Every field of Event must be reachable by rules through some kind, and every field that the
// vocabulary lists must exist: otherwise a rule would be refused, or accepted, wrongly.
func TestVocabularyMatchesEvent(t *testing.T) {
	t.Parallel()

	inStruct := map[string]bool{}
	for field := range reflect.TypeFor[event.Event]().Fields() {
		inStruct[field.Tag.Get("cel")] = true
	}
	carried := map[string]bool{}
	for _, kind := range event.Kinds() {
		for _, field := range event.Fields(kind) {
			carried[field] = true
			if !inStruct[field] {
				t.Errorf("%s lists the field %q, which Event does not have", kind, field)
			}
			if !event.Carries(kind, field) {
				t.Errorf("Carries(%q, %q) denies what Fields lists", kind, field)
			}
		}
		if text, ok := event.Describe(kind); !ok || text == "" {
			t.Errorf("%s has no description", kind)
		}
	}
	for field := range inStruct {
		if !carried[field] && field != "-" {
			t.Errorf("no kind carries the field %q", field)
		}
	}
}

// A field that a kind never has must be refused in rules, or they would wait for it for ever.
func TestKindsCarryNoMoreThanTheyHave(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct{ kind, field string }{
		{event.MemberAdded, "labels"},
		{event.MemberAdded, "role_before"},
		{event.MemberRemoved, "role_after"},
		{event.MergeRequestOpened, "merged_at"},
		{event.MergeRequestOpened, "closed_at"},
		{event.MergeRequestMerged, "label"},
		{event.IssueOpened, "reason"},
		{event.UserCreated, "repository"},
		{event.ClockDaily, "actor"},
		{event.AwardGranted, "repository"},
		{event.Push, "author"},
		{"com.acme.meeting.finished", "author"},
	} {
		if event.Carries(tc.kind, tc.field) {
			t.Errorf("%s carries %s", tc.kind, tc.field)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		word string
		want []string
	}{
		{"merge_request.merged", []string{event.MergeRequestMerged}},
		{"member.*", []string{event.MemberAdded, event.MemberRemoved, event.MemberRoleChanged}},
		{"push", []string{event.Push}},
		{"push.*", nil},
		{"merge_request", nil},
		{"member*", nil},
		{"mergerequest.merged", nil},
		{"", nil},
	} {
		if got := event.Expand(tc.word); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("Expand(%q) = %v, want %v", tc.word, got, tc.want)
		}
	}
	all := event.Expand("*")
	if !slices.Contains(all, event.Push) || slices.Contains(all, event.AwardGranted) || slices.Contains(all, event.ClockDaily) {
		t.Errorf(`Expand("*") = %v, want all that forges tell`, all)
	}
}
