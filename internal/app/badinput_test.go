package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/forge"
	"github.com/seed-504bad89/accolade/internal/store"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// What a hostile, broken or odd sender may try at the door of the webhooks, and the test that holds it to its answer.
//
//	bad, missing, short, empty signatures                  TestRefusedDeliveries, TestEveryForgeVerifiesFirst
//	one forge's headers on another's body, two signatures  TestForgeConfusion
//	a body that is cut or stalls                           TestCutBodies
//	slow senders of headers and bodies                     TestSlowSenders, TestSlowSendersOfParts
//	compressed bodies                                      TestRefusedDeliveries
//	25 MiB, one byte more, many at once                    TestLargestBodies
//	deep and wide JSON, numbers and texts out of bounds    TestHostileJSON
//	forms, pings, unknown events                           TestFormsAndPings, TestDeliveries
//	a delivery that cannot be judged                       TestPoisonIsReplayed, TestPoisonHurtsNobodyElse
//	a captured body under another id                       TestDeliveries, TestReplayedBodiesAreCounted in automation
//	a source that floods                                   TestFloodLeavesRoom

const signingToken = "whsec_bWZLUTlyOEdLWXFyVHdqVVBEOElMUFpJbzJMYUxhU3c="

// everyForge adds a source for each forge, named as it; of GitLab there is also one with a signing token.
func everyForge(databaseURL string) (sources []forge.Source, address func(t *testing.T) string) {
	cfg := configuration(databaseURL, hotRules)
	for _, name := range forge.Names() {
		cfg.Sources = append(cfg.Sources, forge.Source{Name: name, Forge: name, Secrets: []string{secret}})
	}
	cfg.Sources = append(cfg.Sources, forge.Source{Name: "signing", Forge: forge.GitLab, Secrets: []string{secret, signingToken}})
	return cfg.Sources[1:], func(t *testing.T) string { t.Helper(); return start(t, cfg) }
}

// hook sends a body to a source's address and returns the status and the code or outcome.
func hook(t *testing.T, address, source string, header http.Header, body []byte) (status int, said string) {
	t.Helper()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/hooks/"+source, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	status, answer := exchange(t, request)
	if outcome, ok := answer["outcome"].(string); ok {
		return status, outcome
	}
	code, _ := answer["code"].(string)
	return status, code
}

func stored(t *testing.T, address string) []any {
	t.Helper()
	return get(t, address+"/api/v1/deliveries?limit=100")["items"].([]any)
}

// Whoever has no secret learns nothing of how a body would be read, and leaves nothing behind.
func TestEveryForgeVerifiesFirst(t *testing.T) {
	t.Parallel()

	sources, serve := everyForge(testkit.SQLitePath(t))
	address := serve(t)
	for _, source := range sources {
		for name, header := range map[string]http.Header{
			"nothing": {}, "an empty one": {"X-Hub-Signature-256": {""}, "X-Gitlab-Token": {""}, "X-Gitea-Signature": {""}, "X-Forgejo-Signature": {""}, "Authorization": {""}},
			"the old algorithm": {"X-Hub-Signature": {"sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"}},
			"a short one":       {"X-Hub-Signature-256": {"sha256=00"}, "X-Gitlab-Token": {secret[:5]}, "X-Gitea-Signature": {"00"}, "X-Forgejo-Signature": {"00"}, "Authorization": {"Bearer " + secret[:5]}},
		} {
			header.Set("Content-Type", "application/json")
			if status, code := hook(t, address, source.Name, header, []byte("{ this is no JSON")); status != http.StatusUnauthorized || !strings.HasSuffix(code, "_signature") {
				t.Errorf("%s with %s answers %d %s", source.Name, name, status, code)
			}
		}
	}
	mustBe(t, "what is stored", len(stored(t, address)), 0)
}

