package testkit

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browserTimeout ends a test whose page never becomes what it waits for.
const browserTimeout = 3 * time.Minute

// Browser starts a headless Chromium that nobody has used before, and returns the context to drive a tab
// of it with; it is closed when the test ends. Its path comes from ACCOLADE_TEST_CHROMIUM.
func Browser(t *testing.T) context.Context {
	t.Helper()

	return BrowserFor(t, browserTimeout)
}

// BrowserFor is a Browser for tests that share one, whose pages may take as long.
func BrowserFor(t *testing.T, timeout time.Duration) context.Context {
	t.Helper()

	path := need(t, "ACCOLADE_TEST_CHROMIUM")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.DisableGPU, chromedp.WindowSize(1280, 1024),
		chromedp.NoSandbox, // root, as in a container, cannot have one; the pages are our own
		// It asks nobody but the test's own servers.
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithErrorf(t.Logf))
	t.Cleanup(closeTab)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing the browser: %v", err)
		}
	})
	return ctx
}
