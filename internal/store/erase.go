package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/seed-504bad89/accolade/internal/event"
)

// EraseUser deletes all that the book has about the user but the user, and the bare ids of the
// accounts, by which later events find nobody. Events stay, since others' counts rest on them; the
// person's names in them go.
func (tx *Tx) EraseUser(ctx context.Context, userID int64) error {
	for _, model := range []any{
		(*awardRow)(nil), (*markerRow)(nil), (*memberRow)(nil), (*sessionRow)(nil), (*signInRow)(nil), (*tokenRow)(nil), (*progressRow)(nil), (*sheetRow)(nil),
	} {
		if _, err := tx.db.NewDelete().Model(model).Where("user_id = ?", userID).Exec(ctx); err != nil {
			return err
		}
	}
	accounts, err := tx.AccountsOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := tx.forget(ctx, account.Source, account.ForgeUserID); err != nil {
			return err
		}
	}
	others, err := tx.MergedFrom(ctx, userID)
	if err != nil {
		return err
	}
	for _, id := range append(others, userID) {
		// Of awards, the book tells itself.
		if err := tx.forget(ctx, event.Self, strconv.FormatInt(id, 10)); err != nil {
			return err
		}
	}
	_, err = tx.db.NewUpdate().Model((*accountRow)(nil)).Set("login = ''").Where("user_id = ?", userID).Exec(ctx)
	return err
}

// eventsAtOnce is how many events are read at once to be changed.
const eventsAtOnce = 500

// forget takes an account's names out of the source's events.
func (tx *Tx) forget(ctx context.Context, source, forgeUserID string) error {
	id, err := json.Marshal(forgeUserID)
	if err != nil {
		return fmt.Errorf("encoding an id: %w", err)
	}
	for after := int64(0); ; {
		var rows []eventRow
		err := tx.db.NewSelect().Model(&rows).Where("source = ?", source).Where("id > ?", after).
			Where(`CAST(data AS text) LIKE ? ESCAPE '\'`, "%"+literally(`"id":`+string(id))+"%").
			Order("id").Limit(eventsAtOnce).Scan(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		for i := range rows {
			if err := tx.forgetIn(ctx, &rows[i], forgeUserID); err != nil {
				return err
			}
		}
		after = rows[len(rows)-1].ID
	}
}

func (tx *Tx) forgetIn(ctx context.Context, row *eventRow, forgeUserID string) error {
	stored, err := row.event()
	if err != nil {
		return err
	}
	stored.Event.Forget(forgeUserID)
	data, err := EncodeEvent(&stored.Event)
	if err != nil {
		return err
	}
	_, err = tx.db.NewUpdate().Model((*eventRow)(nil)).Set("data = ?", data).Where("id = ?", row.ID).Exec(ctx)
	return err
}
