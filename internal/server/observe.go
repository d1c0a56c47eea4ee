package server

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/front"
)

// unmatched is how requests are counted that no route takes: their paths are anybody's choice.
const unmatched = "unmatched"

// watch counts and logs requests. Labels and logged routes are those of the contract; neither holds a query, a body or a
// header, where secrets would be.
type watch struct {
	contract  *contract
	log       *slog.Logger
	durations *prometheus.HistogramVec
	panics    prometheus.Counter
	// repeated holds the observers of answers from memory, by route and status: finding one by its labels costs more than the answer.
	repeated sync.Map
}

func newWatch(contract *contract, log *slog.Logger, registerer prometheus.Registerer) *watch {
	w := &watch{contract: contract, log: log, durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "accolade", Name: "http_request_duration_seconds",
		Help:    "Requests by operation and class of status, and how long they took.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"operation", "status"}), panics: prometheus.NewCounter(prometheus.CounterOpts{
		Namespace: "accolade", Name: "http_panics_total", Help: "Requests that met a defect of the server and were answered with 500; its log has the stack.",
	})}
	registerer.MustRegister(w.durations, w.panics)
	return w
}

func (w *watch) observer(operationID string, status int) prometheus.Observer {
	return w.durations.WithLabelValues(operationID, strconv.Itoa(status/100)+"xx")
}

// repeatedOf is a route whose answers are given from memory, and how they end.
type repeatedOf struct {
	route  string
	status int
}

// repeat counts an answer from memory.
func (w *watch) repeat(route string, status int, took time.Duration) {
	of := repeatedOf{route, status}
	observer, known := w.repeated.Load(of)
	if !known {
		observer, _ = w.repeated.LoadOrStore(of, w.observer(w.contract.operationAt(http.MethodGet, route), status))
	}
	if observer, ok := observer.(prometheus.Observer); ok { // nothing else is there
		observer.Observe(took.Seconds())
	}
}

func (w *watch) observe(c *gin.Context) {
	began := time.Now()
	c.Next()
	took := time.Since(began)
	operationID, status := w.contract.operationID(c), c.Writer.Status()
	w.observer(operationID, status).Observe(took.Seconds())
	level := levelOf(c, status)
	if !w.log.Enabled(c.Request.Context(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request_id", c.GetHeader(requestIDHeader)),
		slog.String("operation", operationID),
		slog.String("method", c.Request.Method),
		slog.Int("status", status),
		slog.Duration("took", took),
	}
	if caller := operation.CallerFrom(c.Request.Context()); !caller.Anonymous() {
		attributes = append(attributes, slog.Int64("user", caller.ID()))
	}
	if last := c.Errors.Last(); last != nil {
		f := fault.As(last.Err)
		attributes = append(attributes, slog.String("code", f.Code))
		if cause := errors.Unwrap(f); cause != nil {
			attributes = append(attributes, slog.Any("cause", cause))
		}
	}
	w.log.LogAttrs(c.Request.Context(), level, "request", attributes...)
}

// webhooks are where forges send what happened.
const webhooks = "/hooks/:source"

// probes are asked every few seconds by whoever watches the service.
var probes = []string{"/livez", "/readyz", "/readyz/hooks"}

// levelOf makes noise of what is our fault only, and none of what is cheaper than its line: of deliveries that were taken in, the book
// tells more. Who hangs up gets an error that nobody reads.
func levelOf(c *gin.Context, status int) slog.Level {
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError && c.Request.Context().Err() == nil:
		return slog.LevelError
	case front.Hit(c), slices.Contains(probes, c.FullPath()), status == http.StatusAccepted && c.FullPath() == webhooks:
		return slog.LevelDebug
	default:
		return slog.LevelInfo
	}
}
