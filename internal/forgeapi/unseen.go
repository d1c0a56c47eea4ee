package forgeapi

import (
	"context"
	"net/http"
)

// unseenError says that the list of a part is not there, or not to be seen: issues and releases may be switched off, or hidden
// from the token. Forges do not tell these apart: GitLab says 403 of what is switched off, and GitHub 404 of what is hidden.
type unseenError struct{ cause error }

func (e *unseenError) Error() string { return e.cause.Error() }
func (e *unseenError) Unwrap() error { return e.cause }

// ifSeen returns what reading the list of a part has failed with.
func ifSeen(err error) error {
	if refusedWith(err, http.StatusNotFound, http.StatusGone, http.StatusForbidden) {
		return &unseenError{err}
	}
	return err
}

// readIf is read, but returns an empty object for what is not there or not to be seen.
func (a *API) readIf(ctx context.Context, path string) (object, error) {
	whole, err := a.read(ctx, path)
	if refusedWith(err, http.StatusNotFound, http.StatusGone, http.StatusForbidden) {
		return object{}, nil
	}
	return whole, err
}

// listIf is list of what may not be there, or not to be seen, which is an unseenError.
func (a *API) listIf(ctx context.Context, path string, accept ...string) ([]object, string, error) {
	all, next, err := a.list(ctx, path, accept...)
	return all, next, ifSeen(err)
}

// walkIf is walk of what may not be there, or not to be seen, which is an unseenError.
func (a *API) walkIf(ctx context.Context, step cursor, path func(cursor) string, changed string) ([]object, string, error) {
	listed, next, err := a.walk(ctx, step, path, changed)
	return listed, next, ifSeen(err)
}
