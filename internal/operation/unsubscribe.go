package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Unsubscribe ends the mails for awards to whom a mail with the token was sent. Role: whoever has the
// token, which is nobody else's.
func (o *Operations) Unsubscribe(ctx context.Context, token string) error {
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		secret, err := tx.Secret(ctx, notify.SecretName, notify.SecretSize)
		if err != nil {
			return err
		}
		userID, ok := notify.UserOf(secret, token)
		if !ok {
			return fault.NotFoundFor("subscription")
		}
		if err := tx.WantNoMails(ctx, userID); err != nil {
			return err
		}
		return o.note(ctx, tx, Caller{}, deed{action: "user.unsubscribed", subjectID: userID, object: "user", objectID: userID})
	})
}
