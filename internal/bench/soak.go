package main

import (
	"context"
	"time"
)

type soakSettings struct {
	duration, window time.Duration
	share            float64
}

func (a *arena) soakAll(ctx context.Context) error { return ctx.Err() }
