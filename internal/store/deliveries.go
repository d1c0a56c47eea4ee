package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/jsontext"
)

// Delivery is one HTTP request that a source sent.
type Delivery struct {
	ID     int64
	Source string
	// Key tells within the source whether this very delivery was sent before.
	Key [16]byte
	// TransportID is the forge's own id of the delivery; empty when it gave none.
	TransportID string
	// EventName is the forge's own name of what it sent.
	EventName   string
	ContentType string
	// Headers are those that are kept; none once the body has expired.
	Headers map[string]string
	// EncodedHeaders is what EncodeHeaders returned; where it is empty, headers are encoded when the delivery is stored.
	EncodedHeaders string
	// Body is compressed with zstd; BodySize is the size it had before, in bytes. With a BaseID its dictionary is the body of the
	// delivery with that id, which has none itself; 0 is for no dictionary.
	Body     []byte
	BodySize int
	BaseID   int64
	// Base is the Body of the base, where a delivery with a BaseID is read with its body.
	Base       []byte
	ReceivedAt time.Time
	// BodyExpiredAt is when the body and the headers were deleted; zero while they are kept.
	BodyExpiredAt time.Time
	// Outcome says what became of it, and Problem why not more.
	Outcome string
	Problem string
	// Existing is set by InsertDeliveries when the book held the delivery before.
	Existing bool
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries,alias:d"`

	ID            int64 `bun:",pk,autoincrement"`
	Source        string
	Key           []byte
	TransportID   string
	EventName     string
	ContentType   string
	Headers       string `bun:",nullzero"`
	Body          []byte
	BodySize      int
	BaseID        int64 `bun:",nullzero"`
	ReceivedAt    time.Time
	BodyExpiredAt time.Time `bun:",nullzero"`
	Outcome       string
	Problem       string `bun:",nullzero"`
}

func rowOfDelivery(d *Delivery) *deliveryRow {
	row := &deliveryRow{
		Source: d.Source, Key: d.Key[:], TransportID: d.TransportID, EventName: d.EventName, ContentType: d.ContentType,
		Body: d.Body, BodySize: d.BodySize, BaseID: d.BaseID, ReceivedAt: d.ReceivedAt, Outcome: d.Outcome, Problem: d.Problem,
		Headers: d.EncodedHeaders,
	}
	if row.Headers == "" {
		row.Headers = d.EncodeHeaders()
	}
	return row
}

// EncodeHeaders returns what is stored of the headers, "" if there are none; see EncodeEvent. A header whose value a column has is
// stored as the number of that column: most of what the headers are is written once.
func (d *Delivery) EncodeHeaders() string {
	if len(d.Headers) == 0 {
		return ""
	}
	columns := headerColumns(d.TransportID, d.EventName, d.ContentType)
	headers := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(d.Headers)) {
		if len(headers) > 1 {
			headers = append(headers, ',')
		}
		headers = append(jsontext.Append(headers, name), ':')
		if at := slices.Index(columns[:], d.Headers[name]); at >= 0 {
			headers = strconv.AppendInt(headers, int64(at), 10)
		} else {
			headers = jsontext.Append(headers, d.Headers[name])
		}
	}
	return string(append(headers, '}'))
}

// headerColumns are the columns by their numbers.
func headerColumns(transportID, eventName, contentType string) [3]string {
	return [3]string{transportID, eventName, contentType}
}

// headers returns the headers as they were.
func (r *deliveryRow) headers() (map[string]string, error) {
	var stored map[string]any
	if err := json.Unmarshal([]byte(r.Headers), &stored); err != nil {
		return nil, fmt.Errorf("decoding the headers of delivery %d: %w", r.ID, err)
	}
	columns, headers := headerColumns(r.TransportID, r.EventName, r.ContentType), make(map[string]string, len(stored))
	for name, value := range stored {
		text, written := value.(string)
		at, numbered := value.(float64)
		switch {
		case written:
			headers[name] = text
		case numbered && at >= 0 && int(at) < len(columns):
			headers[name] = columns[int(at)]
		default:
			return nil, fmt.Errorf("the header %s of delivery %d is stored as %v", name, r.ID, value)
		}
	}
	return headers, nil
}

func (r *deliveryRow) delivery() (*Delivery, error) {
	d := &Delivery{
		ID: r.ID, Source: r.Source, Key: [16]byte(r.Key), TransportID: r.TransportID, EventName: r.EventName,
		ContentType: r.ContentType, Body: r.Body, BodySize: r.BodySize, BaseID: r.BaseID, ReceivedAt: r.ReceivedAt.UTC(),
		BodyExpiredAt: utc(r.BodyExpiredAt), Outcome: r.Outcome, Problem: r.Problem, Existing: true,
	}
	if r.Headers != "" {
		headers, err := r.headers()
		if err != nil {
			return nil, err
		}
		d.Headers = headers
	}
	return d, nil
}

