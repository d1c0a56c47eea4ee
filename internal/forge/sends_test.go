package forge_test

import (
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// The table of what forges can tell of holds what they were recorded to tell, and every word of the vocabulary.
func TestTells(t *testing.T) {
	t.Parallel()

	for _, name := range codeForges() {
		if !slices.Contains(forge.Tellers(), name) {
			t.Errorf("it is not known what %s tells of", name)
		}
		for _, recorded := range recordings(t, name) {
			for _, ev := range told(t, name, recorded) {
				if !forge.Tells(name, ev.Kind) {
					t.Errorf("%s cannot tell of %s, but did in %s", name, ev.Kind, recorded)
				}
			}
		}
	}
	for _, kind := range event.Kinds() {
		nobody := !slices.ContainsFunc(forge.Tellers(), func(name string) bool { return forge.Tells(name, kind) }) ||
			forge.Tells("no forge", kind)
		if want := event.Internal(kind) || kind == event.UserUpdated; nobody != want {
			t.Errorf("%s: that no forge tells of it is %t", kind, nobody)
		}
	}
	if forge.Tells(forge.BitbucketServer, event.MemberAdded) || !forge.Tells(forge.Gitea, event.MemberAdded) || !forge.Tells(forge.Gitea, "com.acme.meeting.finished") {
		t.Error("Data Center tells of no members, Gitea lists them, and of what programs send nobody knows")
	}
}

// told returns the events of a recording; some are of what is no event.
func told(tb testing.TB, name, recorded string) []event.Event {
	tb.Helper()

	events, err := speak(tb, name).Events(source(name), recording(tb, name, recorded))
	if err != nil {
		return nil
	}
	return events
}
