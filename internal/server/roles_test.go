package server_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/store"
)

var rewrite = flag.Bool("rewrite-roles", false, "write what the service does to testdata/roles.txt, to be read before it is committed")

const roleTable = "testdata/roles.txt"

// roleNames are the columns of the table. "reader" is a maintainer with a token to read, "tired" an
// admin with a token to write, "recipient" whom the call is about or who holds the award.
var roleNames = []string{
	"anonymous", "stranger", "guest", "reporter", "developer", "maintainer", "owner", "recipient", "reader", "tired", "admin",
}

// surroundings are where the object of a call is: in a public or a private namespace whose members the
// callers are, or in one below it. What has no namespace is asked for once.
var surroundings = []string{"public", "private", "inherited"}

// Every operation of the contract, by every role, on an object of its own each time: the statuses must
// be those of the table, and an operation that the table lacks fails the test.
func TestRoles(t *testing.T) {
	t.Parallel()

	d := onSQLite(t)
	cast := newCast(d)
	var rows []string
	for _, call := range calls(document(t)) {
		places := surroundings
		if !strings.Contains(call.path, "{namespace}") && !strings.Contains(call.path, "{id}") || call.operation == "revokeToken" ||
			strings.HasPrefix(call.path, "/api/v1/deliveries/") || strings.HasPrefix(call.path, "/api/v1/imports/") {
			places = []string{"-"}
		}
		for _, place := range places {
			statuses := make([]string, len(roleNames))
			for i, role := range roleNames {
				statuses[i] = strconv.Itoa(cast.play(call, place, role))
			}
			rows = append(rows, fmt.Sprintf("%-26s %-9s %s", call.operation, place, strings.Join(statuses, " ")))
		}
	}
	header := fmt.Sprintf("# %-24s %-9s %s", "operation", "place", strings.Join(roleNames, " "))
	got := header + "\n" + strings.Join(rows, "\n") + "\n"
	if *rewrite {
		if err := os.WriteFile(roleTable, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(roleTable)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the service does not keep to %s (-want +got):\n%s", roleTable, diff)
	}
}

// roleCall is an operation of the contract.
type roleCall struct {
	operation, method, path string
	body                    map[string]any
}

// calls returns the operations that a caller's role decides on, by name.
func calls(doc *openapi3.T) []roleCall {
	var all []roleCall
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.OperationID == "receiveWebhook" { // a signature's holder may, and no role
				continue
			}
			call := roleCall{operation: operation.OperationID, method: method, path: path}
			if operation.RequestBody != nil {
				call.body, _ = operation.RequestBody.Value.Content.Get("application/json").Example.(map[string]any)
			}
			all = append(all, call)
		}
	}
	slices.SortFunc(all, func(a, b roleCall) int { return strings.Compare(a.operation, b.operation) })
	return all
}

// cast are the people who call, and what they call about.
type cast struct {
	*door

	tokens map[string]string
	paths  map[string]string
	count  int
}

func newCast(d *door) *cast {
	c := &cast{door: d, tokens: map[string]string{
		"anonymous": "", "admin": adminToken, "tired": d.token("admin", "write"), "stranger": d.person("stranger"),
	}, paths: map[string]string{"public": "open", "private": "closed", "inherited": "around/inner", "-": "open"}}
	d.namespace("open", "public")
	d.namespace("closed", "private")
	d.namespace("around", "private")
	d.namespace("around/inner", "private")
	for _, level := range []string{"guest", "reporter", "developer", "maintainer", "owner"} {
		c.tokens[level] = d.person(level)
		for _, path := range []string{"open", "closed", "around"} {
			d.member(path, level, level)
		}
	}
	c.tokens["reader"] = d.token("maintainer", "read")
	d.must(http.StatusOK, adminToken, "PUT", "/api/v1/rules", map[string]any{"files": rulesOf("open", "closed", "around/inner")})
	for _, path := range []string{"open", "closed", "around/inner"} {
		d.achievement(path, "Stays", "repeatable") // so that nobody can delete the namespace
	}
	return c
}

// rulesOf are files with a rule that counts for each namespace.
func rulesOf(namespaces ...string) []map[string]any {
	files := make([]map[string]any, len(namespaces))
	for i, path := range namespaces {
		files[i] = map[string]any{
			"name": fmt.Sprintf("%d.yaml", i),
			"text": "namespace: " + path + "\nachievements:\n  - key: counted\n    name: Counted\n    kind: irrevocable\n" +
				"    award: {on: merge_request.merged, to: event.author, count: 3}\n",
		}
	}
	return files
}

