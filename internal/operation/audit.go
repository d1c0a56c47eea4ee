package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/store"
)

// Origin says where a call came from.
type Origin struct {
	// Address is the client's network address, RequestID the request's name in logs.
	Address, RequestID string
}

type originKey struct{}

// WithOrigin returns a context that carries the origin from the door to the audit log.
func WithOrigin(ctx context.Context, origin Origin) context.Context {
	return context.WithValue(ctx, originKey{}, origin)
}

// The details that several deeds have.
const (
	detailSource   = "source"
	detailProvider = "provider"
)

// deed is what is noted of a change: the rest follows from the call.
type deed struct {
	action      string
	namespaceID int64
	subjectID   int64
	object      string
	objectID    int64
	details     map[string]any
}

// note records what the caller did in the change's own transaction.
func (o *Operations) note(ctx context.Context, tx *store.Tx, caller Caller, d deed) error {
	origin, _ := ctx.Value(originKey{}).(Origin)
	return tx.AppendAudit(ctx, achievement.AuditEvent{
		At: o.now(), Action: d.action, ActorID: caller.ID(), NamespaceID: d.namespaceID, SubjectID: d.subjectID,
		Object: d.object, ObjectID: d.objectID, Address: origin.Address, RequestID: origin.RequestID, Details: d.details,
	})
}

// fields says in the audit log which fields were sent.
func fields(sent ...string) map[string]any {
	names := []string{}
	for _, name := range sent {
		if name != "" {
			names = append(names, name)
		}
	}
	return map[string]any{"fields": names}
}

// when returns the name of a field that was sent.
func when[T any](sent *T, name string) string {
	if sent == nil {
		return ""
	}
	return name
}

// AuditView is an audit event with the people it names. Actor and Subject are nil when there is nobody.
type AuditView struct {
	achievement.AuditEvent

	Actor, Subject *achievement.User
}

// ListAuditEvents lists what was done everywhere, newest first. Role: admin.
func (o *Operations) ListAuditEvents(ctx context.Context, caller Caller, page Page) (*Listing[AuditView], error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	var listing *Listing[AuditView]
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		listing, err = listAudit(ctx, tx, store.AuditFilter{}, page)
		return err
	})
	return listing, err
}

// ListNamespaceAuditEvents lists what was done in a namespace, newest first. Role: owner.
func (o *Operations) ListNamespaceAuditEvents(ctx context.Context, caller Caller, ref string, page Page) (*Listing[AuditView], error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	var listing *Listing[AuditView]
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, ref)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Owner); err != nil {
			return err
		}
		listing, err = listAudit(ctx, tx, store.AuditFilter{NamespaceID: namespace.ID}, page)
		return err
	})
	return listing, err
}

func listAudit(ctx context.Context, tx *store.Tx, filter store.AuditFilter, page Page) (*Listing[AuditView], error) {
	events, next, err := tx.ListAudit(ctx, filter, page.inStore())
	if err != nil {
		return nil, err
	}
	items, err := viewAudit(ctx, tx, events)
	return &Listing[AuditView]{Items: items, Next: next}, err
}

func viewAudit(ctx context.Context, tx *store.Tx, events []achievement.AuditEvent) ([]AuditView, error) {
	people := set{}
	for i := range events {
		people.add(events[i].ActorID, events[i].SubjectID)
	}
	users, err := tx.UsersByID(ctx, people.ids())
	if err != nil {
		return nil, err
	}
	views := make([]AuditView, len(events))
	for i := range events {
		views[i] = AuditView{AuditEvent: events[i], Actor: users[events[i].ActorID], Subject: users[events[i].SubjectID]}
	}
	return views, nil
}
