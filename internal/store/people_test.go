package store_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

func TestUsersComeBackWhole(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := &achievement.User{
			Username: "Ada", Name: "Ada Løvelace '\\", Email: "ada@example.com", Admin: true, Bot: true, Claimed: true,
			Blocked: true, PrivateProfile: true, AchievementsEnabled: true, AwardEmails: true, ErasedAt: noon, CreatedAt: noon, UpdatedAt: noon.Add(time.Hour),
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateUser(ctx, ada) })
		plain := user(t, book, "plain")

		for what, find := range map[string]func(context.Context, *store.Tx) (*achievement.User, error){
			"by id": func(ctx context.Context, tx *store.Tx) (*achievement.User, error) { return tx.UserByID(ctx, ada.ID) },
			"by name": func(ctx context.Context, tx *store.Tx) (*achievement.User, error) {
				return tx.UserByUsername(ctx, "aDA")
			},
		} {
			same(t, "Ada "+what, read(t, book, find), ada)
		}
		same(t, "both", read(t, book, func(ctx context.Context, tx *store.Tx) (map[int64]*achievement.User, error) {
			return tx.UsersByID(ctx, []int64{ada.ID, plain.ID, 999})
		}), map[int64]*achievement.User{ada.ID: ada, plain.ID: plain})
		refused(t, book, "username_taken", func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateUser(ctx, &achievement.User{Username: "ADA", CreatedAt: noon, UpdatedAt: noon})
		})
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UserByID(ctx, 999)
			return err
		})
	})
}

func newcomer(source, id, login string) store.Newcomer {
	return store.Newcomer{Account: achievement.Account{Source: source, ForgeUserID: id, Login: login}}
}

// meet ensures the accounts and returns the username behind each.
func meet(t *testing.T, book *store.Store, newcomers ...store.Newcomer) map[store.AccountRef]string {
	t.Helper()

	names := map[store.AccountRef]string{}
	do(t, book, func(ctx context.Context, tx *store.Tx) error {
		clear(names)
		accounts, err := tx.EnsureAccounts(ctx, noon, newcomers)
		if err != nil {
			return err
		}
		for ref, account := range accounts {
			user, err := tx.UserByID(ctx, account.UserID)
			if err != nil {
				return err
			}
			names[ref] = user.Username
		}
		return nil
	})
	return names
}

func TestAccountsGetUsers(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		user(t, book, "grace")
		trusted := newcomer("corp", "9", "Grace")
		trusted.TrustLogin = true
		house := newcomer("corp", "10", "accolade")
		house.TrustLogin = true
		got := meet(t, book,
			newcomer("github", "1", "ada"), newcomer("gitlab", "1", "Ada"), newcomer("github", "2", "grace"),
			newcomer("github", "3", ""), newcomer("github", "4", "42"), newcomer("github", "5", "renovate[bot]"),
			newcomer("github", "6", "odd name!"), trusted, house)
		// Of two newcomers with one login either may get the name; the other one gets its source.
		hub, lab := store.AccountRef{Source: "github", ForgeUserID: "1"}, store.AccountRef{Source: "gitlab", ForgeUserID: "1"}
		if names := got[hub] + " " + got[lab]; names != "ada Ada-gitlab" && names != "ada-github Ada" {
			t.Errorf("the two Adas are called %s", names)
		}
		delete(got, hub)
		delete(got, lab)
		same(t, "the others", got, map[store.AccountRef]string{
			{Source: "github", ForgeUserID: "2"}: "grace-github",
			{Source: "github", ForgeUserID: "3"}: "user-github-3",
			{Source: "github", ForgeUserID: "4"}: "user-42",
			{Source: "github", ForgeUserID: "5"}: "renovate[bot]",
			{Source: "github", ForgeUserID: "6"}: "odd-name",
			{Source: "corp", ForgeUserID: "9"}:   "grace",
			{Source: "corp", ForgeUserID: "10"}:  "accolade-corp",
		})
	})
}

