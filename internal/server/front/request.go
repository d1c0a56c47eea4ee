package front

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// anonymous reports whether the request reads and brings nothing by which somebody could be known.
func anonymous(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, name := range []string{"Authorization", "Private-Token", "Cookie"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return r.URL.RawQuery == "" || !holdsToken(r.URL.RawQuery)
}

// holdsToken reports whether a parameter of the query calls itself a token, or cannot be read.
func holdsToken(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || strings.Contains(strings.ToLower(name), "token") {
			return true
		}
	}
	return false
}

// keyOf names what is asked for. In which order different parameters come makes no difference.
func keyOf(u *url.URL) string {
	path := u.EscapedPath()
	if u.RawQuery == "" {
		return path
	}
	query := u.RawQuery
	if strings.Contains(query, "&") {
		pairs := strings.Split(query, "&")
		slices.SortStableFunc(pairs, func(x, y string) int {
			x, _, _ = strings.Cut(x, "=")
			y, _, _ = strings.Cut(y, "=")
			return strings.Compare(x, y)
		})
		query = strings.Join(pairs, "&")
	}
	return path + "?" + query
}

// accepts reports whether the Accept headers plainly take the media type. What is not plain is for others to judge.
func accepts(headers []string, kind string) bool {
	if len(headers) == 0 {
		return true
	}
	if len(headers) > 1 || refuses(headers[0]) {
		return false
	}
	return strings.Contains(headers[0], "*/*") || kind != "" && strings.Contains(headers[0], kind)
}

// refuses reports whether the header says of a media range that it is not wanted: q=0, or 0.0 and so on.
func refuses(accept string) bool {
	for {
		_, after, found := strings.Cut(accept, "q=0")
		if !found {
			return false
		}
		accept = after
		digits := strings.TrimPrefix(after, ".")
		if digits = strings.TrimLeft(digits, "0"); digits == "" || digits[0] < '1' || digits[0] > '9' {
			return true
		}
	}
}

// TakesGzip reports whether the Accept-Encoding header names gzip and does not refuse it.
// It errs on the side of plain bytes, which everybody takes.
func TakesGzip(headers []string) bool {
	if len(headers) != 1 {
		return false
	}
	for coding := range strings.SplitSeq(headers[0], ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			return !refuses(weight)
		}
	}
	return false
}

// Unchanged reports whether a list of tags, as If-None-Match has it, names that of an answer, and takes out of the answer's
// headers what a 304 does not say.
func Unchanged(headers http.Header, list string) bool {
	if !Names(list, headers.Get("ETag")) {
		return false
	}
	headers.Del("Content-Type")
	headers.Del("Content-Length")
	headers.Del("Content-Encoding")
	return true
}

// Names reports whether the list of If-None-Match names the tag; it compares weakly, as RFC 9110 has it.
func Names(list, tag string) bool {
	if tag == "" {
		return false
	}
	tag = strings.TrimPrefix(tag, "W/")
	for named := range strings.SplitSeq(list, ",") {
		named = strings.TrimPrefix(strings.TrimSpace(named), "W/")
		if named == "*" || named == tag {
			return true
		}
	}
	return false
}
