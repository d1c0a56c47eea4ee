package trace

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// path is where collectors take spans, below their address.
const path = "/v1/traces"

// ParseURL reads the address of a collector, with or without the path of OTLP, and returns it with the path. Faults: Invalid, in
// words that do not show the address, which may hold a password.
func ParseURL(value string) (string, error) {
	parsed, err := url.Parse(value)
	switch {
	case err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https":
		return "", fault.New(fault.Invalid, "bad_url", "must be an http or https URL, such as http://localhost:4318")
	case parsed.User != nil:
		return "", fault.New(fault.Invalid, "bad_url", "must hold no user and no password: traces_headers are for that")
	case parsed.RawQuery != "" || parsed.Fragment != "":
		return "", fault.New(fault.Invalid, "bad_url", "must hold neither ? nor #")
	}
	parsed.Path = strings.TrimSuffix(strings.TrimRight(parsed.Path, "/"), path) + path
	parsed.RawPath = ""
	return parsed.String(), nil
}

// ParseHeaders reads headers as OTEL_EXPORTER_OTLP_HEADERS has them: name=value, separated by commas, values as in URLs. Faults:
// Invalid, without a value.
func ParseHeaders(values []string) (map[string]string, error) {
	headers := make(map[string]string, len(values))
	for i, item := range values {
		name, value, found := strings.Cut(item, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return nil, fault.New(fault.Invalid, "bad_headers", "header %d is not name=value", i+1)
		}
		headers[name] = value
	}
	return headers, nil
}

// ParseSample reads a share from 0 to 1.
func ParseSample(value string) (float64, error) {
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return 0, fault.New(fault.Invalid, "bad_number", "%q is not a number from 0 to 1", value)
	}
	return share, nil
}
