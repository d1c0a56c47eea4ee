package main

import (
	"fmt"
	"strings"
)

const (
	hookSecret = "the benchmark's webhook secret"
	sourceName = "forge"
	adminToken = "the benchmark's admin token"
	// people is how many authors the merges have.
	people = 1000
)

// increments is how many counts each delivery raises: one for each of the rules that match it.
const increments = 8

// rulesFile returns a hundred rules: eight that count every delivery by conditions of their own,
// seventeen for merges elsewhere, and seventy-five for other events.
func rulesFile() string {
	var out strings.Builder
	out.WriteString("namespace: acme\nachievements:\n")
	add := func(name, on, when string) {
		key := strings.ReplaceAll(strings.ToLower(name), " ", "-")
		fmt.Fprintf(&out, "  - key: %s\n    name: %s\n    kind: irrevocable\n    award: {on: %s, when: '%s', to: event.%s, count: {}}\n"+
			"    tiers: [{at: 1, name: %[2]s}, {at: 10, name: %[2]s II}, {at: 100, name: %[2]s III}]\n",
			key, name, on, when, map[bool]string{true: "author", false: "member"}[strings.HasPrefix(on, "merge")])
	}
	for i := range increments {
		add(fmt.Sprintf("Matching %d", i), "merge_request.merged",
			fmt.Sprintf("event.target_branch == event.repository.default_branch && event.additions >= %d", i))
	}
	for i := range 17 {
		add(fmt.Sprintf("Elsewhere %d", i), "merge_request.merged", fmt.Sprintf(`event.repository.path == "acme/other-%d"`, i))
	}
	for i := range 75 {
		add(fmt.Sprintf("Member %d", i), "member.added", fmt.Sprintf(`event.group.path == "acme/team-%d"`, i))
	}
	return out.String()
}

// mergeBody returns the body of a GitHub delivery about a merged pull request of one of the people.
func mergeBody(id, size int) []byte {
	person := id % people
	body := fmt.Appendf(nil, `{"action":"closed","number":%[1]d,"pull_request":{"id":%[1]d,"number":%[1]d,`+
		`"html_url":"https://github.example.com/acme/rocket/pull/%[1]d","title":"Change %[1]d","state":"closed",`+
		`"user":{"login":"person%[2]d","id":%[3]d,"type":"User"},"created_at":"2026-11-02T07:30:00Z",`+
		`"merged_at":"2026-11-02T09:47:13Z","merged":true,"merged_by":{"login":"grace","id":2,"type":"User"},`+
		`"draft":false,"labels":[{"name":"bug"}],"base":{"ref":"main"},"head":{"ref":"topic"},"additions":40,"deletions":1,`+
		`"changed_files":1,"commits":1,"body":"`, id, person, 1000+person)
	const end = `"},"repository":{"id":7301,"name":"rocket","full_name":"acme/rocket","private":false,` +
		`"default_branch":"main","visibility":"public"},"sender":{"login":"grace","id":2,"type":"User"}}`
	for n := 0; len(body) < size-len(end); n++ {
		// Text that compresses about as well as people's.
		body = fmt.Appendf(body, "Line %d of change %d says why it is good. ", n, (id*7919+n*104729)%1_000_003)
	}
	return append(body, end...)
}