// The route says who speaks, and no header does.
func TestForgeConfusion(t *testing.T) {
	t.Parallel()

	sources, serve := everyForge(testkit.SQLitePath(t))
	address := serve(t)
	body := testkit.MergedPullRequest(1, 815, "ada")
	for _, source := range sources {
		for _, other := range sources {
			family := func(name string) string { before, _, _ := strings.Cut(name, "-"); return before }
			if family(source.Forge) == family(other.Forge) { // both products called Bitbucket sign alike
				continue
			}
			header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}}
			forge.Sign(other.Forge, secret, header, body)
			if status, _ := hook(t, address, source.Name, header, body); status != http.StatusUnauthorized {
				t.Errorf("%s takes what %s has signed: %d", source.Name, other.Forge, status)
			}
		}
	}
	twice := http.Header{"Content-Type": {"application/json"}}
	forge.Sign(forge.GitHub, secret, twice, body)
	twice.Add("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	status, _ := hook(t, address, "github", twice, body)
	mustBe(t, "the status with two signatures of which one is right", status, http.StatusUnauthorized)
	status, _ = hook(t, address, "signing", http.Header{"X-Gitlab-Token": {secret}}, body)
	mustBe(t, "the status of a plain token although there is a signing token", status, http.StatusUnauthorized)
	mustBe(t, "what is stored", len(stored(t, address)), 0)
}

// raw opens a connection and sends what no client of HTTP would.
func raw(t *testing.T, address, text string) net.Conn {
	t.Helper()

	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// announced begins a delivery of so many bytes.
func announced(size int) string {
	return fmt.Sprintf("POST /hooks/forge HTTP/1.1\r\nHost: accolade.example.com\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", size)
}

func TestCutBodies(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.SQLitePath(t), hotRules)
	cfg.ReadTimeout = time.Second
	address := start(t, cfg)
	half := announced(1<<20) + strings.Repeat(" ", 1<<19)
	raw(t, address, half).Close()
	stalled := raw(t, address, half)
	began := time.Now()
	response, err := http.ReadResponse(bufio.NewReader(stalled), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mustBe(t, "the status of a body that stalls", response.StatusCode, http.StatusRequestTimeout)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a body that stalls is given up after %s", took)
	}
	mustBe(t, "what is stored", len(stored(t, address)), 0)
}

// Many who announce much and send little keep nobody waiting: neither small bodies, nor for long large ones.
func TestSlowSenders(t *testing.T) {
	t.Parallel()

	cfg := configuration(testkit.SQLitePath(t), hotRules)
	cfg.ReadTimeout = 8 * time.Second
	address := start(t, cfg)
	var slow []net.Conn
	for range 200 {
		slow = append(slow, raw(t, address, announced(25<<20)+"{"), raw(t, address, "POST /hooks/forge HTTP/1.1\r\nHost: a"))
	}
	large := announced(25<<20) + strings.Repeat(" ", 2<<20)
	for range 2 {
		slow = append(slow, raw(t, address, large)) // these two hold all that is for large bodies
	}
	for id := range int64(20) {
		began := time.Now()
		status, _ := deliver(t, address, "pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
		mustBe(t, "the status of an honest delivery", status, http.StatusAccepted)
		// Who waited for a slow one to be given up took longer; a busy machine takes its time, too.
		if took := time.Since(began); took > cfg.ReadTimeout*3/4 {
			t.Errorf("an honest delivery took %s", took)
		}
	}
	closed(t, slow, 20*time.Second)
	status, said := deliverLarge(t, address, 25<<20)
	mustBe(t, "a large body afterwards", fmt.Sprint(status, " ", said), "202 unreadable")
}

// closed fails when one of the connections is still served after so long.
func closed(t *testing.T, conns []net.Conn, within time.Duration) {
	t.Helper()

	deadline := time.Now().Add(within)
	for i, conn := range conns {
		if err := conn.SetReadDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Fatalf("slow sender %d is still served after %s: %v", i, within, err)
		}
	}
}