// A login that another account of the source had joins nobody to that one's user: logins are given to others.
func TestTrustedLoginsJoinOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		user(t, book, "grace")
		first, second, elsewhere := newcomer("corp", "9", "grace"), newcomer("corp", "10", "grace"), newcomer("lab", "9", "grace")
		first.TrustLogin, second.TrustLogin, elsewhere.TrustLogin = true, true, true
		same(t, "the first one", meet(t, book, first), map[store.AccountRef]string{{Source: "corp", ForgeUserID: "9"}: "grace"})
		same(t, "another one of that login", meet(t, book, second), map[store.AccountRef]string{{Source: "corp", ForgeUserID: "10"}: "grace-corp"})
		same(t, "one elsewhere", meet(t, book, elsewhere), map[store.AccountRef]string{{Source: "lab", ForgeUserID: "9"}: "grace"})
	})
}

func TestAccountsAreKnownById(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ref := store.AccountRef{Source: "github", ForgeUserID: "1"}
		for _, login := range []string{"ada", "ada", "countess", ""} {
			same(t, "the user of "+login, meet(t, book, newcomer("github", "1", login)), map[store.AccountRef]string{ref: "ada"})
		}
		do(t, book, func(ctx context.Context, tx *store.Tx) error {
			accounts, err := tx.EnsureAccounts(ctx, noon, []store.Newcomer{newcomer("github", "1", "")})
			same(t, "the login last seen", accounts[ref].Login, "countess")
			return err
		})
	})
}

func TestUnclaimedUserOfAnAccount(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		bot := newcomer("github", "1", "builder")
		bot.Bot, bot.Name = true, "The Builder"
		meet(t, book, bot)
		got := read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.User, error) {
			return tx.UserByUsername(ctx, "builder")
		})
		same(t, "the user", got, &achievement.User{
			ID: got.ID, Username: "builder", Name: "The Builder", Bot: true, AchievementsEnabled: true, AwardEmails: true, CreatedAt: noon, UpdatedAt: noon,
		})
	})
}

// Many transactions meet the same people at once: each account has one user, and no user is left over.
func TestAccountsAreMetOnce(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		var newcomers []store.Newcomer
		for i := range 20 {
			newcomers = append(newcomers, newcomer("github", strconv.Itoa(i), fmt.Sprintf("user%d", i)))
		}
		users := make([]map[store.AccountRef]achievement.Account, 8)
		var meeting sync.WaitGroup
		for i := range users {
			meeting.Go(func() {
				err := book.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
					var err error
					users[i], err = tx.EnsureAccounts(ctx, noon, newcomers)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		meeting.Wait()
		for _, other := range users[1:] {
			if diff := cmp.Diff(users[0], other); diff != "" {
				t.Fatalf("two transactions met different people:\n%s", diff)
			}
		}
		next := user(t, book, "last")
		for id := range next.ID {
			err := book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.UserByID(ctx, id)
				if err == nil && id > achievement.HouseUserID && len(u.Username) > len("user19") {
					t.Errorf("user %q is left over", u.Username)
				}
				return err
			})
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
	})
}

