package forgeapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

const (
	// answerSize is the largest answer that is read, and requestFor how long one request may take unless it is said.
	answerSize = 32 << 20
	requestFor = 30 * time.Second
	// tries is how often a request that fails for no fault of its own is made, and firstPause the pause before the
	// second; each further one is twice as long.
	tries      = 5
	firstPause = time.Second
	// patience is how long a forge may ask to wait before it is the caller's matter.
	patience = 5 * time.Second
	// memoSize bounds the answers that are kept until a step is complete.
	memoSize = 64 << 20
)

// client makes the requests, one at a time, as GitHub asks for: see
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
type client struct {
	http      *http.Client
	base      *url.URL
	authorize func(http.Header)
	now       func() time.Time
	sleep     func(context.Context, time.Duration) error
	timeout   time.Duration

	// memo holds the answers of the step at hand, so that a step that is broken off is not begun anew.
	memo   map[string]*answer
	memoed int
	// strikes is how often in a row the forge has asked to wait without saying for how long.
	strikes int
}

// answer is what the forge said.
type answer struct {
	body   []byte
	header http.Header
}

func newClient(cfg Config, base *url.URL, now func() time.Time) *client {
	sleep := cfg.Sleep
	if sleep == nil {
		sleep = sleepFor
	}
	return &client{
		http: &http.Client{Transport: cfg.Transport, CheckRedirect: sameHost}, base: base, now: now, sleep: sleep,
		timeout: cmp.Or(cfg.Timeout, requestFor),
		memo:    map[string]*answer{},
	}
}

func sleepFor(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// sameHost follows redirects, which renamed repositories answer with, but never with the token to another host.
func sameHost(req *http.Request, via []*http.Request) error {
	switch first := via[0].URL; {
	case len(via) >= 5:
		return errors.New("too many redirects")
	case req.URL.Host != first.Host || req.URL.Scheme != first.Scheme:
		return errors.New("redirected to another host")
	}
	return nil
}

// apiURL returns where the API of a source is.
func apiURL(src forge.Source, d dialect) (*url.URL, error) {
	address := src.APIURL
	web := strings.TrimRight(src.BaseURL, "/")
	switch {
	case address != "":
	case d.public != "" && (web == "" || strings.EqualFold(web, d.publicWeb)):
		address = d.public
	case web != "":
		address = web + d.path
	default:
		return nil, fault.New(fault.Conflict, "source_without_address",
			"the source %q says neither base_url nor api_url, so that its forge cannot be found", src.Name)
	}
	base, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || base.Host == "" {
		return nil, fault.InvalidField("api_url", "bad_url", "must start with https:// or http:// and name a host")
	}
	return base, nil
}

// WaitError says that the forge asks not to be asked again before a time.
type WaitError struct{ Until time.Time }

// Error says until when.
func (e *WaitError) Error() string {
	return "the forge asks to wait until " + e.Until.UTC().Format(time.RFC3339)
}

// refusal is an answer that trying again does not change.
type refusal struct {
	method, path string
	status       int
	message      string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s %s was answered %d %s", r.method, r.path, r.status, r.message)
}

// refusedWith reports whether the error is a refusal with one of the statuses.
func refusedWith(err error, statuses ...int) bool {
	refused, ok := errors.AsType[*refusal](err)
	return ok && slices.Contains(statuses, refused.status)
}

// get asks for a path below the API, or for an address that the forge itself has named as the next one.
func (c *client) get(ctx context.Context, path string, accept ...string) (*answer, error) {
	if known, ok := c.memo[path]; ok {
		return known, nil
	}
	got, err := c.do(ctx, http.MethodGet, path, nil, accept...)
	if err != nil {
		return nil, err
	}
	if c.memoed += len(got.body); c.memoed <= memoSize {
		c.memo[path] = got
	}
	return got, nil
}

// forget forgets what a step that is complete was answered.
func (c *client) forget() { c.memo, c.memoed = map[string]*answer{}, 0 }

// do makes a request until it is answered. What changes something is made again only if it cannot have arrived.
func (c *client) do(ctx context.Context, method, path string, body any, accept ...string) (*answer, error) {
	where, err := c.resolve(path)
	if err != nil {
		return nil, err
	}
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("composing a request: %w", err)
		}
	}
	pause := firstPause
	for try := 1; ; try++ {
		got, err := c.once(ctx, method, where, text, accept)
		passing, isPassing := errors.AsType[*passingError](err)
		switch {
		case !isPassing:
			return got, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case passing.wait > patience:
			return nil, &WaitError{Until: c.now().Add(passing.wait)}
		case try == tries || method != http.MethodGet && passing.wait == 0:
			return nil, fault.UnavailableFor("the forge's API", time.Minute).Because(passing.cause)
		}
		wait := passing.wait
		if wait == 0 {
			wait = pause/2 + rand.N(pause) //nolint:gosec // it only keeps many from trying at the same time
			pause *= 2
		}
		if err := c.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// passingError is a failure that another try may not meet.
type passingError struct {
	cause error
	// wait is how long the forge asks to wait; 0 when it does not say.
	wait time.Duration
}

func (e *passingError) Error() string { return e.cause.Error() }

func (c *client) once(ctx context.Context, method string, where *url.URL, body []byte, accept []string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, where.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("composing a request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if len(accept) > 0 {
		req.Header.Set("Accept", accept[0])
	}
	req.Header.Set("User-Agent", "Accolade")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorize(req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &passingError{cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, answerSize+1))
	switch {
	case err != nil:
		return nil, &passingError{cause: err}
	case len(text) > answerSize:
		return nil, fault.New(fault.Conflict, "forge_refused", "%s was answered with more than %d MiB", where.Path, answerSize>>20)
	}
	return c.judge(resp, method, where, text)
}

// judge sorts an answer into what it means.
func (c *client) judge(resp *http.Response, method string, where *url.URL, text []byte) (*answer, error) {
	refused := &refusal{method: method, path: where.Path, status: resp.StatusCode, message: messageOf(text)}
	if wait, ok := c.limited(resp, refused.message); ok {
		return nil, &passingError{cause: refused, wait: wait}
	}
	c.strikes = 0
	switch {
	case resp.StatusCode >= 500:
		return nil, &passingError{cause: refused}
	case resp.StatusCode >= 300:
		return nil, refused
	}
	return &answer{body: text, header: resp.Header}, nil
}

// messageOf returns what a forge says of a refusal, as one line.
func messageOf(text []byte) string {
	var said struct {
		Message any `json:"message"`
		Error   any `json:"error"`
		Errors  []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(text, &said) != nil {
		return ""
	}
	var parts []string
	for _, part := range []any{said.Message, said.Error} {
		if part != nil {
			parts = append(parts, fmt.Sprint(part))
		}
	}
	for _, each := range said.Errors {
		if each.Message != "" {
			parts = append(parts, each.Message)
		}
	}
	line := strings.Join(strings.Fields(strings.Join(parts, ": ")), " ")
	return strings.ToValidUTF8(line[:min(len(line), 200)], "")
}

// resolve makes an address of a path below the API, or checks that one that the forge has named is its own.
func (c *client) resolve(path string) (*url.URL, error) {
	if strings.HasPrefix(path, "/") {
		return url.Parse(c.base.String() + path)
	}
	where, err := url.Parse(path)
	if err != nil || where.Host != c.base.Host || where.Scheme != c.base.Scheme || where.User != nil {
		return nil, fault.New(fault.Conflict, "forge_refused", "the forge names an address of another host as its next page; is api_url right?")
	}
	return where, nil
}
