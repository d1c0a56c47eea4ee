package server

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// Waiting returns the handler of a service that waits for its database: what Mount adds, whether it lives and is ready, and
// 503 for everything else, with what why says that it waits for. Of the configuration, Ready, ReadyForHooks, Mount, Traces and
// TrustedProxies are used.
func Waiting(cfg Config, why func() error) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.ContextWithFallback = true
	engine.Use(identify, traced(cfg.Traces.Receiver(cfg.TrustedProxies)), secure, recovered(func() {}))
	mountProbes(withHead{engine}, cfg)
	engine.NoRoute(func(c *gin.Context) { notReady(c, why()) })
	if cfg.Mount != nil {
		cfg.Mount(engine)
	}
	return engine
}
