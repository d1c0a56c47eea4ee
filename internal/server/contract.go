package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// contract is openapi.yaml, ready to check requests against.
type contract struct {
	// routes holds the operations by method and path as gin writes them: "GET /api/v1/users/:user".
	routes map[string]*routers.Route
	// options check all of a request, unread all but the body: forms are read part by part.
	options, unread *openapi3filter.Options
}

// theContract is that of every service of the program, which none of them changes: reading it takes longer than all else
// that a service begins with.
var theContract = sync.OnceValue(mustLoadContract)

// mustLoadContract reads the embedded document. gin has matched the path by the time a request is
// checked, so that the document needs no router of its own.
func mustLoadContract() *contract {
	openapi3.DefineStringFormatValidator(timeFormat, openapi3.NewCallbackValidator(checkTime))
	document, err := openapi3.NewLoader().LoadFromData(api.Document())
	if err != nil {
		panic(err)
	}
	c := &contract{routes: map[string]*routers.Route{}, options: &openapi3filter.Options{
		MultiError: true,
		// The strict server binds the value that was checked instead of decoding the body again.
		KeepValidatedValue: true,
		// Who may do what is for the operations to decide.
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}}
	unread := *c.options
	unread.ExcludeRequestBody = true
	c.unread = &unread
	for path, item := range document.Paths.Map() {
		template := strings.NewReplacer("{", ":", "}", "").Replace(path)
		for method, operation := range item.Operations() {
			c.routes[method+" "+template] = &routers.Route{
				Spec: document, Path: path, PathItem: item, Method: method, Operation: operation,
			}
		}
	}
	c.withHead()
	return c
}

const timeFormat = "date-time"

var writtenTime = openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringDateTime)

// checkTime refuses what is no time, and what is in no year of four digits as UTC, which times are kept and shown in.
func checkTime(text string) error {
	if err := writtenTime.Validate(text); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err == nil && (at.UTC().Year() < 1 || at.UTC().Year() > 9999) {
		err = errors.New("before the year 1 or after 9999")
	}
	return err
}

// documents are the contract in YAML, and the same in JSON, in the same order, for programs that read no YAML.
type documents struct{ yaml, json []byte }

// theDocuments are those of a service at the root of its host.
var theDocuments = sync.OnceValue(func() documents { return inJSON(api.Document()) })

// inJSON makes the other one of the document in YAML.
func inJSON(document []byte) documents {
	out, err := yaml.YAMLToJSON(document)
	if err != nil {
		panic(err)
	}
	return documents{document, out}
}

// documentsAt are those of the service with the base URL, which a proxy may put below a path: what they describe is there.
func documentsAt(baseURL string) documents {
	base, err := url.Parse(baseURL)
	if err != nil || base.Path == "" {
		return theDocuments()
	}
	const root = "\nservers:\n  - url: /\n"
	below := "\nservers:\n  - url: " + strconv.Quote(base.EscapedPath()) + "\n"
	return inJSON(bytes.Replace(api.Document(), []byte(root), []byte(below), 1))
}

func (ct *contract) route(c *gin.Context) *routers.Route {
	return ct.routes[c.Request.Method+" "+c.FullPath()]
}

// operationID names what the request asks for, in a bounded number of words.
func (ct *contract) operationID(c *gin.Context) string {
	return ct.operationAt(c.Request.Method, c.FullPath())
}

// operationAt names what a method asks for at a route as gin writes it, "" where there is none.
func (ct *contract) operationAt(method, route string) string {
	if known := ct.routes[method+" "+route]; known != nil {
		return known.Operation.OperationID
	}
	if route != "" {
		return strings.TrimPrefix(route, "/")
	}
	return unmatched
}

// checked refuses what breaks the contract, and fills in the contract's defaults.
func (ct *contract) checked(c *gin.Context) {
	route := ct.route(c)
	if err := checkAccept(c.Request.Header.Values("Accept"), route.Operation); err != nil {
		problem.WriteStatus(c, http.StatusNotAcceptable, fault.As(err))
		return
	}
	if err := checkBody(c.Request, route.Operation); err != nil {
		if f := fault.As(err); f.Code == unsupportedMediaType {
			problem.WriteStatus(c, http.StatusUnsupportedMediaType, f)
			return
		}
		problem.Write(c, err)
		return
	}
	options := ct.options
	if isForm(c.Request) {
		options = ct.unread
	}
	params := make(map[string]string, len(c.Params))
	for _, param := range c.Params {
		params[param.Key] = param.Value
	}
	err := openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: params, Route: route, Options: options,
	})
	if err != nil {
		problem.Write(c, breach(err))
	}
}

const (
	unsupportedMediaType = "unsupported_media_type"
	formType             = "multipart/form-data"
)

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == formType
}

// checkBody reads the body and checks that it is of an announced type, and if that is JSON, that it is
// one value. The validator alone would not see what follows the value.
func checkBody(r *http.Request, operation *openapi3.Operation) error {
	if operation.RequestBody == nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if over, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d MiB", over.Limit>>20)
	}
	if err != nil {
		return fault.New(fault.Invalid, "body_cut_short", "the body ended before its announced length").Because(err)
	}
	if len(body) > 0 && operation.RequestBody.Value.Content.Get(r.Header.Get("Content-Type")) == nil {
		types := slices.Sorted(maps.Keys(operation.RequestBody.Value.Content))
		return fault.New(fault.Invalid, unsupportedMediaType, "send %s", strings.Join(types, " or "))
	}
	if len(body) > 0 && !isForm(r) {
		if !json.Valid(body) {
			return errMalformed
		}
		if err := checkJSON(body); err != nil {
			return err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
