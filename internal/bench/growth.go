package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// moreRules is the directory of the contestant that has many rules for other things.
func (a *arena) moreRules() string { return filepath.Join(a.place, "more-rules") }

const rulesInFile = 1_000

// writeMoreRules writes the rules that all have, and many about repositories from which nothing comes.
func (a *arena) writeMoreRules() error {
	more := 0
	for _, c := range contestants() {
		more = max(more, c.moreRules)
	}
	errs := []error{os.WriteFile(filepath.Join(a.moreRules(), "rules.yaml"), []byte(rulesFile()), 0o600)}
	for first := 0; first < more; first += rulesInFile {
		var out strings.Builder
		out.WriteString("namespace: acme/others\nachievements:\n")
		for i := first; i < min(first+rulesInFile, more); i++ {
			fmt.Fprintf(&out, "  - key: other-%d\n    name: Other %[1]d\n    kind: irrevocable\n"+
				"    award: {on: merge_request.merged, when: event.repository.path == \"others/r%[1]d\", to: event.author, count: 10}\n", i)
		}
		errs = append(errs, os.WriteFile(filepath.Join(a.moreRules(), fmt.Sprintf("others-%d.yaml", first)), []byte(out.String()), 0o600))
	}
	return errors.Join(errs...)
}

// fill puts so many events into the book as if they had been judged long ago, each person's alike.
func (b *book) fill(ctx context.Context, events int) error {
	if events == 0 {
		return nil
	}
	conn, err := connect(ctx, b.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO events (source, key, kind, object, happened_at, delivery_id, revision_id, data)
			SELECT '%s', 'old:' || i, 'merge_request.merged', 'merge_request:old-' || i, now() - i * interval '1 second', 0,
				(SELECT revision_id FROM book), json_build_object('kind', 'merge_request.merged', 'source', '%[1]s', 'key', 'old:' || i,
					'object', 'merge_request:old-' || i, 'author', json_build_object('id', (1000 + i %% %d)::text))
			FROM generate_series(1, %d) AS i`, sourceName, people, events),
		"VACUUM ANALYZE events",
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("filling the book: %w", err)
		}
	}
	return nil
}
