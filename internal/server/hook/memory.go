package hook

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const (
	// maxBody is the largest body that GitHub and GitLab send.
	maxBody = 25 << 20
	// maxInFlight bounds the bodies that are held in memory at once, whoever sends them. Parts of it are for bodies up to a size
	// alone: senders of larger ones, however many and slow, do not keep those waiting. Nearly all bodies are ordinary.
	maxInFlight = 64 << 20
	forOrdinary = 10 << 20
	forMiddling = 4 << 20
	// maxOrdinary and maxMiddling are how large such bodies are at most, and firstStep what a body takes before anything is read of it.
	firstStep, maxOrdinary, maxMiddling = 4 << 10, 64 << 10, 1 << 20
	// roomUnit is what the sizes of rooms for ordinary bodies are multiples of.
	roomUnit = 2 << 10
	// largeTimes is what a large body takes for each of its bytes: it is there twice, as it came and compressed, when it is
	// handed on.
	largeTimes = 2
	// maxWait is how long a body waits for memory before it is refused, all its steps together. A large one may wait as long once
	// more for the others that are large, since they go one after the other and none of them is done in a moment.
	maxWait = 2 * time.Second
)

// The parts of the memory.
const (
	ordinary = iota
	middling
	large
	parts
)

// steps are how much of a body is read before it has to have more memory. A body that is not ordinary takes what it may need in
// one step: bodies that have taken a part of that, and wait for each other to have the rest, would all be refused.
var steps = [...]struct {
	part        int
	size, times int64
}{
	{ordinary, firstStep, 1}, {ordinary, 16 << 10, 1}, {ordinary, maxOrdinary, 1}, {middling, maxMiddling, 1}, {large, maxBody, largeTimes},
}

// memory is shared by all bodies that are being read or judged.
type memory [parts]*semaphore.Weighted

func newMemory() *memory {
	return &memory{
		ordinary: semaphore.NewWeighted(forOrdinary), middling: semaphore.NewWeighted(forMiddling),
		large: semaphore.NewWeighted(maxInFlight - forOrdinary - forMiddling),
	}
}

// read returns the body of a request, and what gives its memory back, which has to be called in any case. A body takes
// memory as it comes in, and not as it is announced: many who announce much and send little hold little.
func (m *memory) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	if r.ContentLength > maxBody {
		return nil, func() {}, tooLarge()
	}
	in := &struct {
		sender
		share
	}{newSender(w, r), share{of: m, patience: maxWait}}
	release = in.release
	for _, step := range steps {
		size := fit(r.ContentLength, step.size)
		takes := size * step.times
		if step.part == ordinary {
			takes = unitsFor(size) * roomUnit
		}
		if err := in.grow(&in.sender, step.part, takes); err != nil {
			return nil, release, err
		}
		var over bool
		body, over, err = in.fill(in.room(size), body)
		in.move()
		if err != nil || over {
			return body, release, err
		}
	}
	return body, release, in.end()
}

// fit returns the size, or the announced one if that is smaller and known.
func fit(announced, size int64) int64 {
	if announced >= 0 {
		return min(announced, size)
	}
	return size
}

// unitsFor returns how many units a room has for an ordinary body of the size.
func unitsFor(size int64) int64 { return (size + roomUnit - 1) / roomUnit }

// rooms are where ordinary bodies were, by their size in units: most of what a delivery would otherwise allocate.
var rooms [maxOrdinary/roomUnit + 1]sync.Pool

// share is what one body holds of the memory, of one part at a time.
type share struct {
	of   *memory
	part int
	held int64
	// last is the room that the body is in, and next the one that it moves to; nil for none that is used again.
	last, next *[]byte
	// patience is how long it may still wait.
	patience time.Duration
}

// grow makes the share that large, of another part if need be. What it held is given back when it has the new one, and before
// its sender is waited for.
func (s *share) grow(from *sender, part int, size int64) error {
	more := size
	switch part {
	case s.part:
		more -= s.held
	case large:
		s.patience = maxWait
	}
	if !s.of[part].TryAcquire(more) {
		if err := s.wait(from, part, more); err != nil {
			return err
		}
	}
	if part != s.part {
		s.of[s.part].Release(s.held)
	}
	s.part, s.held = part, size
	return nil
}

func (s *share) wait(from *sender, part int, more int64) error {
	from.rest(s.patience)
	ctx, cancel := context.WithTimeout(from.ctx, s.patience)
	defer cancel()
	began := time.Now()
	if err := s.of[part].Acquire(ctx, more); err != nil {
		return fault.UnavailableFor("memory for the body", maxWait).Because(err)
	}
	s.patience -= time.Since(began)
	return nil
}

// release gives everything back. Nobody may look at the body any more.
func (s *share) release() {
	s.move()
	s.of[s.part].Release(s.held)
}

// room returns where the body, or its next step, may stand.
func (s *share) room(size int64) []byte {
	if s.part != ordinary {
		return make([]byte, size)
	}
	units := unitsFor(size)
	var used bool
	if s.next, used = rooms[units].Get().(*[]byte); !used {
		made := make([]byte, units*roomUnit)
		s.next = &made
	}
	return (*s.next)[:size]
}

// move leaves the room that the body was in to others.
func (s *share) move() {
	if s.last != nil {
		rooms[len(*s.last)/roomUnit].Put(s.last)
	}
	s.last, s.next = s.next, nil
}
