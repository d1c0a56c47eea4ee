// Package forgeapi asks forges through their REST APIs: for what happened before the first webhook or was lost
// on the way, for the hooks that send deliveries here, and for deliveries to be sent again.
//
// What a listing shows is not translated a second time. Of everything listed it composes the body of the webhook that
// would have told of it, and package forge reads that: the natural keys of an import and those of webhooks are
// therefore the same by construction, and what is only listed costs no words of its own.
//
//	listing -> object -> the webhook's body -> forge.Events -> Page
//	client.go  github.go ...                   read.go
//
// Every forge is one reader. The package keeps nothing but what it was answered for the page at hand; it imports
// packages event, fault and forge and the standard library.
package forgeapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/event"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// Config is what an API works with; every field has a default.
type Config struct {
	// Transport carries the requests; nil for the standard library's.
	Transport http.RoundTripper
	// Now is the clock; nil for the system's.
	Now func() time.Time
	// Timeout is how long one request may take; 0 for 30 s.
	Timeout time.Duration
	// Sleep waits, or ends early with the context's error; nil for really waiting.
	Sleep func(ctx context.Context, d time.Duration) error
}

// API asks the forge of one source. It is for one goroutine at a time.
type API struct {
	src    forge.Source
	speaks forge.Forge
	client *client
	reader reader
	now    func() time.Time
	places map[string]place
}

// reader is how the API of one kind of forge is read.
type reader interface {
	// places returns the repositories under a name of the configuration, and the group if it is one's.
	places(ctx context.Context, name string) ([]place, error)
	// place returns what a path names: it has been listed by places before.
	place(ctx context.Context, path string, group bool) (place, error)
	// listings returns what is listed of a repository or a group.
	listings(group bool) []listing
}

// place is a repository or a group.
type place struct {
	path  string
	group bool
	// whole is what the API says of it, and told what webhooks say of it.
	whole, told object
}

// listing is one list of a place.
type listing struct {
	name string
	read func(ctx context.Context, at place, step cursor) (*Page, error)
}

// listIssues is the listing that every forge with issues has.
const listIssues = "issues"

// New returns an API for the source. It fails when the source has no token, or is of no forge that has an API: fault
// Conflict source_without_token, source_without_api.
func New(src forge.Source, cfg Config) (*API, error) {
	speaks, _ := forge.ByName(src.Forge)
	dialect, ok := dialects[src.Forge]
	switch {
	case !ok:
		return nil, fault.New(fault.Conflict, "source_without_api", "%s has no API that could be asked", src.Forge)
	case src.Token == "":
		return nil, fault.New(fault.Conflict, "source_without_token",
			"the source %q has no token: set token or token_file in its configuration to ask its forge", src.Name)
	}
	base, err := apiURL(src, dialect)
	if err != nil {
		return nil, err
	}
	a := &API{src: src, speaks: speaks, now: cfg.Now, places: map[string]place{}}
	if a.now == nil {
		a.now = time.Now
	}
	a.client = newClient(cfg, base, a.now)
	a.client.authorize = func(header http.Header) { dialect.authorize(header, src.Token) }
	a.reader = dialect.reader(a)
	return a, nil
}

// dialect is where the API of a kind of forge is, and how it is asked.
type dialect struct {
	// public is the API of the forge that everybody knows, if there is one, and its web address.
	public, publicWeb string
	// path is where the API is below the address of any other.
	path      string
	authorize func(header http.Header, token string)
	reader    func(a *API) reader
}

var dialects = map[string]dialect{
	forge.GitHub: {
		public: "https://api.github.com", publicWeb: "https://github.com", path: "/api/v3", authorize: githubAuthorize,
		reader: func(a *API) reader { return &githubReader{a} },
	},
	forge.GitLab: {
		public: "https://gitlab.com/api/v4", publicWeb: "https://gitlab.com", path: "/api/v4", authorize: gitlabAuthorize,
		reader: func(a *API) reader { return &gitlabReader{a} },
	},
	forge.Gitea: {
		path: "/api/v1", authorize: giteaAuthorize,
		reader: func(a *API) reader { return &giteaReader{a, "X-Gitea-Event"} },
	},
	forge.Forgejo: {
		path: "/api/v1", authorize: giteaAuthorize,
		reader: func(a *API) reader { return &giteaReader{a, "X-Forgejo-Event"} },
	},
	forge.BitbucketCloud: {
		public: "https://api.bitbucket.org/2.0", publicWeb: "https://bitbucket.org", path: "/2.0", authorize: bitbucketAuthorize,
		reader: func(a *API) reader { return &bitbucketReader{a} },
	},
	forge.BitbucketServer: {
		path: "/rest/api/latest", authorize: bitbucketAuthorize,
		reader: func(a *API) reader { return &serverReader{a} },
	},
}

