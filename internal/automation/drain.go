package automation

import (
	"context"
	"errors"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/spool"
)

const (
	// drainBytes bounds the bodies of one batch out of the spool.
	drainBytes = 8 << 20
	// drainFirst and drainLast are how long the drain waits after a batch that the book did not take.
	drainFirst, drainLast = 100 * time.Millisecond, 2 * time.Second
	// drainTries is how often one delivery by itself may fail while the database answers, before it is parked.
	drainTries = 5
)

// RunSpool judges what is in the spool, in its order, until ctx is done. Without a spool it returns at once.
func (a *Automation) RunSpool(ctx context.Context) {
	if a.spool == nil {
		return
	}
	d := &drain{Automation: a, most: MaxBatch}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.spool.Wake():
			if d.wait > 0 {
				continue // the database is away; it will not be back sooner
			}
		case <-timer.C:
		}
		for ctx.Err() == nil && d.step(context.WithoutCancel(ctx)) {
			d.wait = 0
		}
		if d.wait > 0 {
			timer.Reset(d.wait)
		}
	}
}

// drain takes deliveries out of the spool.
type drain struct {
	*Automation

	// most is how many deliveries the next batch has. It shrinks when a batch fails, until the one that is to blame is alone.
	most int
	// tries counts how often the first delivery has failed by itself, while the database answered.
	tries int
	// wait is how long to wait before the next step; 0 means that there is nothing to wait for.
	wait time.Duration
}

// step judges one batch and reports whether the next one may follow at once.
func (d *drain) step(ctx context.Context) bool {
	if d.wait > 0 && d.store.Ready(ctx) != nil {
		return d.later()
	}
	records, err := d.spool.Next(d.most, drainBytes)
	if err != nil {
		d.log.ErrorContext(ctx, "the spool cannot be read", "error", err)
		return d.later()
	}
	if len(records) == 0 {
		d.wait = 0
		return false
	}
	batch := d.batch(ctx, records)
	if len(batch) == 0 {
		return true // the first one was moved aside
	}
	d.commitOrSplit(ctx, batch)
	done, failed := outcome(batch)
	if failed != nil && len(batch) == 1 && d.tries >= drainTries {
		return d.giveUp(ctx, batch[0])
	}
	if err := d.spool.Done(done); err != nil {
		d.log.ErrorContext(ctx, "what is done cannot be taken out of the spool", "error", err)
		return d.later()
	}
	d.metrics.drained.Add(float64(done))
	if failed != nil {
		return d.failed(ctx, len(batch), done, failed)
	}
	d.tries, d.most = 0, min(2*d.most, MaxBatch)
	return true
}

// batch makes intakes of records, until their bodies are large enough together. The first one that cannot be read is moved
// aside; a later one waits until it is the first.
func (d *drain) batch(ctx context.Context, records []spool.Record) (batch []*intake) {
	size := 0
	for i := range records {
		in, err := d.respool(records[i])
		if err != nil && i == 0 {
			d.log.ErrorContext(ctx, "a record of the spool is of no delivery", "error", err)
			if err := d.spool.SetAside(); err != nil {
				d.log.ErrorContext(ctx, "a record cannot be moved aside", "error", err)
			}
			return nil
		}
		if err != nil {
			return batch
		}
		if size += in.delivery.BodySize; i > 0 && size > drainBytes {
			return batch
		}
		batch = append(batch, in)
	}
	return batch
}

// outcome returns how many deliveries are done before the first one that failed, and why that one did.
func outcome(batch []*intake) (done int, failed error) {
	for _, in := range batch {
		if err := <-in.done; err != nil && failed == nil {
			failed = err
		} else if failed == nil {
			done++
		}
	}
	return done, failed
}

// failed decides how to go on after a batch of which the book did not take all. It can be the database, or a delivery that
// looks like it: one that takes too long, say. No delivery holds up those behind it for good.
func (d *drain) failed(ctx context.Context, size, done int, cause error) bool {
	if d.wait == 0 {
		d.log.WarnContext(ctx, "the spool waits for the database", "records", d.spool.Stats().Records, "error", cause)
	}
	switch {
	case d.store.Ready(ctx) != nil:
		d.tries = 0
	case size > 1:
		d.most = max(1, size/4)
		return true
	case done == 0:
		d.tries++
	}
	return d.later()
}

// giveUp stores the first delivery as one that cannot be judged. When the book refuses even that, for another reason than
// that it is away, the record is moved aside.
func (d *drain) giveUp(ctx context.Context, in *intake) bool {
	d.park(ctx, in, fault.New(fault.Internal, "internal", "it failed %d times while the database answered", d.tries))
	err := <-in.done
	switch {
	case err == nil:
		d.metrics.drained.Inc()
		err = d.spool.Done(1)
	case fault.Is(errors.Unwrap(fault.As(err)), fault.Unavailable):
		return d.later()
	default:
		err = d.spool.SetAside()
	}
	if err != nil {
		d.log.ErrorContext(ctx, "a delivery that cannot be judged cannot be taken out of the spool", "error", err)
		return d.later()
	}
	d.tries, d.most = 0, MaxBatch
	return true
}

func (d *drain) later() bool {
	d.wait = min(max(2*d.wait, drainFirst), drainLast)
	return false
}
