package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// AccountRef says who somebody is on a source.
type AccountRef struct{ Source, ForgeUserID string }

type accountRow struct {
	bun.BaseModel `bun:"table:accounts,alias:ac"`

	ID          int64 `bun:",pk,autoincrement"`
	UserID      int64
	Source      string
	ForgeUserID string
	Login       string
	Bot         bool
	CreatedAt   time.Time
	// LoginAt is when the account was first seen under the login.
	LoginAt time.Time `bun:",nullzero"`
}

func (r *accountRow) ref() AccountRef { return AccountRef{r.Source, r.ForgeUserID} }

func (r *accountRow) account() achievement.Account {
	return achievement.Account{
		ID: r.ID, UserID: r.UserID, Source: r.Source, ForgeUserID: r.ForgeUserID, Login: r.Login, Bot: r.Bot,
	}
}

// Newcomer is an account as an event tells of it.
type Newcomer struct {
	achievement.Account

	// Name is the display name; empty when unknown.
	Name string
	// SeenAt is when the account had the login; one that it had earlier than the one that is known is not noted.
	SeenAt time.Time
	// TrustLogin joins the account to the user whose name is its login, if there is one.
	TrustLogin bool
}

// EnsureAccounts returns the accounts as the book has them, by who they are. One that is new there
// gets a user of its own, unclaimed, called by the login, or by "login-source" when that name is
// taken; a login that changed since is noted.
func (tx *Tx) EnsureAccounts(ctx context.Context, now time.Time, newcomers []Newcomer) (map[AccountRef]achievement.Account, error) {
	pending := map[AccountRef]Newcomer{}
	for _, n := range newcomers {
		pending[AccountRef{n.Source, n.ForgeUserID}] = n
	}
	accounts := make(map[AccountRef]achievement.Account, len(pending))
	if err := tx.knownAccounts(ctx, pending, accounts); err != nil || len(pending) == 0 {
		return accounts, err
	}
	users, err := tx.usersFor(ctx, now, pending)
	if err != nil {
		return nil, err
	}
	if err := tx.insertAccounts(ctx, now, pending, users, accounts); err != nil {
		return nil, err
	}
	if len(pending) == 0 {
		return accounts, nil
	}
	// Another transaction met them first; the users made for them here are nobody.
	if err := tx.deleteUnused(ctx, pending, users); err != nil {
		return nil, err
	}
	if err := tx.knownAccounts(ctx, pending, accounts); err != nil {
		return nil, err
	}
	if len(pending) > 0 {
		return nil, fmt.Errorf("%d accounts can neither be found nor made", len(pending))
	}
	return accounts, nil
}

// knownAccounts moves the pending accounts that the book holds to accounts.
func (tx *Tx) knownAccounts(ctx context.Context, pending map[AccountRef]Newcomer, accounts map[AccountRef]achievement.Account) error {
	sources, ids := make([]string, 0, len(pending)), make([]string, 0, len(pending))
	for ref := range pending {
		sources, ids = append(sources, ref.Source), append(ids, ref.ForgeUserID)
	}
	var rows []accountRow
	err := tx.db.NewSelect().Model(&rows).
		Where("source IN (?)", bun.List(unique(sources))).Where("forge_user_id IN (?)", bun.List(unique(ids))).Scan(ctx)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(x, y accountRow) int { return cmp.Compare(x.ID, y.ID) })
	for i := range rows {
		newcomer, ok := pending[rows[i].ref()]
		if !ok {
			continue
		}
		if newcomer.Login != "" && newcomer.Login != rows[i].Login && (rows[i].Login == "" || !newcomer.SeenAt.Before(rows[i].LoginAt)) {
			rows[i].Login, rows[i].LoginAt = newcomer.Login, newcomer.SeenAt
			// An erased person stays nameless.
			if _, err := tx.db.NewUpdate().Model(&rows[i]).Column("login", "login_at").WherePK().
				Where("NOT EXISTS (SELECT 1 FROM users AS u WHERE u.id = user_id AND u.erased_at IS NOT NULL)").Exec(ctx); err != nil {
				return err
			}
		}
		accounts[rows[i].ref()] = rows[i].account()
		delete(pending, rows[i].ref())
	}
	return nil
}

// chosen is the user that an account is given.
type chosen struct {
	userID int64
	made   bool
}

// candidate is a username that is tried for an account.
type candidate struct {
	Newcomer

	ref      AccountRef
	username string
}

// usersFor finds or makes a user for each pending account.
func (tx *Tx) usersFor(ctx context.Context, now time.Time, pending map[AccountRef]Newcomer) (map[AccountRef]chosen, error) {
	users, err := tx.trustedUsers(ctx, pending)
	if err != nil {
		return nil, err
	}
	for try := 0; len(users) < len(pending); try++ {
		if try == maxNames {
			return nil, fmt.Errorf("no free username was found for %d accounts", len(pending)-len(users))
		}
		wanted := map[string]candidate{}
		for ref, newcomer := range pending {
			name := usernameFor(newcomer, try)
			_, done := users[ref]
			if _, twice := wanted[strings.ToLower(name)]; !done && !twice {
				wanted[strings.ToLower(name)] = candidate{newcomer, ref, name}
			}
		}
		if err := tx.makeUsers(ctx, now, wanted, users); err != nil {
			return nil, err
		}
	}
	return users, nil
}

