package notify_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/notify"
)

func TestLogSaysWhoGotWhatByWhichRule(t *testing.T) {
	t.Parallel()

	var out bytes.Buffer
	channel := notify.NewLog(slog.New(slog.NewJSONHandler(&out, nil)))
	notice := notify.Notice{
		Award:       achievement.Award{ID: 90, Occurrence: "2026-11", Rule: "acme/first-merge", Message: "thanks"},
		Achievement: achievement.Achievement{Name: "First merge", Key: "first-merge"},
		Namespace:   achievement.Namespace{FullPath: "acme"},
		User:        achievement.User{Username: "ada", Email: "ada@example.com"},
	}
	for _, revoked := range []bool{false, true} {
		out.Reset()
		notice.Revoked = revoked
		if err := channel.Tell(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"level": "INFO", "msg": map[bool]string{false: "awarded", true: "revoked"}[revoked],
			"award": float64(90), "achievement": "First merge", "namespace": "acme", "user": "ada", "rule": "acme/first-merge", "occurrence": "2026-11",
		}
		delete(line, "time")
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("the line (-want +got):\n%s", diff)
		}
	}
}
