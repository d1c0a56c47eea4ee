package main

import (
	"bytes"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const shipped = "../../rules/avatars"

func read(t *testing.T, name string) ([]byte, image.Image) {
	t.Helper()

	data, err := os.ReadFile(filepath.Join(shipped, name))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return data, drawn
}

// What is shipped is what would be drawn now; one of each set stands for the others, all of which make generate-check looks at.
// Other processors than the author's may round a channel's last steps another way.
func TestShippedPicturesAreUpToDate(t *testing.T) {
	t.Parallel()

	const apart = 8
	shapes := map[string]bool{}
	for _, badge := range badges() {
		outline := badge.shape.path + badge.shape.edge
		if badge.tier == 1 || shapes[outline] {
			continue
		}
		shapes[outline] = true
		t.Run(badge.key, func(t *testing.T) {
			t.Parallel()

			want, err := render(badge)
			if err != nil {
				t.Fatal(err)
			}
			_, got := read(t, badge.key+".png")
			if got.Bounds() != want.Bounds() {
				t.Fatalf("it is %v, want %v", got.Bounds(), want.Bounds())
			}
			for y := range side {
				for x := range side {
					if far(got.At(x, y).RGBA())(want.At(x, y).RGBA()) > apart<<8 {
						t.Fatalf("at %d, %d it is %v, want %v; run make generate", x, y, got.At(x, y), want.At(x, y))
					}
				}
			}
		})
	}
}

// far is the largest difference of two colours in one channel.
func far(r, g, b, a uint32) func(r, g, b, a uint32) int {
	apart := func(v, w uint32) int { return max(int(v)-int(w), int(w)-int(v)) }
	return func(r2, g2, b2, a2 uint32) int {
		return max(apart(r, r2), apart(g, g2), apart(b, b2), apart(a, a2))
	}
}

// Pictures are small files with nothing at the corners, and no two are the same.
func TestShippedPictures(t *testing.T) {
	t.Parallel()

	const largest = 8 << 10
	names := map[string]string{}
	for _, badge := range badges() {
		name := badge.key + ".png"
		data, drawn := read(t, name)
		if len(data) > largest {
			t.Errorf("%s has %d bytes, more than %d", name, len(data), largest)
		}
		for _, corner := range []image.Point{{0, 0}, {side - 1, 0}, {0, side - 1}, {side - 1, side - 1}} {
			if _, _, _, a := drawn.At(corner.X, corner.Y).RGBA(); a != 0 {
				t.Errorf("%s covers its corner %v", name, corner)
			}
		}
		if _, _, _, a := drawn.At(side/2, side/2).RGBA(); a != 0xffff {
			t.Errorf("one can look through the middle of %s", name)
		}
		if other, same := names[string(data)]; same {
			t.Errorf("%s and %s are the same picture", name, other)
		}
		names[string(data)] = name
	}
	files, err := filepath.Glob(shipped + "/*")
	if err != nil || len(files) != len(names) {
		t.Errorf("there are %d files, want the %d of the catalogue (%v)", len(files), len(names), err)
	}
}

// Every glyph is used, and says all of it in the three inks.
func TestGlyphs(t *testing.T) {
	t.Parallel()

	used := map[string]bool{}
	for _, badge := range badges() {
		for _, name := range badge.glyphs {
			used[name+".svg"] = true
		}
	}
	files, err := fs.ReadDir(glyphFiles, "glyphs")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !used[file.Name()] {
			t.Errorf("nothing shows %s", file.Name())
		}
		text, err := fs.ReadFile(glyphFiles, "glyphs/"+file.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "#")[1:] {
			if ink, _, _ := strings.Cut(part, `"`); !slices.Contains([]string{"fff", "888", "000"}, ink) {
				t.Errorf("%s has the ink #%s", file.Name(), ink)
			}
		}
	}
}

// The keys are those that the rules language gives to tiers, and nothing has the same key twice.
func TestKeys(t *testing.T) {
	t.Parallel()

	tiers := map[string]int{}
	for _, badge := range badges() {
		if _, twice := tiers[badge.key]; twice {
			t.Errorf("%s is there twice", badge.key)
		}
		tiers[badge.key] = badge.tier
	}
	for key, want := range map[string]int{"first-merge": 0, "reviewer": 1, "reviewer-2": 2, "reviewer-5": 5} {
		if got, there := tiers[key]; !there || got != want {
			t.Errorf("%s is tier %d (%v), want %d", key, got, there, want)
		}
	}
	if _, there := tiers["reviewer-6"]; there {
		t.Error("there is a sixth tier of five")
	}
}

// Tiers differ in their rims and pips alone: what is in the middle says that they are one ladder.
func TestTiersOfALadderLookAlike(t *testing.T) {
	t.Parallel()

	const edge = 48 // the mixed colours of edges need not be the same
	_, first := read(t, "reviewer.png")
	_, fifth := read(t, "reviewer-5.png")
	differ := 0
	for y := range side {
		for x := range side {
			if far(first.At(x, y).RGBA())(fifth.At(x, y).RGBA()) < edge<<8 {
				continue
			}
			differ++
			if x > 80 && x < side-80 && y > 70 && y < 150 {
				t.Fatalf("they differ at %d, %d", x, y)
			}
		}
	}
	if differ < side*side/10 {
		t.Errorf("only %d pixels differ", differ)
	}
}

// The directory holds the badges' pictures and no others afterwards.
func TestRun(t *testing.T) {
	t.Parallel()

	dir, sheet := t.TempDir(), filepath.Join(t.TempDir(), "sheet.png")
	all := badges()[:3]
	for _, name := range []string{"retired.png", all[0].key + ".png", "README"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(dir, sheet, all); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"README", "contributor.png", "first-merge-request.png", "first-merge.png"}; !slices.Equal(names, want) {
		t.Errorf("there are %q, want %q", names, want)
	}
	if data, err := os.ReadFile(filepath.Join(dir, all[0].key+".png")); err != nil || !bytes.HasPrefix(data, []byte("\x89PNG")) {
		t.Errorf("the old picture is still there (%v)", err)
	}
	file, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if config, err := png.DecodeConfig(file); err != nil || config.Width < 2*8*128 {
		t.Errorf("the sheet is %d pixels wide (%v)", config.Width, err)
	}
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	t.Parallel()

	unknown := badge{key: "odd", shape: round, subject: night, glyphs: glyph("unheard-of")}
	if err := run(t.TempDir(), "", []badge{unknown}); err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("a glyph that does not exist: %v", err)
	}
	if err := run(filepath.Join(t.TempDir(), "nowhere"), "", badges()[:1]); err == nil {
		t.Error("a directory that does not exist was written to")
	}
}
