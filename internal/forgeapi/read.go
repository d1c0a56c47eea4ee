package forgeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

const (
	// pageSize is how many things a step lists.
	pageSize = 50
	// maxPages is how many pages of a list are read at once; a forge that never comes to an end is not believed.
	maxPages = 1000
)

// object is one thing that the API shows, as it shows it.
type object map[string]json.RawMessage

// null is what an object says of what there is none of.
var null = json.RawMessage("null")

// with returns a copy of the object with a field more.
func (o object) with(name string, value any) object {
	whole := make(object, len(o)+1)
	maps.Copy(whole, o)
	whole[name] = encode(value)
	return whole
}

// encode writes a value that is known to be writable.
func encode(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		return null
	}
	return raw
}

// sent returns the object without fields of which there is nothing to send.
func (o object) sent() object {
	maps.DeleteFunc(o, func(_ string, raw json.RawMessage) bool { return len(raw) == 0 })
	return o
}

// texts returns a list of texts; nil when there is none.
func (o object) texts(name string) []string {
	var all []string
	if json.Unmarshal(o[name], &all) != nil {
		return nil
	}
	return all
}

// in returns the object under a name; nil when there is none.
func (o object) in(name string) object {
	var inner object
	if json.Unmarshal(o[name], &inner) != nil {
		return nil
	}
	return inner
}

// text returns a text, or a number as it is written; empty when there is neither.
func (o object) text(name string) string {
	raw := bytes.TrimSpace(o[name])
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return ""
	case raw[0] == '"':
		_ = json.Unmarshal(raw, &text)
		return text
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return string(raw)
	}
	return ""
}

// objects returns a list of objects; nil when there is none.
func (o object) objects(name string) []object {
	var all []object
	if json.Unmarshal(o[name], &all) != nil {
		return nil
	}
	return all
}

// milliseconds returns a time that is written in milliseconds of Unix time; zero when there is none.
func (o object) milliseconds(name string) time.Time {
	count, err := strconv.ParseInt(o.text(name), 10, 64)
	if err != nil || count == 0 {
		return time.Time{}
	}
	return time.UnixMilli(count).UTC()
}

// is reports whether a field is true.
func (o object) is(name string) bool { return string(bytes.TrimSpace(o[name])) == "true" }

// at returns a time; zero when there is none.
func (o object) at(name string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, o.text(name))
	if at.Year() < 2 { // Gitea writes zero times out.
		return time.Time{}
	}
	return at
}

// read returns the object that a path shows.
func (a *API) read(ctx context.Context, path string) (object, error) {
	got, err := a.client.get(ctx, path)
	if err != nil {
		return nil, a.explain(err)
	}
	var whole object
	if err := json.Unmarshal(got.body, &whole); err != nil {
		return nil, unreadable(path, err)
	}
	return whole, nil
}

// list returns the objects that a path lists, and the address of the next page, empty at the end.
func (a *API) list(ctx context.Context, path string, accept ...string) ([]object, string, error) {
	got, err := a.client.get(ctx, path, accept...)
	if err != nil {
		return nil, "", a.explain(err)
	}
	if bytes.HasPrefix(bytes.TrimSpace(got.body), []byte("{")) {
		return wrapped(path, got.body)
	}
	var all []object
	if err := json.Unmarshal(got.body, &all); err != nil {
		return nil, "", unreadable(path, err)
	}
	return all, linkTo(got.header, "next"), nil
}

// wrapped reads a page as the Bitbuckets write it: Cloud has the address of the next one in it, and Data Center the number
// of the first thing on it.
func wrapped(path string, body []byte) (all []object, next string, err error) {
	var page struct {
		Values []object `json:"values"`
		Next   string   `json:"next"`
		IsLast *bool    `json:"isLastPage"`
		Start  *int64   `json:"nextPageStart"`
	}
	if err := json.Unmarshal(body, &page); err != nil || page.Values == nil {
		return nil, "", unreadable(path, err)
	}
	if page.Next != "" || page.IsLast == nil || *page.IsLast || page.Start == nil {
		return page.Values, page.Next, nil
	}
	where, err := url.Parse(path)
	if err != nil {
		return nil, "", unreadable(path, err)
	}
	query := where.Query()
	query.Set("start", strconv.FormatInt(*page.Start, 10))
	where.RawQuery = query.Encode()
	return page.Values, where.String(), nil
}

