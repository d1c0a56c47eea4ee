package forgeapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-504bad89/accolade/internal/forge"
)

// githubHookEvents are those of repositories, and githubGroupEvents what organisations tell besides:
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
var (
	githubHookEvents = []string{
		"commit_comment", "create", "delete", "deployment_status", "discussion", "discussion_comment", "fork", "gollum", "issue_comment", "issues",
		"member", "milestone", "pull_request", "pull_request_review", "pull_request_review_comment", "push", "release", "repository", "star", "workflow_run",
	}
	githubGroupEvents = []string{"membership", "organization"}
	// https://docs.gitlab.com/api/project_webhooks/ and https://docs.gitlab.com/api/group_webhooks/
	gitlabHookEvents = []string{
		"push_events", "tag_push_events", "issues_events", "confidential_issues_events", "merge_requests_events", "note_events",
		"confidential_note_events", "pipeline_events", "wiki_page_events", "deployment_events", "releases_events", "emoji_events", "milestone_events",
	}
	gitlabGroupEvents = []string{"member_events", "project_events"}
	// Of issues and pull requests, the word for all stands for each sort of event on them: https://docs.gitea.com/usage/webhooks
	giteaHookEvents = []string{
		"create", "delete", "fork", "push", "issues", "issue_comment", "pull_request", "pull_request_comment", "wiki", "repository", "release",
	}
	// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/
	bitbucketHookEvents = []string{
		"repo:push", "repo:fork", "repo:updated", "repo:transfer", "repo:commit_comment_created", "repo:commit_status_created",
		"repo:commit_status_updated", "issue:created", "issue:updated", "issue:comment_created", "pullrequest:created", "pullrequest:updated",
		"pullrequest:approved", "pullrequest:unapproved", "pullrequest:fulfilled", "pullrequest:rejected", "pullrequest:changes_request_created",
		"pullrequest:changes_request_removed", "pullrequest:comment_created", "pullrequest:comment_updated", "pullrequest:comment_deleted",
	}
	bitbucketGroupEvents = []string{"repo:created", "repo:deleted"}
	// https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html
	serverHookEvents = []string{
		"repo:refs_changed", "repo:modified", "repo:forked", "repo:comment:added", "repo:comment:edited", "repo:comment:deleted",
		"pr:opened", "pr:merged", "pr:declined", "pr:deleted", "pr:modified", "pr:from_ref_updated", "pr:reviewer:updated", "pr:reviewer:approved",
		"pr:reviewer:unapproved", "pr:reviewer:needs_work", "pr:comment:added", "pr:comment:edited", "pr:comment:deleted",
	}
)

var hookKeepers = map[string]hookKeeper{
	forge.GitHub: {
		path: func(of place) string {
			if of.group {
				return "/orgs/" + url.PathEscape(of.path) + "/hooks?per_page=100"
			}
			return githubPath(of.path) + "/hooks?per_page=100"
		},
		id: "id", update: http.MethodPatch, events: githubHookEvents, groupEvents: githubGroupEvents,
		compose: func(wish HookWish, events []string) object {
			return encodeAll(map[string]any{
				"name": "web", "active": true, "events": events,
				"config": map[string]string{"url": wish.URL, "content_type": "json", "secret": wish.Secret, "insecure_ssl": "0"},
			})
		},
		url: func(hook object) string { return hook.in("config").text("url") }, active: isActive, told: listedEvents,
		problem: func(hook object) string {
			last := hook.in("last_response")
			if code := last.text("code"); code == "" || strings.HasPrefix(code, "2") {
				return ""
			}
			return "the last delivery was answered " + last.text("code") + " " + last.text("message")
		},
	},
	forge.GitLab: {
		path:   func(of place) string { return gitlabPath(of.path, of.group) + "/hooks?per_page=100" },
		id:     "id",
		update: http.MethodPut, events: gitlabHookEvents, groupEvents: gitlabGroupEvents,
		compose: func(wish HookWish, events []string) object {
			body := encodeAll(map[string]any{"url": wish.URL, "token": wish.Secret, "enable_ssl_verification": true})
			for _, name := range events {
				body[name] = encode(true)
			}
			return body
		},
		url:    func(hook object) string { return hook.text("url") },
		active: func(hook object) bool { return hook.text("alert_status") != "disabled" },
		told: func(hook object) []string {
			told := flags(hook, append(append([]string{}, gitlabHookEvents...), gitlabGroupEvents...))
			for _, name := range gitlabGroupEvents { // Servers that do not know them do not show them.
				if _, shown := hook[name]; !shown {
					told = append(told, name)
				}
			}
			return told
		},
		problem: func(hook object) string {
			if status := hook.text("alert_status"); status != "" && status != "executable" {
				return "GitLab has set it to " + strings.ReplaceAll(status, "_", " ") + " after deliveries that failed"
			}
			return ""
		},
	},
	forge.Gitea:   giteaKeeper("gitea", "workflow_run", "status"),
	forge.Forgejo: giteaKeeper("forgejo", "action_run_success", "action_run_failure", "action_run_recover", "status"),
	forge.BitbucketCloud: {
		path: func(of place) string {
			if of.group {
				return "/workspaces/" + url.PathEscape(of.path) + "/hooks?pagelen=100"
			}
			return bitbucketPath(of.path) + "/hooks?pagelen=100"
		},
		id: "uuid", update: http.MethodPut, events: bitbucketHookEvents, groupEvents: bitbucketGroupEvents,
		compose: func(wish HookWish, events []string) object {
			return encodeAll(map[string]any{"description": "Accolade", "url": wish.URL, "active": true, "secret": wish.Secret, "events": events})
		},
		url: func(hook object) string { return hook.text("url") }, active: isActive, told: listedEvents, problem: silent,
	},
	forge.BitbucketServer: {
		path: func(of place) string {
			if of.group {
				return "/projects/" + url.PathEscape(of.path) + "/webhooks?limit=100"
			}
			return serverPath(of.path) + "/webhooks?limit=100"
		},
		id: "id", update: http.MethodPut, events: serverHookEvents,
		compose: func(wish HookWish, events []string) object {
			return encodeAll(map[string]any{
				"name": "Accolade", "url": wish.URL, "active": true, "events": events, "sslVerificationRequired": true,
				"configuration": map[string]string{"secret": wish.Secret},
			})
		},
		url: func(hook object) string { return hook.text("url") }, active: isActive, told: listedEvents, problem: silent,
	},
}

// giteaKeeper is that of Gitea and Forgejo, which name builds differently.
func giteaKeeper(kind string, builds ...string) hookKeeper {
	return hookKeeper{
		path: func(of place) string {
			if of.group {
				return "/orgs/" + url.PathEscape(of.path) + "/hooks?limit=50"
			}
			return githubPath(of.path) + "/hooks?limit=50"
		},
		id: "id", update: http.MethodPatch, events: giteaHookEvents,
		compose: func(wish HookWish, events []string) object {
			return encodeAll(map[string]any{
				"type": kind, "active": true, "events": append(append([]string{}, events...), builds...),
				"config": map[string]string{"url": wish.URL, "content_type": "json", "secret": wish.Secret},
			})
		},
		url:    func(hook object) string { return hook.in("config").text("url") },
		active: isActive,
		told: func(hook object) []string {
			// What stands for all of a sort is shown as each of them.
			told := listedEvents(hook)
			for _, name := range told {
				switch {
				case strings.HasPrefix(name, "issue"):
					told = append(told, "issues", "issue_comment")
				case strings.HasPrefix(name, "pull_request"):
					told = append(told, "pull_request", "pull_request_comment")
				}
			}
			return told
		},
		problem: silent,
	}
}
