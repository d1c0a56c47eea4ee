// Command avatars draws the pictures of the shipped rules: rules/avatars/*.png.
//
//	go run ./build/avatars [-sheet FILE] [DIR]
//
// One system stands behind all of them, so that they look like one hand made them and say something by their looks. The shape tells
// the set of rules, the colour what somebody did, the glyph which achievement it is; the metal of the rim and the pips below
// tell the tier. Rims of achievements without tiers are ivory. What is drawn is listed in catalogue.go; a glyph is
// a file in glyphs, 128 by 128, in three inks: #fff is paper, #888 the subject's tint, #000 its dark.
//
// Pictures of the directory that are not in the catalogue are removed. -sheet writes all of them into one picture, on light and
// dark, large and small, to look at. The command imports nothing of the house.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	sheet := flag.String("sheet", "", "write all pictures into this one, too")
	flag.Parse()
	dir := "rules/avatars"
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	if err := run(dir, *sheet, badges()); err != nil {
		fmt.Fprintln(os.Stderr, "avatars:", err)
		os.Exit(1)
	}
}

// run makes the directory hold the pictures of the badges and no others.
func run(dir, sheet string, all []badge) error {
	kept := map[string]bool{}
	var pictures []picture
	for _, badge := range all {
		drawn, err := render(badge)
		if err != nil {
			return fmt.Errorf("%s: %w", badge.key, err)
		}
		data, err := encode(drawn)
		if err != nil {
			return err
		}
		name := badge.key + ".png"
		if err := write(filepath.Join(dir, name), data); err != nil {
			return err
		}
		kept[name] = true
		pictures = append(pictures, picture{badge, drawn})
	}
	if err := removeOthers(dir, kept); err != nil || sheet == "" {
		return err
	}
	data, err := encode(lay(pictures))
	if err != nil {
		return err
	}
	return write(sheet, data)
}

func write(name string, data []byte) error {
	return os.WriteFile(name, data, 0o644) //nolint:gosec // everybody may look at the pictures
}

func removeOthers(dir string, kept map[string]bool) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if kept[filepath.Base(file)] {
			continue
		}
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
