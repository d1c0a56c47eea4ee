package server

import (
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const notAcceptable = "not_acceptable"

// checkAccept refuses an Accept header that lets nothing through that the operation answers with when
// it succeeds. One that cannot be read lets everything through.
func checkAccept(accept string, operation *openapi3.Operation) error {
	if accept == "" {
		return nil
	}
	types := map[string]bool{}
	for status, response := range operation.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			for kind := range response.Value.Content {
				types[kind] = true
			}
		}
	}
	if len(types) == 0 {
		return nil
	}
	for wanted := range strings.SplitSeq(accept, ",") {
		kind, params, err := mime.ParseMediaType(wanted)
		if err != nil {
			return nil
		}
		if quality := params["q"]; quality != "" && strings.Trim(quality, "0.") == "" {
			continue
		}
		for offered := range types {
			if accepts(kind, offered) {
				return nil
			}
		}
	}
	offered := strings.Join(slices.Sorted(maps.Keys(types)), " or ")
	return fault.New(fault.Invalid, notAcceptable, "this answers with %s", offered)
}

func accepts(wanted, offered string) bool {
	family, all := strings.CutSuffix(wanted, "/*")
	return wanted == "*/*" || wanted == offered || all && strings.HasPrefix(offered, family+"/")
}
