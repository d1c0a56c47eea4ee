package problem_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/server/problem"
)

// answerTo returns what a handler that calls write answers, and what it leaves for the log.
func answerTo(t *testing.T, write func(c *gin.Context)) (*httptest.ResponseRecorder, *gin.Context) {
	t.Helper()
	recorder := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(recorder)
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	write(c)
	c.Writer.WriteHeaderNow()
	return recorder, c
}

func TestKindsBecomeStatuses(t *testing.T) {
	t.Parallel()

	wait := fault.UnavailableFor("the database", 1200*time.Millisecond)
	limited := fault.New(fault.Limited, "too_many", "too many")
	limited.RetryAfter = time.Minute
	for _, tc := range []struct {
		err        error
		status     int
		retryAfter string
		challenge  string
	}{
		{fault.NotFoundFor("award"), 404, "", ""},
		{fault.New(fault.Conflict, "taken", "taken"), 409, "", ""},
		{fault.InvalidField("name", "required", "may not be blank"), 400, "", ""},
		{fault.New(fault.Forbidden, "forbidden", "no"), 403, "", ""},
		{fault.New(fault.Unauthenticated, "unauthenticated", "who?"), 401, "", `Bearer realm="accolade"`},
		{limited, 429, "60", ""},
		{fault.New(fault.TooLarge, "body_too_large", "too large"), 413, "", ""},
		{fault.New(fault.TooSlow, "body_too_slow", "too slow"), 408, "", ""},
		{wait, 503, "2", ""},
		{fault.UnavailableFor("the database", 0), 503, "2", ""},
		{fault.New(fault.Internal, "internal", "oops"), 500, "", ""},
		{errors.New("dial tcp 10.0.0.1: refused"), 500, "", ""},
	} {
		got, c := answerTo(t, func(c *gin.Context) { problem.Write(c, tc.err) })
		if got.Code != tc.status || got.Header().Get("Retry-After") != tc.retryAfter || got.Header().Get("WWW-Authenticate") != tc.challenge {
			t.Errorf("%v: %d %v, want %+v", tc.err, got.Code, got.Header(), tc)
		}
		if got.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(got.Body.String(), "10.0.0.1") {
			t.Errorf("%v: %v %s", tc.err, got.Header(), got.Body)
		}
		if !c.IsAborted() || !errors.Is(c.Errors.Last(), fault.As(tc.err)) && !errors.Is(c.Errors.Last(), tc.err) {
			t.Errorf("%v: the request goes on, or its log does not know why", tc.err)
		}
	}
}

func TestWhatAProblemSays(t *testing.T) {
	t.Parallel()

	f := fault.InvalidField("name", "too_long", "is too long (maximum is %d characters)", 255)
	got, _ := answerTo(t, func(c *gin.Context) { problem.WriteStatus(c, http.StatusUnprocessableEntity, f) })
	var body map[string]any
	if err := json.Unmarshal(got.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"type": "about:blank", "title": "Unprocessable Entity", "status": 422.0, "code": "invalid",
		"detail": "name: is too long (maximum is 255 characters)",
		"errors": []any{map[string]any{"field": "name", "code": "too_long", "detail": "is too long (maximum is 255 characters)"}},
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("the problem is another (-want +got):\n%s", diff)
	}
}

func TestWhatWasAnsweredStands(t *testing.T) {
	t.Parallel()

	got, _ := answerTo(t, func(c *gin.Context) {
		c.String(http.StatusOK, "half an ans")
		problem.Write(c, errors.New("too late"))
	})
	if got.Code != http.StatusOK || got.Body.String() != "half an ans" {
		t.Errorf("the answer became %d %s", got.Code, got.Body)
	}
}
