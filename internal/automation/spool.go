package automation

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/spool"
	"github.com/seed-504bad89/accolade/internal/store"
)

// spoolPatience is how long a delivery whose sender has waited long enough may wait for the disk.
const spoolPatience = 400 * time.Millisecond

// spooling reports whether deliveries go to the spool: the database is away, or what waits there comes first.
func (a *Automation) spooling() bool { return a.onlySpool || a.spool != nil && a.spool.Holds() }

// spoolOne keeps a verified delivery in the spool and returns what its sender is told.
func (a *Automation) spoolOne(ctx context.Context, in *intake) (*Receipt, error) {
	ticket, err := a.putAway(in)
	if err == nil {
		err = ticket.Wait(ctx)
	}
	if err != nil {
		return nil, err
	}
	a.metrics.deliveries.WithLabelValues(in.source, string(Spooled)).Inc()
	return &Receipt{Outcome: Spooled}, nil
}

// overdue answers for a delivery whose sender cannot wait any longer for the commit that it is in. With a spool it is kept
// there, whatever becomes of the commit: both together count once.
func (a *Automation) overdue(ctx context.Context, in *intake) (*Receipt, error) {
	late := fault.UnavailableFor("the intake", retryAfterFull).Because(ctx.Err())
	if a.spool == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) || !in.spooled.CompareAndSwap(false, true) {
		return nil, late
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), spoolPatience)
	defer cancel()
	return a.spoolOne(patience, in)
}

// setDown answers for deliveries that the book cannot take now, because of a fault: they go to the spool if there is one
// and if they did not come from there.
func (a *Automation) setDown(ctx context.Context, batch []*intake, cause error) {
	waiting := map[*intake]*spool.Ticket{}
	for _, in := range batch {
		if a.spool == nil || in.again != nil || !in.spooled.CompareAndSwap(false, true) {
			in.done <- cause
			continue
		}
		ticket, err := a.putAway(in)
		if err != nil {
			in.done <- err
			continue
		}
		waiting[in] = ticket
	}
	for in, ticket := range waiting {
		if err := ticket.Wait(ctx); err != nil {
			in.done <- err
			continue
		}
		a.answer(in, Receipt{Outcome: Spooled})
	}
}

// putAway writes the delivery to the spool.
func (a *Automation) putAway(in *intake) (*spool.Ticket, error) {
	body, err := a.unbased(in)
	if err != nil {
		return nil, err
	}
	payload, err := record(&in.delivery, body)
	if err != nil {
		return nil, err
	}
	return a.spool.Put(spool.Record{Owner: in.source, At: in.delivery.ReceivedAt, Payload: payload})
}

// spooled is what the spool keeps of a delivery besides its body. Its signature is not kept: it was verified.
type spooled struct {
	Source      string            `json:"source"`
	Key         []byte            `json:"key"`
	TransportID string            `json:"transport_id"`
	EventName   string            `json:"event_name"`
	ContentType string            `json:"content_type"`
	BodySize    int               `json:"body_size"`
	Headers     map[string]string `json:"headers"`
	ReceivedAt  time.Time         `json:"received_at"`
}

// record writes a delivery as a record: the length of what is kept besides the body, that as JSON, and the body as it is in
// the book when it stands alone.
func record(d *store.Delivery, body []byte) ([]byte, error) {
	about, err := json.Marshal(spooled{
		Source: d.Source, Key: d.Key[:], TransportID: d.TransportID, EventName: d.EventName, ContentType: d.ContentType,
		BodySize: d.BodySize, Headers: d.Headers, ReceivedAt: d.ReceivedAt,
	})
	if err != nil {
		return nil, fmt.Errorf("packing a delivery: %w", err)
	}
	written := make([]byte, 0, binary.MaxVarintLen64+len(about)+len(body))
	written = binary.AppendUvarint(written, uint64(len(about)))
	return append(append(written, about...), body...), nil
}

// unpackRecord is record's opposite.
func unpackRecord(record []byte) (*store.Delivery, error) {
	length, read := binary.Uvarint(record)
	if read <= 0 || length > uint64(len(record)-read) { //nolint:gosec // no more was read than there is
		return nil, fmt.Errorf("the record of %d bytes is cut short", len(record))
	}
	about, body := record[read:read+int(length)], record[read+int(length):] //nolint:gosec // shorter than the record
	var kept spooled
	if err := json.Unmarshal(about, &kept); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	d := &store.Delivery{
		Source: kept.Source, TransportID: kept.TransportID, EventName: kept.EventName, ContentType: kept.ContentType,
		Body: body, BodySize: kept.BodySize, Headers: kept.Headers, ReceivedAt: kept.ReceivedAt, Outcome: string(Judged),
	}
	if len(kept.Key) != len(d.Key) || kept.Source == "" || kept.BodySize < 0 {
		return nil, errors.New("the record is of no delivery")
	}
	copy(d.Key[:], kept.Key)
	return d, nil
}

// respool makes an intake of a delivery that the spool kept. That it is verified, is known; whether its source may send
// more, was asked when it came.
func (a *Automation) respool(record spool.Record) (*intake, error) {
	d, err := unpackRecord(record.Payload)
	if err != nil {
		return nil, err
	}
	body, err := unpack(d)
	if err != nil {
		return nil, err
	}
	in := &intake{source: d.Source, delivery: *d, done: make(chan error, 1), rules: a.current.Load()}
	in.spooled.Store(true)
	in.cacheKey = cacheKeyOf(d)
	src, ok := a.sources[d.Source]
	if !ok {
		in.delivery.Outcome, in.delivery.Problem = string(Failed), "its source is not configured any more"
		return in, nil
	}
	a.read(src, forge.Request{
		Header: forge.HeaderOf(d.Headers, d.EventName, d.ContentType), Body: body, ReceivedAt: d.ReceivedAt,
	}, in)
	return in, nil
}

// watchSpool lets operators see the spool.
func (a *Automation) watchSpool(registerer prometheus.Registerer) {
	gauge := func(name, help string, value func(spool.Stats) float64) {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help},
			func() float64 { return value(a.spool.Stats()) }))
	}
	total := func(name, help string, value func(spool.Stats) float64) {
		registerer.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help},
			func() float64 { return value(a.spool.Stats()) }))
	}
	gauge("spool_records", "Deliveries that wait on the disk for the database.", func(s spool.Stats) float64 { return float64(s.Records) })
	gauge("spool_bytes", "What the spool takes of the disk.", func(s spool.Stats) float64 { return float64(s.Bytes) })
	gauge("spool_oldest_seconds", "How long the first delivery in the spool has waited.", func(s spool.Stats) float64 {
		if s.Oldest.IsZero() {
			return 0
		}
		return max(0, a.now().Sub(s.Oldest).Seconds())
	})
	total("spool_refused_total", "Deliveries for which the spool had no room.", func(s spool.Stats) float64 { return float64(s.Refused) })
	total("spool_aside_total", "Records of the spool that could not be used and were moved aside.", func(s spool.Stats) float64 { return float64(s.Aside) })
	registerer.MustRegister(a.metrics.drained)
}
