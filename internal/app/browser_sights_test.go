package app_test

import (
	"net/http"
	"strings"
)

// sight is a page as somebody sees it.
type sight struct {
	// name is that of the subtest and of the pictures; without one, of which there are several, none is taken.
	name string
	// path may hold what story.at fills in.
	path string
	// who looks is "" for a stranger.
	who string
	// shows are texts that are in the page, with scripts and without.
	shows []string
	// opens is what is pressed to see all of the page, as CSS; "" for nothing.
	opens string
	// status is what the page is answered with; 0 is 200.
	status int
	// poses is what the mouse points to in the pictures of desktops, as CSS; "" for nothing.
	poses string
	// tells is the sentence of the documentation about the picture; "" for a page that is tested and has none.
	tells string
}

// sights are all pages, each as those see it to whom it looks different.
var sights = []sight{
	{name: "home", path: "/", shows: []string{"Achievements for what people do", "Hydrology Commons"}, tells: "The first page: what there is to look at, for whoever comes by."},
	{name: "profile", path: "/users/ada", shows: []string{"Ada Lovelace", "×2", "Tier 2", "On the way"}, opens: ".earned:nth-child(2) .medal-button",
		poses: ".earned:nth-child(2) .medal-button",
		tells: "A profile as everyone sees it: repeats are folded, of tiers the highest one is shown, and what comes next, as Ada shares that. Pressing one tells all about it."},
	{name: "profile-own", path: "/users/ada", who: "ada", shows: []string{"Arrange"}},
	{name: "profile-closed", path: "/users/closed", shows: []string{"This person shows no achievements."}, tells: "A person who keeps achievements to themselves."},
	{name: "profile-closed-own", path: "/users/quiet", who: "quiet", shows: []string{"Only you see this"}},
	{name: "profile-empty", path: "/users/wren", who: "mira", shows: []string{"No achievements yet."}},
	{name: "groups", path: "/groups", who: "mira", shows: []string{"Vault Responders", "private"}, tells: "The groups that Mira may know of; a stranger is not told of the private one."},
	{name: "group", path: "/groups/hydro/-/achievements", shows: []string{"Field season", "First gauge", "holder"}, tells: "A group's achievements, who holds them, and how rare they are."},
	{name: "group-rules", path: "/groups/acme/-/achievements", who: "grace", shows: []string{"First contribution merged", "New achievement", "Group settings"},
		tells: "The achievements of a group that takes them from the shipped rules, as its owner sees them."},
	{name: "group-member", path: "/groups/vault/-/achievements", who: "mira", shows: []string{"Quiet night"}},
	{name: "achievement", path: "/achievements/{contributor-2}", who: "otis", shows: []string{"Contributor II", "Ada Lovelace", "Award"}, tells: "A step of a ladder: what it takes, and who holds it."},
	{name: "achievement-nobody", path: "/achievements/{solder-hand}", shows: []string{"Nobody holds this yet."}},
	{name: "award", path: "/awards/{field-season of ada}", shows: []string{"Field season", "Ada Lovelace", "Add to LinkedIn"}, opens: "[popovertarget=embed-award]",
		tells: "An award by itself, to be linked to and shown elsewhere."},
	{name: "award-private", path: "/awards/{quiet-night of ada}", shows: []string{"Quiet night"}},
	{name: "award-hidden", path: "/awards/{early-bird of ada}", who: "ada", shows: []string{"not shown on the profile"}},
	{name: "award-revoked", path: "/awards/{steward-of-the-archive of tomas}", who: "wren", shows: []string{"Taken away", "Handed over to the university."}},
	{name: "leaderboard", path: "/groups/acme/-/leaderboard", shows: []string{"Leaderboard of Acme", "Mira Halloran"}, tells: "A leaderboard, which is there for groups that switch it on."},
	{name: "sign-in", path: "/sign-in", shows: []string{"GitLab", "GitHub", "Gitea", "Forgejo", "Acme single sign-on", "With a token"},
		tells: "Signing in, by a forge, by the organisation's single sign-on, or with a token."},
	{name: "sign-in-failed", path: "/sign-in/gitlab/callback?state=gone&code=x", status: http.StatusBadRequest, shows: []string{"did not begin in this browser", "Sign in"}, tells: "A sign-in that came back too late, or twice."},
	{name: "sign-in-away", path: "/sign-in/oidc", status: http.StatusServiceUnavailable, shows: []string{"cannot be asked right now who you are"}},
	{name: "sign-in-unknown", path: "/sign-in/nobody", status: http.StatusNotFound, shows: []string{"There is nothing here"}},
	{name: "not-found", path: "/achievements/9999", status: http.StatusNotFound, shows: []string{"There is nothing here"}, tells: "What is not there, or not for the viewer to know of."},
	{name: "settings", path: "/settings", who: "ada", shows: []string{"Settings", "Name", "Save"}, tells: "Settings: one's name and address, and what others see."},
	{name: "settings-awards", path: "/settings/awards", who: "ada", shows: []string{"Hide", "Early bird", "Up", "Down"},
		tells: "Arranging one's achievements: by dragging, by the keyboard, and without scripts."},
	{name: "settings-accounts", path: "/settings/accounts", who: "ada", shows: []string{"forge"}, tells: "The accounts on forges that are one's own."},
	{name: "settings-tokens", path: "/settings/tokens", who: "ada", shows: []string{"laptop"}, tells: "Access tokens for programs."},
	{name: "settings-sessions", path: "/settings/sessions", who: "ada", shows: []string{"Settings"}, tells: "Where one is signed in."},
	{name: "settings-data", path: "/settings/data", who: "ada", shows: []string{"Erase me"}, tells: "Taking all that is known of oneself along, and erasing it."},
	{name: "settings-stranger", path: "/settings", shows: []string{"With a token"}},
	{name: "new-achievement", path: "/groups/hydro/-/achievements/new", who: "wren", shows: []string{"New achievement"}, tells: "Creating an achievement, with a picture that is cut to a square."},
	{name: "edit-achievement", path: "/achievements/{field-season}/edit", who: "wren", shows: []string{"Spent a season at the gauges"}},
	{name: "edit-declared", path: "/achievements/{core-team}/edit", who: "otis", shows: []string{"Core team member"}},
	{name: "edit-forbidden", path: "/achievements/{core-team}/edit", who: "mira", status: http.StatusForbidden, shows: []string{"You may not do this"}},
	{name: "delete-achievement", path: "/achievements/{field-season}/delete", who: "wren", shows: []string{"Delete for ever"}, tells: "Deleting an achievement asks for its name."},
	{name: "give-award", path: "/achievements/{field-season}/award?search=a", who: "wren", shows: []string{"Tomás Ferreira", "Award"}, tells: "Awarding an achievement: find a person, say a few words."},
	{name: "award-kept", path: "/awards/{field-season of ada}", who: "wren", shows: []string{"Revoke", "Change the message", "Delete"}},
	{name: "message", path: "/awards/{core-team of ada}/message", who: "otis", shows: []string{"flight software"}},
	{name: "revoke", path: "/awards/{core-team of ada}/revoke", who: "otis", shows: []string{"Revoke"}, tells: "Revoking an award, and saying why."},
	{name: "revoke-never", path: "/awards/{first-gauge of ada}/revoke", who: "wren", shows: []string{"First gauge"}},
	{name: "delete-award", path: "/awards/{field-season of ada}/delete", who: "wren", shows: []string{"Field season"}},
	{name: "group-settings", path: "/groups/hydro/-/settings", who: "wren", shows: []string{"Hydrology Commons", "Ada Lovelace"}, tells: "A group's settings and members, for its owners."},
	{name: "admin", path: "/admin", who: "admin", shows: []string{"forge"}, tells: "For admins: the sources, and what came from them."},
	{name: "admin-deliveries", path: "/admin/deliveries", who: "admin", shows: []string{"pull_request"}, tells: "Every delivery with its outcome, to be replayed."},
	{name: "admin-rules", path: "/admin/rules", who: "admin", shows: []string{"acme"}, tells: "The rules, how often they gave, and which have been silent."},
	{name: "admin-explain", path: "/admin/explain", who: "admin", tells: "Why did Ada not get this?"},
	{name: "explain", path: "/achievements/{contributor-3}/explain?user=ada", who: "otis", shows: []string{"Ada Lovelace"}, tells: "What counted towards an achievement, and what is missing."},
	{name: "admin-users", path: "/admin/users", who: "admin", shows: []string{"Ada Lovelace"}, tells: "Everybody whom the service knows."},
	{name: "admin-user", path: "/admin/users/ada", who: "admin", shows: []string{"Ada Lovelace"}, tells: "One person, with the accounts that are theirs."},
	{name: "admin-groups", path: "/admin/groups", who: "admin", shows: []string{"Vault Responders"}},
	{name: "admin-audit", path: "/admin/audit", who: "admin", tells: "The audit log."},
	{name: "admin-forbidden", path: "/admin", who: "mira", status: http.StatusForbidden, shows: []string{"You may not do this"}},
	{name: "hostile-person", path: "/users/mallory", shows: []string{"<script>alert(1)</script>"}},
	{name: "hostile-award", path: "/awards/{hostile of mallory}", shows: []string{"<img src=//evil.example/x onerror=alert(2)>"}, opens: "[popovertarget=embed-award]"},
	{name: "long-person", path: "/users/" + strings.Repeat("m", 100), shows: []string{"Verylongname"}},
	{name: "long-award", path: "/awards/{long-name of mallory}", shows: []string{strings.Repeat("W", 255)}, opens: "[popovertarget=embed-award]"},
	{name: "long-group", path: "/groups/long/-/achievements", who: "admin", shows: []string{"ΩΩΩ", "<script>alert(1)</script>"}},
}