// deliveryKey identifies a delivery.
type deliveryKey struct {
	source string
	key    [16]byte
}

// InsertDeliveries stores the deliveries that the book does not hold, and fills in every ID. A
// delivery that the book holds, or that stands before in the same slice, becomes Existing.
func (tx *Tx) InsertDeliveries(ctx context.Context, deliveries []*Delivery) error {
	arriving := arrive(deliveries)
	inserted, err := tx.insertDeliveryRows(ctx, arriving.rows)
	if err != nil {
		return err
	}
	return arriving.identify(ctx, tx, inserted)
}

// deliveryID is a row that says which delivery has which id.
type deliveryID struct {
	ID     int64
	Source string
	Key    []byte
}

func byKey(rows []deliveryID) map[deliveryKey]int64 {
	ids := make(map[deliveryKey]int64, len(rows))
	for _, row := range rows {
		ids[deliveryKey{row.Source, [16]byte(row.Key)}] = row.ID
	}
	return ids
}

func (tx *Tx) insertDeliveryRows(ctx context.Context, rows []*deliveryRow) (map[deliveryKey]int64, error) {
	inserted := make([]deliveryID, 0, len(rows))
	err := tx.insert(ctx, insertion{
		table: "deliveries AS d", rows: len(rows),
		columns: deliveryColumns(rows),
		then:    "ON CONFLICT (source, key) DO NOTHING RETURNING id, source, key",
	}, func(scan func(...any) error) error {
		var row deliveryID
		err := scan(&row.ID, &row.Source, &row.Key)
		inserted = append(inserted, row)
		return err
	})
	return byKey(inserted), err
}

func deliveryColumns(rows []*deliveryRow) []column {
	return []column{
		textsOf("source", rows, func(r *deliveryRow) string { return r.Source }),
		bytesOf("key", rows, func(r *deliveryRow) []byte { return r.Key }),
		textsOf("transport_id", rows, func(r *deliveryRow) string { return r.TransportID }),
		textsOf("event_name", rows, func(r *deliveryRow) string { return r.EventName }),
		textsOf("content_type", rows, func(r *deliveryRow) string { return r.ContentType }),
		nullColumnOf("headers", "text", rows, func(r *deliveryRow) string { return r.Headers }),
		bytesOf("body", rows, func(r *deliveryRow) []byte { return r.Body }),
		numbersOf("body_size", rows, func(r *deliveryRow) int64 { return int64(r.BodySize) }),
		nullColumnOf("base_id", "bigint", rows, func(r *deliveryRow) int64 { return r.BaseID }),
		timesOf("received_at", rows, func(r *deliveryRow) time.Time { return r.ReceivedAt }),
		textsOf("outcome", rows, func(r *deliveryRow) string { return r.Outcome }),
		nullColumnOf("problem", "text", rows, func(r *deliveryRow) string { return r.Problem }),
	}
}

// deliveryIDs returns the ids of the deliveries, and maybe of others: each index part is asked for
// by itself, because SQLite compares no tuples with lists.
func (tx *Tx) deliveryIDs(ctx context.Context, wanted []deliveryKey) (map[deliveryKey]int64, error) {
	sources, keys := make([]string, len(wanted)), make([][]byte, len(wanted))
	for i := range wanted {
		sources[i], keys[i] = wanted[i].source, wanted[i].key[:]
	}
	var rows []deliveryID
	err := tx.db.NewSelect().Model((*deliveryRow)(nil)).Column("id", "source", "key").
		Where("source IN (?)", bun.List(unique(sources))).Where("key IN (?)", bun.List(keys)).Scan(ctx, &rows)
	return byKey(rows), err
}

// DeliveryByID returns the delivery with the id, its body included. One whose base is gone has no body any more.
func (tx *Tx) DeliveryByID(ctx context.Context, id int64) (*Delivery, error) {
	var row deliveryRow
	if err := tx.db.NewSelect().Model(&row).Where("id = ?", id).Scan(ctx); err != nil {
		return nil, found(err, "delivery")
	}
	d, err := row.delivery()
	if err != nil || d.BaseID == 0 || !d.BodyExpiredAt.IsZero() {
		return d, err
	}
	var base deliveryRow
	err = tx.db.NewSelect().Model(&base).Column("body", "body_expired_at").Where("id = ?", d.BaseID).Scan(ctx)
	if ignoreNoRows(err) != nil {
		return nil, err
	}
	if d.Base = base.Body; err != nil || !base.BodyExpiredAt.IsZero() {
		d.Body, d.Base, d.BodyExpiredAt = nil, nil, cmp.Or(utc(base.BodyExpiredAt), d.ReceivedAt)
	}
	return d, nil
}
