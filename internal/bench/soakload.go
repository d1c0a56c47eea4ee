package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// recorder gathers how long answers took.
type recorder struct {
	mutex                     sync.Mutex
	deliveries, reads, writes []time.Duration
}

func (r *recorder) add(to *[]time.Duration, took time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	*to = append(*to, took)
}

// take returns what was gathered since the last time.
func (r *recorder) take() window {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	w := window{Deliveries: measured(r.deliveries), Reads: measured(r.reads), Writes: measured(r.writes)}
	r.deliveries, r.reads, r.writes = r.deliveries[:0], r.reads[:0], r.writes[:0]
	return w
}

func measured(took []time.Duration) latencies {
	slices.Sort(took)
	return latencies{len(took), percentile(took, 50).Seconds() * 1000, percentile(took, 99).Seconds() * 1000}
}

// pace calls so often a second, until the time is over. What is late is caught up with, and each call is told when it was due, so that
// waiting for a slow answer counts.
func pace(ctx context.Context, perSecond float64, until time.Time, do func(due time.Time) error) error {
	every := time.Duration(float64(time.Second) / perSecond)
	// Each begins somewhere else.
	due := time.Now().Add(rand.N(every)) //nolint:gosec // nobody must not guess it
	for ; due.Before(until); due = due.Add(every) {
		select {
		case <-ctx.Done():
			return nil // whoever failed has said why
		case <-time.After(time.Until(due)):
		}
		if err := do(due); err != nil {
			return err
		}
	}
	return nil
}

// send is a connection of a forge. One in ten deliveries is one that was acknowledged before.
func (s *soak) send(ctx context.Context, until time.Time) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.process.address)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	composer := newComposer(s.supply)
	var body bytes.Buffer
	var sent []int
	return pace(ctx, s.rate/soakSenders, until, func(due time.Time) error {
		var i int
		if len(sent) > 0 && rand.N(soakDuplicates) == 0 { //nolint:gosec // nobody must not guess it
			i = sent[rand.N(len(sent))] //nolint:gosec // as above
		} else {
			i, _ = s.supply.take()
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := conn.Write(composer.compose(i)); err != nil {
			return fmt.Errorf("sending: %w", err)
		}
		status, err := readAnswer(answers, &body)
		if err != nil || status != http.StatusAccepted {
			return fmt.Errorf("a delivery is answered %d: %s, %w", status, body.Bytes(), err)
		}
		s.recorder.add(&s.recorder.deliveries, time.Since(due))
		if sent = append(sent, i); len(sent) > 1000 {
			sent = sent[500:]
		}
		return nil
	})
}

// read is a reader, of one thing after the other.
func (s *soak) read(ctx context.Context, until time.Time) error {
	turn := 0
	return pace(ctx, float64(soakReads)/soakReaders, until, func(due time.Time) error {
		about := person(rand.N(people)) //nolint:gosec // nobody must not guess it
		turn++
		var err error
		switch turn % 6 {
		case 0:
			_, err = s.call(ctx, anonymous, http.MethodGet, awardsOf(about), nil)
		case 1:
			_, err = s.call(ctx, anonymous, http.MethodGet, "/users/"+about+"/badge.svg", nil)
		case 2:
			_, err = s.call(ctx, anonymous, http.MethodGet, "/users/"+about, nil)
		case 3:
			_, err = s.call(ctx, anonymous, http.MethodGet, fmt.Sprintf("/api/v1/achievements/%d/awards", s.achievement), nil)
		case 4:
			_, err = s.call(ctx, adminToken, http.MethodGet, "/api/v1/users?per_page=50", nil)
		default:
			query := `query { user(username: "` + about + `") { userAchievements { nodes { achievement { name } } } } }`
			_, err = s.call(ctx, anonymous, http.MethodPost, "/api/graphql", map[string]any{"query": query})
		}
		if err == nil {
			s.recorder.add(&s.recorder.reads, time.Since(due))
		}
		return err
	})
}

func awardsOf(name string) string { return "/api/v1/users/" + name + "/awards" }

// prepareAwards creates what is awarded by hand.
func (s *soak) prepareAwards(ctx context.Context) error {
	if _, err := s.call(ctx, adminToken, http.MethodPost, "/api/v1/namespaces", map[string]any{"full_path": "soak", "name": "Soak", "visibility": "public"}); err != nil {
		return err
	}
	made, err := s.call(ctx, adminToken, http.MethodPost, "/api/v1/namespaces/soak/achievements", map[string]any{"name": "Steady", "kind": "revocable"})
	s.achievement = made.ID
	return err
}

// award gives and takes, by turns.
func (s *soak) award(ctx context.Context, until time.Time) error {
	turn, standing := 0, int64(0)
	return pace(ctx, soakWrites, until, func(due time.Time) error {
		if standing != 0 {
			if _, err := s.call(ctx, adminToken, http.MethodPost, fmt.Sprintf("/api/v1/awards/%d/revoke", standing), map[string]any{"reason": "again"}); err != nil {
				return err
			}
			standing = 0
		} else {
			turn++
			given, err := s.call(ctx, adminToken, http.MethodPost, fmt.Sprintf("/api/v1/achievements/%d/awards", s.achievement), map[string]any{"user": person(turn % people)})
			if err != nil {
				return err
			}
			standing = given.ID
		}
		s.recorder.add(&s.recorder.writes, time.Since(due))
		return nil
	})
}

// made is what an answer says of something.
type made struct {
	ID     int64 `json:"id"`
	Errors []any `json:"errors"`
}

// anonymous is the token of those who have none.
const anonymous = ""

// call asks the service.
func (s *soak) call(ctx context.Context, token, method, path string, body any) (made, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		content = bytes.NewReader(encode(body))
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.process.address+path, content)
	if err != nil {
		return made{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != anonymous {
		request.Header.Set("Private-Token", token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return made{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return made{}, fmt.Errorf("asking for %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		return made{}, fmt.Errorf("%s %s is answered %s: %.300s", method, path, response.Status, text)
	}
	var answer made
	if body == nil {
		return answer, nil
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Errors) > 0 {
		return made{}, fmt.Errorf("%s %s is answered %.300s: %w", method, path, text, err)
	}
	return answer, nil
}
