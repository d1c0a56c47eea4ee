// Package forge understands the webhooks of code forges.
//
// It tells whether a delivery really comes from a configured source (Verify, over the raw
// bytes), names the delivery for the transport (DeliveryID), and translates its body into the
// events of package event with natural keys (Events). Every forge is one file and one line in
// the list of forges below. The package has no clock, network or database; it imports packages
// event and fault and the standard library.
package forge

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Forge is what Accolade needs to know of a kind of forge. Implementations hold no state and
// may be used by many goroutines at once.
type Forge interface {
	// Verify returns nil if req carries a valid signature made with one of the secrets. It looks
	// only at this forge's own header, whatever else is there, and compares in constant time.
	// Faults: Unauthenticated with the code missing_signature or bad_signature.
	Verify(secrets []string, req Request) error
	// DeliveryID returns the forge's id of the transport, at most 255 printable bytes, or "" when
	// there is none. It is not covered by a signature and says nothing on the event's identity.
	DeliveryID(req Request) string
	// EventName returns the forge's own name of what it sent, such as "pull_request" or "Merge
	// Request Hook", at most 255 printable bytes.
	EventName(req Request) string
	// Events translates the body. It returns no events and no error for a delivery that is
	// understood and tells nothing, such as a ping. Call it only after Verify.
	// Errors: *UnknownError, *UnreadableError.
	Events(src Source, req Request) ([]event.Event, error)
	// Sign sets the signature headers that the forge sends when it is configured with the secret.
	Sign(secret string, req Request)
}

// The names of the forges, as a source's configuration spells them.
const (
	GitHub          = "github"
	GitLab          = "gitlab"
	Gitea           = "gitea"
	Forgejo         = "forgejo"
	BitbucketCloud  = "bitbucket"
	BitbucketServer = "bitbucket-server"
	// CloudEvents is whatever system sends CloudEvents.
	CloudEvents = "cloudevents"
)

// forges is the list of all forges. A new forge is one file and one line here.
var forges = []struct {
	name  string
	forge Forge
}{
	{GitHub, github{}},
	{GitLab, gitlab{}},
	{Gitea, gitea{header: "X-Gitea-"}},
	{Forgejo, gitea{header: "X-Forgejo-"}},
	{BitbucketCloud, bitbucket{}},
	{BitbucketServer, bitbucketServer{}},
	{CloudEvents, cloudEvents{}},
}

// ByName returns the forge of the name, and whether there is one.
func ByName(name string) (Forge, bool) {
	for _, known := range forges {
		if known.name == name {
			return known.forge, true
		}
	}
	return nil, false
}

// Names returns the names of all forges, in the order of the documentation.
func Names() []string {
	names := make([]string, len(forges))
	for i, known := range forges {
		names[i] = known.name
	}
	return names
}

// Sign sets the signature headers that a forge of the name would send with the body: for
// programs that play a forge, such as the demo and tests. An unknown forge signs nothing.
// A GitLab signing token covers the headers webhook-id and webhook-timestamp: set them before.
func Sign(forge, secret string, header http.Header, body []byte) {
	if speaks, ok := ByName(forge); ok {
		speaks.Sign(secret, Request{Header: header, Body: body})
	}
}

// Source is one configured connection to a forge instance.
type Source struct {
	// Name identifies the source in URLs, rules and the book: 1 to 64 of a-z, 0-9 and "-".
	Name string `yaml:"name"`
	// Forge is one of Names.
	Forge string `yaml:"forge"`
	// Secrets are those that deliveries may be signed with: more than one while a secret is
	// being rotated, never none and never an empty one. A GitLab secret that starts with
	// "whsec_" is a signing token; as soon as there is one, plain GitLab tokens do not pass.
	Secrets []string `yaml:"secrets"`
	// BaseURL is where people find the forge, for example "https://gitlab.example.com"; optional.
	BaseURL string `yaml:"base_url"`
	// TrustedLogins says that logins of this source may be taken for usernames of Accolade. Never those of
	// Bitbucket Cloud, where anybody can take any nickname at any time.
	TrustedLogins bool `yaml:"trusted_logins"`
	// Bots are the logins, ignoring case, of machines that the forge does not mark as such.
	Bots []string `yaml:"bots"`
	// DryRun says that deliveries are taken and stored, and told what they would cause, and cause nothing.
	DryRun bool `yaml:"dry_run"`
	// Token is what the forge's API is asked with, for imports and reconciling; optional.
	Token string `yaml:"token"`
	// APIURL is where the API is, if that does not follow from BaseURL; optional.
	APIURL string `yaml:"api_url"`
	// Projects are what is imported and reconciled: paths of repositories such as "acme/rocket", and of groups,
	// organisations or workspaces, which stand for all of their repositories.
	Projects []string `yaml:"projects"`
}