// listAll follows a list to its end. Of what is not there, or not to be seen, it lists nothing.
func (a *API) listAll(ctx context.Context, path string) ([]object, error) {
	whole, next, err := a.listIf(ctx, path)
	if _, unseen := errors.AsType[*unseenError](err); unseen {
		return nil, nil
	}
	for pages := 1; err == nil && next != "" && pages < maxPages; pages++ {
		var part []object
		part, next, err = a.list(ctx, next)
		whole = append(whole, part...)
	}
	return whole, err
}

// listRoster is listAll that tells whether the list is whole: what may not be seen is no news of anybody's leaving. When
// somebody leaves between two pages, the first of the next one moves up and is passed over: a list of several pages is read
// twice, and whole only if both times it shows the same.
func (a *API) listRoster(ctx context.Context, path string) (whole []object, all bool, err error) {
	whole, pages, err := a.listPages(ctx, path)
	if err == nil && pages > 1 {
		a.client.forget()
		var again []object
		if again, _, err = a.listPages(ctx, path); err == nil {
			return whole, pages < maxPages && slices.Equal(identities(whole), identities(again)), nil
		}
	}
	if refusedWith(err, http.StatusNotFound, http.StatusGone, http.StatusForbidden) {
		return whole, false, nil
	}
	return whole, true, err
}

// listPages follows a list to its end, and returns how many pages it had.
func (a *API) listPages(ctx context.Context, path string) (whole []object, pages int, err error) {
	for path != "" && err == nil && pages < maxPages {
		var part []object
		part, path, err = a.list(ctx, path)
		whole, pages = append(whole, part...), pages+1
	}
	return whole, pages, err
}

// identities returns the ids of people, in order.
func identities(people []object) []string {
	ids := make([]string, len(people))
	for i, person := range people {
		ids[i] = person.text("id") + person.in("user").text("uuid")
	}
	slices.Sort(ids)
	return ids
}

func unreadable(path string, cause error) error {
	path, _, _ = strings.Cut(path, "?")
	return fault.New(fault.Conflict, "forge_refused", "what the forge answers for %s is not what it documents; is api_url right?", path).Because(cause)
}

// tokenRefused is the code of the fault that the forge does not know the token.
const tokenRefused = "forge_token_refused" //nolint:gosec // no secret

// explain makes a fault of a refusal of the token, and leaves everything else to whoever asked.
func (a *API) explain(err error) error {
	if refusedWith(err, http.StatusUnauthorized) {
		return fault.New(fault.Conflict, tokenRefused, "the forge does not know the token of the source %q", a.src.Name).Because(err)
	}
	return err
}

// IsTokenRefused reports whether the error says that the forge does not know the token, which may be mended.
func IsTokenRefused(err error) bool { return err != nil && fault.As(err).Code == tokenRefused }

// Explain makes of an error of this package a fault that may be shown: what the forge has refused, and why.
func Explain(err error) error {
	if IsTokenRefused(err) {
		return err
	}
	if refused, ok := errors.AsType[*refusal](err); ok {
		return fault.New(fault.Conflict, "forge_refused", "the forge refused %s", refused.Error()).Because(err)
	}
	if wait, ok := errors.AsType[*WaitError](err); ok {
		return fault.New(fault.Limited, "forge_limit", "%s", wait.Error()).Because(err)
	}
	return err
}

// linkTo returns the address of a relation in the Link header (RFC 8288).
func linkTo(header http.Header, relation string) string {
	for _, line := range header.Values("Link") {
		for link := range strings.SplitSeq(line, ",") {
			address, rest, ok := strings.Cut(strings.TrimSpace(link), ">")
			if ok && strings.HasPrefix(address, "<") && strings.Contains(rest, `rel="`+relation+`"`) {
				return address[1:]
			}
		}
	}
	return ""
}

