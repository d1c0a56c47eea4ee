package signin

import "github.com/coreos/go-oidc/v3/oidc"

// gitLab is a GitLab instance. Its sub is the user's id, which webhooks name, too. Groups are told by the endpoint for
// users alone. https://docs.gitlab.com/integration/openid_connect_provider/
var gitLab = kind{
	name: "gitlab", title: "GitLab", forge: "gitlab", public: "https://gitlab.com",
	scopes: []string{oidc.ScopeOpenID, "profile", "email"}, slashed: true, groups: true, open: openOIDC,
}
