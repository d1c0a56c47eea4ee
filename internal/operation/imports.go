package operation

import (
	"context"
	"time"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Import is a reading of what the forge of a source lists.
type Import = store.Import

// ImportPart is one list that an import reads.
type ImportPart = store.ImportPart

// ImportWish says what is to be read.
type ImportWish struct {
	Source string
	// Purpose is automation.Importing or Reconciling; empty for the former.
	Purpose string
	// Since leaves out what happened before; zero for nothing.
	Since  time.Time
	DryRun bool
}

// StartImport begins to read what a source's forge lists, in the background. Role: admin. Faults: NotFound; Invalid;
// Conflict import_running, source_on_trial, source_without_token, source_without_projects, source_without_api,
// source_without_address.
func (o *Operations) StartImport(ctx context.Context, caller Caller, wish ImportWish) (*Import, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	switch {
	case wish.Purpose == automation.Reconciling && !wish.Since.IsZero():
		return nil, fault.InvalidField("since", "not_reconciling", "is said for an import alone: a reconciliation begins where the last reading began")
	case wish.Since.After(o.now()):
		return nil, fault.InvalidField("since", "in_future", "is in the future")
	}
	im := &Import{Source: wish.Source, Purpose: wish.Purpose, Since: wish.Since, DryRun: wish.DryRun, StartedBy: caller.ID()}
	if im.Purpose == "" {
		im.Purpose = automation.Importing
	}
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := o.automation.StartImport(ctx, tx, im); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "import.started", object: "import", objectID: im.ID,
			details: map[string]any{detailSource: im.Source, "purpose": im.Purpose, "dry_run": im.DryRun},
		})
	})
	if err != nil {
		return nil, err
	}
	o.automation.WakeImports(im.Source)
	return im, nil
}

// GetImport returns an import with its parts. Role: admin. Fault: NotFound.
func (o *Operations) GetImport(ctx context.Context, caller Caller, id int64) (*Import, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var im *Import
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		im, err = tx.ImportByID(ctx, id)
		return err
	})
	return im, err
}

// ListImports returns a page of the imports of a source, or of all when it is empty, newest first, without their parts. Role: admin.
func (o *Operations) ListImports(ctx context.Context, caller Caller, source string, page Page) (*Listing[Import], error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	listing := &Listing[Import]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		listing.Items, listing.Next, err = tx.ListImports(ctx, source, page.inStore())
		return err
	})
	if err != nil {
		return nil, err
	}
	return listing, nil
}

// CancelImport ends an import where it is; one that is finished stays as it is. Role: admin. Fault: NotFound.
func (o *Operations) CancelImport(ctx context.Context, caller Caller, id int64) (*Import, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var im *Import
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		running, err := tx.ImportByID(ctx, id)
		if err != nil {
			return err
		}
		ended, err := o.automation.CancelImport(ctx, tx, running)
		if err != nil {
			return err
		}
		if ended {
			if err := o.note(ctx, tx, caller, deed{action: "import.cancelled", object: "import", objectID: id}); err != nil {
				return err
			}
		}
		im, err = tx.ImportByID(ctx, id)
		return err
	})
	return im, err
}
