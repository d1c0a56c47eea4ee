package automation

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// The form of a record is nobody's business but the package's, so that this test looks inside.
func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()

	want := &store.Delivery{
		Source: "forge", Key: [16]byte{1, 2, 0xff}, TransportID: "72d3162e", EventName: "push", ContentType: "application/json",
		Headers: map[string]string{"X-Github-Event": "push"}, Body: []byte{0, 1, '"', 0xff}, BodySize: 12,
		ReceivedAt: time.Date(2026, time.November, 2, 12, 0, 0, 123456000, time.UTC), Outcome: string(Judged),
	}
	record, err := record(want, want.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpackRecord(record)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	for short := range len(record) - len(want.Body) {
		if _, err := unpackRecord(record[:short]); err == nil {
			t.Errorf("%d of %d bytes are read", short, len(record))
		}
	}
}

// What is packed on another body is put into the spool so that it can be read without the book, while a commit may have it.
func TestRecordsStandAlone(t *testing.T) {
	t.Parallel()

	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a := &Automation{encoder: encoder, bases: newBases(0), now: func() time.Time { return now }}
	arrive := func(id int64) (*intake, []byte) {
		body := testkit.MergedPullRequest(id, 815, "ada")
		in := &intake{source: "forge", delivery: store.Delivery{ID: id, EventName: "pull_request", BodySize: len(body), ReceivedAt: now}}
		a.pack(in, body)
		a.bases.offer(in, now)
		return in, body
	}
	arrive(1)
	in, body := arrive(2)
	if in.delivery.BaseID != 1 {
		t.Fatalf("it is packed on %d", in.delivery.BaseID)
	}
	alone, err := a.unbased(in)
	if err != nil {
		t.Fatal(err)
	}
	read, err := decompress(alone, nil)
	if err != nil || !bytes.Equal(read, body) || in.delivery.BaseID != 1 {
		t.Errorf("%v: alone it reads %.100q, and the delivery is packed on %d", err, read, in.delivery.BaseID)
	}
}

// Only so many bodies are packed on at once; those of other events stand alone until one of these is an hour old.
func TestBasesAreBounded(t *testing.T) {
	t.Parallel()

	now := time.Now()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &Automation{encoder: encoder, bases: newBases(0), now: func() time.Time { return now }}
	packedOn := func(event int) int64 {
		body := testkit.MergedPullRequest(int64(event), 815, "ada")
		in := &intake{source: "forge", delivery: store.Delivery{ID: int64(event), EventName: strconv.Itoa(event), BodySize: len(body), ReceivedAt: now}}
		a.pack(in, body)
		a.bases.offer(in, now)
		return in.delivery.BaseID
	}
	for range 2 {
		for event := 1; event <= knownBases+1; event++ {
			packedOn(event)
		}
	}
	if got, beyond := packedOn(1), packedOn(knownBases+1); got != 1 || beyond != 0 {
		t.Errorf("the first is packed on %d, one beyond the bound on %d", got, beyond)
	}
	now = now.Add(baseAge)
	packedOn(knownBases + 1)
	if got := packedOn(knownBases + 1); got != knownBases+1 {
		t.Errorf("an hour later that is packed on %d", got)
	}
}

// Whatever a record holds, reading it ends, and what is read is written the same.
func FuzzRecord(f *testing.F) {
	kept, err := record(&store.Delivery{Source: "forge", EventName: "push", BodySize: 4}, []byte("body"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Add([]byte{2, '{', '}'})
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := unpackRecord(text)
		if err != nil {
			return
		}
		if read.Source == "" {
			t.Error("a delivery of no source was read")
		}
		written, err := record(read, read.Body)
		if err != nil {
			return // a time that JSON cannot hold
		}
		again, err := unpackRecord(written)
		if err != nil || !cmp.Equal(read, again) {
			t.Errorf("%v was read as %v, %v", read, again, err)
		}
	})
}
