package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

const (
	// people is how many authors the merges have.
	people = 1000
	// bodyKinds is how many different bodies there are; in each delivery another merge and another person are put into one of them.
	bodyKinds = 256
)

// The marks in a body where a delivery's own figures are put. All have the length of what takes their place.
const (
	numberMark = "987654321"
	personMark = "876543210"
	loginMark  = "person####"
)

// firstNumber and firstPerson are the smallest numbers of as many digits as their marks.
const (
	firstNumber = 100_000_000
	firstPerson = 200_000_000
)

// template is a body with the places where the figures go.
type template struct {
	text                    []byte
	numbers, persons, names []int
}

// templates returns bodies of deliveries about merged pull requests, shaped as GitHub's are; their mean size is the given one.
func templates(size int) []template {
	all := make([]template, bodyKinds)
	for i := range all {
		// From 0.6 to 1.4 of the mean, evenly.
		text := body(i, size*6/10+size*8/10*i/(bodyKinds-1))
		all[i] = template{text, places(text, numberMark), places(text, personMark), places(text, loginMark)}
	}
	return all
}

func places(text []byte, mark string) []int {
	var found []int
	for at := 0; ; at += len(mark) {
		next := bytes.Index(text[at:], []byte(mark))
		if next < 0 {
			return found
		}
		at += next
		found = append(found, at)
	}
}

// fill writes the body of a delivery into the buffer, which is the template's text already.
func (t *template) fill(text []byte, number, person int) {
	for _, at := range t.numbers {
		digits(text[at:at+len(numberMark)], firstNumber+number)
	}
	for _, at := range t.persons {
		digits(text[at:at+len(personMark)], firstPerson+person)
	}
	for _, at := range t.names {
		digits(text[at+len(loginMark)-4:at+len(loginMark)], person)
	}
}

// digits writes the number's last digits, as many as there is room for.
func digits(into []byte, n int) {
	for i := len(into) - 1; i >= 0; i-- {
		into[i] = "0123456789"[n%10]
		n /= 10
	}
}

// words are what people write of; chosen at random, they compress about as well as people's texts.
var words = strings.Fields("fix add handle the request parser when cache is stale and update tests for new retry policy in worker because users " +
	"reported slow builds after release of version with broken migration so that nobody has to wait for it again please review carefully " +
	"this also renames helper drops unused field keeps old name as alias documents limits refs #1423 see discussion closes bug")

type object = map[string]any

// body returns one body of about the size; half of them have many additions, which one of the rules asks for.
func body(kind, size int) []byte {
	random := rand.New(rand.NewPCG(uint64(kind), 1)) //nolint:gosec // the same in each run
	repository := fmt.Sprintf("acme-%02d/project-%03d", random.IntN(20), kind)
	additions := 20
	if kind%2 == 0 {
		additions = 80
	}
	sender := account("grace", 2)
	pull := object{
		"id": json.RawMessage(numberMark), "number": json.RawMessage(numberMark), "title": sentence(random, 6), "state": "closed", "locked": false,
		"user": account(loginMark, json.RawMessage(personMark)), "created_at": "2026-11-02T07:30:00Z", "updated_at": "2026-11-02T09:47:13Z",
		"closed_at": "2026-11-02T09:47:13Z", "merged_at": "2026-11-02T09:47:13Z", "merged": true, "merged_by": sender,
		"merge_commit_sha": sha(random), "draft": false, "labels": []object{{"id": random.IntN(1 << 30), "name": "bug", "color": "d73a4a", "default": true}},
		"base": object{"ref": "main", "sha": sha(random)}, "head": object{"ref": "topic", "sha": sha(random)},
		"additions": additions, "deletions": 1, "changed_files": 3, "commits": 2, "comments": 4, "review_comments": 1, "body": "",
	}
	for _, link := range []string{"html", "diff", "patch", "issue", "commits", "review_comments", "comments", "statuses"} {
		pull[link+"_url"] = "https://api.github.example.com/repos/" + repository + "/pulls/" + numberMark + "/" + link
	}
	about := object{
		"id": 7000 + kind, "name": fmt.Sprintf("project-%03d", kind), "full_name": repository, "private": false, "visibility": "public",
		"owner": account("acme", 1), "default_branch": "main", "language": "Go", "stargazers_count": random.IntN(1000), "description": sentence(random, 9),
	}
	for _, link := range []string{"forks", "keys", "collaborators", "teams", "hooks", "issue_events", "events", "assignees", "branches", "tags", "blobs", "trees", "statuses"} {
		about[link+"_url"] = "https://api.github.example.com/repos/" + repository + "/" + link
	}
	whole := object{"action": "closed", "number": json.RawMessage(numberMark), "pull_request": pull, "repository": about, "sender": sender}
	text := encode(whole)
	if missing := size - len(text); missing > 0 {
		pull["body"] = sentence(random, missing/3)[:missing]
		text = encode(whole)
	}
	return text
}

func account(login string, id any) object {
	it := object{"login": login, "id": id, "type": "User", "site_admin": false}
	for _, link := range []string{"followers", "following", "gists", "starred", "subscriptions", "orgs", "repos", "events", "received_events"} {
		it[link+"_url"] = "https://api.github.example.com/users/" + login + "/" + link
	}
	return it
}

func sentence(random *rand.Rand, length int) string {
	var out strings.Builder
	for range length {
		out.WriteString(words[random.IntN(len(words))])
		out.WriteByte(' ')
	}
	return out.String()
}

func sha(random *rand.Rand) string {
	return fmt.Sprintf("%016x%016x%08x", random.Uint64(), random.Uint64(), random.Uint32())
}

func encode(whole any) []byte {
	text, err := json.Marshal(whole)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return text
}
