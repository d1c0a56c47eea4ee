package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"
)

// sheetSize is how many measures have their counts on one sheet, those whose ids follow each other. A delivery raises several counts
// of one person, and each row that is written costs the database more than what it holds; a full one of them has some 1 to 2 KB.
const sheetSize = 128

// SheetKey says whose sheet it is.
type SheetKey struct {
	UserID int64
	// No is which of the measures' it is, from 0.
	No int64
	// Bucket separates sheets of the same user, such as those of each month.
	Bucket string
}

// Sheet says on which sheet a state stands whose measure counts.
func (k ProgressKey) Sheet() SheetKey { return SheetKey{k.UserID, k.MeasureID / sheetSize, k.Bucket} }

// compare is the order in which everyone locks.
func (k SheetKey) compare(other SheetKey) int {
	return cmp.Or(cmp.Compare(k.UserID, other.UserID), cmp.Compare(k.No, other.No), cmp.Compare(k.Bucket, other.Bucket))
}

// Sheet holds counts of one person in one bucket. The zero Sheet holds none.
type Sheet struct {
	// counts are ordered by measure.
	counts  []measured
	changed bool
}

// measured is the count of one measure.
type measured struct{ measure, n int64 }

// Count returns what a measure has counted; 0 when it has not begun.
func (s *Sheet) Count(measure int64) int64 {
	if i, known := s.find(measure); known {
		return s.counts[i].n
	}
	return 0
}

// SetCount changes what a measure has counted.
func (s *Sheet) SetCount(measure, n int64) {
	i, known := s.find(measure)
	if !known {
		s.counts = slices.Insert(s.counts, i, measured{measure: measure})
	}
	s.changed = s.changed || s.counts[i].n != n
	s.counts[i].n = n
}

// Clone returns a sheet that can be changed without the other.
func (s *Sheet) Clone() *Sheet { return &Sheet{counts: slices.Clone(s.counts), changed: s.changed} }

func (s *Sheet) find(measure int64) (at int, known bool) {
	return slices.BinarySearchFunc(s.counts, measure, func(c measured, measure int64) int { return cmp.Compare(c.measure, measure) })
}

// text is the sheet as it is stored.
func (s *Sheet) text() string {
	b := make([]byte, 0, 16*len(s.counts)+2)
	b = append(b, '{')
	for i, c := range s.counts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = strconv.AppendInt(b, c.measure, 10)
		b = append(b, '"', ':')
		b = strconv.AppendInt(b, c.n, 10)
	}
	return string(append(b, '}'))
}

// readSheet reads what text wrote, and any JSON that means the same.
func readSheet(text string) (*Sheet, error) {
	s := &Sheet{}
	if s.readPlain(text) {
		return s, nil
	}
	var counts map[int64]int64
	if err := json.Unmarshal([]byte(text), &counts); err != nil {
		return nil, fmt.Errorf("reading counts: %w", err)
	}
	s.counts = make([]measured, 0, len(counts))
	for measure, n := range counts {
		s.counts = append(s.counts, measured{measure, n})
	}
	slices.SortFunc(s.counts, func(x, y measured) int { return cmp.Compare(x.measure, y.measure) })
	s.changed = true // into what text writes, which is compared with what is stored
	return s, nil
}

// readPlain reads what text wrote, which encoding/json takes many times as long for, and reports whether it was that.
func (s *Sheet) readPlain(text string) bool {
	if len(text) < 2 || text[0] != '{' || text[len(text)-1] != '}' {
		return false
	}
	rest := text[1 : len(text)-1]
	s.counts = make([]measured, 0, len(rest)/6+1)
	for first := true; rest != ""; first = false {
		var c measured
		var plain [2]bool
		if !first {
			if rest[0] != ',' {
				return false
			}
			rest = rest[1:]
		}
		if rest == "" || rest[0] != '"' {
			return false
		}
		c.measure, rest, plain[0] = digits(rest[1:])
		if len(rest) < 2 || rest[:2] != `":` {
			return false
		}
		c.n, rest, plain[1] = digits(rest[2:])
		if !plain[0] || !plain[1] || len(s.counts) > 0 && s.counts[len(s.counts)-1].measure >= c.measure {
			return false
		}
		s.counts = append(s.counts, c)
	}
	return true
}

// digits reads a number that text begins with, if it is a plain one: none of 19 digits or more, which may be too large.
func digits(text string) (n int64, rest string, plain bool) {
	i := 0
	for ; i < len(text) && text[i] >= '0' && text[i] <= '9' && i < 19; i++ {
		n = 10*n + int64(text[i]-'0')
	}
	return n, text[i:], i > 0 && i < 19 && (i == 1 || text[0] != '0')
}

type sheetRow struct {
	bun.BaseModel `bun:"table:sheets,alias:s"`

	UserID    int64  `bun:",pk"`
	No        int64  `bun:",pk"`
	Bucket    string `bun:",pk"`
	Counts    string
	UpdatedAt time.Time
}

func (r *sheetRow) key() SheetKey { return SheetKey{r.UserID, r.No, r.Bucket} }

