package automation

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/rule"
)

// metrics are what an operator watches of the intake. Labels name sources and rules, which are
// few and configured, never people or repositories.
type metrics struct {
	deliveries *prometheus.CounterVec
	refused    *prometheus.CounterVec
	unknown    *prometheus.CounterVec
	ambiguous  *prometheus.CounterVec
	events     *prometheus.CounterVec
	awards     *prometheus.CounterVec
	revoked    *prometheus.CounterVec
	failures   *prometheus.CounterVec
	matched    *prometheus.CounterVec
	fired      *prometheus.GaugeVec
	mails      *prometheus.CounterVec
	replays    *prometheus.CounterVec
	rejudged   *prometheus.CounterVec
	expired    *prometheus.CounterVec
	reconciled *prometheus.CounterVec

	importFailures *prometheus.CounterVec
	redeliveries   *prometheus.CounterVec

	batches prometheus.Histogram
	// eventsSince is the time from which on all events are kept.
	eventsSince prometheus.Gauge
	// drained is there with a spool alone.
	drained prometheus.Counter
	queued  prometheus.Gauge
}

// namespace begins the name of every metric.
const namespace = "accolade"

// match counts the rules of hits.
func (m *metrics) match(hits []rule.Hit) {
	for i := range hits {
		hits[i].Rules(func(name string) { m.matched.WithLabelValues(name).Inc() })
	}
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		registerer.MustRegister(vector)
		return vector
	}
	m := &metrics{
		deliveries: counter("deliveries_total", "Deliveries answered, by what became of them.", "source", "outcome"),
		refused:    counter("deliveries_refused_total", "Deliveries refused for their signature, or because their source sends too many.", "source", "reason"),
		unknown:    counter("unknown_events_total", "Deliveries about something outside the vocabulary.", "source"),
		ambiguous:  counter("ambiguous_deliveries_total", "Deliveries of which an object has a name twice; the last value counts.", "source"),
		events:     counter("events_total", "Events stored for the first time.", "source", "kind"),
		awards:     counter("awards_total", "Awards that rules gave, by the achievement's key.", "achievement"),
		revoked:    counter("revocations_total", "Awards that rules took away, by the achievement's key.", "achievement"),
		failures:   counter("rule_failures_total", "Expressions that failed on an event.", "rule"),
		matched:    counter("rule_matches_total", "Events that a rule was about, once for each person.", "rule"),
		fired: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "rule_last_fired_timestamp_seconds", Help: "When a rule of this process gave or took something last.",
		}, []string{"rule"}),
		replays: counter("replays_total", "Deliveries of which every event was known: a body under another id, or what another hook told before.",
			"source"),
		rejudged:       counter("replayed_deliveries_total", "Stored deliveries that somebody had judged once more.", "source", "outcome"),
		expired:        counter("expired_deliveries_total", "Deliveries that are no longer kept: emptied, or deleted altogether.", "what"),
		reconciled:     counter("reconcile_found_total", "Events that webhooks should have told of, and that reading the forge has found.", "source"),
		redeliveries:   counter("redeliveries_requested_total", "Deliveries that a forge was asked to send again.", "source"),
		importFailures: counter("import_failures_total", "Times that reading a forge could not go on.", "source"),
		mails:          counter("mails_total", "Mails handed to the mail server, by what became of them.", "outcome"),
		eventsSince: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "accolade", Name: "events_kept_since_timestamp_seconds", Help: "The time from which on all events are kept; 0 if none was ever forgotten.",
		}),
		drained: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "spool_drained_total", Help: "Deliveries that were taken out of the spool and are in the database.",
		}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "batch_deliveries", Help: "Deliveries in one commit.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		queued: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "queued_deliveries", Help: "Deliveries that waited when the last commit began.",
		}),
	}
	registerer.MustRegister(m.fired, m.batches, m.queued, m.eventsSince)
	return m
}
