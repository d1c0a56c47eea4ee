package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
)

// day is how a form writes a date.
const day = "2006-01-02"

// tokensPage is what the page of one's tokens shows.
type tokensPage struct {
	Tokens []achievement.Token
	// Mine is the token that the session began with, 0 for none.
	Mine int64
	// Scopes are those that the caller's tokens can have.
	Scopes []achievement.Scope
	// Name, Chosen and Expires are what was typed for a new one.
	Name    string
	Chosen  map[achievement.Scope]bool
	Expires string
	// Issued is the new one, whose secret is shown this once.
	Issued *issuedToken
}

// issuedToken is what the page that follows the form is told of the new token.
type issuedToken struct{ Name, Secret string }

// ownTokens returns what the page shows; else it has answered.
func (p *Pages) ownTokens(c *gin.Context) (*tokensPage, bool) {
	user, ok := p.own(c)
	if !ok {
		return nil, false
	}
	tokens, err := p.operations.ListTokens(c.Request.Context(), caller(c), self(c))
	if err != nil {
		p.Fail(c, err)
		return nil, false
	}
	page := &tokensPage{
		Tokens: tokens, Mine: caller(c).TokenID(), Chosen: map[achievement.Scope]bool{achievement.ScopeRead: true},
		Scopes: []achievement.Scope{achievement.ScopeRead, achievement.ScopeWrite},
	}
	if user.Admin {
		page.Scopes = append(page.Scopes, achievement.ScopeAdmin)
	}
	return page, true
}

func (p *Pages) tokens(c *gin.Context) {
	page, ok := p.ownTokens(c)
	if !ok {
		return
	}
	if secret, name, noted := strings.Cut(p.takeNote(c), " "); noted {
		page.Issued = &issuedToken{name, secret}
	}
	p.show(c, http.StatusOK, "settings-tokens", view{Hidden: true, Body: page})
}

// issueToken leads to the page that shows the secret, once: showing that again shows no secret and issues nothing.
func (p *Pages) issueToken(c *gin.Context) {
	page, ok := p.ownTokens(c)
	if !ok {
		return
	}
	sent, err := readForm(c)
	page.Name, page.Expires = sent.text("name"), sent.text("expires_at")
	clear(page.Chosen)
	asked := operation.NewToken{User: self(c), Name: page.Name}
	for _, scope := range sent.values["scopes"] {
		asked.Scopes = append(asked.Scopes, achievement.Scope(scope))
		page.Chosen[achievement.Scope(scope)] = true
	}
	if err == nil {
		asked.ExpiresAt, err = endOfDay(page.Expires)
	}
	var issued *operation.IssuedToken
	if err == nil {
		issued, err = p.operations.CreateToken(c.Request.Context(), caller(c), asked)
	}
	if err != nil {
		p.again(c, err, "settings-tokens", view{Body: page})
		return
	}
	p.keepNote(c, issued.Secret+" "+issued.Name) // no secret has a space
	p.back(c, "/settings/tokens", "")
}

// endOfDay is when a token ends that is good for the day, too; zero for no day.
func endOfDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(day, text)
	if err != nil {
		return time.Time{}, fault.InvalidField("expires_at", "bad_date", "must be a day, such as 2027-01-31")
	}
	return at.AddDate(0, 0, 1), nil
}

func (p *Pages) revokeToken(c *gin.Context) {
	id, ok := p.id(c, "token")
	if !ok {
		return
	}
	if err := p.operations.RevokeToken(c.Request.Context(), caller(c), self(c), id); err != nil {
		p.Fail(c, err)
		return
	}
	p.back(c, "/settings/tokens", "token_revoked")
}

func (p *Pages) sessions(c *gin.Context) {
	sessions, err := p.operations.ListSessions(c.Request.Context(), caller(c))
	if err != nil {
		p.Fail(c, err)
		return
	}
	p.show(c, http.StatusOK, "settings-sessions", view{Hidden: true, Body: struct {
		Sessions []achievement.Session
		Mine     int64
	}{sessions, caller(c).SessionID()}})
}

func (p *Pages) endSession(c *gin.Context) {
	id, ok := p.id(c, "session")
	if !ok {
		return
	}
	if err := p.operations.EndSession(c.Request.Context(), caller(c), id); err != nil {
		p.Fail(c, err)
		return
	}
	p.back(c, "/settings/sessions", "session_ended")
}
