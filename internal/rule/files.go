package rule

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// ReadFiles returns the rules files (*.yaml, *.yml) of a tree, with the pictures that they name, and the files of tests for them
// (*_test.yaml, *_test.yml), both in the order of their paths. Names that begin with a dot are not
// rules: in a volume that Kubernetes makes of a ConfigMap, they hold every file a second time.
func ReadFiles(tree fs.FS) (rules, tests []File, err error) {
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden := strings.HasPrefix(entry.Name(), ".") && name != "."; hidden && entry.IsDir() {
			return fs.SkipDir
		} else if hidden {
			return nil
		}
		extension := path.Ext(name)
		if entry.IsDir() || extension != ".yaml" && extension != ".yml" {
			return nil
		}
		info, err := fs.Stat(tree, name)
		if err != nil {
			return err
		}
		if info.Size() > MaxFile {
			return fmt.Errorf("%s is larger than %d KiB", name, MaxFile>>10)
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file := File{Name: name, Text: string(text)}
		if strings.HasSuffix(strings.TrimSuffix(name, extension), "_test") {
			tests = append(tests, file)
		} else {
			rules = append(rules, file)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	pictures, err := readPictures(tree, rules)
	return append(rules, pictures...), tests, err
}
