// Package graphql is the door for programs that speak GitLab's GraphQL: POST /api/graphql, with the schema of
// api/graphql/schema.graphql.
//
// It translates and decides nothing: every resolver calls an operation, errors become those that GitLab
// answers with, and what a document would cost is bounded before anything of it runs. It may import the
// generated schema, operation, the nouns, fault and the translation of faults.
package graphql

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	gqlgen "github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/gin-gonic/gin"
	"github.com/vektah/gqlparser/v2/gqlerror"

	api "github.com/seed-504bad89/accolade/api/graphql"
	"github.com/seed-504bad89/accolade/internal/operation"
)

const (
	// Path is where the endpoint is.
	Path = "/api/graphql"
	// answerWithin is how long a request may take.
	answerWithin = 30 * time.Second
)

// Mount adds the endpoint. Middleware before it leaves the caller in the context, and bounds the body. baseURL, without
// a slash at its end, is what people reach the service by.
func Mount(routes gin.IRouter, operations *operation.Operations, baseURL string, log *slog.Logger) {
	d := &door{operations: operations, log: log}
	schema := api.NewExecutableSchema(api.Config{Resolvers: &root{operations, shape{baseURL}}})
	d.executor = executor.New(schema)
	d.executor.SetErrorPresenter(d.present)
	d.executor.SetRecoverFunc(d.recovered)
	d.executor.SetParserTokenLimit(maxCharacters)
	routes.POST(Path, d.serve)
}

type door struct {
	operations *operation.Operations
	executor   *executor.Executor
	log        *slog.Logger
}

// serve answers a query, or several that come as a list. Whatever went wrong within them, the status is 200: clients
// of GitLab take others for trouble with the connection.
func (d *door) serve(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), answerWithin)
	defer cancel()
	queries, several, err := read(c.Request)
	if err != nil {
		c.JSON(statusOf(err), failed(err.Error()))
		return
	}
	left := limitsFor(operation.CallerFrom(ctx))
	answers := make([]*gqlgen.Response, len(queries))
	for i := range queries {
		answers[i] = d.answer(ctx, &queries[i], &left)
	}
	if several {
		c.JSON(http.StatusOK, answers)
		return
	}
	c.JSON(http.StatusOK, answers[0])
}

// failed is an answer that says only what was wrong.
func failed(message string) *gqlgen.Response {
	return &gqlgen.Response{Errors: gqlerror.List{{Message: message}}}
}

// answer runs a query if it stays within what is left of the request's limits.
func (d *door) answer(ctx context.Context, query *gqlgen.RawParams, left *limits) *gqlgen.Response {
	if err := left.fits(query.Query); err != nil {
		return failed(err.Error())
	}
	ctx = gqlgen.StartOperationTrace(withLoaders(ctx, d.operations))
	prepared, faults := d.executor.CreateOperationContext(ctx, query)
	if len(faults) > 0 {
		return &gqlgen.Response{Errors: likeGitLab(prepared, faults)}
	}
	prepared.DisableIntrospection = false
	if err := left.take(prepared); err != nil {
		return failed(err.Error())
	}
	respond, ctx := d.executor.DispatchOperation(ctx, prepared)
	return respond(ctx)
}

// recovered makes an error of a panic, which the log has in full.
func (d *door) recovered(ctx context.Context, panicked any) error {
	d.log.ErrorContext(ctx, "a resolver panicked", "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
	return errInternal
}
