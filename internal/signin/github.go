package signin

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
)

// gitHub is GitHub, or an Enterprise Server by its address. It knows no OpenID Connect for people; its API tells who
// the owner of a token is.
// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
var gitHub = kind{
	name: "github", title: "GitHub", forge: "github", public: "https://github.com", scopes: []string{"user:email"}, open: openGitHub,
}

// gitHubAPI is where the API of github.com is.
const gitHubAPI = "https://api.github.com"

// hub speaks with GitHub.
type hub struct {
	*client

	api string
}

func openGitHub(c *client) speaker {
	web := strings.TrimSuffix(c.address, "/")
	h := &hub{client: c, api: web + "/api/v3"}
	if strings.EqualFold(web, c.kind.public) {
		h.api = gitHubAPI
	}
	c.oauth.Endpoint = oauth2.Endpoint{
		AuthURL: web + "/login/oauth/authorize", TokenURL: web + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams,
	}
	return h
}

func (h *hub) start(_ context.Context, flow Flow) (string, error) {
	return h.oauth.AuthCodeURL(flow.State, oauth2.S256ChallengeOption(flow.Verifier)), nil
}

func (h *hub) finish(ctx context.Context, flow Flow, answer url.Values) (*Person, error) {
	token, err := h.exchange(ctx, &h.oauth, flow, answer)
	if err != nil {
		return nil, err
	}
	var user struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
		Name  string `json:"name"`
	}
	if err := h.get(ctx, token, "/user", &user); err != nil {
		return nil, h.unavailable(err)
	}
	if user.ID <= 0 {
		return nil, h.untrusted(errors.New("the user has no id"))
	}
	person := &Person{Subject: strconv.FormatInt(user.ID, 10), Login: user.Login, Name: user.Name}
	var addresses []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	// Whoever gave no right to read addresses has none; they are not needed to know who it is.
	if h.get(ctx, token, "/user/emails", &addresses) == nil {
		for _, address := range addresses {
			if address.Primary {
				person.Email, person.EmailVerified = address.Email, address.Verified
			}
		}
	}
	return person, nil
}

func (h *hub) get(ctx context.Context, token *oauth2.Token, path string, into any) error {
	return h.client.get(ctx, token, h.api+path, "application/vnd.github+json", into)
}
