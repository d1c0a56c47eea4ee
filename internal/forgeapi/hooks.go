package forgeapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
)

// Hook is a webhook that a forge has.
type Hook struct {
	// Place is the path of the repository or the group that it is of, and Group whether it is a group's.
	Place string
	Group bool
	ID    string
	URL   string
	// Active says that the forge delivers to it.
	Active bool
	// Missing are the events that should be told and are not, in the forge's words.
	Missing []string
	// Problem is what the forge says of the last delivery; empty when it was good or the forge says nothing.
	Problem string
}

// HookWish is how a webhook is to be.
type HookWish struct {
	// URL is where it delivers to, and Secret what it signs with.
	URL, Secret string
}

// hookKeeper is how one kind of forge keeps webhooks.
type hookKeeper struct {
	// path is where the hooks of a place are.
	path func(of place) string
	// id names the field with a hook's id, and update the method that changes one.
	id, update string
	// events are those that the service understands, of repositories and of groups besides.
	events, groupEvents []string
	// compose returns the body that makes a hook, and url, active, told and problem read one.
	compose func(wish HookWish, events []string) object
	url     func(hook object) string
	active  func(hook object) bool
	told    func(hook object) []string
	problem func(hook object) string
}

// hookPlaces returns where the hooks of a name of the configuration are to be: at the group if it is one's and the forge
// has hooks of groups for the token, else at each of its repositories.
func (a *API) hookPlaces(ctx context.Context, name string) ([]place, error) {
	found, err := a.reader.places(ctx, strings.Trim(name, "/"))
	if err != nil {
		return nil, Explain(err)
	}
	group := a.src.Forge == forge.BitbucketServer && !strings.Contains(name, "/")
	if group {
		found = append([]place{{path: name, group: true}}, found...)
	}
	if len(found) == 0 || !found[0].group {
		return found, nil
	}
	_, _, err = a.list(ctx, hookKeepers[a.src.Forge].path(found[0]))
	a.client.forget()
	switch {
	case err == nil:
		return found[:1], nil
	case refusedWith(err, http.StatusForbidden, http.StatusNotFound, http.StatusUnauthorized):
		return slices.DeleteFunc(found, func(at place) bool { return at.group }), nil
	}
	return nil, Explain(err)
}

// Hooks returns the hooks that deliver to an address, for each place that the source's projects name; a place without one
// has one without an id. Fault: Conflict source_without_projects, forge_refused.
func (a *API) Hooks(ctx context.Context, address string) ([]Hook, error) {
	if len(a.src.Projects) == 0 {
		return nil, NoProjects(a.src)
	}
	keeper := hookKeepers[a.src.Forge]
	var hooks []Hook
	for _, name := range a.src.Projects {
		places, err := a.hookPlaces(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, at := range places {
			found, err := a.hooksAt(ctx, keeper, at, address)
			if err != nil {
				return nil, err
			}
			hooks = append(hooks, found...)
		}
	}
	return hooks, nil
}

func (a *API) hooksAt(ctx context.Context, keeper hookKeeper, at place, address string) ([]Hook, error) {
	a.client.forget()
	listed, next, err := a.list(ctx, keeper.path(at))
	for err == nil && next != "" {
		var more []object
		more, next, err = a.list(ctx, next)
		listed = append(listed, more...)
	}
	if err != nil {
		return nil, Explain(err)
	}
	var hooks []Hook
	for _, one := range listed {
		if keeper.url(one) != address {
			continue
		}
		told := keeper.told(one)
		hooks = append(hooks, Hook{
			Place: at.path, Group: at.group, ID: one.text(keeper.id), URL: address, Active: keeper.active(one), Problem: keeper.problem(one),
			Missing: slices.DeleteFunc(keeper.wanted(at), func(name string) bool { return slices.Contains(told, name) || slices.Contains(told, "*") }),
		})
	}
	if hooks == nil {
		hooks = []Hook{{Place: at.path, Group: at.group, URL: address, Missing: keeper.wanted(at)}}
	}
	return hooks, nil
}

func (k hookKeeper) wanted(at place) []string {
	if at.group {
		return slices.Concat(k.events, k.groupEvents)
	}
	return slices.Clone(k.events)
}

// PutHook makes the hook as it is to be, and reports whether it was seen not to be. One that is there is written anew in any
// case, since forges do not show secrets. Faults: Conflict forge_refused;
// Limited; Unavailable.
func (a *API) PutHook(ctx context.Context, hook Hook, wish HookWish) (bool, error) {
	keeper, at := hookKeepers[a.src.Forge], place{path: hook.Place, group: hook.Group}
	body := keeper.compose(wish, keeper.wanted(at))
	method, path := http.MethodPost, withoutQuery(keeper.path(at))
	if hook.ID != "" {
		method, path = keeper.update, path+"/"+url.PathEscape(hook.ID)
	}
	_, err := a.client.do(ctx, method, path, body)
	return hook.ID == "" || !hook.Active || len(hook.Missing) > 0, Explain(a.explain(err))
}

// DeleteHook deletes the hook. Faults: as of PutHook. One that is gone already is no fault.
func (a *API) DeleteHook(ctx context.Context, hook Hook) error {
	at := place{path: hook.Place, group: hook.Group}
	_, err := a.client.do(ctx, http.MethodDelete, withoutQuery(hookKeepers[a.src.Forge].path(at))+"/"+url.PathEscape(hook.ID), nil)
	if refusedWith(err, http.StatusNotFound) {
		return nil
	}
	return Explain(a.explain(err))
}

// Ask asks the forge for what the source's projects name, to see that it answers and knows the token. Faults: as of Hooks.
func (a *API) Ask(ctx context.Context) error {
	_, err := a.Parts(ctx)
	return Explain(err)
}

func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// flags reads the fields that are true, for forges that have one for each event.
func flags(hook object, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !hook.is(name) })
}

func listedEvents(hook object) []string { return hook.texts("events") }

func silent(object) string { return "" }

func isActive(hook object) bool { return hook.is("active") }

// encodeAll writes values into an object.
func encodeAll(values map[string]any) object {
	body := object{}
	for name, value := range values {
		body[name] = encode(value)
	}
	return body
}

// noAddress is the fault of a service that does not say where it is reached.
func noAddress() error {
	return fault.New(fault.Conflict, "no_address", "the service has no base_url, so that the forge cannot be told where to deliver to")
}

// HookURL returns where the hooks of a source deliver to, of a service at a base URL. Fault: Conflict no_address.
func HookURL(base, source string) (string, error) {
	where, err := url.Parse(base)
	if err != nil || where.Host == "" {
		return "", noAddress()
	}
	return strings.TrimRight(base, "/") + "/hooks/" + source, nil
}
