package signin

import "github.com/coreos/go-oidc/v3/oidc"

// forgejo is a Forgejo instance, which does as Gitea does. https://forgejo.org/docs/latest/user/oauth2-provider/
var forgejo = kind{
	name: "forgejo", title: "Forgejo", forge: "forgejo",
	scopes: []string{oidc.ScopeOpenID, "profile", "email"}, slashed: true, groups: true, groupScope: "groups", open: openOIDC,
}
