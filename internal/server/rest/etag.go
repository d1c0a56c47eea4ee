package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/seed-504bad89/accolade/internal/operation"
)

// etag returns the entity tag of what the contract shows of an object: a strong one (RFC 9110,
// 8.8.3), since the same form always encodes alike.
func etag(shown any) *string {
	text, err := json.Marshal(shown)
	if err != nil { // the contract's types always encode
		return nil
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	return &tag
}

// match returns whether the object that an operation is about to change is one that If-Match names;
// nil when the header was not sent. "*" names every object that exists.
func match[V, Shown any](header *string, show func(*V) Shown) operation.Match[V] {
	if header == nil || strings.TrimSpace(*header) == "*" {
		return nil
	}
	return func(view *V) bool {
		tag := etag(show(view))
		for named := range strings.SplitSeq(*header, ",") {
			if tag != nil && strings.TrimSpace(named) == *tag {
				return true
			}
		}
		return false
	}
}
