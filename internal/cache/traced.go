package cache

import (
	"context"
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/seed-504bad89/accolade/internal/trace"
)

// traced has the client make a span of each command, unless nobody records any.
func traced(client redis.UniversalClient, traces *trace.Tracer) redis.UniversalClient {
	if traces != nil {
		client.AddHook(tracing{traces})
	}
	return client
}

// tracing makes spans of commands. Of one it says its name: keys and values tell whose they are.
type tracing struct{ traces *trace.Tracer }

// DialHook implements redis.Hook.
func (tracing) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (h tracing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, command redis.Cmder) error {
		span := h.traces.Query(ctx, trace.Query{System: trace.Redis, Operation: strings.ToUpper(command.Name())})
		err := next(ctx, command)
		span.End(unlessNone(err))
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (h tracing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		span := h.traces.Query(ctx, trace.Query{System: trace.Redis, Operation: "PIPELINE", Batch: len(commands)})
		err := next(ctx, commands)
		span.End(unlessNone(err))
		return err
	}
}

// unlessNone passes over the error of a command that found nothing.
func unlessNone(err error) error {
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}
