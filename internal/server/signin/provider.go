package signin

import (
	"crypto/rand"
	"net/http"
	"regexp"

	"github.com/gin-gonic/gin"
	"golang.org/x/oauth2"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/signin"
)

// stateCookie holds what binds a sign-in to the browser that it began in.
const stateCookie = "__Host-accolade-state"

var browserPattern = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// start sends the browser to a provider.
func (d *door) start(c *gin.Context) {
	target, _, err := d.begin(c, false, c.Query("return_to"))
	if err != nil {
		d.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, target)
}

// connect sends the browser of who is signed in to a provider, to connect an account there. Browsers refuse to be
// redirected to another host by the answer to a form (CSP form-action), so that the answer is a page that leads there.
func (d *door) connect(c *gin.Context) {
	caller := operation.CallerFrom(c.Request.Context())
	if caller.Anonymous() {
		d.fail(c, fault.New(fault.Unauthenticated, "not_signed_in", "sign in first, then connect the account"))
		return
	}
	if err := parseForm(c); err != nil {
		d.fail(c, err)
		return
	}
	target, provider, err := d.begin(c, true, c.Request.PostForm.Get("return_to"))
	if err != nil {
		d.fail(c, err)
		return
	}
	d.Leave(c, provider.Title, target)
}

// begin keeps a sign-in and returns the address at the provider.
func (d *door) begin(c *gin.Context, connect bool, returnTo string) (string, signin.Provider, error) {
	provider, _, err := d.Providers.Find(c.Param("provider"))
	if err != nil {
		return "", provider, err
	}
	if err := d.Take(c); err != nil {
		return "", provider, err
	}
	// Tabs that sign in at the same time share what the browser has.
	browser := cookieOf(c.Request, stateCookie)
	if !browserPattern.MatchString(browser) {
		browser = rand.Text()
	}
	flow := signin.Flow{Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier()}
	flow.State, err = d.Operations.BeginSignIn(c.Request.Context(), operation.CallerFrom(c.Request.Context()), operation.NewSignIn{
		Provider: provider.Name, Nonce: flow.Nonce, Verifier: flow.Verifier, ReturnTo: LocalPath(returnTo), Browser: browser, Connect: connect,
	})
	if err != nil {
		return "", provider, err
	}
	target, err := d.Providers.Start(c.Request.Context(), provider.Name, flow)
	if err != nil {
		return "", provider, err
	}
	setCookie(c, stateCookie, browser, achievement.SignInPatience)
	return target, provider, nil
}

// callback is where a provider sends the browser back to.
func (d *door) callback(c *gin.Context) {
	provider, source, err := d.Providers.Find(c.Param("provider"))
	if err != nil {
		d.fail(c, err)
		return
	}
	caller := operation.CallerFrom(c.Request.Context())
	answer := c.Request.URL.Query()
	taken, err := d.Operations.TakeSignIn(c.Request.Context(), caller, operation.ReturnedSignIn{
		Provider: provider.Name, State: answer.Get("state"), Browser: cookieOf(c.Request, stateCookie),
	})
	if err != nil {
		d.fail(c, err)
		return
	}
	person, err := d.Providers.Finish(c.Request.Context(), provider.Name, signin.Flow{
		State: answer.Get("state"), Nonce: taken.Nonce, Verifier: taken.Verifier,
	}, answer)
	if err != nil {
		d.fail(c, err)
		return
	}
	identity := operation.Identity{
		Provider: provider.Name, Source: source, ForgeUserID: person.Subject, Login: person.Login, Name: person.Name,
		Email: person.Email, EmailVerified: person.EmailVerified, Admin: person.Admin,
	}
	if err := d.finish(c, caller, taken, identity); err != nil {
		d.fail(c, err)
		return
	}
	d.back(c, taken.ReturnTo)
}

func (d *door) finish(c *gin.Context, caller operation.Caller, taken *operation.SignInView, identity operation.Identity) error {
	if taken.Connect {
		if err := d.Operations.ConnectAccount(c.Request.Context(), caller, identity); err != nil {
			return err
		}
	} else {
		begun, err := d.Operations.SignIn(c.Request.Context(), caller, identity)
		if err != nil {
			return err
		}
		KeepSession(c, begun)
	}
	setCookie(c, stateCookie, "", -1)
	return nil
}
