package server

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/server/front"
	"github.com/seed-504bad89/accolade/internal/trace"
)

// repeater gives answers from memory before the engine sees the request, where nothing that the engine does would add to
// them: no limit is counted, no other origin has a say, and nobody wants to read of each in the log. Since the log is silent
// about them, they are given no request id either, but keep one that they bring.
type repeater struct {
	next  http.Handler
	front *front.Front
	watch *watch
	log   *slog.Logger
	// traces makes spans; nil for none.
	traces *trace.Receiver
	// apiCalls says that those of the API are among them.
	apiCalls bool
}

func (p *repeater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.repeats(r) {
		p.next.ServeHTTP(w, r)
		return
	}
	began := time.Now()
	answer, found := p.front.Find(r)
	if !found {
		p.next.ServeHTTP(w, r)
		return
	}
	if id := chosenID(r); id != "" {
		w.Header().Set(requestIDHeader, id)
	}
	status := p.front.Give(w, r, answer)
	p.watch.repeat(answer.Route(), status, time.Since(began))
	if p.traces != nil {
		_, span := p.traces.Receive(r, answer.Route(), began)
		span.Answered(status, failing)
	}
}

func (p *repeater) repeats(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || p.log.Enabled(r.Context(), slog.LevelDebug) {
		return false
	}
	return p.apiCalls || !strings.HasPrefix(r.URL.Path, "/api/")
}
