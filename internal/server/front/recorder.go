package front

import (
	"bytes"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"
)

// recorder holds back what may be kept, and what something kept may stand in for; all else it lets through. Which of them
// it is shows when the first byte is written.
type recorder struct {
	gin.ResponseWriter

	pending *pending
	// standIn says that there is an older answer for when there can be no new one.
	standIn bool

	header        http.Header
	status        int
	decided, held bool
	body          bytes.Buffer
}

func newRecorder(direct gin.ResponseWriter, p *pending, standIn bool) *recorder {
	return &recorder{ResponseWriter: direct, pending: p, standIn: standIn, header: maps.Clone(direct.Header()), status: direct.Status()}
}

func (r *recorder) Header() http.Header {
	if r.decided && !r.held {
		return r.ResponseWriter.Header()
	}
	return r.header
}

// WriteHeader notes the status, as gin's own writer does until the first byte.
func (r *recorder) WriteHeader(status int) {
	if r.decided && !r.held {
		r.ResponseWriter.WriteHeader(status)
		return
	}
	if status > 0 {
		r.status = status
	}
}

func (r *recorder) WriteHeaderNow() {
	if r.decide() {
		r.ResponseWriter.WriteHeaderNow()
	}
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.decide() {
		return r.ResponseWriter.Write(data)
	}
	return r.body.Write(data)
}

func (r *recorder) WriteString(text string) (int, error) {
	if r.decide() {
		return r.ResponseWriter.WriteString(text)
	}
	return r.body.WriteString(text)
}

func (r *recorder) Flush() {
	if r.decide() {
		r.ResponseWriter.Flush()
	}
}

func (r *recorder) Status() int {
	if r.decided && !r.held {
		return r.ResponseWriter.Status()
	}
	return r.status
}

func (r *recorder) Written() bool {
	if r.decided && !r.held {
		return r.ResponseWriter.Written()
	}
	return r.decided
}

func (r *recorder) Size() int {
	if r.decided && !r.held {
		return r.ResponseWriter.Size()
	}
	return r.body.Len()
}

// decide reports whether the answer goes through.
func (r *recorder) decide() bool {
	if !r.decided {
		r.decided = true
		r.held = r.pending.kept && keepable(r.status) || r.standIn && r.status == http.StatusServiceUnavailable
		if !r.held {
			r.pass()
		}
	}
	return !r.held
}

// pass hands over what was noted so far.
func (r *recorder) pass() {
	header := r.ResponseWriter.Header()
	clear(header)
	maps.Copy(header, r.header)
	r.ResponseWriter.WriteHeader(r.status)
}

func keepable(status int) bool { return status == http.StatusOK || status == http.StatusNotFound }