// Part is one listing of one place.
type Part struct {
	// Place is the path of a repository or group.
	Place string
	// Group says that it is a group.
	Group   bool
	Listing string
}

// Page is what one step of a listing told.
type Page struct {
	// Events are in the order of the listing.
	Events []event.Event
	// Roster is set by listings of members, which show a state and not what happened.
	Roster *Roster
	// Unreadable is how many listed things were not of the shape that the forge documents.
	Unreadable int
	// Next is the cursor behind the page; empty at the end.
	Next string
	// Unseen is why there is no page: the list is not there, or hidden from the token. Refused says that the forge told the latter,
	// which some say of both.
	Unseen  error
	Refused bool
}

// Roster is who belongs to a place now.
type Roster struct {
	// Prefix is what the objects of all memberships of the place begin with, such as "member:group:9:".
	Prefix string
	// Present are the joinings of those who belong to it: of some forges with the occurrence that webhooks tell,
	// of others with the time of the listing.
	Present []event.Event
	// Partial says that not everybody may be listed, so that nobody's absence means anything.
	Partial bool
}

// Parts returns everything that there is to read, in the order in which to read it: who people are first.
// Fault: Conflict source_without_projects.
func (a *API) Parts(ctx context.Context) ([]Part, error) {
	if len(a.src.Projects) == 0 {
		return nil, NoProjects(a.src)
	}
	var places []place
	known := map[string]bool{}
	for _, name := range a.src.Projects {
		found, err := a.reader.places(ctx, strings.Trim(name, "/"))
		if err != nil {
			return nil, err
		}
		for _, at := range found {
			if key := placeKey(at.path, at.group); !known[key] {
				known[key] = true
				places = append(places, at)
			}
		}
	}
	a.client.forget()
	var parts []Part
	for _, groups := range []bool{true, false} {
		for _, at := range places {
			if at.group != groups {
				continue
			}
			for _, list := range a.reader.listings(at.group) {
				parts = append(parts, Part{Place: at.path, Group: at.group, Listing: list.name})
			}
		}
	}
	return parts, nil
}

// NoProjects is the fault of a source that does not say what to read.
func NoProjects(src forge.Source) error {
	return fault.New(fault.Conflict, "source_without_projects",
		"the source %q names no projects: list the repositories or groups to read in its configuration", src.Name)
}

func placeKey(path string, group bool) string {
	if group {
		return "group:" + path
	}
	return path
}

// Page reads the next step of a part. The cursor is empty at first, and Page.Next of the step before afterwards; since
// bounds what is read to what happened or changed at or after it, where the forge can. A step that failed may be asked
// again: what it was answered already is not asked twice.
// Errors: *WaitError; Unavailable; Conflict forge_refused.
func (a *API) Page(ctx context.Context, part Part, since time.Time, position string) (*Page, error) {
	step, err := parseCursor(position, since)
	if err != nil {
		return nil, err
	}
	key := placeKey(part.Place, part.Group)
	at, ok := a.places[key]
	if !ok {
		if at, err = a.reader.place(ctx, part.Place, part.Group); err != nil {
			return nil, err
		}
	}
	for _, list := range a.reader.listings(part.Group) {
		if list.name != part.Listing {
			continue
		}
		page, err := list.read(ctx, at, step)
		if unseen, ok := errors.AsType[*unseenError](err); ok {
			page, err = &Page{Unseen: unseen.cause, Refused: refusedWith(err, http.StatusForbidden)}, nil
		}
		if err != nil {
			return nil, err
		}
		a.client.forget()
		a.places[key] = at
		return page, nil
	}
	// A listing that an earlier version knew is over.
	return &Page{}, nil
}
