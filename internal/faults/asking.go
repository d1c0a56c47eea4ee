package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Get asks for a path, of the API as the admin, and returns the status and the body; 0 when there was no answer within the time.
func (s *Service) Get(path string, within time.Duration) (status int, body string) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+path, http.NoBody)
	if err != nil {
		return 0, err.Error()
	}
	request.Close = true
	if strings.HasPrefix(path, "/api/") {
		request.Header.Set("Authorization", "Bearer "+AdminToken)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

// Do calls the API as the admin and returns the object that it answers with; it fails the test unless the call succeeds.
func (s *Service) Do(method, path string, body map[string]any) (object map[string]any) {
	s.t.Helper()

	encoded, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.URL()+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+AdminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s answers %d, %v: %s", method, path, response.StatusCode, err, text)
	}
	_ = json.Unmarshal(text, &object) // not everything has a body
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

// APerson returns the path of a badge of somebody who has awards by now.
func (s *Service) APerson() string {
	s.t.Helper()

	status, body := s.Get("/api/v1/users?limit=100", 5*time.Second)
	var page struct {
		Items []struct {
			Username string `json:"username"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
		s.t.Fatalf("listing users: %d %s", status, body)
	}
	for _, user := range page.Items {
		if strings.HasPrefix(user.Username, "author") {
			return "/users/" + user.Username + "/badge.svg"
		}
	}
	s.t.Fatalf("nobody is there: %s", body)
	return ""
}

// Memory returns how many bytes of memory the process has resident.
func (s *Service) Memory() int {
	s.t.Helper()

	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.PID()))
	var total, resident int
	if err == nil {
		_, err = fmt.Sscan(string(text), &total, &resident)
	}
	if err != nil {
		s.t.Skipf("the process's memory cannot be read: %v", err)
	}
	return resident * os.Getpagesize()
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

	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		s.t.Skipf("the process's time cannot be read: %v", err)
	}
	// The name in parentheses may hold blanks; user and system time are the 12th and 13th field after it, in hundredths of a second.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		s.t.Fatal(err)
	}
	return time.Duration(10*(user+system)) * time.Millisecond
}
