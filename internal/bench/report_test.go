package main

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/rule"
)

func TestPercentile(t *testing.T) {
	t.Parallel()

	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tc := range []struct {
		sorted []time.Duration
		p      int
		want   time.Duration
	}{
		{nil, 50, 0}, {hundred[:1], 99, 1}, {hundred, 50, 50}, {hundred, 99, 99}, {hundred[:10], 99, 10}, {hundred[:3], 50, 2},
	} {
		if got := percentile(tc.sorted, tc.p); got != tc.want {
			t.Errorf("percentile %d of %d values = %d, want %d", tc.p, len(tc.sorted), got, tc.want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		results := make([]result, len(tc.values))
		for i, value := range tc.values {
			results[i].perSecond = value
		}
		if got := median(results, perSecond); got != tc.want {
			t.Errorf("median of %v = %v, want %v", tc.values, got, tc.want)
		}
	}
}

// The figures mean something only if the deliveries are what they say: signed, of the size, about
// different merges, and raising so many counts each.
func TestDeliveriesAreWhatTheFiguresAssume(t *testing.T) {
	t.Parallel()

	set, err := rule.Load([]rule.File{{Name: "rules.yaml", Text: rulesFile()}})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Measures()) != 100 {
		t.Errorf("there are %d measures, want one for each of 100 rules", len(set.Measures()))
	}
	speaks, _ := forge.ByName("github")
	seen := map[string]bool{}
	for id := range 50 {
		body := mergeBody(id+1, 10<<10)
		if !json.Valid(body) || len(body) < 10<<10 || len(body) > 11<<10 {
			t.Fatalf("delivery %d is %d bytes, valid JSON: %t", id, len(body), json.Valid(body))
		}
		header := map[string][]string{"X-Github-Event": {"pull_request"}}
		events, err := speaks.Events(forge.Source{Name: sourceName, Forge: "github"}, forge.Request{Header: header, Body: body, ReceivedAt: time.Now()})
		if err != nil || len(events) != 1 {
			t.Fatalf("delivery %d gives %d events, %v", id, len(events), err)
		}
		seen[events[0].Key] = true
		if hits := len(set.Match(&events[0]).Hits); hits != increments {
			t.Errorf("delivery %d raises %d counts, want %d", id, hits, increments)
		}
	}
	if len(seen) != 50 {
		t.Errorf("50 deliveries tell of %d events", len(seen))
	}
}

func TestSupplyIsUsedOnce(t *testing.T) {
	t.Parallel()

	s := newSupply(2, 1<<10)
	if bytes.Equal(s.take(), s.take()) || s.take() != nil {
		t.Error("two deliveries are not different, or there is a third one")
	}
	s.endless = true
	if s.take() == nil {
		t.Error("an endless supply ended")
	}
}
