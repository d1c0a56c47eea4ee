package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Import is a reading of what a source's forge lists. Of one source at most one is running.
type Import struct {
	ID     int64
	Source string
	// Purpose is whatever its maker calls it.
	Purpose string
	// Since bounds what is taken over; zero for everything.
	Since  time.Time
	DryRun bool
	// StartedBy is the user who asked for it; 0 for the house.
	StartedBy             int64
	StartedAt, FinishedAt time.Time
	// Failed says that it ended before it had read anything.
	Failed, Cancelled bool
	// WaitUntil is when it goes on, if the forge has asked to wait or could not be reached.
	WaitUntil time.Time
	// Failures is how often in a row it could not go on, and Problem why the last time.
	Failures int
	Problem  string
	// Awards and Revocations are how many it caused.
	Awards, Revocations int64
	// Found is what a rehearsal found, as JSON; nil for nothing.
	Found json.RawMessage
	Parts []ImportPart
}

// ImportPart is one list that an import reads.
type ImportPart struct {
	Number         int
	Place, Listing string
	Group          bool
	Since          time.Time
	// Position is how far it was read; empty at first.
	Position string
	// Steps is how many pages were read, none of a list that the forge does not have or does not show; Events how many events they
	// told, of which NewEvents were not known, and Unreadable how many things could not be understood.
	Steps, Events, NewEvents, Unreadable int64
	// Problem is why it was given up; empty if it was not.
	Problem    string
	FinishedAt time.Time
}

type importRow struct {
	bun.BaseModel `bun:"table:imports,alias:im"`

	ID           int64 `bun:",pk,autoincrement"`
	Source       string
	Purpose      string
	Since        time.Time `bun:",nullzero"`
	DryRun       bool
	StartedBy    int64 `bun:",nullzero"`
	StartedAt    time.Time
	FinishedAt   time.Time `bun:",nullzero"`
	Failed       bool
	Cancelled    bool
	Claim        string
	ClaimedUntil time.Time `bun:",nullzero"`
	WaitUntil    time.Time `bun:",nullzero"`
	Failures     int
	Problem      string
	Awards       int64
	Revocations  int64
	Found        *string
}

func (r *importRow) read() Import {
	im := Import{
		ID: r.ID, Source: r.Source, Purpose: r.Purpose, Since: utc(r.Since), DryRun: r.DryRun, StartedBy: r.StartedBy,
		StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt), Failed: r.Failed, Cancelled: r.Cancelled, WaitUntil: utc(r.WaitUntil),
		Failures: r.Failures, Problem: r.Problem, Awards: r.Awards, Revocations: r.Revocations,
	}
	if r.Found != nil {
		im.Found = json.RawMessage(*r.Found)
	}
	return im
}

type importPartRow struct {
	bun.BaseModel `bun:"table:import_parts,alias:ip"`

	ImportID   int64 `bun:",pk"`
	Number     int   `bun:",pk"`
	Place      string
	IsGroup    bool
	Listing    string
	Since      time.Time `bun:",nullzero"`
	Position   string
	Steps      int64
	Events     int64
	NewEvents  int64
	Unreadable int64
	Problem    string
	FinishedAt time.Time `bun:",nullzero"`
}

func (r *importPartRow) part() ImportPart {
	return ImportPart{
		Number: r.Number, Place: r.Place, Listing: r.Listing, Group: r.IsGroup, Since: utc(r.Since), Position: r.Position,
		Steps: r.Steps, Events: r.Events, NewEvents: r.NewEvents, Unreadable: r.Unreadable, Problem: r.Problem, FinishedAt: utc(r.FinishedAt),
	}
}