// hears reads the body that a webhook would have had, and adds what it tells to the page. The time is that of what
// happened, for events whose bodies do not say it.
func (a *API) hears(page *Page, header http.Header, body object, at time.Time) {
	events, err := a.speaks.Events(a.src, forge.Request{Header: header, Body: encode(body), ReceivedAt: at})
	if _, unknown := errors.AsType[*forge.UnknownError](err); err != nil && !unknown {
		page.Unreadable++
	}
	page.Events = append(page.Events, events...)
}

// cursor is how far a listing was read: by the time since when things have changed, by the page, or by the address of the
// next page.
type cursor struct {
	Since time.Time `json:"since,omitzero"`
	Page  int       `json:"page,omitempty"`
	Link  string    `json:"link,omitempty"`
	// Tail is the id of the last thing of the page before, and Again how often these pages were begun anew.
	Tail  string `json:"tail,omitempty"`
	Again int    `json:"again,omitempty"`
}

// mostAgain is how often pages that shift are begun anew.
const mostAgain = 10

func parseCursor(position string, since time.Time) (cursor, error) {
	if position == "" {
		return cursor{Since: since, Page: 1}, nil
	}
	var c cursor
	if err := json.Unmarshal([]byte(position), &c); err != nil {
		return c, fault.New(fault.Internal, "bad_cursor", "the position %q is none of a listing", position)
	}
	c.Page = max(c.Page, 1)
	return c, nil
}

func (c cursor) String() string { return string(encode(c)) }

// link is the cursor of the page at an address; empty when there is none.
func (c cursor) link(next string) string {
	if next == "" {
		return ""
	}
	return cursor{Since: c.Since, Link: next}.String()
}

// path is the path of the first page, or the address of the page at the cursor.
func (c cursor) path(first string) string {
	if c.Link != "" {
		return c.Link
	}
	return first
}

// walk reads a page of a list of what changed at or after a time, the oldest first, and returns the cursor behind it. It
// goes on by the time of the last change: what changes meanwhile moves to the end, where it is read again, and what moves up
// is not passed over. It goes back a second, for forges that list what changed after a time and not at it. Only where that
// gets no further, since more things than a page holds changed at one time, it goes on by pages; and when something has
// left those before, which shows by their end, it begins them anew. The path is that of a page at the cursor;
// changed is the name of the field that says when.
func (a *API) walk(ctx context.Context, step cursor, path func(cursor) string, changed string) ([]object, string, error) {
	listed, more, err := a.list(ctx, path(step))
	if err != nil {
		return nil, "", err
	}
	if step.Page > 1 && step.Again < mostAgain {
		before := step
		before.Page--
		earlier, _, err := a.list(ctx, path(before))
		if err != nil {
			return nil, "", err
		}
		if len(earlier) == 0 || earlier[len(earlier)-1].text("id") != step.Tail {
			return listed, cursor{Since: step.Since, Page: 1, Again: step.Again + 1}.String(), nil
		}
	}
	if more == "" || len(listed) == 0 {
		return listed, "", nil
	}
	last := listed[len(listed)-1]
	if next := last.at(changed).Add(-time.Second).Truncate(time.Second); next.After(step.Since) {
		return listed, cursor{Since: next, Page: 1}.String(), nil
	}
	return listed, cursor{Since: step.Since, Page: step.Page + 1, Tail: last.text("id"), Again: step.Again}.String(), nil
}

// query returns the page of a walk as the parameters that GitHub and GitLab share.
func (c cursor) query() string {
	return "&per_page=" + strconv.Itoa(pageSize) + "&page=" + strconv.Itoa(c.Page)
}

// sinceParameter returns the parameter of the name with the cursor's time; empty without one.
func (c cursor) sinceParameter(name string) string {
	if c.Since.IsZero() {
		return ""
	}
	return "&" + name + "=" + c.Since.UTC().Format("2006-01-02T15:04:05Z")
}
