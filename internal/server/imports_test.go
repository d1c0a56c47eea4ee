package server_test

import (
	"net/http"
	"testing"
)

// The state of an import is what its fields say, and what is asked for wrongly is refused with what is wrong.
func TestImportsAtTheDoor(t *testing.T) {
	t.Parallel()

	onEachDatabase(t, func(t *testing.T, d *door) {
		t.Helper()

		d.finishedImport()
		listed := d.must(http.StatusOK, adminToken, "GET", "/api/v1/imports?source=forge", nil).items()
		same(t, "how many imports there are", len(listed), 1)
		same(t, "the state of an ended one", listed[0].at("state"), any("finished"))
		same(t, "how many of another source", len(d.must(http.StatusOK, adminToken, "GET", "/api/v1/imports?source=other", nil).items()), 0)
		whole := d.must(http.StatusOK, adminToken, "GET", "/api/v1/imports/"+listed[0].id(), nil)
		same(t, "what it found", whole.at("found"), any(nil))
		d.must(http.StatusOK, adminToken, "POST", "/api/v1/imports/"+listed[0].id()+"/cancel", nil)
		same(t, "the state of an ended one that is cancelled", d.must(http.StatusOK, adminToken, "GET", "/api/v1/imports/"+listed[0].id(), nil).at("state"), any("finished"))

		d.refused(http.StatusNotFound, "not_found", adminToken, "POST", "/api/v1/imports", map[string]any{"source": "nobody"})
		d.refused(http.StatusConflict, "source_without_projects", adminToken, "POST", "/api/v1/imports", map[string]any{"source": "forge"})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/imports", map[string]any{"source": "forge", "since": "2999-01-01T00:00:00Z"})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/imports", map[string]any{"source": "forge", "since": "0000-01-01T00:00:00+01:00"})
		d.refused(http.StatusBadRequest, "invalid", adminToken, "POST", "/api/v1/imports",
			map[string]any{"source": "forge", "purpose": "reconcile", "since": "2026-01-01T00:00:00Z"})
		d.refused(http.StatusNotFound, "not_found", adminToken, "POST", "/api/v1/imports/999/cancel", nil)
	})
}