// Whoever has sent a part and then nothing holds the memory for more than that, and not for as long as a request may take:
// deliveries that are no larger are taken meanwhile, and larger ones soon.
func TestSlowSendersOfParts(t *testing.T) {
	t.Parallel()

	for name, tc := range map[string]struct{ count, announced, sent int }{
		"of 16 KiB":  {100, 1 << 20, 16<<10 + 1},
		"of 64 KiB":  {100, 1 << 20, 64<<10 + 1},
		"of 256 KiB": {14, 1 << 20, 256<<10 + 1},
		"of 1 MiB":   {14, 25 << 20, 1<<20 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			address := start(t, configuration(testkit.SQLitePath(t), hotRules))
			var slow []net.Conn
			for range tc.count {
				slow = append(slow, raw(t, address, announced(tc.announced)+strings.Repeat(" ", tc.sent)))
			}
			for id := range int64(5) {
				status, _ := deliver(t, address, "pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
				mustBe(t, "the status of an honest delivery", status, http.StatusAccepted)
			}
			// They have 30 s in all, of which they need not be given as many.
			closed(t, slow, 15*time.Second)
			status, said := deliverLarge(t, address, 2<<20)
			mustBe(t, "a large body afterwards", fmt.Sprint(status, " ", said), "202 unreadable")
		})
	}
}

// deliverLarge sends a signed body of so many bytes, which is no JSON from the first one on: what is tried is its size,
// and not how fast JSON is read. As a sender does, it comes again when it is told to: a busy machine may have too
// little of the time that a delivery is given.
func deliverLarge(t *testing.T, address string, size int) (status int, said string) {
	t.Helper()

	body := bytes.Repeat([]byte("x"), size)
	header := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"pull_request"}}
	forge.Sign(forge.GitHub, secret, header, body)
	for range 10 {
		if status, said = hook(t, address, "forge", header, body); status != http.StatusServiceUnavailable {
			break
		}
		time.Sleep(time.Second)
	}
	return status, said
}

func TestLargestBodies(t *testing.T) {
	t.Parallel()

	address := start(t, configuration(testkit.SQLitePath(t), hotRules))
	status, said := deliverLarge(t, address, 25<<20)
	mustBe(t, "25 MiB", fmt.Sprint(status, " ", said), "202 unreadable")
	status, said = deliverLarge(t, address, 25<<20+1)
	mustBe(t, "one byte more", fmt.Sprint(status, " ", said), "413 body_too_large")
	statuses := make(chan int)
	body := bytes.Repeat([]byte("x"), 25<<20)
	for range 20 {
		go func() {
			request, err := testkit.GitHubDelivery(context.WithoutCancel(t.Context()), address, "forge", secret, "pull_request", body)
			if err != nil {
				statuses <- 0
				return
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil { // refused before all of it was sent
				statuses <- http.StatusServiceUnavailable
				return
			}
			response.Body.Close()
			if response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
				t.Error("a refusal does not say when to come back")
			}
			statuses <- response.StatusCode
		}()
	}
	count := map[int]int{}
	for range 20 {
		count[<-statuses]++
	}
	if count[http.StatusAccepted]+count[http.StatusServiceUnavailable] != 20 {
		t.Errorf("many at once answer %v", count)
	}
	status, said = deliverLarge(t, address, 24<<20)
	mustBe(t, "one of them afterwards", fmt.Sprint(status, " ", said), "202 unreadable")
}

