// Package signin is the door by which people come in with a browser: it begins and ends sessions.
//
// It translates forms and what browsers bring back from providers into operations, and never decides who somebody is.
// It may import operation, the providers, fault, problem and gin.
package signin

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
	"github.com/seed-504bad89/accolade/internal/signin"
)

// Config is what the door works with.
type Config struct {
	Operations *operation.Operations
	// Providers say who somebody is; nil for none.
	Providers *signin.Providers
	// Path is that of the base URL, where a proxy puts the service below one; "" for none.
	Path string
	// Take counts a request that would begin a session, and refuses one too many.
	Take func(c *gin.Context) error
	// Try runs an attempt with a secret unless its sender has guessed too often, and notes how it went.
	Try func(c *gin.Context, secret string, attempt func() error) error
	// Fail answers with an error; nil answers as the API does.
	Fail func(*gin.Context, error)
	// Leave answers a form with a page that leads to a provider by itself, without a script: a form may not be answered with
	// a redirect to another origin.
	Leave func(c *gin.Context, title, target string)
}

type door struct{ Config }

// Mount adds the routes. The middleware before them knows the caller and refuses forms of other sites.
func Mount(routes gin.IRouter, cfg Config) {
	if cfg.Fail == nil {
		cfg.Fail = problem.Write
	}
	d := &door{cfg}
	routes.POST("/sign-in/token", d.token)
	routes.POST("/sign-out", d.signOut)
	// Not by HEAD: it would use up what can be used once.
	routes.Handle(http.MethodGet, "/sign-in/:provider", d.start)
	routes.Handle(http.MethodGet, "/sign-in/:provider/callback", d.callback)
	routes.POST("/settings/accounts/connect/:provider", d.connect)
}

// token signs in who has an API token. Spaces around it come from copying.
func (d *door) token(c *gin.Context) {
	if err := d.Take(c); err != nil {
		d.fail(c, err)
		return
	}
	if err := parseForm(c); err != nil {
		d.fail(c, err)
		return
	}
	secret := strings.TrimSpace(c.Request.PostForm.Get("token"))
	if secret == "" {
		d.fail(c, fault.InvalidField("token", "required", "may not be blank"))
		return
	}
	var begun *operation.NewSession
	err := d.Try(c, secret, func() (err error) {
		begun, err = d.Operations.SignInWithToken(c.Request.Context(), operation.CallerFrom(c.Request.Context()), secret)
		return err
	})
	if err != nil {
		d.fail(c, err)
		return
	}
	KeepSession(c, begun)
	d.back(c, c.Request.PostForm.Get("return_to"))
}

func (d *door) signOut(c *gin.Context) {
	if caller := operation.CallerFrom(c.Request.Context()); !caller.Anonymous() {
		if err := d.Operations.SignOut(c.Request.Context(), caller); err != nil {
			d.fail(c, err)
			return
		}
	}
	DropSession(c)
	d.back(c, "/")
}

// back leads to where somebody came from; who came from nowhere, to the first page.
func (d *door) back(c *gin.Context, from string) {
	to := LocalPath(from)
	if to == "/" { // which belongs to somebody else where the service is below a path
		to = d.Path + "/"
	}
	c.Redirect(http.StatusSeeOther, to)
}

func (d *door) fail(c *gin.Context, err error) {
	c.Abort()
	d.Fail(c, err)
}

// parseForm reads the form, and nothing of the query.
func parseForm(c *gin.Context) error {
	err := c.Request.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.TooLarge, "body_too_large", "the form is too large").Because(err)
	}
	if err != nil || c.Request.PostForm == nil {
		return fault.New(fault.Invalid, "bad_form", "the body must be a form").Because(err)
	}
	return nil
}
