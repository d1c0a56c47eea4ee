package faults

import (
	"sync"
	"time"
)

// Senders sends so many new deliveries by a number of senders, each of which sends the next one when the last one was answered, and
// again what was not acknowledged. It returns how long that took.
func (d *Driver) Senders(senders, deliveries int) time.Duration {
	began := time.Now()
	var sending sync.WaitGroup
	last := d.next.Load() + int64(deliveries)
	for range senders {
		sending.Go(func() {
			for {
				step := d.next.Add(1) - 1
				if step >= last {
					return
				}
				for e := (Entry{Step: int(step), ID: transportID(int(step), 0)}); d.send(&e) != Acked; {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	sending.Wait()
	d.next.Store(last)
	return time.Since(began)
}
