package forgeapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// mostPassed is how many deliveries a cursor knows again.
const mostPassed = 20_000

// logCursor is a page of the deliveries of a hook.
type logCursor struct {
	Place string `json:"place"`
	Hook  string `json:"hook"`
	// Query is that of the page's address.
	Query string `json:"query"`
	// Passed are digests of the deliveries that the pages before had tries of, and this one and those behind it may have.
	Passed []byte `json:"passed,omitempty"`
}

// String writes the cursor as one word.
func (c logCursor) String() string { return base64.RawURLEncoding.EncodeToString(encode(c)) }

// passedDigest stands for what all tries of a delivery share. It is as short as it can be, since a cursor has many: should two
// be the same, one delivery is not asked for.
type passedDigest [8]byte

func passedBy(shared string) passedDigest {
	whole := sha256.Sum256([]byte(shared))
	return passedDigest(whole[:len(passedDigest{})])
}

// hookLog is what was read of the deliveries of a hook. The newest come first, so that of each the tries that came after it are
// known.
type hookLog struct {
	kept    deliveryLog
	hook    Hook
	path    string
	failed  []Lost
	shares  []string
	arrived map[string]bool
	seen    map[string]bool
	passed  map[passedDigest]bool
}

func newLog(kept deliveryLog, hook Hook) *hookLog {
	return &hookLog{kept: kept, hook: hook, path: kept.path(hook), arrived: map[string]bool{}, seen: map[string]bool{}, passed: map[passedDigest]bool{}}
}

// goOn returns the log of the hook that the cursor is of, and which one of the hooks that is.
func goOn(kept deliveryLog, hooks []Hook, cursor string) (*hookLog, int, error) {
	var at logCursor
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	number := slices.IndexFunc(hooks, func(hook Hook) bool { return hook.Place == at.Place && hook.ID == at.Hook })
	if err != nil || number < 0 {
		bad := fault.InvalidField("cursor", "bad_cursor", "is no cursor of these deliveries")
		bad.Code = "bad_cursor"
		return nil, 0, bad
	}
	log := newLog(kept, hooks[number])
	log.path = withoutQuery(log.path) + "?" + at.Query
	for digest := range slices.Chunk(at.Passed, len(passedDigest{})) {
		if len(digest) == len(passedDigest{}) {
			log.passed[passedDigest(digest)] = true
		}
	}
	return log, number, nil
}

// cursor is where the log was read to.
func (l *hookLog) cursor() string {
	_, query, _ := strings.Cut(l.path, "?")
	at := logCursor{Place: l.hook.Place, Hook: l.hook.ID, Query: query}
	for digest := range l.passed {
		if len(at.Passed) < mostPassed*len(digest) {
			at.Passed = append(at.Passed, digest[:]...)
		}
	}
	return at.String()
}

// search looks through the deliveries of hooks, a page at a time.
func (a *API) search(ctx context.Context, kept deliveryLog, hooks []Hook, search LogSearch) (lost []Lost, next string, err error) {
	number, log := 0, newLog(kept, hooks[0])
	if search.Cursor != "" {
		if log, number, err = goOn(kept, hooks, search.Cursor); err != nil {
			return nil, "", err
		}
	}
	for {
		if err := a.readLog(ctx, log, search); err != nil {
			return append(lost, log.lost()...), "", err
		}
		if log.path == "" {
			lost = append(lost, log.lost()...)
			number++
			if number == len(hooks) {
				return lost, "", nil
			}
			log = newLog(kept, hooks[number])
		}
		if search.Enough != nil && search.Enough() {
			return append(lost, log.lost()...), log.cursor(), nil
		}
	}
}

// readLog reads a page of a log.
func (a *API) readLog(ctx context.Context, log *hookLog, search LogSearch) error {
	a.client.forget()
	listed, next, err := a.list(ctx, log.path)
	if err != nil {
		return Explain(err)
	}
	for _, one := range listed {
		delivery, shared, ok := log.kept.read(one)
		if !delivery.At.IsZero() && delivery.At.Before(search.Since) {
			next = ""
			continue
		}
		if shared == "" {
			shared = "delivery " + one.text("id")
		}
		digest := passedBy(shared)
		switch {
		case log.passed[digest] && !log.seen[shared] && !log.arrived[shared]: // by an earlier search
			continue
		case ok:
			log.arrived[shared] = true
		case !log.seen[shared]:
			log.seen[shared] = true
			delivery.Place, delivery.again = log.hook.Place, log.kept.again(log.hook, url.PathEscape(one.text("id")))
			log.failed, log.shares = append(log.failed, delivery), append(log.shares, shared)
		}
		if !log.kept.first(one) {
			log.passed[digest] = true
		}
	}
	log.path = next
	return nil
}

// lost returns the deliveries of which no try has arrived.
func (l *hookLog) lost() (lost []Lost) {
	for i, delivery := range l.failed {
		if !l.arrived[l.shares[i]] {
			lost = append(lost, delivery)
		}
	}
	return lost
}
