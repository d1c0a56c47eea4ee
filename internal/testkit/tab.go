package testkit

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// stepTimeout ends a step that never comes to its end, so that the tests after it have a browser still.
const stepTimeout = time.Minute

// Tab is a tab of a browser, which notes whatever the pages in it do that they should not.
type Tab struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // chromedp keeps a tab in one
	service string

	mutex sync.Mutex
	// wrong is what pages did that they should not, and status what the last document was answered with.
	wrong  []string
	status int
	// allowed is the status that a document may have although it is an error's.
	allowed int
}

// Look is how a page is looked at. The zero value of each but the size is what a desktop has by day.
type Look struct {
	Width, Height int64
	// Scale is how many pixels of the device a CSS pixel is wide; 0 is 1.
	Scale float64
	Dark  bool
	// Touch is a finger in the mouse's place.
	Touch bool
	// Print is the page as a printer gets it.
	Print bool
	// Scriptless is a browser that runs no scripts.
	Scriptless bool
}

// OpenTab opens a tab of the browser. Tabs that are opened from another's context have the same cookies; one with
// chromedp.WithNewBrowserContext has none. It is closed when the test ends.
func OpenTab(ctx context.Context, t *testing.T, service string, options ...chromedp.ContextOption) *Tab {
	t.Helper()

	ctx, closeTab := chromedp.NewContext(ctx, options...)
	t.Cleanup(closeTab)
	tab := &Tab{t: t, ctx: ctx, service: service}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		t.Fatal(err)
	}
	// What breaks the policy is told to the console, whatever directive it breaks.
	const tell = `addEventListener("securitypolicyviolation", (event) =>
		console.error("breaks the policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample))`
	call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: tell})
	call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return tab
}

// Context returns what actions are run in, and what tabs with the same cookies are opened from.
func (tab *Tab) Context() context.Context { return tab.ctx }

func call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()

	result, err := chromedp.Call(tab.ctx, command, params)
	if err != nil {
		tab.t.Fatal(err)
	}
	return result
}

// hear notes what happens in the tab.
func (tab *Tab) hear(event any) {
	tab.mutex.Lock()
	defer tab.mutex.Unlock()

	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		ours := slices.ContainsFunc([]string{tab.service + "/", "data:", "blob:"}, func(start string) bool {
			return strings.HasPrefix(event.Request.URL, start)
		})
		if !ours {
			tab.notef("asks %s", event.Request.URL)
		}
	case *network.EventResponseReceived:
		if event.Type == network.ResourceTypeDocument {
			tab.status = int(event.Response.Status)
		}
		bad := event.Response.Status >= http.StatusBadRequest
		if bad && (event.Type != network.ResourceTypeDocument || int(event.Response.Status) != tab.allowed) {
			tab.notef("gets %d for %s", event.Response.Status, event.Response.URL)
		}
	case *log.EventEntryAdded:
		// What the network did is noted above; what is verbose are hints.
		if event.Entry.Source != log.EntrySourceNetwork && event.Entry.Level != log.EntryLevelVerbose {
			tab.notef("logs %s", event.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		tab.notef("throws %s %v", event.ExceptionDetails.Text, event.ExceptionDetails.Exception)
	case *runtime.EventConsoleAPICalled:
		var said []string
		for _, arg := range event.Args {
			said = append(said, string(arg.Value))
		}
		tab.notef("says %s %s", event.Type, strings.Join(said, " "))
	}
}

func (tab *Tab) notef(format string, args ...any) {
	if happened := fmt.Sprintf(format, args...); !slices.Contains(tab.wrong, happened) {
		tab.wrong = append(tab.wrong, happened)
	}
}

// Check fails the test for what pages did that they should not since it was last asked: requests to others, breaches of
// the policy, errors in the console, and what could not be loaded.
func (tab *Tab) Check() {
	tab.t.Helper()
	tab.mutex.Lock()
	defer tab.mutex.Unlock()

	for _, happened := range tab.wrong {
		tab.t.Errorf("the page %s", happened)
	}
	tab.wrong = nil
}

// Visit opens the page at the path of the service, which must be answered with the status.
func (tab *Tab) Visit(path string, status int) {
	tab.t.Helper()

	tab.mutex.Lock()
	tab.allowed = status
	tab.mutex.Unlock()
	tab.Do(chromedp.Navigate(tab.service + path))
	tab.mutex.Lock()
	defer tab.mutex.Unlock()
	if tab.status != status {
		tab.t.Errorf("%s answers %d, want %d", path, tab.status, status)
	}
}

// Do runs the actions, and fails the test when one cannot be.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()

	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		tab.t.Fatal(err)
	}
}

// Ask returns what the expression is in the page; it waits for a promise.
func Ask[T any](tab *Tab, expression string) T {
	tab.t.Helper()

	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%.200s: %v", expression, err)
	}
	return answer
}

// Until waits until the expression is true in the page. The test fails with what is meant by it when it never is.
func (tab *Tab) Until(what, expression string) {
	tab.t.Helper()

	if _, err := chromedp.Run(tab.ctx, chromedp.Poll[bool](expression)); err != nil {
		tab.t.Fatalf("%s: not so: %s: %v", what, expression, err)
	}
}

// Look looks at pages in another way from now on. Nothing moves in any of them.
func (tab *Tab) Look(look Look) {
	tab.t.Helper()

	scheme := "light"
	if look.Dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if look.Print {
		media.Media = "print"
	}
	call(tab, emulation.SetEmulatedMedia, media)
	call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: look.Width, Height: look.Height, DeviceScaleFactor: look.Scale, Mobile: look.Touch,
	})
	call(tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: look.Touch, MaxTouchPoints: 1})
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: look.Scriptless})
}

// SignIn signs in with a token, as people do.
func (tab *Tab) SignIn(token string) {
	tab.t.Helper()

	tab.Visit("/sign-in", http.StatusOK)
	tab.Do(chromedp.SendKeys(chromedp.CSS("#token"), token))
	tab.Submit(chromedp.Submit(chromedp.CSS("#token")))
}

// Submit does what leads to another page, and waits for that one.
func (tab *Tab) Submit(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()

	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		tab.t.Fatal(err)
	}
}

// Picture returns the part of the page that fits into the height, as WebP, with every picture in it loaded.
func (tab *Tab) Picture(look Look, height int64) []byte {
	tab.t.Helper()

	tab.Look(look)
	look.Height = min(height, max(look.Height, Ask[int64](tab, "document.documentElement.scrollHeight")))
	tab.Look(look)
	tab.Loaded()
	quality := int64(60)
	return call(tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatWebp, Quality: &quality,
	}).Data
}

// Loaded waits until the pictures are there that can be seen, and the page is drawn with them.
func (tab *Tab) Loaded() {
	tab.t.Helper()

	tab.Until("the pictures are loaded", `[...document.images].every((image) => {
		const box = image.getBoundingClientRect();
		return box.width === 0 || box.top > innerHeight || box.bottom < 0 || image.complete;
	})`)
	Ask[bool](tab, `Promise.all([...document.images].filter((image) => image.complete && image.naturalWidth).map((image) => image.decode()))
		.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))`)
}
