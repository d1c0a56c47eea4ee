// Package spool keeps records on the disk until somebody has done with them, in the order in which they came.
//
// A record is acknowledged after it was synced: it survives a kill and a power cut. One sync serves everybody who waits for
// it. What is kept is bounded, in bytes altogether and for each owner; when there is no room, the record is refused. Whoever
// takes records out says when they are done; until then they come again, also after a restart, so that doing one twice
// has to be harmless.
//
//	Put -> segment files -> sync -> Wait    append.go
//	Next -> ... -> Done                     drain.go
//
// What cannot be read is moved to a file of its own, and nothing else is lost with it. One process uses a directory. The
// package knows nothing of what is in a record, and may import fault alone.
package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// segmentSize is how large a segment grows before the next one begins. What is done is given back to the disk by segments.
// All segments are open, so that a large spool has larger ones and not more.
const (
	segmentSize  = 16 << 20
	mostSegments = 64
)

// Config says where a spool is and how much it holds. All fields are needed but Share and Segment.
type Config struct {
	// Directory is made when it is missing.
	Directory string
	// Max is how many bytes of the disk it takes at most, without what was moved aside.
	Max int64
	// Share is how many of them one owner may take; 0 means all.
	Share int64
	// Segment is how large a segment grows; 0 means 16 MiB, or a 64th of Max if that is more.
	Segment int64
	Log     *slog.Logger

	// sync makes sure that a file is on the disk; nil is to ask the system.
	sync func(*os.File) error
}

// Spool is open until Close. It is safe for concurrent use, but that one caller at a time takes records out.
type Spool struct {
	cfg    Config
	lock   *os.File
	cursor *os.File
	wake   chan struct{}

	// flushing is held by whoever syncs for everybody.
	flushing sync.Mutex

	mutex    sync.Mutex
	segments []*segment
	head     int64 // where the first segment's first record is that is not done
	next     uint64
	waiting  *group
	records  int64
	bytes    int64
	owned    map[uint32]int64
	stats    counts
	closed   bool
}

type counts struct{ refused, aside int64 }

// Stats is what a spool holds.
type Stats struct {
	Records, Bytes int64
	// Oldest is when the oldest record came in; zero for none.
	Oldest time.Time
	// Refused are the records for which there was no room, and Aside those that were moved aside, since the start.
	Refused, Aside int64
}

// Open opens the spool of the directory, with what an earlier process left in it.
// Faults: Conflict spool_in_use for a directory that another process has open.
func Open(cfg Config) (*Spool, error) {
	if cfg.Segment == 0 {
		cfg.Segment = max(segmentSize, cfg.Max/mostSegments)
	}
	if cfg.Share == 0 {
		cfg.Share = cfg.Max
	}
	if cfg.sync == nil {
		cfg.sync = (*os.File).Sync
	}
	if err := os.MkdirAll(cfg.Directory, privateDirectory); err != nil {
		return nil, fmt.Errorf("making the directory: %w", err)
	}
	s := &Spool{cfg: cfg, wake: make(chan struct{}, 1), waiting: newGroup(), next: 1, owned: map[uint32]int64{}}
	var err error
	if s.lock, err = lock(filepath.Join(cfg.Directory, lockName)); err != nil {
		return nil, err
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if len(s.segments) > 0 {
		s.signal()
	}
	return s, nil
}

// recover finds what is in the directory. Payloads are not read: whether they are whole shows when they are taken out.
func (s *Spool) recover() error {
	var err error
	if s.cursor, err = os.OpenFile(filepath.Join(s.cfg.Directory, cursorName), os.O_RDWR|os.O_CREATE, privateFile); err != nil {
		return fmt.Errorf("opening the cursor: %w", err)
	}
	var text [cursorSize]byte
	read, _ := s.cursor.ReadAt(text[:], 0) // a cursor that cannot be read is none
	from := parseCursor(text[:read])
	if s.segments, err = openSegments(s.cfg.Directory); err != nil {
		return err
	}
	if from.number >= s.next {
		s.next = from.number + 1
	}
	for len(s.segments) > 0 && s.segments[0].number < from.number {
		if err := s.segments[0].remove(); err != nil {
			return fmt.Errorf("removing a segment: %w", err)
		}
		s.segments = s.segments[1:]
	}
	for i, g := range s.segments {
		s.next = max(s.next, g.number+1)
		start := int64(0)
		if i == 0 && g.number == from.number && from.offset >= 0 && from.offset <= g.size {
			start, s.head = from.offset, from.offset
		}
		if err := s.count(g, start); err != nil {
			return err
		}
	}
	return s.sweep()
}

// count adds what is in a segment from an offset on.
func (s *Spool) count(g *segment, offset int64) error {
	s.bytes += g.size
	for offset < g.size {
		h, ok, err := headerAt(g.file, g.seed, offset, g.size)
		if err != nil {
			return err
		}
		if !ok {
			if offset, err = find(g.file, g.seed, offset+1, g.size); err != nil {
				return err
			}
			continue
		}
		s.records++
		s.owned[h.owner] += h.size()
		offset += h.size()
	}
	return nil
}

// Holds reports whether there are records that are not done.
func (s *Spool) Holds() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.records > 0
}

// HasRoom reports whether an ordinary record would be taken.
func (s *Spool) HasRoom() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return !s.closed && s.bytes+roomFor <= s.cfg.Max
}

// roomFor is how large an ordinary record is.
const roomFor = 64 << 10

// Stats returns what the spool holds.
func (s *Spool) Stats() Stats {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	stats := Stats{Records: s.records, Bytes: s.bytes, Refused: s.stats.refused, Aside: s.stats.aside}
	if s.records == 0 {
		return stats
	}
	offset := s.head
	for _, g := range s.segments {
		at, err := find(g.file, g.seed, offset, g.size)
		if err != nil {
			break
		}
		if h, ok, _ := headerAt(g.file, g.seed, at, g.size); ok { // a record that cannot be read is not the oldest
			stats.Oldest = h.at
			break
		}
		offset = 0
	}
	return stats
}

// Wake returns the channel that tells whoever takes records out that there are some.
func (s *Spool) Wake() <-chan struct{} { return s.wake }

func (s *Spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close ends the use of the directory. What is in it stays for the next start; what was acknowledged is on the disk already.
func (s *Spool) Close() error {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, g := range s.segments {
		if g.size > g.synced {
			errs = append(errs, g.sync(s.cfg.sync))
		}
		errs = append(errs, g.file.Close())
	}
	if s.cursor != nil {
		errs = append(errs, s.cursor.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

func full(what string) *fault.Error {
	f := fault.New(fault.Unavailable, "spool_full", "the database is away, and %s", what)
	f.RetryAfter = retryAfterFull
	return f
}

// retryAfterFull is what senders are told when there is no room.
const retryAfterFull = 10 * time.Second
