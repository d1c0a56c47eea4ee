package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

const (
	// people is how many authors the merges have.
	people = 1000
	// bodyKinds is how many different bodies there are; in each delivery another merge and another person are put into one of them.
	bodyKinds = 256
	// leastSize is the smallest mean size of bodies: what they cannot be without is nearly as much.
	leastSize = 10_300
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
		// From 0.93 to 1.07 of the mean, evenly.
		text := body(i, size*93/100+size*14/100*i/(bodyKinds-1))
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

// The links of an account, of a merge request and of a repository, as GitHub sends them
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request): most of a body are these.
var (
	accountLinks = strings.Fields("followers following{/other_user} gists{/gist_id} starred{/owner}{/repo} subscriptions orgs repos events{/privacy} received_events")
	pullLinks    = strings.Fields("html diff patch issue commits review_comments review_comment{/number} comments statuses")
	projectLinks = strings.Fields("forks keys{/key_id} collaborators{/collaborator} teams hooks issue_events{/number} events assignees{/user} branches{/branch} tags " +
		"blobs{/sha} git_tags{/sha} git_refs{/sha} trees{/sha} statuses/{sha} languages stargazers contributors subscribers subscription commits{/sha} " +
		"git_commits{/sha} comments{/number} issue_comment{/number} contents/{+path} compare/{base}...{head} merges archive{/ref} downloads issues{/number} " +
		"pulls{/number} milestones{/number} notifications{?since} labels{/name} releases{/id} deployments")
)

const api = "https://api.github.com"

type object = map[string]any

// shortText and mostText are how many bytes a description has: what others take of the size is filled with people who review.
const shortText, mostText = 200, 1500

// body returns one body of about the size; half of them have many additions, which one of the rules asks for.
func body(kind, size int) []byte {
	random := rand.New(rand.NewPCG(uint64(kind), 1)) //nolint:gosec // the same in each run
	repository := fmt.Sprintf("acme-%02d/project-%03d", random.IntN(20), kind)
	sender := account(random, "grace", "2")
	pull := pullRequest(random, repository)
	pull["additions"], pull["merged_by"] = map[bool]int{true: 80, false: 20}[kind%2 == 0], sender
	whole := object{
		"action": "closed", "number": json.RawMessage(numberMark), "pull_request": pull, "repository": project(random, repository, kind), "sender": sender,
		"installation": object{"id": random.IntN(1 << 30), "node_id": nodeID(random)},
	}
	text := encode(whole)
	var reviewers []object
	for size-len(text) > mostText {
		id := 1 + random.IntN(people)
		reviewers = append(reviewers, account(random, fmt.Sprintf("reviewer%04d", id), strconv.Itoa(firstPerson+people+id)))
		pull["requested_reviewers"] = reviewers
		text = encode(whole)
	}
	pull["body"] = sentence(random, mostText)[:max(size-len(text), shortText)]
	return encode(whole)
}

func pullRequest(random *rand.Rand, repository string) object {
	author := account(random, loginMark, personMark)
	link := api + "/repos/" + repository + "/pulls/" + numberMark
	pull := object{
		"id": json.RawMessage(numberMark), "node_id": nodeID(random), "number": json.RawMessage(numberMark), "url": link, "title": sentence(random, 6), "state": "closed",
		"locked": false, "user": author, "created_at": "2026-11-02T07:30:00Z", "updated_at": "2026-11-02T09:47:13Z",
		"closed_at": "2026-11-02T09:47:13Z", "merged_at": "2026-11-02T09:47:13Z", "merged": true, "merge_commit_sha": sha(random), "draft": false,
		"labels": []object{{
			"id": random.IntN(1 << 30), "node_id": nodeID(random), "url": api + "/repos/" + repository + "/labels/bug", "name": "bug", "color": "d73a4a", "default": true,
			"description": "Something is not working",
		}},
		"base":     object{"label": "acme:main", "ref": "main", "sha": sha(random), "user": object{"login": "acme", "id": 1}},
		"head":     object{"label": "acme:topic", "ref": "topic", "sha": sha(random), "user": object{"login": loginMark, "id": json.RawMessage(personMark)}},
		"assignee": nil, "assignees": []object{}, "requested_reviewers": []object{}, "requested_teams": []object{}, "milestone": nil, "author_association": "MEMBER",
		"auto_merge": nil, "active_lock_reason": nil, "mergeable": nil, "rebaseable": nil, "mergeable_state": "unknown", "maintainer_can_modify": false,
		"deletions": 1, "changed_files": random.IntN(30), "commits": 1 + random.IntN(10), "comments": random.IntN(10), "review_comments": random.IntN(10), "body": "",
	}
	return linked(pull, link+"/", pullLinks)
}

func project(random *rand.Rand, repository string, kind int) object {
	about := object{
		"id": 7000 + kind, "node_id": nodeID(random), "name": fmt.Sprintf("project-%03d", kind), "full_name": repository, "private": false, "visibility": "public",
		"owner": account(random, "acme", "1"), "url": api + "/repos/" + repository, "html_url": "https://github.com/" + repository, "fork": false, "default_branch": "main",
		"language": "Go", "description": sentence(random, 9), "created_at": "2019-03-01T10:00:00Z", "pushed_at": "2026-11-02T09:47:13Z",
		"clone_url": "https://github.com/" + repository + ".git", "ssh_url": "git@github.com:" + repository + ".git", "size": random.IntN(100_000),
		"stargazers_count": random.IntN(1000), "forks_count": random.IntN(500), "open_issues_count": random.IntN(100), "archived": false, "disabled": false,
		"has_issues": true, "has_wiki": true, "topics": []string{}, "license": nil,
	}
	return linked(about, api+"/repos/"+repository+"/", projectLinks)
}

func account(random *rand.Rand, login, id string) object {
	it := object{
		"login": login, "id": json.RawMessage(id), "node_id": nodeID(random), "avatar_url": "https://avatars.githubusercontent.com/u/" + id + "?v=4",
		"gravatar_id": "", "url": api + "/users/" + login, "html_url": "https://github.com/" + login, "type": "User", "site_admin": false,
	}
	return linked(it, api+"/users/"+login+"/", accountLinks)
}

// linked adds the links to an object; each is called by its first word.
func linked(it object, to string, links []string) object {
	for _, link := range links {
		name, _, _ := strings.Cut(link, "{")
		it[strings.TrimSuffix(name, "/")+"_url"] = to + link
	}
	return it
}

// nodeID is one of GitHub's ids for GraphQL, of which nothing repeats.
func nodeID(random *rand.Rand) string { return fmt.Sprintf("MDQ6VXNlcjE%08x", random.Uint32()) }

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
