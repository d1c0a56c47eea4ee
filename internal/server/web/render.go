package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

//go:embed templates static words
var files embed.FS

// policy lets a page style, run and show what comes from here, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// renderer makes pages of templates: each is the layout with the page's own title and main.
type renderer struct {
	words     *words
	templates map[string]func() *template.Template
	assets    map[string]*asset
}

// parsed are the pages of the program by name, which are cloned to be shown: none of their functions is called.
var parsed = sync.OnceValue(func() map[string]*template.Template {
	layout := template.Must(template.New("layout.html").Funcs(new(renderer).functions(new(Pages))).ParseFS(files, "templates/layout.html", "templates/parts/*.html"))
	names, err := fs.Glob(files, "templates/pages/*.html")
	if err != nil {
		panic(err)
	}
	pages := make(map[string]*template.Template, len(names))
	for _, name := range names {
		pages[strings.TrimSuffix(path.Base(name), ".html")] = template.Must(template.Must(layout.Clone()).ParseFS(files, name))
	}
	return pages
})

func newRenderer(p *Pages) *renderer {
	r := &renderer{words: theWords(), templates: map[string]func() *template.Template{}, assets: theAssets()}
	for name, page := range parsed() {
		r.templates[name] = sync.OnceValue(func() *template.Template { return template.Must(page.Clone()).Funcs(r.functions(p)) })
	}
	return r
}

// view is what the layout shows around a page, and the page's own things in Body.
type view struct {
	Body any
	// Viewer is nil for a caller whom nobody knows.
	Viewer *operation.UserView
	// Here is the path of the page, to come back to.
	Here string
	// Done names what was done before this page, "" for nothing.
	Done string
	// Graph is what other sites show of the page; nil for nothing.
	Graph *graph
	// Feed is the path of the page's news, "" for none.
	Feed string
	// Onward is where the page leads by itself, "" for nowhere.
	Onward string
	// Hidden keeps the page out of search engines.
	Hidden bool
	// Bare says that whoever has the page's address is meant, whether signed in or not: nobody is shown as signed in.
	Bare bool
	// Problem is what is wrong with a form that was sent.
	Problem *fault.Error
}

// graph is a page as other sites show it (https://ogp.me, https://oembed.com).
type graph struct{ Title, Description, Type, URL, Image string }

// show answers with the page.
func (p *Pages) show(c *gin.Context, status int, name string, v view) {
	if err := p.frame(c, &v); err != nil {
		problem.Write(c, err)
		return
	}
	var body bytes.Buffer
	if err := p.renderer.templates[name]().ExecuteTemplate(&body, "layout.html", v); err != nil {
		problem.Write(c, fmt.Errorf("rendering %s: %w", name, err))
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	if !v.Bare { // whose address is a secret, which is told nowhere and kept by nobody
		header.Set("Referrer-Policy", "same-origin")
	}
	if !v.Bare && caller(c).Anonymous() && status == http.StatusOK {
		header.Set("ETag", `"`+digest(body.Bytes())+`"`)
		header.Set("Cache-Control", "no-cache")
	}
	c.Status(status)
	_, _ = c.Writer.Write(body.Bytes()) // who hung up reads no error
}

// frame fills in what every page shows of its viewer and its address.
func (p *Pages) frame(c *gin.Context, v *view) error {
	v.Here = p.path + c.Request.URL.EscapedPath()
	if c.Request.Method == http.MethodPost || strings.HasPrefix(c.Request.URL.Path, "/sign-in") {
		v.Here = p.path + "/" // nobody comes back to what a form did, or to an answer that was used
	}
	if done := c.Query("done"); p.renderer.words.has("done_" + done) {
		v.Done = done
	}
	who := caller(c)
	if who.Anonymous() {
		return nil
	}
	var err error
	v.Viewer, err = p.operations.GetCurrentUser(c.Request.Context(), who)
	return err
}

// Fail answers with a page that says what is wrong, and leads who is not signed in and has to be to where that is done.
// It serves every route of people, not those of programs.
func (p *Pages) Fail(c *gin.Context, err error) {
	f := fault.As(err)
	if f.Code != "unauthenticated" {
		p.failed(c, f, view{Hidden: true})
	} else if stopped(c, f) {
		c.Redirect(http.StatusSeeOther, p.path+"/sign-in?return_to="+url.QueryEscape(p.returnTo(c.Request)))
	}
}

// stopped ends what is done for a request, and reports whether it can be answered still.
func stopped(c *gin.Context, f *fault.Error) bool {
	_ = c.Error(f) // for the log
	c.Abort()
	if c.Writer.Written() {
		return false
	}
	c.Header("Cache-Control", "no-store")
	return true
}

// failed answers with a page that says what is wrong.
func (p *Pages) failed(c *gin.Context, f *fault.Error, v view) {
	if !stopped(c, f) {
		return
	}
	status := problem.Status(f.Kind)
	problem.Wait(c, status, f)
	v.Body = map[string]any{"Status": status, "Fault": f}
	p.show(c, status, "error", v)
}

// Leave answers with a page that leads to a provider of sign-in by itself.
func (p *Pages) Leave(c *gin.Context, title, target string) {
	c.Header("Cache-Control", "no-store")
	p.show(c, http.StatusOK, "leaving", view{Hidden: true, Onward: target, Body: title})
}

// returnTo is where who signs in for a request is led: to the page itself, or to the one that the form was on.
func (p *Pages) returnTo(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return p.path + r.URL.RequestURI()
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path == "" {
		return p.path + "/"
	}
	return from.EscapedPath()
}

// digest tells bodies apart.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:12])
}
