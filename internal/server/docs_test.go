package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/api"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestContractInJSON(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	got := d.must(http.StatusOK, "", "GET", "/openapi.json", nil)
	if contentType := got.header.Get("Content-Type"); contentType != "application/json" {
		t.Errorf("it is %q", contentType)
	}
	var inYAML, inJSON any
	if err := yaml.Unmarshal(api.Document(), &inYAML); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(inYAML)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(again, &inYAML); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(got.text), &inJSON); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inYAML, inJSON); diff != "" {
		t.Errorf("JSON says something else than YAML (-YAML +JSON):\n%s", diff)
	}
}

// ask asks as a program that takes gzip only when it says so.
func (d *door) ask(path string, headers ...string) (*http.Response, []byte) {
	d.t.Helper()

	request, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.url+path, http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response, body
}

func TestDocumentationIsServedAndCached(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	for path, want := range map[string]string{
		"/docs": "text/html; charset=utf-8", "/docs/show.js": "text/javascript; charset=utf-8", "/docs/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
		"/docs/swagger-ui.css": "text/css; charset=utf-8", "/docs/favicon-32x32.png": "image/png",
		"/openapi.yaml": "application/yaml", "/openapi.json": "application/json",
	} {
		plain, body := d.ask(path)
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Type") != want || len(body) == 0 || plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s answers %d %v with %d bytes", path, plain.StatusCode, plain.Header, len(body))
		}
		for _, accepted := range []string{"identity", "gzip, br", "gzip;q=0"} {
			first, content := d.ask(path, "Accept-Encoding", accepted)
			if first.Header.Get("Content-Encoding") == "gzip" {
				if accepted != "gzip, br" {
					t.Errorf("%s is compressed for who takes %q", path, accepted)
				}
				content = gunzip(t, content)
			}
			if !bytes.Equal(content, body) {
				t.Errorf("%s is another for who takes %q", path, accepted)
			}
			tag := first.Header.Get("ETag")
			again, rest := d.ask(path, "Accept-Encoding", accepted, "If-None-Match", tag)
			if again.StatusCode != http.StatusNotModified || len(rest) > 0 || first.Header.Get("Cache-Control") != "no-cache" || !regexp.MustCompile(`^"[0-9a-z-]+"$`).MatchString(tag) {
				t.Errorf("%s with the tag %s: asked again, it answers %d with %d bytes", path, tag, again.StatusCode, len(rest))
			}
		}
	}
	if response, _ := d.ask("/docs/swagger-ui-bundle.js", "Accept-Encoding", "gzip"); response.Header.Get("Content-Encoding") != "gzip" || response.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("the bundle is not compressed: %v", response.Header)
	}
	for _, path := range []string{"/docs/", "/docs/index.html", "/docs/swagger-ui.js", "/docs/oauth2-redirect.html", "/docs/../openapi"} {
		if response, _ := d.ask(path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %d", path, response.StatusCode)
		}
	}
}

func gunzip(t *testing.T, content []byte) []byte {
	t.Helper()

	reader, err := gzip.NewReader(strings.NewReader(string(content)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// The policy is as strict as the page allows, and the page has no script or style of its own in it.
func TestDocumentationsPolicy(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	response, body := d.ask("/docs")
	policy := response.Header.Get("Content-Security-Policy")
	for directive := range strings.SplitSeq(policy, "; ") {
		name, sources, _ := strings.Cut(directive, " ")
		for source := range strings.FieldsSeq(sources) {
			if source != "'self'" && source != "'none'" && (source != "data:" || name != "img-src") {
				t.Errorf("the policy allows %s", directive)
			}
		}
	}
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	if inline := regexp.MustCompile(`(?s)<style|style=|\son\w+=|<script[^>]*>[^<]|https?:`).FindString(string(body)); inline != "" {
		t.Errorf("the page holds %q", inline)
	}
}

// watched is what a page did.
type watched struct {
	mutex sync.Mutex
	// asked are the addresses that it asked for, said what it told the console: errors and breaches of the policy.
	asked, said []string
}

func watch(ctx context.Context, t *testing.T) *watched {
	t.Helper()

	w := &watched{}
	err := chromedp.Listen(ctx, func(event any) {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			w.asked = append(w.asked, event.Request.URL)
		case *log.EventEntryAdded:
			w.said = append(w.said, event.Entry.Text)
		case *runtime.EventExceptionThrown:
			w.said = append(w.said, event.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			w.said = append(w.said, string(event.Type))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// check fails the test when the page asked somebody else than the service, or complained.
func (w *watched) check(t *testing.T, service, path string) {
	t.Helper()

	w.mutex.Lock()
	defer w.mutex.Unlock()
	if !slices.Contains(w.asked, service+path) {
		t.Errorf("the page asked for %q, and not for %s", w.asked, path)
	}
	for _, address := range w.asked {
		if !strings.HasPrefix(address, service+"/") && !strings.HasPrefix(address, "data:") {
			t.Errorf("the page asked for %s", address)
		}
	}
	for _, message := range w.said {
		t.Errorf("the page said %q", message)
	}
}

func TestDocumentationInABrowser(t *testing.T) {
	t.Parallel()

	ctx := testkit.Browser(t)
	d := onSQLite(t)
	page := watch(ctx, t)
	const (
		create = "#operations-achievements-createAchievement"
		whoAmI = "#operations-users-getCurrentUser"
	)
	err := chromedp.Do(ctx,
		chromedp.Navigate(d.url+"/docs"), chromedp.WaitVisible(chromedp.CSS(create)),
		chromedp.Click(chromedp.CSS(create+" .opblock-summary-control")), chromedp.WaitVisible(chromedp.CSS(create+" .opblock-body .model-example")),
	)
	if err != nil {
		t.Fatal(err)
	}
	page.check(t, d.url, "/openapi.json")
	// What it offers to try reaches the service, which does not know the caller.
	err = chromedp.Do(ctx,
		chromedp.Click(chromedp.CSS(whoAmI+" .opblock-summary-control")), chromedp.Click(chromedp.CSS(whoAmI+" .try-out__btn")),
		chromedp.Click(chromedp.CSS(whoAmI+" .execute")),
	)
	if err != nil {
		t.Fatal(err)
	}
	status, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(whoAmI+" .live-responses-table .response .response-col_status")))
	if err != nil || !strings.HasPrefix(status, "401") {
		t.Errorf("the service answered %q, %v", status, err)
	}
}
