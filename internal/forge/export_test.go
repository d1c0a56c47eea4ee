package forge

import (
	"encoding/json"
	"reflect"
)

// ParseTime is parseTime for its tests: it reads outside input and deserves its own fuzzing.
var ParseTime = parseTime

// DecodeBothWays decodes a body as pull requests are, with what they do not need left out before, and with all of it.
func DecodeBothWays(body []byte) (pruned, whole any, prunes bool, err error) {
	var from, all githubPullRequest
	rest, ok := prune(validUTF8(body), shapeOf(reflect.TypeFor[githubPullRequest]()))
	if ok {
		_ = json.Unmarshal(rest, &from) // what has another type stays zero, in both
	}
	err = json.Unmarshal(validUTF8(body), &all)
	if isTypeError(err) {
		err = nil
	}
	return from, all, ok, err
}
