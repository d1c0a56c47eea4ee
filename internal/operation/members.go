package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// ListMembers lists the members of the namespace itself, in the order of their ids. Role: guest.
func (o *Operations) ListMembers(ctx context.Context, caller Caller, ref string, page Page) (*Listing[Member], error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	listing := &Listing[Member]{}
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, ref)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Guest); err != nil {
			return err
		}
		found, next, err := tx.ListMembers(ctx, namespace.ID, page.inStore())
		if err != nil {
			return err
		}
		people := set{}
		for _, m := range found {
			people.add(m.UserID)
		}
		users, err := tx.UsersByID(ctx, people.ids())
		if err != nil {
			return err
		}
		listing.Items, listing.Next = make([]Member, len(found)), next
		for i, m := range found {
			listing.Items[i] = Member{User: *users[m.UserID], Role: m.Role}
		}
		return nil
	})
	return listing, err
}

// GetMember returns what a user may do in the namespace, by a membership in it or around it.
// Role: guest.
func (o *Operations) GetMember(ctx context.Context, caller Caller, namespaceRef, userRef string) (*Member, error) {
	if err := mustBeKnown(caller); err != nil {
		return nil, err
	}
	var member *Member
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, namespaceRef)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Guest); err != nil {
			return err
		}
		user, err := findUser(ctx, tx, userRef)
		if err != nil {
			return err
		}
		role, err := tx.RoleIn(ctx, user.ID, namespace.FullPath)
		if err != nil {
			return err
		}
		if role == achievement.NoRole {
			return fault.NotFoundFor("member")
		}
		own, err := tx.OwnRole(ctx, namespace.ID, user.ID)
		member = &Member{User: *user, Role: role, Inherited: own < role}
		return err
	})
	return member, err
}

// RemoveMember ends a user's membership in the namespace itself. Role: owner; anyone for themselves.
func (o *Operations) RemoveMember(ctx context.Context, caller Caller, namespaceRef, userRef string) error {
	if err := mayWrite(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, namespaceRef)
		if err != nil {
			return err
		}
		user, err := findUser(ctx, tx, userRef)
		if err != nil {
			return err
		}
		if err := mayRemove(caller, standing, user); err != nil {
			return err
		}
		if err := tx.RemoveMember(ctx, namespace.ID, user.ID); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "member.removed", namespaceID: namespace.ID, subjectID: user.ID, object: "namespace", objectID: namespace.ID,
		})
	})
}
