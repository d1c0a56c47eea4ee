package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Revision is a set of rules files that was applied.
type Revision struct {
	ID int64
	// Hash tells the files' meaning.
	Hash string
	// Files is whatever the caller needs to load them again.
	Files []byte
	// CreatedAt is when it was applied first, AppliedAt when last, and AppliedBy who did that; 0 for the house.
	CreatedAt, AppliedAt time.Time
	AppliedBy            int64
}

type revisionRow struct {
	bun.BaseModel `bun:"table:revisions,alias:r"`

	ID        int64 `bun:",pk,autoincrement"`
	Hash      string
	Files     string
	CreatedAt time.Time
	AppliedAt time.Time
	AppliedBy int64 `bun:",nullzero"`
}

func (r *revisionRow) revision() *Revision {
	return &Revision{
		ID: r.ID, Hash: r.Hash, Files: []byte(r.Files), CreatedAt: r.CreatedAt.UTC(), AppliedAt: r.AppliedAt.UTC(), AppliedBy: r.AppliedBy,
	}
}

type revisionMatcherRow struct {
	bun.BaseModel `bun:"table:revision_matchers,alias:rm"`

	RevisionID int64  `bun:",pk"`
	Matcher    string `bun:",pk"`
	Targets    string
}

// EnsureRevision makes the revision with the hash the one that judges, and makes it at all if the book
// does not hold it. matchers are what it judges by, each with what is given for it. HoldRevision with
// exclusive set must have been called before.
func (tx *Tx) EnsureRevision(ctx context.Context, r Revision, matchers map[string][]string) (*Revision, error) {
	row := &revisionRow{Hash: r.Hash, Files: string(r.Files), CreatedAt: r.AppliedAt, AppliedAt: r.AppliedAt, AppliedBy: r.AppliedBy}
	var stored []revisionRow
	err := tx.db.NewInsert().Model(row).ExcludeColumn("id").On("CONFLICT (hash) DO UPDATE").
		Set("applied_at = EXCLUDED.applied_at").Set("applied_by = EXCLUDED.applied_by").Set("files = EXCLUDED.files").
		Returning("*").Scan(ctx, &stored)
	if err != nil {
		return nil, err
	}
	rows := make([]*revisionMatcherRow, 0, len(matchers))
	for matcher, targets := range matchers {
		rows = append(rows, &revisionMatcherRow{RevisionID: stored[0].ID, Matcher: matcher, Targets: strings.Join(targets, "\n")})
	}
	if len(rows) > 0 {
		if _, err := tx.db.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return nil, err
		}
	}
	_, err = tx.db.NewUpdate().Table("book").Set("revision_id = ?", stored[0].ID).Where("true").Exec(ctx)
	return stored[0].revision(), err
}

// Held is what cannot change while HoldRevision holds.
type Held struct {
	// RevisionID is the revision that judges; 0 for none.
	RevisionID int64
	// Changes counts how often it changed what servers remember of the book: whose an account is, and which achievements rules
	// declare.
	Changes int64
}

// HoldRevision returns which revision judges, and keeps it the one until the transaction ends. With exclusive
// set, nobody else can hold it meanwhile.
func (tx *Tx) HoldRevision(ctx context.Context, exclusive bool) (Held, error) {
	return tx.dialect.holdRevision(ctx, tx.db, exclusive)
}

// readHeld reads what is held.
func readHeld(ctx context.Context, db bun.IDB) (Held, error) {
	var revision sql.NullInt64
	var changes int64
	err := db.NewSelect().Table("book").Column("revision_id", "people").Scan(ctx, &revision, &changes)
	return Held{revision.Int64, changes}, err
}

// NoteChange notes that it changed what servers remember of the book.
func (tx *Tx) NoteChange(ctx context.Context) error {
	_, err := tx.db.NewUpdate().Table("book").Set("people = people + 1").Where("true").Exec(ctx)
	return err
}

// MatchersOf returns what revisions judge by: for each revision, the targets of each matcher.
func (tx *Tx) MatchersOf(ctx context.Context, revisions []int64) (map[int64]map[string][]string, error) {
	found := make(map[int64]map[string][]string, len(revisions))
	if len(revisions) == 0 {
		return found, nil
	}
	var rows []revisionMatcherRow
	if err := tx.db.NewSelect().Model(&rows).Where("revision_id IN (?)", bun.List(unique(revisions))).Scan(ctx); err != nil {
		return nil, err
	}
	for _, row := range rows {
		if found[row.RevisionID] == nil {
			found[row.RevisionID] = map[string][]string{}
		}
		found[row.RevisionID][row.Matcher] = strings.Split(row.Targets, "\n")
	}
	return found, nil
}

// CurrentRevision returns the revision that judges. Fault: NotFound when nothing was applied yet.
func (tx *Tx) CurrentRevision(ctx context.Context) (*Revision, error) {
	var row revisionRow
	err := tx.db.NewSelect().Model(&row).Where("id = (SELECT revision_id FROM book)").Scan(ctx)
	if err != nil {
		return nil, found(err, "revision")
	}
	return row.revision(), nil
}

// ListRevisions returns a page of the revisions, the newest first, without their files, and the cursor of
// the next page.
func (tx *Tx) ListRevisions(ctx context.Context, p Page) ([]Revision, string, error) {
	var rows []revisionRow
	q := tx.db.NewSelect().Model(&rows).ExcludeColumn("files").Order("id DESC").Limit(int64(p.limit()) + 1)
	q, err := p.from(q, "id < ?")
	if err != nil {
		return nil, "", err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *revisionRow) position { return position{r.ID} })
	revisions := make([]Revision, len(rows))
	for i := range rows {
		revisions[i] = *rows[i].revision()
	}
	return revisions, next, nil
}

// DirectoryHash returns the hash of the rules that the configured directory held when it was last applied;
// empty for never.
func (tx *Tx) DirectoryHash(ctx context.Context) (string, error) {
	var hash sql.NullString
	err := tx.db.NewSelect().Table("book").Column("directory_hash").Scan(ctx, &hash)
	return hash.String, err
}

// SetDirectoryHash notes what the configured directory held when it was applied.
func (tx *Tx) SetDirectoryHash(ctx context.Context, hash string) error {
	_, err := tx.db.NewUpdate().Table("book").Set("directory_hash = ?", hash).Where("true").Exec(ctx)
	return err
}
