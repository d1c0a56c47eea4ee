package spool

import (
	"context"
	"errors"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// group is those who wait for the same sync.
type group struct {
	done chan struct{}
	// err is why what they wrote may not be on the disk; it is read after done is closed.
	err error
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// Ticket is a record that was written and may not be on the disk yet.
type Ticket struct {
	spool *Spool
	group *group
}

// Put writes a record behind all others. It is kept for sure only after Wait. Records that one goroutine puts come out in
// the same order. Faults: Unavailable spool_full when there is no room, and for a disk that takes nothing.
func (s *Spool) Put(r Record) (*Ticket, error) {
	size := frameOf + int64(len(r.Payload))
	if size > frameOf+maxPayload {
		return nil, fault.New(fault.TooLarge, "body_too_large", "the record is too large for the spool")
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	owner := ownerOf(r.Owner)
	switch {
	case s.closed:
		return nil, fault.UnavailableFor("the spool", retryAfterFull)
	case s.bytes+size > s.cfg.Max:
		s.stats.refused++
		return nil, full("no more deliveries can be kept until it is back")
	case s.owned[owner]+size > s.cfg.Share:
		s.stats.refused++
		return nil, full("no more deliveries of this source can be kept until it is back")
	}
	g, err := s.tail()
	if err == nil {
		err = g.write(encode(g.seed, r))
	}
	if err != nil {
		s.stats.refused++
		return nil, fault.UnavailableFor("the spool", retryAfterFull).Because(err)
	}
	s.records++
	s.bytes += size
	s.owned[owner] += size
	return &Ticket{s, s.waiting}, nil
}

// tail returns the segment to write to.
func (s *Spool) tail() (*segment, error) {
	if len(s.segments) > 0 {
		last := s.segments[len(s.segments)-1]
		if !last.sealed && last.size < s.cfg.Segment {
			return last, nil
		}
		// Whoever syncs next will sync the new segment alone.
		if last.size > last.synced {
			s.waiting.err = errors.Join(s.waiting.err, last.sync(s.cfg.sync))
			last.synced = last.size
		}
		last.sealed = true
	}
	g, err := makeSegment(s.cfg.Directory, s.next)
	if err != nil {
		return nil, err
	}
	s.next++
	s.segments = append(s.segments, g)
	return g, nil
}

// Wait returns when the record is on the disk. After an error it may be there or not.
func (t *Ticket) Wait(ctx context.Context) error {
	go t.spool.flush(t.group)
	select {
	case <-t.group.done:
		if t.group.err != nil {
			return fault.UnavailableFor("the spool", retryAfterFull).Because(t.group.err)
		}
		return nil
	case <-ctx.Done():
		return fault.UnavailableFor("the spool", retryAfterFull).Because(ctx.Err())
	}
}

// Append puts a record and waits.
func (s *Spool) Append(ctx context.Context, r Record) error {
	ticket, err := s.Put(r)
	if err != nil {
		return err
	}
	return ticket.Wait(ctx)
}

// flush syncs what the group wrote, unless somebody has done so. Whoever comes while it runs shares the next one.
func (s *Spool) flush(of *group) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	select {
	case <-of.done:
		return
	default:
	}
	s.mutex.Lock()
	s.waiting = newGroup()
	var last *segment
	upTo := int64(0)
	if len(s.segments) > 0 {
		last = s.segments[len(s.segments)-1]
		upTo = last.size
	}
	s.mutex.Unlock()
	if last != nil && upTo > 0 {
		s.sync(last, upTo, of)
	}
	close(of.done)
	s.signal()
}

// sync makes sure that a segment is on the disk up to an offset.
func (s *Spool) sync(g *segment, upTo int64, of *group) {
	err := g.sync(s.cfg.sync)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	g.synced = max(g.synced, upTo)
	if err != nil {
		of.err = errors.Join(of.err, err)
		g.sealed = true
	}
}