// AddImport stores an import that begins, and fills in its ID. Fault: Conflict import_running, when the source has
// one that is not finished.
func (tx *Tx) AddImport(ctx context.Context, im *Import) error {
	row := &importRow{
		Source: im.Source, Purpose: im.Purpose, Since: im.Since, DryRun: im.DryRun, StartedBy: im.StartedBy, StartedAt: im.StartedAt,
	}
	err := tx.db.NewInsert().Model(row).ExcludeColumn("id").On("CONFLICT (source) WHERE finished_at IS NULL DO NOTHING").
		Returning("id").Scan(ctx)
	if ignoreNoRows(err) != nil {
		return err
	}
	if row.ID == 0 {
		return fault.New(fault.Conflict, "import_running", "the source %q is being read already", im.Source)
	}
	im.ID = row.ID
	return nil
}

// ImportByID returns an import with its parts.
func (tx *Tx) ImportByID(ctx context.Context, id int64) (*Import, error) {
	var row importRow
	if err := tx.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, found(err, "import")
	}
	im := row.read()
	var parts []importPartRow
	err := tx.db.NewSelect().Model(&parts).Where("import_id = ?", id).Order("number").Scan(ctx)
	for i := range parts {
		im.Parts = append(im.Parts, parts[i].part())
	}
	return &im, err
}

// RunningImport returns the import of a source that is not finished, or nil.
func (tx *Tx) RunningImport(ctx context.Context, source string) (*Import, error) {
	var row importRow
	err := tx.db.NewSelect().Model(&row).Where("source = ?", source).Where("finished_at IS NULL").Scan(ctx)
	if err != nil || row.ID == 0 {
		return nil, ignoreNoRows(err)
	}
	return tx.ImportByID(ctx, row.ID)
}

// ListImports returns a page of the imports of a source, or of all when it is empty, newest first, without parts, and the cursor of the next page.
func (tx *Tx) ListImports(ctx context.Context, source string, p Page) ([]Import, string, error) {
	var rows []importRow
	q, err := p.from(tx.db.NewSelect().Model(&rows).Where("? = '' OR source = ?", source, source).Order("id DESC").Limit(int64(p.limit())+1), "im.id < ?")
	if err != nil {
		return nil, "", err
	}
	if err := q.Scan(ctx); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *importRow) position { return position{r.ID} })
	all := make([]Import, len(rows))
	for i := range rows {
		all[i] = rows[i].read()
	}
	return all, next, nil
}

// ClaimImport gives an import to a claimant until a time, and reports whether it did: not while it is another's.
func (tx *Tx) ClaimImport(ctx context.Context, id int64, claim string, now, until time.Time) (bool, error) {
	result, err := tx.db.NewUpdate().Model((*importRow)(nil)).Set("claim = ?", claim).Set("claimed_until = ?", until).
		Where("id = ?", id).Where("finished_at IS NULL").
		Where("claim = ? OR claim = '' OR claimed_until IS NULL OR claimed_until <= ?", claim, now).Exec(ctx)
	if err != nil {
		return false, err
	}
	count, err := result.RowsAffected()
	return count > 0, err
}

// ReleaseImport lets others claim an import.
func (tx *Tx) ReleaseImport(ctx context.Context, id int64, claim string) error {
	_, err := tx.db.NewUpdate().Model((*importRow)(nil)).Set("claim = ''").Set("claimed_until = NULL").
		Where("id = ?", id).Where("claim = ?", claim).Exec(ctx)
	return err
}