// What JSON allows and no forge sends is kept as it came, and answered as any other delivery.
func TestHostileJSON(t *testing.T) {
	t.Parallel()

	merged := string(testkit.MergedPullRequest(1, 815, "ada"))
	titled := func(title string) string { return strings.Replace(merged, `"Change 1"`, title, 1) }
	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, hotRules))
		for name, tc := range map[string]struct{ body, outcome string }{
			"65 levels":           {`{"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}", "unreadable"},
			"10,001 levels":       {strings.Repeat("[", 10_001), "unreadable"},
			"a million levels":    {strings.Repeat(`{"a":`, 1_000_000), "unreadable"},
			"a million keys":      {`{` + strings.Repeat(`"k":1,`, 1_000_000) + merged[1:], "judged"},
			"a million elements":  {`{"x":[` + strings.Repeat("1,", 1_000_000) + `1],` + merged[1:], "judged"},
			"a key twice":         {`{"action":"opened",` + merged[1:], "judged"},
			"a number too large":  {strings.Replace(merged, `"additions":4`, `"additions":1e131071`, 1), "judged"},
			"a number of no type": {strings.Replace(merged, `"additions":4`, `"additions":1e999`, 1), "judged"},
			"2^63":                {strings.Replace(merged, `"additions":4`, `"additions":9223372036854775808`, 1), "judged"},
			"a lone surrogate":    {titled(`"\ud800"`), "judged"},
			"NUL":                 {titled(`"a\u0000b"`), "judged"},
			"no UTF-8":            {titled("\"\xff\xfe\""), "judged"},
			"a long title":        {titled(`"` + strings.Repeat("t", 1<<20) + `"`), "judged"},
		} {
			body := []byte(tc.body)
			began := time.Now()
			status, answer := deliver(t, address, "pull_request", body)
			if status != http.StatusAccepted || answer["outcome"] != tc.outcome {
				t.Errorf("%s answers %d %v %v", name, status, answer["outcome"], answer["problem"])
				continue
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%s took %s", name, took)
			}
			kept := get(t, fmt.Sprintf("%s/api/v1/deliveries/%.0f", address, answer["delivery_id"]))
			if kept["body_encoding"] == "text" && kept["body"] != tc.body {
				t.Errorf("%s: the body is kept otherwise", name)
			}
			mustBe(t, name+": its size", kept["body_size"], float64(len(body)))
		}
		mustBe(t, "what the one merge in all of them gave", len(awardsOf(t, address, "ada")), 2)
		checkKept(t, databaseURL)
	})
}

// checkKept fails when a body takes more than twice its size.
func checkKept(t *testing.T, databaseURL string) {
	t.Helper()

	if !strings.HasPrefix(databaseURL, "postgres") {
		return // the file is this process's alone
	}
	book := testkit.Open(t, databaseURL)
	err := book.View(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		all, _, err := tx.ListDeliveries(ctx, store.DeliveryFilter{}, store.Page{Limit: 100})
		for i := range all {
			kept, err := tx.DeliveryByID(ctx, all[i].ID)
			if err != nil {
				return err
			}
			told, err := tx.EventsTold(ctx, all[i].ID)
			if err != nil {
				return err
			}
			events, err := json.Marshal(told)
			if err != nil {
				return err
			}
			if size := len(kept.Body) + len(events); len(told) == 0 && size > 2*kept.BodySize || size > 2*kept.BodySize+4096 {
				t.Errorf("a body of %d bytes takes %d", kept.BodySize, size)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFormsAndPings(t *testing.T) {
	t.Parallel()

	_, serve := everyForge(testkit.SQLitePath(t))
	address := serve(t)
	merged := string(testkit.MergedPullRequest(1, 815, "ada"))
	form := "payload=" + url.QueryEscape(merged)
	for _, name := range []string{forge.GitHub, forge.Gitea, forge.Forgejo} {
		event := "X-" + name + "-Event"
		for _, tc := range []struct{ event, kind, body, outcome string }{
			{"pull_request", "application/x-www-form-urlencoded", form, "judged"},
			{"ping", "application/json", `{"zen":"Keep it logically awesome.","hook_id":1}`, "ignored"},
			{"something_new", "application/json", `{"action":"done"}`, "ignored"},
			{"pull_request", "application/json", strings.Replace(merged, `"closed"`, `"unheard_of"`, 1), "ignored"},
		} {
			header := http.Header{"Content-Type": {tc.kind}}
			header.Set(event, tc.event)
			forge.Sign(name, secret, header, []byte(tc.body))
			if status, outcome := hook(t, address, name, header, []byte(tc.body)); status != http.StatusAccepted || outcome != tc.outcome {
				t.Errorf("%s: %s as %s answers %d %s", name, tc.event, tc.kind, status, outcome)
			}
		}
	}
}
