package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"regexp"
	"slices"
)

// MaxPicture is the size of an avatar's file in bytes.
const MaxPicture = 200 << 10

// pictureLines are how rules files name pictures. What this finds beyond those is not there, or not used.
var pictureLines = regexp.MustCompile(`avatar: *['"]?([^\s'",}#]+)`)

// readPictures returns the pictures of the tree that the rules name, each once.
func readPictures(tree fs.FS, rules []File) ([]File, error) {
	var pictures []File
	seen := map[string]bool{}
	for _, file := range rules {
		for _, match := range pictureLines.FindAllStringSubmatch(file.Text, -1) {
			name := path.Join(path.Dir(file.Name), match[1])
			if seen[name] || !fs.ValidPath(name) {
				continue
			}
			seen[name] = true
			info, err := fs.Stat(tree, name)
			if err != nil || !info.Mode().IsRegular() || info.Size() > MaxPicture {
				continue // the loader says so at its place
			}
			data, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, err
			}
			pictures = append(pictures, File{Name: name, Data: data})
		}
	}
	return pictures, nil
}

// avatar reads the picture of an achievement: a path from the rules file's own directory.
func (l *loader) avatar(d *Declared, fields map[string]field) {
	f, ok := fields["avatar"]
	if !ok {
		return
	}
	text, ok := l.text(f)
	if !ok {
		return
	}
	name := path.Join(path.Dir(l.report.file), text)
	picture := slices.IndexFunc(l.pictures, func(p File) bool { return p.Name == name })
	switch {
	case path.IsAbs(text) || !fs.ValidPath(name):
		l.addf(at(f.value), f.key, "must be a path below the directory of rules")
	case picture < 0:
		l.addf(at(f.value), f.key, "there is no picture %q of at most %d KiB", name, MaxPicture>>10)
	default:
		d.Avatar, d.avatarAt = l.pictures[picture].Data, l.problem(at(f.value), f.key, "")
	}
}

// AvatarProblem is what is wrong with the picture, at the place that names it. The loader does not look into pictures.
func (d *Declared) AvatarProblem(message string) Problem {
	problem := d.avatarAt
	problem.Message = message
	return problem
}

// fingerprintOf names what a file holds.
func fingerprintOf(data []byte) string {
	if data == nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