// AddImportParts stores the parts of an import that has none.
func (tx *Tx) AddImportParts(ctx context.Context, id int64, parts []ImportPart) error {
	if len(parts) == 0 {
		return nil
	}
	rows := make([]*importPartRow, len(parts))
	for i, p := range parts {
		rows[i] = &importPartRow{ImportID: id, Number: p.Number, Place: p.Place, IsGroup: p.Group, Listing: p.Listing, Since: p.Since}
	}
	_, err := tx.db.NewInsert().Model(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}

// DropImportParts deletes the parts of an import, so that it begins anew.
func (tx *Tx) DropImportParts(ctx context.Context, id int64) error {
	_, err := tx.db.NewDelete().Model((*importPartRow)(nil)).Where("import_id = ?", id).Exec(ctx)
	return err
}

// errMoved says that another server has read the page first.
var errMoved = errors.New("the part was read further meanwhile")

// IsMoved reports whether an error of MoveImport says that the page was another's.
func IsMoved(err error) bool { return errors.Is(err, errMoved) }

// MoveImport notes how far a part was read from a position, and adds to its counts; nothing else may have moved it since.
func (tx *Tx) MoveImport(ctx context.Context, id int64, from string, p ImportPart) error {
	result, err := tx.db.NewUpdate().Model((*importPartRow)(nil)).Set("position = ?", p.Position).
		Set("steps = steps + ?", p.Steps).Set("events = events + ?", p.Events).Set("new_events = new_events + ?", p.NewEvents).
		Set("unreadable = unreadable + ?", p.Unreadable).Set("problem = ?", p.Problem).Set("finished_at = ?", bun.NullZero(p.FinishedAt)).
		Where("import_id = ?", id).Where("number = ?", p.Number).Where("position = ?", from).Where("finished_at IS NULL").Exec(ctx)
	if err != nil {
		return err
	}
	if count, err := result.RowsAffected(); err != nil || count == 0 {
		return errors.Join(err, fmt.Errorf("part %d of import %d: %w", p.Number, id, errMoved))
	}
	return nil
}

// CountImported adds to what an import has caused, and notes that it goes on well.
func (tx *Tx) CountImported(ctx context.Context, id, awards, revocations int64) error {
	_, err := tx.db.NewUpdate().Model((*importRow)(nil)).Set("awards = awards + ?", awards).Set("revocations = revocations + ?", revocations).
		Set("failures = 0").Set("problem = ''").Set("wait_until = NULL").Where("id = ?", id).Exec(ctx)
	return err
}

// PauseImport notes until when an import waits, and why.
func (tx *Tx) PauseImport(ctx context.Context, id int64, until time.Time, failures int, problem string) error {
	_, err := tx.db.NewUpdate().Model((*importRow)(nil)).Set("wait_until = ?", until).Set("failures = ?", failures).
		Set("problem = ?", problem).Where("id = ?", id).Exec(ctx)
	return err
}

// FinishImport ends an import, and reports whether it was still running.
func (tx *Tx) FinishImport(ctx context.Context, im *Import) (bool, error) {
	q := tx.db.NewUpdate().Model((*importRow)(nil)).Set("finished_at = ?", im.FinishedAt).Set("failed = ?", im.Failed).Set("cancelled = ?", im.Cancelled).
		Set("problem = ?", im.Problem).Set("wait_until = NULL").Set("claim = ''").Set("claimed_until = NULL")
	if im.Found != nil {
		q = q.Set("found = ?", string(im.Found))
	}
	result, err := q.Where("id = ?", im.ID).Where("finished_at IS NULL").Exec(ctx)
	if err != nil {
		return false, err
	}
	count, err := result.RowsAffected()
	return count > 0, err
}

// Watermarks returns since when each part of a source is known to the end, by its place and listing: when the newest
// import that read it to the end began. One that left out what happened before a time counts if that was known, or if it was
// the first; one that was not shown the list does not. The empty key has when the oldest import of the source began.
func (tx *Tx) Watermarks(ctx context.Context, source string) (map[string]time.Time, error) {
	var rows, bounded []struct {
		Place, Listing string
		Since, At      time.Time
	}
	newest := tx.readToTheEnd(source).ColumnExpr("ip.place, ip.listing, max(im.id) AS id").Where("im.since IS NULL").Group("ip.place", "ip.listing")
	err := tx.db.NewSelect().TableExpr("(?) AS x", newest).Join("JOIN imports AS im ON im.id = x.id").
		ColumnExpr("x.place, x.listing, im.started_at AS at").Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	marks := make(map[string]time.Time, len(rows)+1)
	for _, row := range rows {
		marks[Watermark(row.Place, row.Listing)] = row.At.UTC()
	}
	err = tx.readToTheEnd(source).ColumnExpr("ip.place, ip.listing, im.since, im.started_at AS at").Where("im.since IS NOT NULL").
		Order("im.id").Scan(ctx, &bounded)
	if err != nil {
		return nil, err
	}
	for _, row := range bounded {
		part := Watermark(row.Place, row.Listing)
		if mark, known := marks[part]; !known || row.At.After(mark) && !row.Since.After(mark) {
			marks[part] = row.At.UTC()
		}
	}
	var first importRow
	err = tx.db.NewSelect().Model(&first).Where("source = ?", source).Order("id").Limit(1).Scan(ctx)
	if ignoreNoRows(err) == nil && first.ID != 0 {
		marks[""] = first.StartedAt.UTC()
	}
	return marks, ignoreNoRows(err)
}

// readToTheEnd chooses the parts of a source that were read to the end, and the imports that did. Of what could be seen, even
// nothing is a page.
func (tx *Tx) readToTheEnd(source string) *bun.SelectQuery {
	return tx.db.NewSelect().TableExpr("import_parts AS ip").Join("JOIN imports AS im ON im.id = ip.import_id").
		Where("im.source = ?", source).Where("NOT im.dry_run").Where("ip.finished_at IS NOT NULL").Where("ip.problem = ''").Where("ip.steps > 0")
}

// Watermark is the key of a part in Watermarks.
func Watermark(place, listing string) string { return listing + " of " + place }

// ForgetImports deletes finished imports of a purpose that began before a time, but never the oldest and the newest of a source,
// nor one that a watermark rests on.
func (tx *Tx) ForgetImports(ctx context.Context, source, purpose string, before time.Time) error {
	newest := tx.db.NewSelect().Model((*importRow)(nil)).ColumnExpr("max(id)").Where("source = ?", source).Where("purpose = ?", purpose)
	oldest := tx.db.NewSelect().Model((*importRow)(nil)).ColumnExpr("min(id)").Where("source = ?", source)
	marking := tx.readToTheEnd(source).ColumnExpr("max(im.id)").Where("im.since IS NULL").Group("ip.place", "ip.listing")
	_, err := tx.db.NewDelete().Model((*importRow)(nil)).Where("source = ?", source).Where("purpose = ?", purpose).
		Where("started_at < ?", before).Where("finished_at IS NOT NULL").Where("id <> (?)", newest).Where("id <> (?)", oldest).Where("id NOT IN (?)", marking).Exec(ctx)
	return err
}

// KnownEvents returns which of the natural keys of a source the book holds.
func (tx *Tx) KnownEvents(ctx context.Context, source string, keys []string) (map[string]bool, error) {
	ids, err := tx.EventIDs(ctx, source, keys)
	known := make(map[string]bool, len(ids))
	for key := range ids {
		known[key] = true
	}
	return known, err
}

// LatestMemberships returns the newest event of a source on each membership whose object begins with the prefix, by object.
func (tx *Tx) LatestMemberships(ctx context.Context, source, prefix string) (map[string]event.Event, error) {
	const members = "kind IN ('" + event.MemberAdded + "', '" + event.MemberRemoved + "', '" + event.MemberRoleChanged + "')"
	var rows []eventRow
	err := tx.db.NewSelect().Model(&rows).Where("source = ?", source).Where("e."+members).
		Where("substr(object, 1, ?) = ?", len(prefix), prefix).
		Where(`NOT EXISTS (SELECT 1 FROM events AS later WHERE later.source = e.source AND later.object = e.object AND later.` + members + `
			AND (later.happened_at, later.id) > (e.happened_at, e.id))`).Scan(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := eventsOf(rows)
	latest := make(map[string]event.Event, len(stored))
	for i := range stored {
		latest[stored[i].Event.Object] = stored[i].Event
	}
	return latest, err
}
