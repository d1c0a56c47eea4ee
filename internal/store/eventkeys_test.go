package store

import (
	"bytes"
	"testing"
)

func TestKeysOfOneRepositoryLieTogether(t *testing.T) {
	t.Parallel()

	var last []byte
	for _, key := range []string{"merge_request:77:9:merged", "merge_request:77:10:merged", "merge_request:77:11:closed:2026-11-02T09:47:13Z", "merge_request:77:1000000000:merged"} {
		digest := keyDigest("forge", key)
		if len(digest) != 20 {
			t.Errorf("the digest of %q has %d bytes", key, len(digest))
		}
		if last != nil && !bytes.Equal(last[:4], digest[:4]) {
			t.Errorf("%q lies elsewhere", key)
		}
		if last != nil && key != "merge_request:77:1000000000:merged" && bytes.Compare(last, digest) >= 0 {
			t.Errorf("%q is not behind the one before", key)
		}
		last = digest
	}
	for _, other := range [][2]string{{"forge", "merge_request:78:9:merged"}, {"other", "merge_request:77:9:merged"}, {"forge", "issue:77:9:closed"}} {
		if bytes.Equal(keyDigest(other[0], other[1])[:4], last[:4]) {
			t.Errorf("%s of %s lies among the merges of another repository", other[1], other[0])
		}
	}
	for _, pair := range [][2]string{{"a:1:2:x", "a:1:2:y"}, {"a:1:02", "a:1:2"}, {"a:b", "a:"}, {"", "\x00"}} {
		if bytes.Equal(keyDigest("forge", pair[0]), keyDigest("forge", pair[1])) {
			t.Errorf("%q and %q are one key", pair[0], pair[1])
		}
	}
}
