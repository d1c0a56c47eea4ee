package server

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// queryTokens are the parameters in which GitLab's clients may send a token.
// https://docs.gitlab.com/api/rest/authentication/
var queryTokens = []string{"private_token", "access_token"}

// takeQueryTokens takes the tokens out of the request's query, whether they are wanted or not: nothing that comes
// after it, such as a log, can tell what it does not see.
func takeQueryTokens(r *http.Request) (secrets []string) {
	var others []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !isQueryToken(name) {
			others = append(others, pair)
			continue
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			value = unescaped
		}
		if value != "" {
			secrets = append(secrets, value)
		}
	}
	if query := strings.Join(others, "&"); query != r.URL.RawQuery {
		r.URL.RawQuery = query
		r.RequestURI = r.URL.RequestURI()
	}
	return secrets
}

func isQueryToken(name string) bool {
	unescaped, err := url.QueryUnescape(name)
	return err == nil && slices.Contains(queryTokens, unescaped)
}
