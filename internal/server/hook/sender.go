package hook

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/seed-504bad89/accolade/internal/fault"
)

const (
	// maxPause is how long a sender may take for the next piece of its body: one of so many pieces of the memory that it has, or
	// leastPiece if that is more. That is 64 kbit/s for most bodies, and who holds more has to send faster. All pieces of more than
	// leastPiece together have a little longer than readTimeout of app, so that they ask more only of those who stall. It is not
	// longer than maxWait: who waits for memory outlasts those who hold it and send nothing.
	maxPause   = 2 * time.Second
	leastPiece = 16 << 10
	pieces     = 16
)

// sender is whom a body comes from. What it has sent is paid for with memory, and how slowly it may send the rest is bounded.
type sender struct {
	//nolint:containedctx // it lives as long as the request
	ctx       context.Context
	w         http.ResponseWriter
	body      io.Reader
	announced int64
	// latest is when the body has to be there in any case; zero for never.
	latest time.Time
	// begun says that the deadline of the connection is the sender's own. Until then it is the server's: a body that is there
	// at once needs no other.
	begun bool
}

func newSender(w http.ResponseWriter, r *http.Request) sender {
	s := sender{ctx: r.Context(), w: w, body: http.MaxBytesReader(w, r.Body, maxBody), announced: r.ContentLength}
	// A deadline of the sender's own takes the place of the server's, and must not give it more time.
	if server, ok := s.ctx.Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout > 0 {
		s.latest = time.Now().Add(server.ReadTimeout)
	}
	return s
}

// fill reads on until the body fills the room or is at its end, and reports whether it is. What was read before is moved there.
func (s *sender) fill(room, body []byte) (filled []byte, over bool, err error) {
	filled = room
	n := copy(filled, body)
	for piece := max(leastPiece, len(filled)/pieces); n < len(filled) && err == nil; {
		if s.begun {
			s.hurry(maxPause)
		}
		for end := min(n+piece, len(filled)); n < end && err == nil; {
			var read int
			read, err = s.body.Read(filled[n:end])
			n += read
		}
	}
	s.begun = true
	if over, err = s.ended(n, err); err != nil {
		return nil, false, err
	}
	return filled[:n:n], over, nil // behind it may be what others sent
}

// ended reports whether the body is at its end, after so many bytes and with what reading it has said. From there on, net/http
// waits for what comes next on the connection, with no deadline, and takes one that is set for the end of the connection.
func (s *sender) ended(n int, err error) (bool, error) {
	_, beyond := errors.AsType[*http.MaxBytesError](err)
	switch {
	case beyond:
		return false, tooLarge()
	case int64(n) == s.announced, s.announced < 0 && errors.Is(err, io.EOF):
		return true, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, fault.New(fault.TooSlow, "body_too_slow", "the body came too slowly, and is not waited for any longer").Because(err)
	case err != nil:
		return false, fault.New(fault.Invalid, "body_cut_short", "the body ended before its announced length").Because(err)
	default:
		return false, nil
	}
}

// end returns nil if nothing comes any more after the largest body: who has not said how much there is may be at the end.
func (s *sender) end() error {
	s.hurry(maxPause)
	_, err := io.ReadFull(s.body, make([]byte, 1))
	over, err := s.ended(maxBody, err)
	if err == nil && !over {
		return tooLarge()
	}
	return err
}

// rest lets the sender be while its body waits for memory.
func (s *sender) rest(within time.Duration) {
	if s.begun {
		s.hurry(within + maxPause)
	}
}

// hurry gives the sender so much time for what it sends next. A deadline that it has met is left behind: net/http sets
// its own when the body is at its end, and throws away under this one what is left of a body that is refused.
func (s *sender) hurry(within time.Duration) {
	at := time.Now().Add(within)
	if !s.latest.IsZero() && at.After(s.latest) {
		at = s.latest
	}
	_ = http.NewResponseController(s.w).SetReadDeadline(at) // without a connection there is nothing to wait for
}

func tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "body_too_large", "the body is larger than %d MiB", maxBody>>20)
}
