package server

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// retryAfterWaiting is what clients are told while the database is waited for.
const retryAfterWaiting = 2 * time.Second

// Waiting returns the handler of a service whose database was away when it started: what Mount adds, whether it lives and
// is ready, and 503 for everything else. Of the configuration, Ready, ReadyForHooks and Mount are used.
func Waiting(cfg Config) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.Use(identify, secure, recovered(func() {}))
	mountProbes(withHead{engine}, cfg)
	engine.NoRoute(func(c *gin.Context) { notReady(c, fault.UnavailableFor("the database", retryAfterWaiting)) })
	if cfg.Mount != nil {
		cfg.Mount(engine)
	}
	return engine
}
