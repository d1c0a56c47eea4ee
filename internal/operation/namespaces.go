package operation

import (
	"context"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// NewNamespace is what CreateNamespace makes a namespace of.
type NewNamespace struct {
	FullPath, Name string
	Visibility     achievement.Visibility
}

// CreateNamespace creates a group that can own achievements. Role: admin. Faults: path_taken.
func (o *Operations) CreateNamespace(ctx context.Context, caller Caller, in NewNamespace) (*achievement.Namespace, error) {
	if err := mayAdminister(caller); err != nil {
		return nil, err
	}
	name, badName := achievement.CleanName("name", in.Name)
	err := allOf(achievement.CheckPath("full_path", in.FullPath), badName, checkVisibility(in.Visibility))
	if err != nil {
		return nil, err
	}
	now := o.now()
	var namespace achievement.Namespace
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace = achievement.Namespace{
			FullPath: in.FullPath, Name: name, Visibility: in.Visibility, CreatedAt: now, UpdatedAt: now,
		}
		if err := tx.CreateNamespace(ctx, &namespace); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "namespace.created", namespaceID: namespace.ID, object: "namespace", objectID: namespace.ID,
			details: map[string]any{"full_path": namespace.FullPath},
		})
	})
	if err != nil {
		return nil, err
	}
	return &namespace, nil
}

// GetNamespace returns the namespace with the id or full path. Role: whoever may read it.
func (o *Operations) GetNamespace(ctx context.Context, caller Caller, ref string) (*achievement.Namespace, error) {
	var namespace *achievement.Namespace
	err := o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		namespace, _, err = findNamespace(ctx, tx, caller, ref)
		return err
	})
	return namespace, err
}

// NamespaceQuery says which namespaces ListNamespaces lists.
type NamespaceQuery struct {
	// Search, unless empty, is a part of the path or the name, in upper or lower case.
	Search string
	Page   Page
}

// ListNamespaces lists the namespaces that the caller may read, oldest first. Role: anyone.
func (o *Operations) ListNamespaces(ctx context.Context, caller Caller, in NamespaceQuery) (*Listing[achievement.Namespace], error) {
	search, err := achievement.CleanText("search", in.Search, achievement.MaxPath)
	if err != nil {
		return nil, err
	}
	listing := &Listing[achievement.Namespace]{}
	err = o.store.View(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		listing.Items, listing.Next, err = tx.ListNamespaces(ctx, readable(caller, search), in.Page.inStore())
		return err
	})
	return listing, err
}

// NamespaceChange is what UpdateNamespace changes: what is not nil.
type NamespaceChange struct {
	Name       *string
	Visibility *achievement.Visibility
	// Leaderboard is whether a page shows who holds the most of its achievements.
	Leaderboard *bool
	Match       Match[achievement.Namespace]
}

// UpdateNamespace changes a namespace. Role: owner. Faults: changed.
func (o *Operations) UpdateNamespace(ctx context.Context, caller Caller, ref string, in NamespaceChange) (*achievement.Namespace, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	var badName, badVisibility error
	if in.Name != nil {
		*in.Name, badName = achievement.CleanName("name", *in.Name)
	}
	if in.Visibility != nil {
		badVisibility = checkVisibility(*in.Visibility)
	}
	if err := allOf(badName, badVisibility); err != nil {
		return nil, err
	}
	var namespace *achievement.Namespace
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var standing standing
		var err error
		if namespace, standing, err = lockNamespace(ctx, tx, caller, ref, in.Match); err != nil {
			return err
		}
		if err := standing.must(achievement.Owner); err != nil {
			return err
		}
		if in.Name != nil {
			namespace.Name = *in.Name
		}
		if in.Visibility != nil {
			namespace.Visibility = *in.Visibility
		}
		if in.Leaderboard != nil {
			namespace.Leaderboard = *in.Leaderboard
		}
		namespace.UpdatedAt = o.now()
		if err := tx.UpdateNamespace(ctx, namespace); err != nil {
			return err
		}
		d := deed{action: "namespace.updated", namespaceID: namespace.ID, object: "namespace", objectID: namespace.ID}
		d.details = fields(when(in.Name, "name"), when(in.Visibility, "visibility"), when(in.Leaderboard, "leaderboard"))
		return o.note(ctx, tx, caller, d)
	})
	return namespace, err
}