func TestRolesAreInherited(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		ada := user(t, book, "ada")
		acme, tools, other := namespace(t, book, "acme"), namespace(t, book, "Acme/Tools"), namespace(t, book, "acme-too")
		put := func(n *achievement.Namespace, role achievement.Role, isNew bool) {
			do(t, book, func(ctx context.Context, tx *store.Tx) error {
				created, err := tx.PutMember(ctx, n.ID, ada.ID, role, noon)
				same(t, "whether the member is new", created, isNew)
				return err
			})
		}
		roles := func() map[string]achievement.Role {
			return read(t, book, func(ctx context.Context, tx *store.Tx) (map[string]achievement.Role, error) {
				return tx.RolesIn(ctx, ada.ID, []string{"acme", "ACME/tools", "acme/tools/deep", "acme-too"})
			})
		}
		maintained := func() []int64 {
			return read(t, book, func(ctx context.Context, tx *store.Tx) ([]int64, error) {
				return tx.MaintainedNamespaces(ctx, ada.ID)
			})
		}
		same(t, "roles without a membership", roles(), map[string]achievement.Role{})
		put(tools, achievement.Owner, true)
		put(acme, achievement.Guest, true)
		same(t, "roles", roles(), map[string]achievement.Role{
			"acme": achievement.Guest, "ACME/tools": achievement.Owner, "acme/tools/deep": achievement.Owner,
		})
		same(t, "maintained", maintained(), []int64{tools.ID})
		put(tools, achievement.Reporter, false)
		put(acme, achievement.Maintainer, false)
		same(t, "roles", roles(), map[string]achievement.Role{
			"acme": achievement.Maintainer, "ACME/tools": achievement.Maintainer, "acme/tools/deep": achievement.Maintainer,
		})
		same(t, "maintained", maintained(), []int64{acme.ID, tools.ID})
		put(other, achievement.Maintainer, true)
		same(t, "the role in one", read(t, book, func(ctx context.Context, tx *store.Tx) (achievement.Role, error) {
			return tx.RoleIn(ctx, ada.ID, "acme-too")
		}), achievement.Maintainer)
	})
}

func TestNamespaces(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		made := namespace(t, book, "Acme/Tools")
		same(t, "by path", read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Namespace, error) {
			return tx.NamespaceByPath(ctx, "acme/TOOLS")
		}), made)
		same(t, "by id", read(t, book, func(ctx context.Context, tx *store.Tx) (map[int64]*achievement.Namespace, error) {
			return tx.NamespacesByID(ctx, []int64{made.ID, 999})
		}), map[int64]*achievement.Namespace{made.ID: made})
		refused(t, book, "path_taken", func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateNamespace(ctx, &achievement.Namespace{FullPath: "acme/tools", Visibility: achievement.Public, CreatedAt: noon, UpdatedAt: noon})
		})
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.NamespaceByID(ctx, 999)
			return err
		})
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()

	testkit.EachStore(t, func(t *testing.T, book *store.Store) {
		t.Helper()

		root := &achievement.User{Username: "root", Admin: true, CreatedAt: noon, UpdatedAt: noon}
		do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateUser(ctx, root) })
		ada := user(t, book, "ada")
		anyAdmin := func() bool {
			return read(t, book, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.AnyAdminToken(ctx) })
		}
		issue := func(hash byte, token *achievement.Token) {
			do(t, book, func(ctx context.Context, tx *store.Tx) error { return tx.CreateToken(ctx, token, [32]byte{hash}) })
			same(t, "the token", read(t, book, func(ctx context.Context, tx *store.Tx) (*achievement.Token, error) {
				return tx.TokenByHash(ctx, [32]byte{hash})
			}), token)
		}
		scopes := func(s ...achievement.Scope) []achievement.Scope { return s }
		issue(1, &achievement.Token{UserID: ada.ID, Name: "no admin", Scopes: scopes("admin"), CreatedAt: noon})
		issue(2, &achievement.Token{UserID: root.ID, Name: "no admin scope", Scopes: scopes("read", "write"), CreatedAt: noon})
		issue(3, &achievement.Token{UserID: root.ID, Name: "expires", Scopes: scopes("admin"), ExpiresAt: noon, CreatedAt: noon})
		if anyAdmin() {
			t.Error("there is an admin's token before one was made")
		}
		issue(4, &achievement.Token{UserID: root.ID, Name: "admin", Scopes: scopes("read", "admin", "write"), CreatedAt: noon})
		if !anyAdmin() {
			t.Error("the admin's token is not found")
		}
		refused(t, book, "token_taken", func(ctx context.Context, tx *store.Tx) error {
			return tx.CreateToken(ctx, &achievement.Token{UserID: ada.ID, CreatedAt: noon}, [32]byte{4})
		})
		refused(t, book, "not_found", func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.TokenByHash(ctx, [32]byte{5})
			return err
		})
	})
}
