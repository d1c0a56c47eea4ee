package faults

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
)

// Answer is what a sender knows about a delivery.
type Answer string

// The answers. Refused deliveries may be stored all the same, when the answer was made before the commit failed for sure: a
// forge that sends them again must not be given twice, and the checker holds the service to no more than that.
const (
	// Acked deliveries must be stored, for ever.
	Acked Answer = "acked"
	// Refused ones were answered with something else than 2xx.
	Refused Answer = "refused"
	// Ambiguous ones got no answer.
	Ambiguous Answer = "ambiguous"
)

// Entry is a request and its answer.
type Entry struct {
	// ID is the forge's own id of the delivery; several requests may have the same.
	ID     string `json:"id"`
	Step   int    `json:"step"`
	Answer Answer `json:"answer"`
	Status int    `json:"status,omitempty"`
}

// Ledger is a file that every request and its answer are written to, as they come.
type Ledger struct {
	t *testing.T

	mutex   sync.Mutex
	file    *os.File
	traffic Traffic
	path    string
}

// NewLedger makes an empty ledger of requests about the traffic.
func NewLedger(t *testing.T, traffic Traffic) *Ledger {
	t.Helper()

	file, err := os.CreateTemp(t.TempDir(), "ledger-*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &Ledger{t: t, file: file, traffic: traffic, path: file.Name()}
}

// Note writes the entry.
func (l *Ledger) Note(e Entry) {
	line, err := json.Marshal(e)
	if err == nil {
		l.mutex.Lock()
		_, err = l.file.Write(append(line, '\n'))
		l.mutex.Unlock()
	}
	if err != nil {
		l.t.Errorf("writing the ledger: %v", err)
	}
}

// page is a ledger as it was read: what was sent under each id, and whether it was ever acknowledged.
type page struct {
	steps map[string]Step
	acked map[string]bool
}

func (l *Ledger) read() (page, error) {
	p := page{steps: map[string]Step{}, acked: map[string]bool{}}
	entries, err := l.entries()
	for _, e := range entries {
		p.steps[e.ID] = l.traffic.Step(e.Step)
		p.acked[e.ID] = e.Answer == Acked
	}
	return p, err
}

// entries returns what was sent, each id once, in the order of when it was sent first, with the best of its answers.
func (l *Ledger) entries() ([]Entry, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()

	file, err := os.Open(l.path)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	defer file.Close()
	var entries []Entry
	at := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("reading the ledger: %w", err)
		}
		known, ok := at[e.ID]
		switch {
		case !ok:
			at[e.ID] = len(entries)
			entries = append(entries, e)
		case e.Answer == Acked:
			entries[known] = e
		}
	}
	return entries, nil
}
