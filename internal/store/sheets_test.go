package store_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// sheetsOf returns on which sheets counts stand.
func sheetsOf(keys ...store.ProgressKey) []store.SheetKey {
	sheets := make([]store.SheetKey, len(keys))
	for i, key := range keys {
		sheets[i] = key.Sheet()
	}
	return sheets
}

// raise adds 1 to counts, and returns what they are then.
func raise(sheets map[store.SheetKey]*store.Sheet, keys ...store.ProgressKey) map[store.ProgressKey]int64 {
	counts := map[store.ProgressKey]int64{}
	for _, key := range keys {
		sheet := sheets[key.Sheet()]
		sheet.SetCount(key.MeasureID, sheet.Count(key.MeasureID)+1)
		counts[key] = sheet.Count(key.MeasureID)
	}
	return counts
}

// raised does so in the book.
func raised(t *testing.T, book *store.Store, keys ...store.ProgressKey) (counts map[store.ProgressKey]int64) {
	t.Helper()

	do(t, book, func(ctx context.Context, tx *store.Tx) error {
		sheets, err := tx.LockSheets(ctx, sheetsOf(keys...), noon)
		if err != nil {
			return err
		}
		counts = raise(sheets, keys...)
		return tx.SaveSheets(ctx, sheets, noon)
	})
	return counts
}

// numbers returns the counts of a user, as text.
func numbers(t *testing.T, book *store.Store, user int64, measures ...int64) string {
	t.Helper()

	found := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.Standing, error) {
		return tx.ProgressOf(ctx, user, measures)
	})
	said := make([]string, len(found))
	for i, of := range found {
		said[i] = strings.TrimSuffix(strconv.FormatInt(of.MeasureID, 10)+" "+of.Bucket, " ") + "=" + strconv.FormatInt(of.N, 10)
	}
	return strings.Join(said, ", ")
}

func TestSheets(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada").ID, user(t, book, "bob").ID
		a := store.ProgressKey{MeasureID: 1, UserID: ada}
		b := store.ProgressKey{MeasureID: 2, UserID: ada}
		c := store.ProgressKey{MeasureID: 1, UserID: ada, Bucket: "2026-11 'x'"}
		d := store.ProgressKey{MeasureID: 300, UserID: bob}
		type counts = map[store.ProgressKey]int64
		same(t, "the first counts", raised(t, book, a, c), counts{a: 1, c: 1})
		same(t, "the next counts", raised(t, book, d, a, b), counts{a: 2, b: 1, d: 1})
		same(t, "nothing", raised(t, book), counts{})
		same(t, "the counts in the end", raised(t, book, a, b, c, d), counts{a: 3, b: 2, c: 2, d: 2})
		same(t, "those of one", numbers(t, book, ada, 2, 1, 300), "1=3, 1 2026-11 'x'=2, 2=2")
		same(t, "some of them", numbers(t, book, ada, 2), "2=2")
		in := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.Standing, error) {
			return tx.ProgressIn(ctx, []int64{1, 300}, c.Bucket)
		})
		same(t, "those in a bucket", in, []store.Standing{{ProgressKey: c, Progress: store.Progress{N: 2}}})
	})
}

// Eight count the same at once, in orders of their own, new sheets among them.
func TestSheetsAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada").ID
		key := func(measure int64, bucket string) store.ProgressKey {
			return store.ProgressKey{MeasureID: measure, UserID: ada, Bucket: bucket}
		}
		var counting sync.WaitGroup
		for server := range 8 {
			counting.Go(func() {
				for i := range 10 {
					keys := []store.ProgressKey{key(1, "a"), key(2, "a"), key(1, "b"), key(200, strconv.Itoa(i))}
					keys[0], keys[server%4] = keys[server%4], keys[0]
					raised(t, book, keys...)
				}
			})
		}
		counting.Wait()
		same(t, "the counts in the end", raised(t, book, key(1, "a"), key(2, "a"), key(1, "b"), key(200, "7")),
			map[store.ProgressKey]int64{key(1, "a"): 81, key(2, "a"): 81, key(1, "b"): 81, key(200, "7"): 9})
	})
}

// What older versions kept as a row for each count comes to stand on sheets, once, beside what is there.
func TestCountsMoveToSheets(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada").ID, user(t, book, "bob").ID
		ids := measures(t, book, "one", "two", "three")
		for hash, times := range map[string]int{"one": 3, "two": 2, "three": 1} {
			for range times {
				count(t, book, store.ProgressKey{MeasureID: ids[hash], UserID: ada}, store.ProgressKey{MeasureID: ids[hash], UserID: bob, Bucket: "x"})
			}
		}
		before := numbers(t, book, ada, 1, 2, 3)
		same(t, "what there is before", before, "1=3, 2=2, 3=1")
		for _, counting := range [][]string{{"one"}, {"one", "two"}, {"two", "one"}} {
			some := []store.Measure{{Hash: "three"}}
			for _, hash := range counting {
				some = append(some, store.Measure{Hash: hash, Counts: true})
			}
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				found, err := tx.EnsureMeasures(ctx, some, noon)
				same(t, "the id", found[counting[0]], ids[counting[0]])
				return err
			})
			same(t, "what there is", numbers(t, book, ada, 1, 2, 3), before)
			same(t, "what another one has", numbers(t, book, bob, 1, 2, 3), "1 x=3, 2 x=2, 3 x=1")
		}
		one, two, three := store.ProgressKey{MeasureID: 1, UserID: ada}, store.ProgressKey{MeasureID: 2, UserID: ada}, store.ProgressKey{MeasureID: 3, UserID: ada}
		same(t, "what stands on a sheet", raised(t, book, one, two), map[store.ProgressKey]int64{one: 4, two: 3})
		same(t, "what does not", count(t, book, three), map[store.ProgressKey]int64{three: 2})
		same(t, "all", numbers(t, book, ada, 1, 2, 3), "1=4, 2=3, 3=2")
	})
}