// play makes what the call is about, calls in the role, and returns the status.
func (c *cast) play(call roleCall, place, role string) int {
	c.t.Helper()

	c.count++
	namespace, subject := c.paths[place], fmt.Sprintf("subject-%d", c.count)
	token := c.tokens[role]
	own := c.person(subject)
	if role == "recipient" {
		token = own
	}
	id := ""
	switch {
	case call.operation == "revokeToken":
		id = c.must(http.StatusCreated, adminToken, "POST", "/api/v1/users/"+subject+"/tokens", map[string]any{"name": "n", "scopes": []string{"read"}}).id()
	case strings.HasPrefix(call.path, "/api/v1/achievements/{id}"):
		achievement := c.decorated(namespace, fmt.Sprintf("Badge %d", c.count))
		if call.operation != "awardAchievement" {
			// A hidden award: nobody sees the picture for it but its recipient.
			award := c.award(achievement, subject)
			c.must(http.StatusOK, own, "PATCH", award, map[string]any{"show_on_profile": false})
		}
		id = achievement[strings.LastIndexByte(achievement, '/')+1:]
	case strings.HasPrefix(call.path, "/api/v1/deliveries/{id}"):
		id = strconv.FormatInt(c.ping(subject), 10)
	case strings.HasPrefix(call.path, "/api/v1/imports/{id}"):
		id = strconv.FormatInt(c.finishedImport(), 10)
	case call.operation == "explainAchievement":
		achievement := c.achievement(namespace, fmt.Sprintf("Badge %d", c.count), "repeatable")
		id = achievement[strings.LastIndexByte(achievement, '/')+1:]
	case strings.HasPrefix(call.path, "/api/v1/awards/{id}"):
		award := c.award(c.achievement(namespace, fmt.Sprintf("Badge %d", c.count), "repeatable"), subject)
		id = award[strings.LastIndexByte(award, '/')+1:]
	}
	switch call.operation {
	case "getMember", "removeMember":
		c.member(namespace, subject, "guest")
	case "unlinkAccount":
		c.must(http.StatusCreated, adminToken, "PUT", "/api/v1/users/"+subject+"/accounts/forge",
			map[string]any{"forge_user_id": subject, "login": subject})
	case "mergeUser":
		c.person("other-" + subject)
	}
	path := strings.NewReplacer("{namespace}", strings.ReplaceAll(namespace, "/", "%2F"), "{user}", subject, "{source}", "forge", "{id}", id).
		Replace(call.path)
	var body any
	if call.body != nil {
		body = c.fill(call, namespace, subject)
	}
	return c.call(token, call.method, path, body).status
}

// ping stores a delivery of a ping and returns its id.
func (d *door) ping(transportID string) int64 {
	d.t.Helper()

	// An empty body is the same compressed.
	ping := &store.Delivery{
		Source: "forge", TransportID: transportID, EventName: "ping", ContentType: "application/json", ReceivedAt: d.clock.Now(),
		Body: []byte{}, Outcome: "ignored", Headers: map[string]string{"X-Github-Event": "ping"},
	}
	copy(ping.Key[:], transportID)
	err := d.book.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertDeliveries(ctx, []*store.Delivery{ping})
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return ping.ID
}

// finishedImport stores an import that has ended and returns its id.
func (d *door) finishedImport() int64 {
	d.t.Helper()

	im := &store.Import{Source: "forge", Purpose: "import", StartedAt: d.clock.Now()}
	err := d.book.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.AddImport(ctx, im); err != nil {
			return err
		}
		im.FinishedAt = d.clock.Now()
		_, err := tx.FinishImport(ctx, im)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return im.ID
}

// fill makes a body that is right for the call out of the contract's example.
func (c *cast) fill(call roleCall, namespace, subject string) map[string]any {
	c.t.Helper()

	body := maps.Clone(call.body)
	for field, value := range map[string]any{
		"username": "new-" + subject, "email": subject + "@example.com", "full_path": "new-" + subject, "user": subject,
		"forge_user_id": "id of " + subject, "name": "Name of " + subject, "expires_at": "2030-01-01T00:00:00Z",
		"from": "other-" + subject,
	} {
		if _, has := body[field]; has {
			body[field] = value
		}
	}
	switch call.operation {
	case "applyRules":
		return map[string]any{"files": rulesOf("open", "closed", "around/inner")}
	case "updateNamespace":
		return map[string]any{"name": "Another name"}
	case "reorderAwards":
		award := c.award(c.achievement(namespace, "For "+subject, "repeatable"), subject)
		id, err := strconv.Atoi(award[strings.LastIndexByte(award, '/')+1:])
		if err != nil {
			c.t.Fatal(err)
		}
		return map[string]any{"award_ids": []int{id}}
	}
	return body
}

// decorated creates an achievement with an avatar and returns its path.
func (d *door) decorated(namespace, name string) string {
	d.t.Helper()

	made := d.form(adminToken, "POST", "/api/v1/namespaces/"+strings.ReplaceAll(namespace, "/", "%2F")+"/achievements",
		map[string]string{"name": name}, onePixel)
	if made.status != http.StatusCreated {
		d.t.Fatalf("an achievement with an avatar: %d %s", made.status, made.text)
	}
	return "/api/v1/achievements/" + made.id()
}

// onePixel is a GIF.
var onePixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// form sends texts and, unless it is nil, an avatar as multipart/form-data.
func (d *door) form(token, method, path string, texts map[string]string, avatar []byte) answer {
	d.t.Helper()

	var content bytes.Buffer
	form := multipart.NewWriter(&content)
	for name, text := range texts {
		if err := form.WriteField(name, text); err != nil {
			d.t.Fatal(err)
		}
	}
	if avatar != nil {
		file, err := form.CreateFormFile("avatar", "avatar.gif")
		if err != nil {
			d.t.Fatal(err)
		}
		if _, err := file.Write(avatar); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		d.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, &content)
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	if token != "" {
		request.Header.Set("Private-Token", token)
	}
	return d.send(request)
}
