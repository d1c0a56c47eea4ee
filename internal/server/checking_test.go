package server_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/seed-504bad89/accolade/api"
)

var encodedSlash = regexp.MustCompile(`%2[fF]`)

// checking is a transport that fails the test when a response breaks the contract.
type checking struct {
	t      *testing.T
	router routers.Router
}

func document(t *testing.T) *openapi3.T {
	t.Helper()

	doc, err := openapi3.NewLoader().LoadFromData(api.Document())
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// newRouter makes what finds the operation of a request. All tests share one, which they do not change.
var newRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Document())
	if err != nil {
		return nil, err
	}
	doc.Servers = nil // the service is where the test put it
	return legacy.NewRouter(doc)
})

func newChecking(t *testing.T) *checking {
	t.Helper()

	router, err := newRouter()
	if err != nil {
		t.Fatal(err)
	}
	return &checking{t, router}
}

func (k *checking) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	plain, err := url.Parse(encodedSlash.ReplaceAllString(r.URL.String(), "-")) // the router splits at decoded slashes
	if err != nil {
		return nil, err
	}
	asked := r.Clone(r.Context())
	asked.URL = plain
	route, params, err := k.router.FindRoute(asked)
	if err != nil {
		answersAll := r.Method == http.MethodHead || r.Method == http.MethodOptions
		if strings.HasPrefix(r.URL.Path, "/api/v1/") && !answersAll && response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			k.t.Errorf("%s %s is not in the contract, and answers %d", r.Method, r.URL, response.StatusCode)
		}
		return response, nil
	}
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
	if err != nil {
		k.t.Errorf("%s %s: the answer %d breaks the contract: %v", r.Method, r.URL, response.StatusCode, err)
	}
	return response, nil
}
