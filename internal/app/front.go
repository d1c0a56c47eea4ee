package app

import (
	"fmt"
	"time"

	"github.com/seed-504bad89/accolade/internal/cache"
	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/store"
)

// keepAnswers makes the memory of answers, and what keeps it right when other servers change the book.
func (a *App) keepAnswers() error {
	var err error
	others := a.cfg.Cache
	if a.store.Exclusive() {
		others.RedisURL = "" // there are none
	}
	if a.changes, err = cache.NewChanges(others, front.Everything.String()); err != nil {
		return fmt.Errorf("opening the cache: %w", err)
	}
	a.front = front.New(front.Config{
		Bytes: a.cfg.ReadCache, Now: time.Now, Metrics: a.registry, Hears: a.store.Exclusive(), Answered: a.store.Answered,
	})
	return nil
}

// changed is told of each transaction what it changed.
func (a *App) changed(c store.Change) {
	if a.front == nil {
		return // before anything is served
	}
	deps := front.Deps(c.Users, c.Namespaces, c.Newcomers, c.All)
	a.front.Changed(deps...)
	words := make([]string, len(deps))
	for i, dep := range deps {
		words[i] = dep.String()
	}
	a.changes.Tell(words...)
}

// heard is told what other servers changed.
func (a *App) heard(words []string) {
	deps := make([]front.Dep, len(words))
	for i, word := range words {
		deps[i] = front.Parse(word)
	}
	a.front.Changed(deps...)
}
