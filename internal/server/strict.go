package server

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// maxDepth is how deep the values of a body may be nested. The contract's nest less than ten deep.
const maxDepth = 64

var errMalformed = fault.New(fault.Invalid, "malformed_json", "the body is not one JSON value")

// checkJSON checks that a body is one JSON value that every reader understands alike: no object has a name twice, of which
// some readers take the first and others the last (RFC 8259, section 4). What the body says is not repeated.
func checkJSON(body []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var open []names
	for {
		token, err := decoder.Token()
		switch {
		case err == io.EOF && len(open) == 0:
			return nil
		case err != nil:
			return errMalformed
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if last := len(open) - 1; last >= 0 && open[last].twice(token) {
			return fault.New(fault.Invalid, "duplicate_name", "an object in the body has a name twice")
		}
		if delimiter, ok := token.(json.Delim); ok {
			if len(open) == maxDepth {
				return fault.New(fault.Invalid, "too_deep", "the body is nested more than %d deep", maxDepth)
			}
			open = append(open, names{object: delimiter == '{'})
		}
	}
}

// names are those of an object that is being read; of an array there are none.
type names struct {
	object bool
	// value says that what comes next is a value, and not a name.
	value bool
	known map[string]bool
}

// twice notes what comes next in an object, and reports whether it is a name that it has already.
func (n *names) twice(token json.Token) bool {
	if !n.object {
		return false
	}
	n.value = !n.value
	name, ok := token.(string)
	if !n.value || !ok {
		return false
	}
	if n.known == nil {
		n.known = map[string]bool{}
	}
	known := n.known[name]
	n.known[name] = true
	return known
}
