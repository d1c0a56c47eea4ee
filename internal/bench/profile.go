package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// awardsEach is how many awards each of the people has.
const awardsEach = 20

// How large the constant answers are: the small one is what performance is measured against, and the large one is as large as a
// profile of awardsEach awards that is not compressed, which is checked.
const (
	constantBytes = 4337
	profileBytes  = 14 << 10
)

// fillReads gives everybody awards, as many as a page shows.
func fillReads(ctx context.Context, database string) error {
	conn, err := connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, statement := range []string{
		`INSERT INTO namespaces (full_path, name, visibility, created_at, updated_at) VALUES ('readers', 'Readers', 'public', now(), now())`,
		`INSERT INTO achievements (namespace_id, key, name, name_folded, description, kind, tier, created_at, updated_at)
			SELECT n.id, 'read-' || k, 'Achievement ' || k, 'achievement ' || k, repeat('what it took ', 5), 'irrevocable', 0, now(), now()
			FROM namespaces AS n, generate_series(1, 20) AS k WHERE n.full_path = 'readers'`,
		//nolint:dupword // values
		`INSERT INTO users (username, name, admin, bot, claimed, blocked, private_profile, achievements_enabled, award_emails, created_at, updated_at)
			SELECT 'person' || lpad(k::text, 4, '0'), 'Person ' || k, false, false, true, false, false, true, false, now(), now()
			FROM generate_series(0, 999) AS k`,
		`INSERT INTO awards (achievement_id, user_id, kind, occurrence, awarded_at, awarded_by, show_on_profile, message, rule)
			SELECT a.id, u.id, 'irrevocable', '', now() - a.id * interval '1 hour', 1, true, '', 'readers/' || a.key
			FROM users AS u, achievements AS a JOIN namespaces AS n ON n.id = a.namespace_id
			WHERE n.full_path = 'readers' AND u.username LIKE 'person____'`,
		"ANALYZE", "CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("filling the book: %w", err)
		}
	}
	return nil
}

// The profile as the contract has it.
type (
	profilePage struct {
		Items      []profileAward `json:"items"`
		NextCursor *string        `json:"next_cursor,omitempty"`
	}
	profileAward struct {
		ID           int64              `json:"id"`
		Achievement  profileAchievement `json:"achievement"`
		User         profilePerson      `json:"user"`
		AwardedAt    time.Time          `json:"awarded_at"`
		AwardedBy    *profilePerson     `json:"awarded_by"`
		RevokedAt    *time.Time         `json:"revoked_at"`
		RevokedBy    *profilePerson     `json:"revoked_by"`
		RevokeReason *string            `json:"revoke_reason"`
		Priority     *int64             `json:"priority"`
		Shown        bool               `json:"show_on_profile"`
		Message      *string            `json:"message"`
		Rule         *string            `json:"rule"`
		Occurrence   *string            `json:"occurrence"`
		EventURL     *string            `json:"event_url"`
	}
	profileAchievement struct {
		ID          int64             `json:"id"`
		Key         *string           `json:"key"`
		Namespace   *profileNamespace `json:"namespace"`
		Name        string            `json:"name"`
		Description string            `json:"description"`
		Kind        string            `json:"kind"`
		AvatarURL   *string           `json:"avatar_url"`
		Series      *string           `json:"series,omitempty"`
		Tier        *int              `json:"tier,omitempty"`
		CreatedAt   time.Time         `json:"created_at"`
		UpdatedAt   time.Time         `json:"updated_at"`
	}
	profileNamespace struct {
		ID       int64  `json:"id"`
		FullPath string `json:"full_path"`
		Name     string `json:"name"`
	}
	profilePerson struct {
		ID        int64   `json:"id"`
		Username  string  `json:"username"`
		Name      string  `json:"name"`
		AvatarURL *string `json:"avatar_url"`
	}
)

const profileQuery = `SELECT aw.id, aw.awarded_at, aw.priority, aw.show_on_profile, nullif(aw.message, ''), aw.rule, nullif(aw.occurrence, ''), aw.event_url,
	a.id, a.key, a.name, a.description, a.kind, a.series, nullif(a.tier, 0), a.created_at, a.updated_at,
	n.id, n.full_path, n.name, u.id, u.username, u.name, g.id, g.username, g.name
FROM users AS u JOIN awards AS aw ON aw.user_id = u.id AND aw.revoked_at IS NULL AND aw.show_on_profile
	JOIN achievements AS a ON a.id = aw.achievement_id JOIN namespaces AS n ON n.id = a.namespace_id JOIN users AS g ON g.id = aw.awarded_by
WHERE lower(u.username) = $1 AND u.achievements_enabled AND NOT u.private_profile
ORDER BY coalesce(aw.priority, 9223372036854775807), aw.awarded_at, aw.id LIMIT 21`

// mountReads adds what nobody can be faster than: an answer from memory, and a profile by one query.
func mountReads(ctx context.Context, engine *gin.Engine) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(os.Getenv("ACCOLADE_DATABASE_URL"))
	if err != nil {
		return nil, fmt.Errorf("reading the database's address: %w", err)
	}
	config.MaxConns = 16 // as many as we take
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	constant := text(constantBytes)
	engine.GET("/constant", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", constant) })
	large := text(profileBytes)
	engine.GET("/constant-large", func(c *gin.Context) { c.Data(http.StatusOK, "application/json", large) })
	engine.GET("/api/v1/users/:user/awards", func(c *gin.Context) { //nolint:contextcheck // each request brings its own
		rows, err := pool.Query(c.Request.Context(), profileQuery, c.Param("user"))
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		page := profilePage{}
		if page.Items, err = pgx.CollectRows(rows, awardOf); err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, page)
	})
	return pool, nil
}

// text is so many bytes of JSON.
func text(bytes int) []byte {
	const around, filler = `{"text":""}`, "some bytes of something like JSON; "
	inside := bytes - len(around)
	return fmt.Appendf(nil, `{"text":%q}`, strings.Repeat(filler, inside/len(filler)+1)[:inside])
}

func awardOf(row pgx.CollectableRow) (profileAward, error) {
	a := profileAward{AwardedBy: &profilePerson{}, Achievement: profileAchievement{Namespace: &profileNamespace{}}}
	of := &a.Achievement
	err := row.Scan(&a.ID, &a.AwardedAt, &a.Priority, &a.Shown, &a.Message, &a.Rule, &a.Occurrence, &a.EventURL,
		&of.ID, &of.Key, &of.Name, &of.Description, &of.Kind, &of.Series, &of.Tier, &of.CreatedAt, &of.UpdatedAt,
		&of.Namespace.ID, &of.Namespace.FullPath, &of.Namespace.Name, &a.User.ID, &a.User.Username, &a.User.Name,
		&a.AwardedBy.ID, &a.AwardedBy.Username, &a.AwardedBy.Name)
	a.AwardedAt, of.CreatedAt, of.UpdatedAt = a.AwardedAt.UTC(), of.CreatedAt.UTC(), of.UpdatedAt.UTC()
	return a, err
}
