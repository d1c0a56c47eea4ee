package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

type auditRow struct {
	bun.BaseModel `bun:"table:audit_events,alias:ae"`

	ID          int64 `bun:",pk,autoincrement"`
	At          time.Time
	Action      string
	ActorID     int64
	NamespaceID int64 `bun:",nullzero"`
	SubjectID   int64 `bun:",nullzero"`
	Object      string
	ObjectID    int64
	Address     string
	RequestID   string
	Rule        string `bun:",nullzero"`
	EventID     int64  `bun:",nullzero"`
	Details     string
}

// AppendAudit adds to the record of what was done, in one statement. The record is only ever
// appended to: the database refuses anything else. What is noted touches what it is about (Touch).
func (tx *Tx) AppendAudit(ctx context.Context, events ...achievement.AuditEvent) error {
	if len(events) == 0 {
		return nil
	}
	tx.touchNoted(events)
	rows := make([]*auditRow, len(events))
	for i := range events {
		e := &events[i]
		details := []byte("{}")
		if len(e.Details) > 0 {
			var err error
			if details, err = json.Marshal(e.Details); err != nil {
				return err
			}
		}
		rows[i] = &auditRow{
			At: e.At, Action: e.Action, ActorID: e.ActorID, NamespaceID: e.NamespaceID, SubjectID: e.SubjectID,
			Object: e.Object, ObjectID: e.ObjectID, Address: e.Address, RequestID: e.RequestID,
			Rule: e.Rule, EventID: e.EventID, Details: string(details),
		}
	}
	return tx.insert(ctx, insertion{
		table: "audit_events AS ae", rows: len(rows), last: true,
		columns: []column{
			timesOf("at", rows, func(r *auditRow) time.Time { return r.At }),
			textsOf("action", rows, func(r *auditRow) string { return r.Action }),
			numbersOf("actor_id", rows, func(r *auditRow) int64 { return r.ActorID }),
			nullColumnOf("namespace_id", "bigint", rows, func(r *auditRow) int64 { return r.NamespaceID }),
			nullColumnOf("subject_id", "bigint", rows, func(r *auditRow) int64 { return r.SubjectID }),
			textsOf("object", rows, func(r *auditRow) string { return r.Object }),
			numbersOf("object_id", rows, func(r *auditRow) int64 { return r.ObjectID }),
			textsOf("address", rows, func(r *auditRow) string { return r.Address }),
			textsOf("request_id", rows, func(r *auditRow) string { return r.RequestID }),
			nullColumnOf("rule", "text", rows, func(r *auditRow) string { return r.Rule }),
			nullColumnOf("event_id", "bigint", rows, func(r *auditRow) int64 { return r.EventID }),
			textsOf("details", rows, func(r *auditRow) string { return r.Details }),
		},
	}, nil)
}

// AuditFilter chooses audit events; the zero value of a field chooses all.
type AuditFilter struct {
	NamespaceID int64
	// PersonID is who did it, or to whom it was done.
	PersonID int64
}

// ListAudit returns a page of the chosen audit events, newest first, and the cursor of the next page.
func (tx *Tx) ListAudit(ctx context.Context, f AuditFilter, p Page) ([]achievement.AuditEvent, string, error) {
	q := tx.auditQuery(f).Limit(int64(p.limit()) + 1)
	q, err := p.from(q, "id < ?")
	if err != nil {
		return nil, "", err
	}
	var rows []auditRow
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, p.limit(), func(r *auditRow) position { return position{r.ID} })
	events, err := auditEventsOf(rows)
	return events, next, err
}

// AllAudit returns all of the chosen audit events, newest first.
func (tx *Tx) AllAudit(ctx context.Context, f AuditFilter) ([]achievement.AuditEvent, error) {
	var rows []auditRow
	if err := tx.auditQuery(f).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	return auditEventsOf(rows)
}

func (tx *Tx) auditQuery(f AuditFilter) *bun.SelectQuery {
	q := tx.db.NewSelect().Model((*auditRow)(nil)).Order("id DESC")
	if f.NamespaceID != 0 {
		q = q.Where("namespace_id = ?", f.NamespaceID)
	}
	if f.PersonID != 0 {
		q = q.Where("(subject_id = ? OR actor_id = ?)", f.PersonID, f.PersonID)
	}
	return q
}

func auditEventsOf(rows []auditRow) ([]achievement.AuditEvent, error) {
	events := make([]achievement.AuditEvent, len(rows))
	for i := range rows {
		r := &rows[i]
		events[i] = achievement.AuditEvent{
			ID: r.ID, At: r.At.UTC(), Action: r.Action, ActorID: r.ActorID, NamespaceID: r.NamespaceID,
			SubjectID: r.SubjectID, Object: r.Object, ObjectID: r.ObjectID, Address: r.Address, RequestID: r.RequestID,
			Rule: r.Rule, EventID: r.EventID,
		}
		if err := json.Unmarshal([]byte(r.Details), &events[i].Details); err != nil {
			return nil, err
		}
	}
	return events, nil
}
