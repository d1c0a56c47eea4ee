package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/seed-504bad89/accolade/internal/config"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// Each forge has a page, and the configuration on it, with the remarks taken away that switch lines off, is a good one.
func TestForgePages(t *testing.T) {
	t.Parallel()

	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	remark := regexp.MustCompile(`(?m)^ {4}# `)
	block, file := regexp.MustCompile("(?s)```yaml\\n(sources:.*?)```"), regexp.MustCompile(`/etc/accolade/[a-z-]+\.(secret|token)`)
	for _, name := range forge.Names() {
		if name == forge.CloudEvents { // Its blocks are indented, and tested with its rules.
			continue
		}
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "forges", name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		found := block.FindSubmatch(page)
		if found == nil {
			t.Errorf("%s.md has no configuration", name)
			continue
		}
		text := file.ReplaceAllString(string(found[1]), secret)
		for _, written := range []string{text, remark.ReplaceAllString(text, "    ")} {
			cfg, err := config.Check([]byte(written))
			if err != nil || len(cfg.Sources) != 1 || cfg.Sources[0].Forge != name {
				t.Errorf("%s.md: %d sources, %v in\n%s", name, len(cfg.Sources), err, written)
			}
		}
	}
}
