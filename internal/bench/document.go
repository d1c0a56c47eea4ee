package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// record is everything that a run measured.
type record struct {
	Machine     machine             `json:"machine"`
	Rounds      int                 `json:"rounds"`
	Duration    string              `json:"duration"`
	Connections int                 `json:"connections"`
	BodySize    int                 `json:"body_size"`
	Goals       []outcome           `json:"goals"`
	Medians     map[string]result   `json:"medians"`
	Results     map[string][]result `json:"results"`
}

// figure is one figure of a result, by its name.
type figure struct {
	name string
	of   func(*result) *float64
}

func figures() []figure {
	return []figure{
		{"per_second", func(r *result) *float64 { return &r.perSecond }},
		{"p50_s", func(r *result) *float64 { return &r.p50 }},
		{"p99_s", func(r *result) *float64 { return &r.p99 }},
		{"lone_p50_s", func(r *result) *float64 { return &r.loneP50 }},
		{"lone_p99_s", func(r *result) *float64 { return &r.loneP99 }},
		{"cpu_us", func(r *result) *float64 { return &r.cpu }},
		{"postgres_cpu_us", func(r *result) *float64 { return &r.postgresCPU }},
		{"redis_cpu_us", func(r *result) *float64 { return &r.redisCPU }},
		{"generator_cpu_us", func(r *result) *float64 { return &r.generatorCPU }},
		{"wal_bytes", func(r *result) *float64 { return &r.wal }},
		{"batch", func(r *result) *float64 { return &r.batch }},
		{"again_per_second", func(r *result) *float64 { return &r.again }},
		{"again_elsewhere_per_second", func(r *result) *float64 { return &r.elsewhere }},
	}
}

// MarshalJSON writes the figures that were measured.
func (r result) MarshalJSON() ([]byte, error) {
	values := map[string]float64{}
	for _, f := range figures() {
		if value := *f.of(&r); value != 0 {
			values[f.name] = value
		}
	}
	return json.Marshal(values)
}

// medians returns a result of the median of each figure.
func medians(results []result) result {
	var middle result
	for _, f := range figures() {
		*f.of(&middle) = median(results, func(r result) float64 { return *f.of(&r) })
	}
	return middle
}

// write writes what was measured where the flags say.
func (a *arena) write(m machine) error {
	if a.json != "" {
		all := record{m, a.rounds, a.duration.String(), a.connections, a.bodySize, outcomes(a.results), map[string]result{}, a.results}
		for name, results := range a.results {
			all.Medians[name] = medians(results)
		}
		if err := writeJSON(a.json, all); err != nil {
			return err
		}
	}
	if a.document == "" {
		return nil
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n%d connections, bodies of %d bytes on average, 100 rules, %.1f counts a delivery; medians of %d rounds of %s, and of %d where small differences are asked for and in reading.\n\n",
		m.text(), a.connections, a.bodySize, plain.perDelivery(), a.rounds, a.duration, a.rounds+moreRounds)
	goalTable(a.results).markdown(&out)
	for _, b := range blocks() {
		b.table(a.results).markdown(&out)
	}
	readsTable(a.results).markdown(&out)
	return putBetween(a.document, "measured", out.Bytes())
}

func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding what was measured: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // for everyone to read
		return fmt.Errorf("writing what was measured: %w", err)
	}
	return nil
}

// putBetween replaces what stands between the two marks of the name in a document.
func putBetween(path, name string, text []byte) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	whole, err = replaceBetween(whole, name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.WriteFile(path, whole, 0o644); err != nil { //nolint:gosec // for everyone to read
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}

func replaceBetween(whole []byte, name string, text []byte) ([]byte, error) {
	begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->"
	before, rest, began := bytes.Cut(whole, []byte(begin))
	_, after, ended := bytes.Cut(rest, []byte(end))
	if !began || !ended {
		return nil, fmt.Errorf("the marks %q and %q are missing", begin[:len(begin)-1], end)
	}
	return bytes.Join([][]byte{before, []byte(begin), []byte("\n"), bytes.TrimSpace(text), []byte("\n\n" + end), after}, nil), nil
}
