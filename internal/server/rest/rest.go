// Package rest implements the server interface that is generated from openapi.yaml: it maps a
// request to an operation's input, calls the operation, and maps its view to the response.
//
// It decides nothing, and has a file for each tag of the contract. It may import the generated
// contract, operation, the nouns, fault and the translation of faults.
package rest

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// prefix is the path of the API.
const prefix = "/api/v1"

// Mount adds the routes of the contract. baseURL, without a slash at its end, is what clients reach
// the service by. Middleware before it checks requests against the contract and leaves the caller in
// the context.
func Mount(routes gin.IRouter, operations *operation.Operations, baseURL string) {
	handler := api.NewStrictHandlerWithOptions(&server{operations, baseURL + prefix}, []api.StrictMiddlewareFunc{detached}, api.StrictGinServerOptions{
		RequestErrorHandlerFunc: unreadable,
		HandlerErrorFunc:        problem.Write,
		// What went wrong here is ours: the answer could not be encoded.
		ResponseErrorHandlerFunc: problem.Write,
	})
	api.RegisterHandlersWithOptions(routes, handler, api.GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { unreadable(c, err) },
	})
}

// detached gives the operation a context of its own. gin uses its contexts again for other requests,
// and what reads from the database may look at one for a moment after its request was answered.
func detached(handle api.StrictHandlerFunc, _ string) api.StrictHandlerFunc {
	return func(c *gin.Context, request any) (any, error) { return handle(c.Copy(), request) }
}

// unreadable answers what the contract lets through and Go's types do not hold.
func unreadable(c *gin.Context, err error) {
	problem.Write(c, fault.New(fault.Invalid, "invalid", "a value is not of the form that the contract asks for").Because(err))
}

// server implements api.StrictServerInterface.
type server struct {
	operations *operation.Operations
	// base is the URL that the paths of the contract are added to.
	base string
}

var _ api.StrictServerInterface = (*server)(nil)

func callerOf(ctx context.Context) operation.Caller { return operation.CallerFrom(ctx) }

func pageOf(limit *api.Limit, cursor *api.Cursor) operation.Page {
	return operation.Page{Limit: int(value(limit)), Cursor: value(cursor)}
}

// nextLink returns the Link header and the cursor of the next page, both nil on the last one.
func (s *server) nextLink(path string, query url.Values, next string) (link, cursor *string) {
	if next == "" {
		return nil, nil
	}
	query.Set("cursor", next)
	header := "<" + s.base + path + "?" + query.Encode() + `>; rel="next"`
	return &header, &next
}

// searching returns the query of a list that can be searched.
func searching(limit *api.Limit, search *string) url.Values {
	query := url.Values{"limit": {strconv.Itoa(int(value(limit)))}}
	if search != nil {
		query.Set("search", *search)
	}
	return query
}

// each maps every view of a list; an empty list is not null.
func each[View, Shown any](views []View, show func(*View) Shown) []Shown {
	items := make([]Shown, len(views))
	for i := range views {
		items[i] = show(&views[i])
	}
	return items
}

// value returns what p points to, and the zero value for nil.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// unlessZero returns nil for the zero value: what is absent or null in the contract.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func unlessNever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
