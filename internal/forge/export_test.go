package forge

import (
	"encoding/json"
)

// ParseTime is parseTime for its tests: it reads outside input and deserves its own fuzzing.
var ParseTime = parseTime

// DecodeBothWays decodes a body as pull requests are, at once where that is possible, and by encoding/json.
func DecodeBothWays(body []byte) (filled, decoded any, fills bool, err error) {
	var at, by githubPullRequest
	fills = fill(validUTF8(body), &at)
	err = json.Unmarshal(validUTF8(body), &by)
	if isTypeError(err) {
		err = nil
	}
	return at, by, fills, err
}
