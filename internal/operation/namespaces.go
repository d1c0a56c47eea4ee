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
		return tx.CreateNamespace(ctx, &namespace)
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

// NewMember says what PutMember makes somebody in a namespace.
type NewMember struct {
	// Namespace is an id or full path, User an id or username.
	Namespace, User string
	Role            achievement.Role
}

// Member is a user's membership. Created says whether there was none before.
type Member struct {
	User    achievement.User
	Role    achievement.Role
	Created bool
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
		member = &Member{User: *user, Role: in.Role, Created: created}
		return err
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
