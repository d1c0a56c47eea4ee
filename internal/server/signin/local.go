package signin

import (
	"net/url"
	"strings"
)

// maxLocal bounds the paths that somebody is sent back to.
const maxLocal = 2048

// LocalPath returns the path, with its query, if a browser that is sent there stays on this host; else "/".
func LocalPath(path string) string {
	if !local(path) {
		return "/"
	}
	parsed, err := url.Parse(path)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || parsed.User != nil || parsed.Opaque != "" {
		return "/"
	}
	if path = parsed.String(); !local(path) {
		return "/"
	}
	return path
}

// local reports whether the text begins with one slash and holds nothing that browsers read otherwise than servers:
// they take a backslash for a slash, and leave out control characters.
func local(path string) bool {
	return len(path) <= maxLocal && strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") &&
		!strings.ContainsFunc(path, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f || r == '\uFFFD' })
}