// DeleteNamespace deletes a namespace without achievements. Role: admin. Faults: not_empty, changed.
func (o *Operations) DeleteNamespace(ctx context.Context, caller Caller, ref string, match Match[achievement.Namespace]) error {
	if err := mayAdminister(caller); err != nil {
		return err
	}
	return o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, _, err := lockNamespace(ctx, tx, caller, ref, match)
		if err != nil {
			return err
		}
		if err := tx.DeleteNamespace(ctx, namespace.ID); err != nil {
			return err
		}
		return o.note(ctx, tx, caller, deed{
			action: "namespace.deleted", namespaceID: namespace.ID, object: "namespace", objectID: namespace.ID,
			details: map[string]any{"full_path": namespace.FullPath},
		})
	})
}

// lockNamespace returns the namespace, locked until the transaction ends, if the caller may read it and
// it is the one that the caller means.
func lockNamespace(
	ctx context.Context, tx *store.Tx, caller Caller, ref string, match Match[achievement.Namespace],
) (*achievement.Namespace, standing, error) {
	namespace, in, err := findNamespace(ctx, tx, caller, ref)
	if err != nil {
		return nil, standing{}, err
	}
	if namespace, err = tx.NamespaceForUpdate(ctx, namespace.ID); err != nil {
		return nil, standing{}, err
	}
	return namespace, in, match.check("namespace", namespace)
}

// NewMember says what PutMember makes somebody in a namespace.
type NewMember struct {
	// Namespace is an id or full path, User an id or username.
	Namespace, User string
	Role            achievement.Role
}

// Member is a user's membership.
type Member struct {
	User achievement.User
	Role achievement.Role
	// Created says that there was none before; Inherited, that it is one in a namespace around.
	Created, Inherited bool
}

// PutMember makes a user a member of a namespace, or gives a member another role. Role: owner.
func (o *Operations) PutMember(ctx context.Context, caller Caller, in NewMember) (*Member, error) {
	if err := mayWrite(caller); err != nil {
		return nil, err
	}
	if _, ok := achievement.ParseRole(in.Role.String()); !ok {
		return nil, fault.InvalidField("access_level", "unknown", "must be guest, reporter, developer, maintainer or owner")
	}
	var member *Member
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		namespace, standing, err := findNamespace(ctx, tx, caller, in.Namespace)
		if err != nil {
			return err
		}
		if err := standing.must(achievement.Owner); err != nil {
			return err
		}
		user, err := findUser(ctx, tx, in.User)
		if err != nil {
			return err
		}
		created, err := tx.PutMember(ctx, namespace.ID, user.ID, in.Role, o.now())
		if err != nil {
			return err
		}
		member = &Member{User: *user, Role: in.Role, Created: created}
		return o.note(ctx, tx, caller, deed{
			action: "member.put", namespaceID: namespace.ID, subjectID: user.ID, object: "namespace", objectID: namespace.ID,
			details: map[string]any{"access_level": in.Role.String()},
		})
	})
	if err != nil {
		return nil, err
	}
	return member, nil
}

// findNamespace returns the namespace with the id or full path, if the caller may read it, and what
// the caller is in it.
func findNamespace(ctx context.Context, tx *store.Tx, caller Caller, ref string) (*achievement.Namespace, standing, error) {
	namespace, err := lookUpNamespace(ctx, tx, ref)
	if err != nil {
		return nil, standing{}, err
	}
	in, err := standingIn(ctx, tx, caller, namespace)
	if err != nil {
		return nil, standing{}, err
	}
	if !in.reads {
		return nil, standing{}, fault.NotFoundFor("namespace")
	}
	return namespace, in, nil
}

func lookUpNamespace(ctx context.Context, tx *store.Tx, ref string) (*achievement.Namespace, error) {
	if id, ok := parseID(ref); ok {
		return tx.NamespaceByID(ctx, id)
	}
	if achievement.CheckPath("namespace", ref) != nil {
		return nil, fault.NotFoundFor("namespace")
	}
	return tx.NamespaceByPath(ctx, ref)
}

func checkVisibility(visibility achievement.Visibility) error {
	switch visibility {
	case achievement.Public, achievement.Internal, achievement.Private:
		return nil
	default:
		return fault.InvalidField("visibility", "unknown", "must be public, internal or private")
	}
}
