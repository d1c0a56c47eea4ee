// Package operation is what people may see and do: every operation of the API is a method that
// takes a Caller.
//
// A method checks its input, opens one transaction, asks may.go whether the caller may, and returns
// a view that a door only has to translate, or a fault. What the caller may not see is NotFound,
// what they may see but not do is Forbidden. The package may open transactions, and imports the
// nouns, fault, store, and automation for what rules say.
package operation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// The kinds of job that a change of an award leaves in the outbox. Automation leaves the same ones
// and does them; the two rooms share the book and not each other.
const (
	jobAwardGranted = "award.granted"
	jobAwardRevoked = "award.revoked"
)

// maxDecoding is how many pictures are decoded at once.
const maxDecoding = 2

// Config is what Operations works with.
type Config struct {
	Store *store.Store
	// Now is the clock: UTC, to the microsecond.
	Now func() time.Time
	// Sources are the names of the configured sources, which accounts may be linked on.
	Sources []string
	// Log is told what whoever runs the service should know; nil for nobody.
	Log *slog.Logger
	// Announce is called after a commit that queued work for the outbox; nil for nobody.
	Announce func()
	// Automation knows the rules.
	Automation *automation.Automation
	// AcceptanceRequired hides what a person is awarded until they accept it.
	AcceptanceRequired bool
	// HidePrivateAwards hides awards from those who may not read the awarding namespace.
	HidePrivateAwards bool
}

// Operations are all operations. Create it with New; its methods may be called concurrently.
type Operations struct {
	automation *automation.Automation
	store      *store.Store
	now        func() time.Time
	log        *slog.Logger
	sources    map[string]bool
	announce   func()
	// accepting says that awards are hidden until they are accepted.
	accepting bool
	// hiding says that awards are hidden from those who may not read the awarding namespace.
	hiding bool
	// decoding bounds how many pictures are decoded at once: one may take 100 MB for a moment.
	decoding chan struct{}
	// thumbnails are small pictures by the hashes of the large ones.
	thumbnails *lru.Cache[string, []byte]
}

// New returns the operations on the store.
func New(cfg Config) *Operations {
	announce := cfg.Announce
	if announce == nil {
		announce = func() {}
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	sources := map[string]bool{}
	for _, name := range cfg.Sources {
		sources[name] = true
	}
	return &Operations{
		automation: cfg.Automation, store: cfg.Store, now: cfg.Now, log: log, sources: sources, announce: announce,
		accepting: cfg.AcceptanceRequired, hiding: cfg.HidePrivateAwards, decoding: make(chan struct{}, maxDecoding),
		thumbnails: newThumbnails(),
	}
}

// enqueue leaves the job that tells of an award in the award's own transaction.
func (o *Operations) enqueue(ctx context.Context, tx *store.Tx, kind string, awardID int64) error {
	args, err := json.Marshal(map[string]int64{"award_id": awardID})
	if err != nil {
		return fmt.Errorf("encoding a job: %w", err)
	}
	return tx.EnqueueJobs(ctx, []store.Job{{
		Kind: kind, UniqueKey: fmt.Sprintf("%s:%d", kind, awardID), Args: args, RunAt: o.now(),
	}})
}

// Page asks for a part of a list: at most Limit items (1 to 100, 0 for 20) after the cursor of the
// part before.
type Page struct {
	Limit  int
	Cursor string
}

func (p Page) inStore() store.Page { return store.Page{Limit: p.Limit, After: p.Cursor} }

// Listing is a part of a list. Next is the cursor of the next part, "" on the last one.
type Listing[T any] struct {
	Items []T
	Next  string
}

// allOf joins the faults of single fields into one. It returns the first error that is no such
// fault, and nil when there is none at all.
func allOf(errs ...error) error {
	var joined *fault.Error
	var texts []string
	for _, err := range errs {
		if err == nil {
			continue
		}
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Invalid {
			return err
		}
		if joined == nil {
			joined = fault.New(fault.Invalid, f.Code, "")
		}
		joined.Fields = append(joined.Fields, f.Fields...)
		texts = append(texts, f.Text)
	}
	if joined == nil {
		return nil
	}
	joined.Text = strings.Join(texts, "; ")
	return joined
}
