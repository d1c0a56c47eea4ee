package forgeapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// Lost is a delivery that a forge has tried and that never arrived.
type Lost struct {
	// Place is the path of what the hook is of, and Event what the forge calls what it tells.
	Place, Event string
	// At is when it was tried last; zero when the forge does not say.
	At time.Time
	// Status is how that was answered, in the forge's words.
	Status string
	// Requested says that the forge was asked to send it again.
	Requested bool

	again string
}

// deliveryLog is how a forge shows what its hooks have delivered.
type deliveryLog struct {
	// path is that of the deliveries of a hook, and again that of asking for one once more.
	path  func(hook Hook) string
	again func(hook Hook, id string) string
	// read returns the delivery with what all tries of it share, and whether it has arrived.
	read func(one object) (lost Lost, shared string, arrived bool)
	// first reports whether there was no try before.
	first func(one object) bool
}

var deliveryLogs = map[string]deliveryLog{
	// Kept for three days: https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
	forge.GitHub: {
		path: func(hook Hook) string { return hookPath(forge.GitHub, hook) + "/deliveries?per_page=100" },
		again: func(hook Hook, id string) string {
			return hookPath(forge.GitHub, hook) + "/deliveries/" + id + "/attempts"
		},
		read: func(one object) (Lost, string, bool) {
			event := one.text("event")
			if action := one.text("action"); action != "" {
				event += "." + action
			}
			lost := Lost{Event: event, At: one.at("delivered_at"), Status: strings.TrimSpace(one.text("status_code") + " " + one.text("status"))}
			return lost, one.text("guid"), strings.HasPrefix(one.text("status_code"), "2")
		},
		first: func(one object) bool { return !one.is("redelivery") },
	},
	// Kept for two days, and asked for again five times a minute at most: https://docs.gitlab.com/api/project_webhooks/
	forge.GitLab: {
		path:  func(hook Hook) string { return hookPath(forge.GitLab, hook) + "/events?per_page=20" },
		again: func(hook Hook, id string) string { return hookPath(forge.GitLab, hook) + "/events/" + id + "/resend" },
		read: func(one object) (Lost, string, bool) {
			lost := Lost{Event: one.text("trigger"), At: one.at(createdAt), Status: one.text("response_status")}
			return lost, one.in("request_headers").text("Idempotency-Key"), strings.HasPrefix(lost.Status, "2")
		},
		first: func(object) bool { return false }, // it does not say
	},
}

func hookPath(forgeName string, hook Hook) string {
	at := place{path: hook.Place, group: hook.Group}
	return withoutQuery(hookKeepers[forgeName].path(at)) + "/" + url.PathEscape(hook.ID)
}

// LogSearch says what is to be found among the deliveries of hooks.
type LogSearch struct {
	// Since leaves out what was tried before.
	Since time.Time
	// Cursor is where an earlier search has stopped; empty for the beginning.
	Cursor string
	// Enough is asked after each page whether to stop there; nil to go to the end.
	Enough func() bool
	// Most is how many deliveries are asked for again.
	Most int
}

// Redeliver finds what the hooks that deliver to an address have tried since a time and what never arrived, the oldest
// first, and asks the forge to send at most so many again. It may be repeated: what arrives meanwhile is not found again, and
// what arrives twice is known. It returns where it has stopped, empty at the end, and when it fails what it has done.
// Faults: Conflict redelivery_not_offered, hook_missing, forge_refused; Invalid bad_cursor; Limited; Unavailable.
func (a *API) Redeliver(ctx context.Context, address string, search LogSearch) (lost []Lost, next string, err error) {
	kept, ok := deliveryLogs[a.src.Forge]
	if !ok {
		return nil, "", fault.New(fault.Conflict, "redelivery_not_offered",
			"%s cannot be asked to send again what was lost; accolade reconcile finds it in its lists", a.src.Forge)
	}
	hooks, err := a.Hooks(ctx, address)
	if err != nil {
		return nil, "", err
	}
	hooks = slices.DeleteFunc(hooks, func(hook Hook) bool { return hook.ID == "" })
	if len(hooks) == 0 {
		return nil, "", fault.New(fault.Conflict, "hook_missing", "no hook of the source's projects delivers to %s", address)
	}
	lost, next, err = a.search(ctx, kept, hooks, search)
	if err != nil {
		return lost, "", err
	}
	slices.SortStableFunc(lost, func(x, y Lost) int { return x.At.Compare(y.At) })
	for i := range lost[:min(search.Most, len(lost))] {
		if _, err := a.client.do(ctx, http.MethodPost, lost[i].again, nil); err != nil {
			return lost, next, Explain(a.explain(err))
		}
		lost[i].Requested = true
	}
	return lost, next, nil
}
