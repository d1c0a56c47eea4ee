package config

import (
	"fmt"
	"io"
	"strings"
)

// WriteReference writes docs/configuration.md.
func WriteReference(w io.Writer) {
	fmt.Fprint(w, `# Configuration

Accolade needs none: without any it keeps everything in the SQLite file accolade.db of the present
directory and listens on 127.0.0.1:8080. What is set in the environment overrides the file that
ACCOLADE_CONFIG names, and the file overrides the defaults. "accolade config check" says what is wrong,
and whether the user who runs it may write where things are kept.

An empty variable is as good as none: what the file says holds, or the default. So is an empty value in the file: the
default holds. The check and the service warn of variables that begin with ACCOLADE_ and are none of these.

| environment | file | default | what it is |
|---|---|---|---|
`)
	writeSettings(w)
	fmt.Fprint(w, `
## Sources

A source is one forge that sends webhooks. Sources are listed in the file:

`+"```yaml"+`
sources:
  - name: acme-gitlab            # the webhook's URL is <base_url>/hooks/acme-gitlab
    forge: gitlab                # gitlab, github, gitea, forgejo, bitbucket or bitbucket-server
    secret_file: /run/secrets/gitlab-hook   # or secret: ..., or secrets: [new, old] during a rotation
    base_url: https://gitlab.example.com
    trusted_logins: true         # equal logins on such sources are the same person; never of bitbucket
    bots: [deploy-robot]         # further logins that are machines
    dry_run: true                # on trial: deliveries are stored and answered, and cause nothing
    token_file: /run/secrets/gitlab-token   # or token: ...; what the forge's API is asked with, for imports and reconciling
    projects: [acme/tools]       # what is imported and reconciled: repositories, or groups for all of theirs
    api_url: https://gitlab.example.com/api/v4   # only where it does not follow from base_url
`+"```"+`

A source without a secret, or with an empty one, is refused at start.

## Sign-in

The providers by which people sign in are listed in the file, too; [docs/sign-in.md](sign-in.md) has each kind and every key:

`+"```yaml"+`
sign_in:
  - name: gitlab                 # it sends people back to <base_url>/sign-in/gitlab/callback
    kind: gitlab                 # gitlab, github, gitea, forgejo or oidc
    base_url: https://gitlab.example.com
    client_id: 4f0c1e
    client_secret_file: /run/secrets/gitlab-client   # or client_secret: ...
    source: acme-gitlab          # the source whose accounts these are
`+"```"+`
`)
}

// writeSettings writes the rows of the table, and what may be said by files.
func writeSettings(w io.Writer) {
	var secrets strings.Builder
	for _, setting := range Settings() {
		shown := "none"
		if setting.Default != "" {
			shown = "`" + setting.Default + "`"
		}
		fmt.Fprintf(w, "| `%s` | `%s` | %s | %s |\n", setting.Variable, setting.Key, shown, setting.About)
		if setting.Secret {
			fmt.Fprintf(&secrets, "- `%s_FILE`\n", setting.Variable)
		}
	}
	fmt.Fprint(w, "\nThese name a file that holds the value, which keeps a secret out of the environment:\n\n", &secrets)
}
