package app

import (
	"context"
	"fmt"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/spool"
	"github.com/seed-504bad89/accolade/internal/store"
)

// openSpool opens the spool, if one is configured. No source may fill all of it when there are others.
func (a *App) openSpool() error {
	if a.cfg.SpoolDirectory == "" {
		return nil
	}
	share := a.cfg.SpoolMax
	if len(a.cfg.Sources) > 1 {
		share = share / 4 * 3
	}
	var err error
	a.spool, err = spool.Open(spool.Config{Directory: a.cfg.SpoolDirectory, Max: a.cfg.SpoolMax, Share: share, Log: a.log})
	if err != nil {
		return fmt.Errorf("opening the spool %s: %w", a.cfg.SpoolDirectory, err)
	}
	return nil
}

// ready says whether the service can do all of its work.
func (a *App) ready(ctx context.Context) error {
	if a.stopping.Load() {
		return fault.UnavailableFor("the service", lingerFor)
	}
	err := a.store.Ready(ctx)
	if err != nil && a.spool != nil && a.spool.HasRoom() {
		away := fault.As(err).Because(err)
		until := "it is"
		if store.IsNotMigrated(err) {
			until = "they are"
		}
		away.Text += "; deliveries are kept in the spool until " + until
		return away
	}
	return err
}

// readyForHooks says whether the service can take webhooks, which it can without the database while the spool has room.
func (a *App) readyForHooks(ctx context.Context) (spooled int64, err error) {
	if a.stopping.Load() || a.spool == nil {
		return 0, a.ready(ctx)
	}
	spooled = a.spool.Stats().Records
	if a.spool.HasRoom() {
		return spooled, nil
	}
	return spooled, a.store.Ready(ctx)
}
