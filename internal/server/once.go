package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/operation"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

const idempotencyKey = "Idempotency-Key"

// replayed says that an answer was given before.
const replayed = "Idempotent-Replayed"

// once makes a request that has an Idempotency-Key happen once: everything that it does and the
// answer are committed together, and whoever sends it again gets that answer.
func once(ct *contract, operations *operation.Operations) gin.HandlerFunc {
	return func(c *gin.Context) {
		key := c.GetHeader(idempotencyKey)
		caller := operation.CallerFrom(c.Request.Context())
		// Without the header there is nothing to do; nobody creates anything anonymously.
		if key == "" || caller.Anonymous() || ct.route(c).Operation.Parameters.GetByInAndName("header", idempotencyKey) == nil {
			return
		}
		fingerprint, err := fingerprintOf(c.Request)
		if err != nil {
			problem.Write(c, err)
			return
		}
		direct := c.Writer
		defer func() { c.Writer = direct }() // a panic is answered, too
		ran := false
		kept, err := operations.Once(c.Request.Context(), caller, key, fingerprint, func(ctx context.Context) ([]byte, error) {
			ran = true
			return record(c, ctx)
		})
		c.Writer = direct
		refused, isRefusal := errors.AsType[*refusal](err)
		switch {
		case isRefusal:
			refused.answer.write(c)
		case err != nil:
			problem.Write(c, err)
		default:
			if !ran {
				c.Header(replayed, "true")
			}
			replay(c, kept)
		}
		c.Abort()
	}
}

// answer is a response that is not sent yet.
type answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

func (a *answer) write(c *gin.Context) {
	maps.Copy(c.Writer.Header(), a.Header)
	c.Writer.WriteHeader(a.Status)
	_, _ = c.Writer.Write(a.Body) // who hung up reads no error
}

func replay(c *gin.Context, kept []byte) {
	var a answer
	if err := json.Unmarshal(kept, &a); err != nil {
		problem.Write(c, err)
		return
	}
	a.write(c)
}

// refusal carries an answer that must not be kept out of the transaction that it undoes.
type refusal struct{ answer answer }

func (*refusal) Error() string { return "refused" }

// record runs the handlers behind the middleware within ctx and returns what they answer. An answer
// that is no success is a refusal.
func record(c *gin.Context, ctx context.Context) ([]byte, error) { //nolint:revive // gin's context is the request, ctx the transaction
	recorder := &recorder{ResponseWriter: c.Writer, header: http.Header{}, status: http.StatusOK}
	c.Writer = recorder
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	a := answer{Status: recorder.status, Header: recorder.header, Body: recorder.body.Bytes()}
	if a.Status >= http.StatusMultipleChoices {
		return nil, &refusal{a}
	}
	return json.Marshal(a)
}

// recorder is a ResponseWriter that sends nothing.
type recorder struct {
	gin.ResponseWriter

	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (r *recorder) Header() http.Header  { return r.header }
func (r *recorder) WriteHeader(code int) { r.status, r.written = code, true }
func (r *recorder) WriteHeaderNow()      { r.written = true }
func (r *recorder) Status() int          { return r.status }
func (r *recorder) Size() int            { return r.body.Len() }
func (r *recorder) Written() bool        { return r.written }

func (r *recorder) Write(data []byte) (int, error) {
	r.written = true
	return r.body.Write(data)
}

func (r *recorder) WriteString(text string) (int, error) {
	r.written = true
	return r.body.WriteString(text)
}

// fingerprintOf tells the request from others with the same key: by method, path, query and body. Of a
// form it takes the parts, since clients choose another boundary each time.
func fingerprintOf(r *http.Request) ([32]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return [32]byte{}, fault.New(fault.Invalid, "body_cut_short", "the body ended before its announced length").Because(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	digest := sha256.New()
	parts := []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery}
	if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == formType {
		parts = append(parts, formParts(body, params["boundary"])...)
	} else {
		parts = append(parts, string(body))
	}
	if err := json.NewEncoder(digest).Encode(parts); err != nil {
		return [32]byte{}, err
	}
	return [32]byte(digest.Sum(nil)), nil
}

// formParts returns the names and hashes of a form's parts, and of the bytes that are none.
func formParts(body []byte, boundary string) []string {
	var found []string
	for reader := multipart.NewReader(bytes.NewReader(body), boundary); ; {
		part, err := reader.NextPart()
		if err == io.EOF { // a wrapped one says that the form was cut short
			return found
		}
		if err != nil {
			return append(found, string(body))
		}
		digest := sha256.New()
		if _, err := io.Copy(digest, part); err != nil {
			return append(found, string(body))
		}
		found = append(found, part.FormName(), part.FileName(), string(digest.Sum(nil)))
	}
}
