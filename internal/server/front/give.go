package front

import (
	"net/http"
	"strconv"
)

// Answer is a kept answer that holds now.
type Answer struct{ entry *entry }

// Route is the route, as gin writes it, of the handler that gave the answer first.
func (a Answer) Route() string { return a.entry.route }

// Find returns the answer to the request, if there is one that may be given at once. It waits for nobody and reads nothing.
func (f *Front) Find(r *http.Request) (answer Answer, found bool) {
	if f.off || !anonymous(r) {
		return Answer{}, false
	}
	kept := f.memory.find(keyOf(r.URL))
	if kept == nil || !accepts(r.Header["Accept"], kept.kind) || !f.fresh(kept) {
		return Answer{}, false
	}
	return Answer{kept}, true
}

// Give answers the request with what Find found, counts that, and returns the status: 304 for who has it already.
func (f *Front) Give(w http.ResponseWriter, r *http.Request, answer Answer) int {
	f.hit.Inc()
	return f.write(w, r, answer.entry, nil)
}

// write answers with the entry, in the form that the reader takes. Age is nil for an answer that holds.
func (f *Front) write(w http.ResponseWriter, r *http.Request, e *entry, age []string) int {
	var wanted string
	if tags := r.Header["If-None-Match"]; len(tags) > 0 {
		wanted = tags[0]
	}
	form := &e.form
	if e.packed != nil && !e.has(wanted) && TakesGzip(r.Header["Accept-Encoding"]) {
		form = e.packed
	}
	headers := w.Header()
	for _, h := range form.headers {
		headers[h.name] = h.values
	}
	if age != nil {
		headers["Age"] = age
	}
	if wanted != "" && e.status == http.StatusOK && Unchanged(headers, wanted) {
		w.WriteHeader(http.StatusNotModified)
		return http.StatusNotModified
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(form.body) // who hung up reads no error
	return e.status
}

// age says how old the entry is, in whole seconds.
func (f *Front) age(e *entry) []string {
	return []string{strconv.Itoa(int(f.now().Sub(e.at).Seconds()))}
}
