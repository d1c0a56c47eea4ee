package automation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/store"
)

// The form of a record is nobody's business but the package's, so that this test looks inside.
func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()

	want := &store.Delivery{
		Source: "forge", Key: [16]byte{1, 2, 0xff}, TransportID: "72d3162e", EventName: "push", ContentType: "application/json",
		Headers: map[string]string{"X-Github-Event": "push"}, Body: []byte{0, 1, '"', 0xff}, BodySize: 12,
		ReceivedAt: time.Date(2026, time.November, 2, 12, 0, 0, 123456000, time.UTC), Outcome: string(Judged),
	}
	record, err := record(want)
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

// Whatever a record holds, reading it ends, and what is read is written the same.
func FuzzRecord(f *testing.F) {
	kept, err := record(&store.Delivery{Source: "forge", EventName: "push", Body: []byte("body"), BodySize: 4})
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
		written, err := record(read)
		if err != nil {
			return // a time that JSON cannot hold
		}
		again, err := unpackRecord(written)
		if err != nil || !cmp.Equal(read, again) {
			t.Errorf("%v was read as %v, %v", read, again, err)
		}
	})
}
