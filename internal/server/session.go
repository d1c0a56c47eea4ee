package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
	"github.com/seed-504bad89/accolade/internal/server/rest"
	"github.com/seed-504bad89/accolade/internal/server/signin"
	"github.com/seed-504bad89/accolade/internal/server/web"
)

// mountPages adds the routes that people use with a browser: they know who is signed in, and refuse what another
// site's page lets a browser do. The API's routes are not among them, and never take a cookie. It returns what answers
// where there is no route: browsers with a page, programs with a problem.
func mountPages(routes gin.IRouter, cfg Config, limits *limits) (nowhere []gin.HandlerFunc) {
	pages := web.New(web.Config{
		Operations: cfg.Operations, BaseURL: cfg.BaseURL, Degraded: cfg.Degraded, Providers: providers(cfg),
		KeepNote: signin.KeepNote, TakeNote: signin.TakeNote,
		Exported: func(export *operation.UserExport) any { return rest.Export(export, cfg.BaseURL) },
	})
	pages.MountStatic(routes)
	mountUnsubscribe(routes, cfg.Operations, limits, pages)
	mountAcceptance(routes, cfg.Operations, limits, pages)
	known := session(limits, cfg.Operations, pages.Fail)
	people := withHead{routes.Group("", bounded, origin, sameOrigin(cfg.BaseURL, pages.Fail), known)}
	signin.Mount(people, signin.Config{
		Operations: cfg.Operations, Providers: cfg.SignIn, Path: pages.Path(), Try: limits.try, Fail: pages.Fail, Leave: pages.Leave,
		Take: func(c *gin.Context) error { return limits.take(c, operation.CallerFrom(c.Request.Context())) },
	})
	pages.Mount(people)
	if cfg.Pages != nil {
		cfg.Pages(people)
	}
	nothing := fault.New(fault.NotFound, "not_found", "there is nothing at this path")
	return []gin.HandlerFunc{
		func(c *gin.Context) {
			if !wantsPage(c.Request) {
				problem.Write(c, nothing)
			}
		},
		known,
		func(c *gin.Context) { pages.Fail(c, nothing) },
	}
}

// providers returns those that people can sign in with.
func providers(cfg Config) []web.Provider {
	var shown []web.Provider
	for _, p := range cfg.SignIn.List() {
		shown = append(shown, web.Provider(p))
	}
	return shown
}

// wantsPage reports whether a browser asks for what it would show.
func wantsPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.HasPrefix(r.URL.Path, "/api/") &&
		strings.Contains(r.Header.Get("Accept"), "text/html")
}

// session leaves in the request's context who is signed in. A cookie that is not valid is deleted.
func session(limits *limits, operations *operation.Operations, fail func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Writer.Header().Add("Vary", "Cookie")
		secret := signin.SessionSecret(c.Request)
		if secret == "" {
			return
		}
		var caller operation.Caller
		err := limits.try(c, secret, func() (err error) {
			caller, err = operations.AuthenticateSession(c.Request.Context(), secret)
			return err
		})
		switch {
		case fault.Is(err, fault.Unauthenticated):
			signin.DropSession(c)
		case err != nil:
			c.Abort()
			fail(c, err)
		default:
			c.Header("Cache-Control", "private, no-store")
			c.Request = c.Request.WithContext(operation.WithCaller(c.Request.Context(), caller))
		}
	}
}

// try runs an attempt with a secret unless its sender has tried too many that are not valid, and notes how it went.
func (l *limits) try(c *gin.Context, secret string, attempt func() error) error {
	if err := l.mayTry(c, secret); err != nil {
		return err
	}
	err := attempt()
	l.tried(c, secret, err)
	return err
}

// sameOrigin refuses requests that change something and that a browser sends for a page of another origin.
func sameOrigin(baseURL string, fail func(*gin.Context, error)) gin.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	// A proxy may hide the host that people see; an old browser says only which origin its page has.
	if base, err := url.Parse(baseURL); err == nil && base.Host != "" {
		if err := protection.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
			panic(err) // an address with a scheme and a host is an origin
		}
	}
	return func(c *gin.Context) {
		if err := protection.Check(c.Request); err != nil {
			c.Abort()
			fail(c, fault.New(fault.Forbidden, "cross_origin", "a page of another site may not do this").Because(err))
		}
	}
}