// trustedUsers finds the users whom accounts of trusted sources belong to by their login. The house user is
// nobody's, and neither is one who has another account there: logins are given to others.
func (tx *Tx) trustedUsers(ctx context.Context, pending map[AccountRef]Newcomer) (map[AccountRef]chosen, error) {
	users := map[AccountRef]chosen{}
	logins := map[string][]AccountRef{}
	for ref, newcomer := range pending {
		if newcomer.TrustLogin && newcomer.Login != "" {
			login := strings.ToLower(newcomer.Login)
			logins[login] = append(logins[login], ref)
		}
	}
	if len(logins) == 0 {
		return users, nil
	}
	names := make([]string, 0, len(logins))
	for login := range logins {
		names = append(names, login)
	}
	var rows []userRow
	err := tx.db.NewSelect().Model(&rows).Where("lower(username) IN (?)", bun.List(names)).
		Where("id <> ?", achievement.HouseUserID).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return users, err
	}
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = cmp.Or(rows[i].MergedInto, rows[i].ID)
	}
	var others []accountRow
	if err := tx.db.NewSelect().Model(&others).Where("user_id IN (?)", bun.List(unique(ids))).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		for _, ref := range logins[strings.ToLower(rows[i].Username)] {
			if !slices.ContainsFunc(others, func(a accountRow) bool { return a.UserID == ids[i] && a.Source == ref.Source }) {
				users[ref] = chosen{userID: ids[i]}
			}
		}
	}
	return users, nil
}

// makeUsers makes the users with the wanted names that are free.
func (tx *Tx) makeUsers(ctx context.Context, now time.Time, wanted map[string]candidate, users map[AccountRef]chosen) error {
	rows := make([]*userRow, 0, len(wanted))
	for _, c := range wanted {
		rows = append(rows, &userRow{
			Username: c.username, Name: cmp.Or(c.Name, c.Login, c.username), Bot: c.Bot,
			AchievementsEnabled: true, AwardEmails: true, CreatedAt: now, UpdatedAt: now,
		})
	}
	sortBy(rows, func(r *userRow) (string, string) { return strings.ToLower(r.Username), "" })
	var made []struct {
		ID       int64
		Username string
	}
	err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT DO NOTHING").
		Returning("id, username").Scan(ctx, &made)
	if ignoreNoRows(err) != nil {
		return err
	}
	tx.Touch(Change{Newcomers: len(made) > 0})
	for _, user := range made {
		users[wanted[strings.ToLower(user.Username)].ref] = chosen{userID: user.ID, made: true}
	}
	return nil
}

// insertAccounts stores the pending accounts and moves those that were stored to accounts.
func (tx *Tx) insertAccounts(ctx context.Context, now time.Time, pending map[AccountRef]Newcomer, users map[AccountRef]chosen, accounts map[AccountRef]achievement.Account) error {
	rows := make([]*accountRow, 0, len(pending))
	for ref, newcomer := range pending {
		if newcomer.Login == "" {
			newcomer.SeenAt = time.Time{}
		}
		rows = append(rows, &accountRow{
			UserID: users[ref].userID, Source: ref.Source, ForgeUserID: ref.ForgeUserID,
			Login: newcomer.Login, Bot: newcomer.Bot, CreatedAt: now, LoginAt: newcomer.SeenAt,
		})
	}
	sortBy(rows, func(r *accountRow) (string, string) { return r.Source, r.ForgeUserID })
	var stored []accountRow
	err := tx.db.NewInsert().Model(&rows).ExcludeColumn("id").On("CONFLICT (source, forge_user_id) DO NOTHING").
		Returning("*").Scan(ctx, &stored)
	if ignoreNoRows(err) != nil {
		return err
	}
	for i := range stored {
		accounts[stored[i].ref()] = stored[i].account()
		delete(pending, stored[i].ref())
	}
	return nil
}

func (tx *Tx) deleteUnused(ctx context.Context, pending map[AccountRef]Newcomer, users map[AccountRef]chosen) error {
	var unused []int64
	for ref := range pending {
		if users[ref].made {
			unused = append(unused, users[ref].userID)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	_, err := tx.db.NewDelete().Model((*userRow)(nil)).Where("id IN (?)", bun.List(unused)).Exec(ctx)
	return err
}

// maxNames is how many usernames are tried for an account.
const maxNames = 6

var notInUsername = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// usernameFor returns the name to try: the login, then the login with the source, then with the
// forge's id, then with chance. What a username may not hold is replaced.
func usernameFor(n Newcomer, try int) string {
	suffix := ""
	switch try {
	case 0:
	case 1:
		suffix = "-" + n.Source
	case 2:
		suffix = "-" + n.Source + "-" + n.ForgeUserID
	default:
		suffix = "-" + n.Source + "-" + strings.ToLower(rand.Text()[:8])
	}
	login := cmp.Or(n.Login, "user-"+n.Source+"-"+n.ForgeUserID)
	for _, name := range []string{login + suffix, "user-" + login + suffix} {
		clean := strings.Trim(notInUsername.ReplaceAllString(name, "-"), "-.")
		for _, fits := range []string{name, clean} {
			if achievement.CheckUsername("login", fits) == nil {
				return fits
			}
		}
	}
	return "user-" + strings.ToLower(rand.Text())
}

// UsersOfAccounts returns the users of the accounts that the book knows.
func (tx *Tx) UsersOfAccounts(ctx context.Context, refs []AccountRef) (map[AccountRef]int64, error) {
	found := make(map[AccountRef]int64, len(refs))
	if len(refs) == 0 {
		return found, nil
	}
	values := make([][]any, len(refs))
	for i, ref := range refs {
		values[i] = []any{ref.Source, ref.ForgeUserID}
	}
	var rows []accountRow
	if err := tx.db.NewSelect().Model(&rows).Where("(source, forge_user_id) IN (VALUES ?)", rowValues(values)).Scan(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		found[rows[i].ref()] = rows[i].UserID
	}
	return found, nil
}
