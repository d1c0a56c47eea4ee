package notify_test

import (
	"bytes"
	"encoding/base64"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/notify"
)

// A token says which award and until when, and whoever changes a bit of it has none.
func TestTokensThatAccept(t *testing.T) {
	t.Parallel()

	secret, until := bytes.Repeat([]byte{7}, notify.SecretSize), time.Date(2026, time.December, 2, 10, 0, 0, 0, time.UTC)
	token := notify.ForAward(secret, 90, until)
	if awardID, end, ok := notify.AwardOf(secret, token); awardID != 90 || !end.Equal(until) || !ok {
		t.Errorf("the token is of %d until %v: %t", awardID, end, ok)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for at := range raw {
		changed := bytes.Clone(raw)
		changed[at] ^= 1
		if awardID, _, ok := notify.AwardOf(secret, base64.RawURLEncoding.EncodeToString(changed)); ok {
			t.Errorf("with another byte %d, it is of %d", at, awardID)
		}
	}
	for name, other := range map[string]string{
		"nothing": "", "a part": token[:40], "more": token + "AA", "no token": "%%",
		"another book's": notify.ForAward(bytes.Repeat([]byte{8}, notify.SecretSize), 90, until),
		// Nor does it matter that two purposes might have one secret.
		"what ends mails": notify.ForUser(secret, 90),
	} {
		if awardID, _, ok := notify.AwardOf(secret, other); ok {
			t.Errorf("%s is of %d", name, awardID)
		}
	}
	if userID, ok := notify.UserOf(secret, token); ok {
		t.Errorf("it ends the mails of %d", userID)
	}
}
