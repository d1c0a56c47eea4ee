package automation_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/seed-504bad89/accolade/internal/automation"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/rule"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// dot is a picture of one pixel.
func dot(t *testing.T, c color.Color) []byte {
	t.Helper()

	picture := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	picture.Set(0, 0, c)
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A picture that rules replaced is kept no longer, and one that somebody uploaded stays when the files name none.
func TestPicturesAreReplaced(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		m := start(t, book, "namespace: acme\nachievements: []\n")
		var hashes [][]byte
		for _, c := range []color.Color{color.Black, color.White} {
			files := []rule.File{
				{Name: "a.png", Data: dot(t, c)},
				{Name: "r.yaml", Text: "namespace: acme\nachievements:\n  - {key: a, name: A, avatar: a.png}\n"},
			}
			set, err := rule.Load(files)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := m.Apply(t.Context(), automation.Application{Set: set, Files: files, MakeNamespaces: true}); err != nil {
				t.Fatal(err)
			}
			hashes = append(hashes, m.avatarHash("acme", "a"))
		}
		m.do(func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.Avatar(ctx, hashes[0]); !fault.Is(err, fault.NotFound) {
				t.Errorf("the picture that was replaced: %v", err)
			}
			_, err := tx.Avatar(ctx, hashes[1])
			return err
		})
		m.apply("namespace: acme\nachievements:\n  - {key: a, name: A}\n")
		same(t, "the picture when the files name none", m.avatarHash("acme", "a"), hashes[1])
	})
}

func (m *machine) avatarHash(namespace, key string) (hash []byte) {
	m.t.Helper()

	m.do(func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.NamespaceByPath(ctx, namespace)
		if err != nil {
			return err
		}
		all, _, err := tx.ListAchievements(ctx, store.AchievementFilter{NamespaceID: found.ID}, store.Page{Limit: 100})
		for i := range all {
			if all[i].Key == key {
				hash = all[i].AvatarHash
			}
		}
		return err
	})
	return hash
}
