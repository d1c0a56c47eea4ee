package event_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
)

func TestPeople(t *testing.T) {
	t.Parallel()

	ada, bob := &event.Account{ID: "1", Login: "ada"}, &event.Account{ID: "2", Login: "bob"}
	got := (&event.Event{Actor: bob, Author: ada, MergedBy: bob, Member: &event.Account{Login: "no-id"}}).People()
	if len(got) != 2 || got[0] != bob || got[1] != ada {
		t.Errorf("People = %v, want bob and ada once each", got)
	}
}

func TestManyPeopleAreNamedOnceEach(t *testing.T) {
	t.Parallel()

	var ev event.Event
	for i := range 2_000 {
		ev.Pushed = append(ev.Pushed, event.Commit{Author: &event.Account{ID: strconv.Itoa(i % 100)}})
	}
	people := ev.People()
	if len(people) != 100 || people[99].ID != "99" {
		t.Errorf("%d people, want 100", len(people))
	}
}

// crowd fills every account anywhere in a value with an id, and texts, of its own.
type crowd struct{ ids []string }

func (c *crowd) fill(value reflect.Value) {
	switch {
	case value.Type() == reflect.TypeFor[event.Account]():
		id := strconv.Itoa(1000 + len(c.ids))
		c.ids = append(c.ids, id)
		// A text that is added to Account is filled here, and so must be forgotten.
		for field, inside := range value.Fields() {
			if inside.Kind() == reflect.String {
				inside.SetString(strings.ToLower(field.Name) + "-of-" + id)
			}
		}
		account, _ := reflect.TypeAssert[*event.Account](value.Addr())
		account.ID, account.Source, account.CreatedAt = id, "test", time.Unix(1, 0).UTC()
	case value.Kind() == reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		c.fill(value.Elem())
	case value.Kind() == reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 2, 2))
		c.fill(value.Index(0))
		c.fill(value.Index(1))
	case value.Kind() == reflect.Struct && value.Type() != reflect.TypeFor[time.Time]():
		for _, inside := range value.Fields() {
			c.fill(inside)
		}
	}
}

// Whoever is anywhere in an event is found, and can be forgotten without a trace.
func TestEverybodyIsFoundAndForgotten(t *testing.T) {
	t.Parallel()

	var ev event.Event
	everybody := &crowd{}
	everybody.fill(reflect.ValueOf(&ev).Elem())
	if len(everybody.ids) < 20 {
		t.Fatalf("only %d accounts were filled in", len(everybody.ids))
	}
	found := map[string]bool{}
	for _, person := range ev.People() {
		found[person.ID] = true
	}
	ev.LoginBefore, ev.URL = "login-before-of-"+ev.User.ID, "https://forge.example.com/login-of-"+ev.User.ID
	for _, id := range everybody.ids {
		if !found[id] {
			t.Errorf("People does not find account %s", id)
		}
		ev.Pushed[0].Message += fmt.Sprintf("Signed-off-by: Name <%s+login-of-%s@users.noreply.github.com>\n", id, id)
		ev.Pushed[1].Message += fmt.Sprintf("Co-authored-by: Name <login-of-%s@users.noreply.github.com>\n", id)
		ev.Pushed[0].Author.Bot = true
	}
	for _, id := range everybody.ids {
		ev.Forget(id)
		text, err := json.Marshal(&ev)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "-of-"+id) {
			t.Errorf("account %s is not forgotten: %s", id, text)
		}
		if !strings.Contains(string(text), `"`+id+`"`) {
			t.Errorf("the id of account %s is gone, too", id)
		}
	}
	if author := ev.Pushed[0].Author; !author.Bot || !author.CreatedAt.IsZero() || ev.LoginBefore != "" {
		t.Errorf("of the author, %+v is left, of the user %q", author, ev.LoginBefore)
	}
}

// Who is named beside the account by its login or name alone is the same person; others stay as they are.
func TestForgettingOneKeepsOthers(t *testing.T) {
	t.Parallel()

	ev := event.Event{
		Actor: &event.Account{ID: "1", Login: "ada", Name: "Ada"},
		Owner: &event.Account{ID: "2", Login: "grace", Name: "Ada"},
		User:  &event.Account{ID: "2", Login: "grace"}, LoginBefore: "hopper",
		Pushed: []event.Commit{
			{Author: &event.Account{Login: "ada"}, Message: "Title\n\nCo-authored-by: G <2+grace@users.noreply.github.com>\nReviewed-by: A <1-ada@users.noreply.gitlab.com>"},
			{Author: &event.Account{Name: "Ada"}, Message: "no address"},
			{Author: &event.Account{Login: "grace"}},
		},
	}
	ev.Forget("1")
	want := event.Event{
		Actor: &event.Account{ID: "1"},
		Owner: &event.Account{ID: "2", Login: "grace", Name: "Ada"},
		User:  &event.Account{ID: "2", Login: "grace"}, LoginBefore: "hopper",
		Pushed: []event.Commit{
			{Author: &event.Account{}, Message: "Title\n\nCo-authored-by: G <2+grace@users.noreply.github.com>\n"},
			{Author: &event.Account{}, Message: "no address"},
			{Author: &event.Account{Login: "grace"}},
		},
	}
	if !reflect.DeepEqual(ev, want) {
		t.Errorf("what is left is %+v", ev)
	}
}

// Events are kept as JSON: everything must come back.
func TestEventsAreKeptWhole(t *testing.T) {
	t.Parallel()

	var ev, again event.Event
	(&crowd{}).fill(reflect.ValueOf(&ev).Elem())
	ev.Duration, ev.Closes, ev.DueAt = time.Minute, []int64{7}, time.Unix(2, 0).UTC()
	text, err := json.Marshal(&ev)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(ev, again) {
		t.Errorf("kept %s, which reads as %+v", text, again)
	}
}

func BenchmarkPeople(b *testing.B) {
	ada, grace := &event.Account{ID: "1", Login: "ada"}, &event.Account{ID: "2", Login: "grace"}
	ev := &event.Event{Kind: event.MergeRequestMerged, Actor: grace, Author: ada, MergedBy: grace}
	b.ReportAllocs()
	for b.Loop() {
		if len(ev.People()) != 2 {
			b.Fatal("not two people")
		}
	}
}