// LockSheets returns the sheets under the keys and keeps others from changing them until the transaction ends. One that the
// book does not hold is made. Everyone locks in the order of the keys; where new ones make that impossible, the database finds
// the circle and InTx tries again.
func (tx *Tx) LockSheets(ctx context.Context, keys []SheetKey, now time.Time) (map[SheetKey]*Sheet, error) {
	sheets := make(map[SheetKey]*Sheet, len(keys))
	if len(keys) == 0 {
		return sheets, nil
	}
	rows := emptySheets(keys)
	values := make([][]any, len(rows))
	for i, row := range rows {
		values[i] = []any{row.UserID, row.No, row.Bucket}
	}
	var known []sheetRow
	q := tx.db.NewSelect().Model(&known).Where("(user_id, no, bucket) IN (VALUES ?)", rowValues(values)).Order("user_id", "no", "bucket")
	if err := tx.dialect.lock(q, false).Scan(ctx); err != nil {
		return nil, err
	}
	if err := readSheets(known, sheets); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r *sheetRow) bool { return sheets[r.key()] != nil })
	if len(rows) == 0 {
		return sheets, nil
	}
	for _, row := range rows {
		row.UpdatedAt = now
	}
	var made []sheetRow // or made by others meanwhile, and locked by the update that changes nothing
	err := tx.db.NewInsert().Model(&rows).On("CONFLICT (user_id, no, bucket) DO UPDATE").Set("counts = s.counts").
		Returning("user_id, no, bucket, counts").Scan(ctx, &made)
	if err != nil {
		return nil, err
	}
	return sheets, readSheets(made, sheets)
}

// emptySheets are those that the keys would make where there are none, in order.
func emptySheets(keys []SheetKey) []*sheetRow {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, SheetKey.compare)
	keys = slices.Compact(keys)
	all, rows := make([]sheetRow, len(keys)), make([]*sheetRow, len(keys))
	for i, key := range keys {
		rows[i] = &all[i]
		rows[i].UserID, rows[i].No, rows[i].Bucket, rows[i].Counts = key.UserID, key.No, key.Bucket, "{}"
	}
	return rows
}

func readSheets(rows []sheetRow, into map[SheetKey]*Sheet) (err error) {
	for i := range rows {
		if into[rows[i].key()], err = readSheet(rows[i].Counts); err != nil {
			return err
		}
	}
	return nil
}

// SaveSheets stores those of the sheets that have changed, which LockSheets locked before.
func (tx *Tx) SaveSheets(ctx context.Context, sheets map[SheetKey]*Sheet, now time.Time) error {
	rows := make([]*sheetRow, 0, len(sheets))
	for key, sheet := range sheets {
		if sheet.changed {
			rows = append(rows, &sheetRow{UserID: key.UserID, No: key.No, Bucket: key.Bucket, Counts: sheet.text()})
			sheet.changed = false
		}
	}
	slices.SortFunc(rows, func(x, y *sheetRow) int { return x.key().compare(y.key()) })
	columns := append(sheetColumns(rows), textsOf("counts", rows, func(r *sheetRow) string { return r.Counts }),
		timesOf("updated_at", rows, func(*sheetRow) time.Time { return now }))
	return tx.insert(ctx, insertion{
		table: "sheets", rows: len(rows), columns: columns, last: true,
		then: "ON CONFLICT (user_id, no, bucket) DO UPDATE SET counts = EXCLUDED.counts, updated_at = EXCLUDED.updated_at",
	}, nil)
}

// sheetColumns are what sheets are found by.
func sheetColumns(rows []*sheetRow) []column {
	return []column{
		numbersOf("user_id", rows, func(r *sheetRow) int64 { return r.UserID }),
		numbersOf("no", rows, func(r *sheetRow) int64 { return r.No }),
		textsOf("bucket", rows, func(r *sheetRow) string { return r.Bucket }),
	}
}

// MergeSheets adds the counts of one user to those of another, and returns the states of the latter that it has changed.
func (tx *Tx) MergeSheets(ctx context.Context, from, into int64, now time.Time) ([]ProgressKey, error) {
	var known []sheetRow
	q := tx.db.NewSelect().Model(&known).Where("user_id IN (?)", bun.List([]int64{from, into})).Order("user_id", "no", "bucket")
	if err := tx.dialect.lock(q, false).Scan(ctx); err != nil {
		return nil, err
	}
	sheets := make(map[SheetKey]*Sheet, len(known))
	if err := readSheets(known, sheets); err != nil {
		return nil, err
	}
	var raised []ProgressKey
	merged := map[SheetKey]*Sheet{}
	for key, sheet := range sheets {
		if key.UserID != from {
			continue
		}
		key.UserID = into
		if merged[key] = sheets[key]; merged[key] == nil {
			merged[key] = &Sheet{}
		}
		for _, c := range sheet.counts {
			merged[key].SetCount(c.measure, merged[key].Count(c.measure)+c.n)
			raised = append(raised, ProgressKey{MeasureID: c.measure, UserID: into, Bucket: key.Bucket})
		}
	}
	if _, err := tx.db.NewDelete().Model((*sheetRow)(nil)).Where("user_id = ?", from).Exec(ctx); err != nil {
		return nil, err
	}
	return raised, tx.SaveSheets(ctx, merged, now)
}

// sheetNos returns on which sheets the measures have their counts.
func sheetNos(measures []int64) []int64 {
	nos := make([]int64, len(measures))
	for i, id := range measures {
		nos[i] = id / sheetSize
	}
	return unique(nos)
}

// standingsOn returns those of the sheets' counts that are of the measures, which are sorted.
func standingsOn(rows []sheetRow, measures []int64) ([]Standing, error) {
	var standings []Standing
	for i := range rows {
		sheet, err := readSheet(rows[i].Counts)
		if err != nil {
			return nil, err
		}
		for _, c := range sheet.counts {
			if _, asked := slices.BinarySearch(measures, c.measure); asked {
				key := ProgressKey{MeasureID: c.measure, UserID: rows[i].UserID, Bucket: rows[i].Bucket}
				standings = append(standings, Standing{key, Progress{N: c.n}})
			}
		}
	}
	return standings, nil
}