// More counts than one transaction can move are moved by several, and whoever asked for it goes on.
func TestManyCountsMoveToSheets(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada").ID
		ids := measures(t, book, "one", "two")
		const buckets = 4000
		states := map[store.ProgressKey]store.Progress{}
		for i := range int64(buckets) {
			for _, id := range ids {
				states[store.ProgressKey{MeasureID: id, UserID: ada, Bucket: strconv.FormatInt(i, 10)}] = store.Progress{N: 10*i + id}
			}
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.SaveProgress(ctx, states, noon) })
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.EnsureMeasures(ctx, []store.Measure{{Hash: "one", Counts: true}, {Hash: "two", Counts: true}}, noon)
			return err
		})
		found := read(t, book, func(ctx context.Context, tx *store.Tx) ([]store.Standing, error) {
			return tx.ProgressOf(ctx, ada, []int64{ids["one"], ids["two"]})
		})
		same(t, "how many there are", len(found), 2*buckets)
		for _, of := range found {
			if of.N != states[of.ProgressKey].N {
				t.Errorf("%+v is %d, want %d", of.ProgressKey, of.N, states[of.ProgressKey].N)
			}
		}
		key := store.ProgressKey{MeasureID: ids["two"], UserID: ada, Bucket: "7"}
		same(t, "one on its sheet", raised(t, book, key), map[store.ProgressKey]int64{key: 70 + ids["two"] + 1})
	})
}

func TestMergedSheetsAddUp(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada, bob := user(t, book, "ada").ID, user(t, book, "bob").ID
		of := func(user, measure int64, bucket string) store.ProgressKey {
			return store.ProgressKey{MeasureID: measure, UserID: user, Bucket: bucket}
		}
		raised(t, book, of(ada, 1, ""), of(ada, 2, ""), of(bob, 2, ""), of(ada, 2, "x"), of(bob, 300, ""))
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			changed, err := tx.MergeSheets(ctx, ada, bob, noon)
			same(t, "how many counts have changed", len(changed), 3)
			return err
		})
		same(t, "what the one has", numbers(t, book, ada, 1, 2, 300), "")
		same(t, "what the other one has", numbers(t, book, bob, 1, 2, 300), "1=1, 2=2, 2 x=1, 300=1")
		same(t, "one later", raised(t, book, of(bob, 2, "")), map[store.ProgressKey]int64{of(bob, 2, ""): 3})
	})
}

// A server of an older version looks for counts where they are no more. To it the database is away, so that its deliveries wait.
func TestOlderServersAreKeptOut(t *testing.T) {
	t.Parallel()

	databaseURL := testkit.PostgresURL(t)
	book := testkit.Open(t, databaseURL)
	err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Exec(ctx, "SELECT coalesce(revision_id, 0), people FROM hold_revision()")
	})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("what an older server begins with gives %v, want that the database is away", err)
	}
}

func FuzzSheet(f *testing.F) {
	for _, text := range []string{
		"{}", `{"1":2}`, `{"1":2,"20":300}`, `{ "8" : 5, "16" : 7 }`, `{"2":1,"1":1}`, `{"1":-1}`, `{"01":1}`, `{"1":01}`, `{"1":9223372036854775807}`,
		`{"1":9223372036854775808}`, `{"1":1,}`, `{"1":1}}`, `{"1":}`, `{"":1}`, "", "null", "[]", `{"1":1,"1":2}`, `{"1":1.5}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want map[int64]int64
		wrong := json.Unmarshal([]byte(text), &want)
		got, err := store.ReadSheet(text)
		if (err == nil) != (wrong == nil) {
			t.Fatalf("%q gives %v, and encoding/json %v", text, err, wrong)
		}
		if err != nil {
			return
		}
		for measure, n := range want {
			if got.Count(measure) != n {
				t.Errorf("%q has %d of %d, want %d", text, got.Count(measure), measure, n)
			}
		}
		again, err := store.ReadSheet(got.Text())
		if err != nil || again.Text() != got.Text() {
			t.Errorf("%q is written as %q, and that as %q (%v)", text, got.Text(), again.Text(), err)
		}
		if len(want) == 0 && got.Text() != "{}" {
			t.Errorf("%q, which is nothing, is written as %q", text, got.Text())
		}
	})
}
