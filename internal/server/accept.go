package server

import (
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const notAcceptable = "not_acceptable"

// checkAccept refuses Accept headers that let nothing through that the operation, by the contract,
// answers with. An operation that answers with nothing is acceptable to everyone.
func checkAccept(headers []string, operation *openapi3.Operation) error {
	if len(headers) == 0 {
		return nil
	}
	ranges := parseAccept(strings.Join(headers, ","))
	types := successTypes(operation)
	if len(types) == 0 || ranges.accepts(problem.ContentType) || slices.ContainsFunc(types, ranges.accepts) {
		return nil
	}
	return fault.New(fault.Invalid, notAcceptable, "this answers with %s", strings.Join(types, " or "))
}

// successTypes returns the media types of what an operation answers when it succeeds.
func successTypes(operation *openapi3.Operation) []string {
	types := map[string]bool{}
	for status, response := range operation.Responses.Map() {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		for kind := range response.Value.Content {
			types[kind] = true
		}
	}
	return slices.Sorted(maps.Keys(types))
}

// accept holds the media ranges of an Accept header, by range, each with whether it is wanted.
type accept map[string]bool

// parseAccept reads the header (RFC 9110, 12.5.1). Parameters but q are passed over, as are members
// that are no media ranges. "*", which some clients send, means "*/*".
func parseAccept(header string) accept {
	ranges := accept{}
	for member := range strings.SplitSeq(header, ",") {
		kind, params, err := mime.ParseMediaType(member)
		if err != nil {
			continue
		}
		if kind == "*" {
			kind = "*/*"
		}
		quality, err := strconv.ParseFloat(params["q"], 64)
		unwanted := err == nil && quality <= 0
		ranges[kind] = ranges[kind] || !unwanted
	}
	return ranges
}

// accepts reports whether the most specific range that fits the media type wants it. A header without
// any range says nothing.
func (a accept) accepts(kind string) bool {
	if len(a) == 0 {
		return true
	}
	whole, _, _ := strings.Cut(kind, "/")
	for _, fitting := range []string{kind, whole + "/*", "*/*"} {
		if wanted, ok := a[fitting]; ok {
			return wanted
		}
	}
	return false
}
