package signin

import "github.com/coreos/go-oidc/v3/oidc"

// gitea is a Gitea instance. Its sub is the user's id, which webhooks name, too; the issuer is its ROOT_URL, in some
// versions with the slash at its end. https://docs.gitea.com/development/oauth2-provider
var gitea = kind{
	name: "gitea", title: "Gitea", forge: "gitea",
	scopes: []string{oidc.ScopeOpenID, "profile", "email"}, slashed: true, groups: true, groupScope: "groups", open: openOIDC,
}