var (
	sourceName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
	// projectPath is a path of names as all forges allow them; Bitbucket Data Center has "~" before people's own.
	projectPath = regexp.MustCompile(`^~?[\pL\pN_][\pL\pN_.-]*(/[\pL\pN_.][\pL\pN_.-]*){0,20}$`)
)

// Check returns an Invalid fault if the source cannot be used as it is configured. The fault
// never shows a secret.
func (s Source) Check() error {
	if !sourceName.MatchString(s.Name) {
		return fault.InvalidField("name", "bad_name", "must be 1 to 64 of the characters a-z, 0-9 and -")
	}
	if _, ok := ByName(s.Forge); !ok {
		return fault.InvalidField("forge", "unknown_forge", "must be one of %s", strings.Join(Names(), ", "))
	}
	if len(s.Secrets) == 0 {
		return fault.InvalidField("secrets", "required", "at least one secret is needed, or anyone could send events")
	}
	for i, secret := range s.Secrets {
		field := fmt.Sprintf("secrets[%d]", i)
		if strings.TrimSpace(secret) == "" {
			return fault.InvalidField(field, "empty_secret", "may not be empty, or anyone could send events")
		}
		if (s.Forge == GitLab || s.Forge == CloudEvents) && isSigningToken(secret) && signingKey(secret) == nil {
			return fault.InvalidField(field, "bad_signing_token", "starts with %s, but base64 of a key does not follow", signingPrefix)
		}
	}
	if s.Forge == BitbucketCloud && s.TrustedLogins {
		return fault.InvalidField("trusted_logins", "untrustworthy_logins", "must be false for %s, where nicknames are not unique", BitbucketCloud)
	}
	return s.checkAPI()
}

// checkAPI is Check of where the forge is and of what is asked there.
func (s Source) checkAPI() error {
	for _, address := range []struct{ field, value string }{{"base_url", s.BaseURL}, {"api_url", s.APIURL}} {
		where, err := url.Parse(address.value)
		if address.value != "" && (err != nil || where.Host == "" || where.Scheme != "http" && where.Scheme != "https") {
			return fault.InvalidField(address.field, "bad_url", "must start with https:// or http:// and name a host")
		}
	}
	for i, project := range s.Projects {
		if !projectPath.MatchString(project) {
			return fault.InvalidField(fmt.Sprintf("projects[%d]", i), "bad_project",
				"must be the path of a repository or a group, such as acme/rocket or acme, without the address of the forge")
		}
	}
	return nil
}

// Request is one delivery as it was received.
type Request struct {
	Header http.Header
	// Body is the raw body; signatures cover exactly these bytes.
	Body []byte
	// ReceivedAt is when the delivery came in: it bounds the age of signed timestamps, and it is
	// the time of events that carry none.
	ReceivedAt time.Time
}

// UnknownError says that a delivery is well-formed, but tells nothing that the vocabulary of
// package event has a word for.
type UnknownError struct {
	// Event and Action are the forge's own words.
	Event, Action string
}

// Error returns the forge's words for what came.
func (e *UnknownError) Error() string {
	if e.Action == "" {
		return fmt.Sprintf("no use for the event %q", e.Event)
	}
	return fmt.Sprintf("no use for the event %q with the action %q", e.Event, e.Action)
}

// UnreadableError says that a body is not JSON, or not of the shape that the forge documents.
type UnreadableError struct {
	// Reason is a sentence for the operator; it shows nothing of the body's values.
	Reason string

	cause error
}

// Error returns the reason, and the cause after it.
func (e *UnreadableError) Error() string {
	if e.cause != nil {
		return e.Reason + ": " + e.cause.Error()
	}
	return e.Reason
}

// Unwrap returns what was wrong with the JSON, if that was the reason.
func (e *UnreadableError) Unwrap() error { return e.cause }
