package hook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const (
	// maxBody is the largest body that GitHub and GitLab send.
	maxBody = 25 << 20
	// maxInFlight bounds the bodies that are held in memory at once, whoever sends them. A part of it is for small
	// bodies alone, which nearly all are: senders of large ones, however slow, do not keep them waiting.
	maxInFlight = 64 << 20
	forSmall    = 14 << 20
	// largeTimes is what a large body takes for each of its bytes: it is there twice, as it came and compressed, when it is
	// handed on.
	largeTimes = 2
	// maxSmall is how large a small body is at most, and firstStep what it takes before anything is read of it.
	maxSmall, firstStep = 1 << 20, 4 << 10
	// maxWait is how long a body waits for its share of memory before it is refused.
	maxWait = 2 * time.Second
)

// memory is shared by all bodies that are being read or judged.
type memory struct{ small, large *semaphore.Weighted }

func newMemory() *memory {
	return &memory{small: semaphore.NewWeighted(forSmall), large: semaphore.NewWeighted(maxInFlight - forSmall)}
}

// read returns the body of a request, and what gives its memory back, which has to be called in any case. A body takes
// memory as it comes in, and not as it is announced: many who announce much and send little hold little.
func (m *memory) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	if r.ContentLength > maxBody {
		return nil, func() {}, tooLarge()
	}
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	held := int64(0)
	release = func() { m.small.Release(held) }
	var buffer []byte
	for size := int64(firstStep); ; size *= 4 {
		size = fit(r.ContentLength, size)
		if err := acquire(r.Context(), m.small, size-held); err != nil {
			return nil, release, err
		}
		held = size
		var over bool
		if buffer, over, err = fill(limited, buffer, size, r.ContentLength); err != nil || over {
			return buffer, release, err
		}
		if size == maxSmall {
			break
		}
	}
	size := fit(r.ContentLength, maxBody)
	if err := acquire(r.Context(), m.large, size*largeTimes); err != nil {
		return nil, release, err
	}
	body, _, err = fill(limited, buffer, size, r.ContentLength)
	m.small.Release(held)
	return body, func() { m.large.Release(size * largeTimes) }, err
}

// fit returns the size, or the announced one if that is smaller and known.
func fit(announced, size int64) int64 {
	if announced >= 0 {
		return min(announced, size)
	}
	return size
}

func acquire(ctx context.Context, from *semaphore.Weighted, size int64) error {
	if from.TryAcquire(size) {
		return nil
	}
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := from.Acquire(wait, size); err != nil {
		return fault.UnavailableFor("memory for the body", maxWait).Because(err)
	}
	return nil
}

// fill reads on until the body has the size, and reports whether it is at its end.
func fill(from io.Reader, body []byte, size, announced int64) (filled []byte, over bool, err error) {
	filled = make([]byte, size)
	n := copy(filled, body)
	read, err := io.ReadFull(from, filled[n:])
	n += read
	_, beyond := errors.AsType[*http.MaxBytesError](err)
	switch {
	case beyond:
		return nil, false, tooLarge()
	case err == nil && int64(n) == announced:
		return filled, true, nil
	case err == nil && size == maxBody:
		// One more byte tells whether it ends here.
		if _, err = io.ReadFull(from, make([]byte, 1)); errors.Is(err, io.EOF) {
			return filled, true, nil
		}
		return nil, false, tooLarge()
	case err == nil:
		return filled, false, nil
	case announced < 0 && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return filled[:n], true, nil
	default:
		return nil, false, cutShort(err)
	}
}

func tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d MiB", maxBody>>20)
}

func cutShort(cause error) *fault.Error {
	return fault.New(fault.Invalid, "body_cut_short", "the body ended before its announced length").Because(cause)
}
