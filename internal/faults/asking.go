package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// ask sends a request, to the API as the admin, with a body unless it is nil.
func (s *Service) ask(ctx context.Context, method, path string, body []byte) (status int, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL()+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Close = true
	if strings.HasPrefix(path, "/api/") {
		request.Header.Set("Authorization", "Bearer "+AdminToken)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}

// Get asks for a path, of the API as the admin, and returns the status and the body; 0 when there was no answer within the time.
func (s *Service) Get(path string, within time.Duration) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	status, body, err := s.ask(ctx, http.MethodGet, path, nil)
	if err != nil {
		return 0, err.Error()
	}
	return status, body
}

// Do calls the API as the admin and returns the object that it answers with; it fails the test unless the call succeeds.
func (s *Service) Do(method, path string, body map[string]any) (object map[string]any) {
	s.t.Helper()

	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	status, text, err := s.ask(s.t.Context(), method, path, encoded)
	if err != nil || status >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s answers %d, %v: %s", method, path, status, err, text)
	}
	_ = json.Unmarshal([]byte(text), &object) // not everything has a body
	return object
}

// Until asks for the path until the answer has the status, and returns how long that took; it fails the test after the time.
func (s *Service) Until(path string, status int, within time.Duration) time.Duration {
	s.t.Helper()

	began := time.Now()
	for {
		got, body := s.Get(path, 5*time.Second)
		took := time.Since(began)
		if got == status {
			return took
		}
		if took > within {
			s.t.Fatalf("%s answers %d after %v, want %d: %s", path, got, took.Round(time.Millisecond), status, body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Memory returns how many bytes of memory the process has resident.
func (s *Service) Memory() int {
	s.t.Helper()
	return testkit.ResidentMemory(s.t, s.PID())
}

// AwardByHand makes an achievement and returns a function that makes a person and gives it to them.
func (s *Service) AwardByHand() func(username string) {
	s.t.Helper()

	s.Do(http.MethodPost, "/api/v1/namespaces", map[string]any{"full_path": "crew", "name": "Crew", "visibility": "public"})
	made := s.Do(http.MethodPost, "/api/v1/namespaces/crew/achievements", map[string]any{"name": "Release captain", "description": "Brought a release out."})
	return func(username string) {
		s.t.Helper()
		s.Do(http.MethodPost, "/api/v1/users", map[string]any{"username": username, "name": username, "email": username + "@example.com"})
		s.Do(http.MethodPost, fmt.Sprintf("/api/v1/achievements/%.0f/awards", made["id"]), map[string]any{"user": username})
	}
}

// CPU returns how much processor time the process has used.
func (s *Service) CPU() time.Duration {
	s.t.Helper()
	return testkit.ProcessorTime(s.t, s.PID())
}
