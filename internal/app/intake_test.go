package app_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// Sixteen senders deliver 2,000 merges of one person, each three times under other delivery ids
// and in another order: the count must be exactly 2,000 and every award given once.
func TestHotUserIsCountedExactly(t *testing.T) {
	t.Parallel()

	t.Run("two servers on Postgres and Redis", func(t *testing.T) {
		t.Parallel()

		cfg := configuration(testkit.PostgresURL(t), hotRules)
		cfg.Cache = redisOf(t)
		checkHotUser(t, start(t, cfg), start(t, cfg))
	})
	t.Run("one server on SQLite", func(t *testing.T) {
		t.Parallel()
		checkHotUser(t, start(t, configuration(testkit.SQLitePath(t), hotRules)))
	})
}

func checkHotUser(t *testing.T, addresses ...string) {
	t.Helper()

	const merges, senders = 2000, 16
	var deliveries []int64
	for id := range int64(merges) {
		deliveries = append(deliveries, id+1, id+1, id+1)
	}
	rand.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })

	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() {
			for i := sender; i < len(deliveries); i += senders {
				body := testkit.MergedPullRequest(deliveries[i], 583231, "ada")
				request, err := testkit.GitHubDelivery(t.Context(), addresses[i%len(addresses)], "forge", secret, "pull_request", body)
				if err != nil {
					t.Error(err)
					return
				}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Error(err)
					return
				}
				text, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != http.StatusAccepted {
					t.Errorf("a delivery was answered %s: %s", response.Status, text)
					return
				}
			}
		})
	}
	sending.Wait()

	awards := awardsOf(t, addresses[0], "ada")
	want := map[string]int{"One merge": 1, "Two thousand merges": 1}
	for id := 1; id <= merges; id++ {
		want[fmt.Sprintf("Merge merge_request:7301:%d", id)] = 1
	}
	for name, times := range want {
		if awards[name] != times {
			t.Errorf("%q was awarded %d times, want %d", name, awards[name], times)
		}
	}
	if len(awards) != len(want) {
		t.Errorf("there are %d different awards, want %d", len(awards), len(want))
	}
	if awards["One merge too many"] != 0 {
		t.Error("more than 2,000 merges were counted")
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, hotRules))
		merged := testkit.MergedPullRequest(1, 583231, "ada")

		status, first := deliver(t, address, "pull_request", merged)
		mustBe(t, "the first delivery's status", status, http.StatusAccepted)
		mustBe(t, "its outcome", first["outcome"], "judged")
		mustBe(t, "what it gave", len(first["awards"].([]any)), 2)

		status, again := deliver(t, address, "pull_request", merged)
		mustBe(t, "the status of a redelivery under another id", status, http.StatusAccepted)
		mustBe(t, "whether its event is new", again["events"].([]any)[0].(map[string]any)["new"], false)
		mustBe(t, "what it gave", len(again["awards"].([]any)), 0)

		status, unknown := deliver(t, address, "check_run", []byte(`{"action":"created"}`))
		mustBe(t, "the status of an unknown event", status, http.StatusAccepted)
		mustBe(t, "its outcome", unknown["outcome"], "ignored")

		status, broken := deliver(t, address, "pull_request", []byte(`{"action":`))
		mustBe(t, "the status of broken JSON", status, http.StatusAccepted)
		mustBe(t, "its outcome", broken["outcome"], "unreadable")
	})
}

func TestSameDeliveryIsKnown(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, hotRules))
		body := testkit.MergedPullRequest(1, 583231, "ada")
		request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", body)
		if err != nil {
			t.Fatal(err)
		}
		_, first := exchange(t, request)
		repeated := request.Clone(t.Context())
		if repeated.Body, err = request.GetBody(); err != nil {
			t.Fatal(err)
		}
		status, second := exchange(t, repeated)
		mustBe(t, "the status", status, http.StatusAccepted)
		mustBe(t, "duplicate", second["duplicate"], true)
		mustBe(t, "the delivery", second["delivery_id"], first["delivery_id"])
	})
}

// Two services that share a Redis and not a database, such as one that was set up anew, do not take
// each other's deliveries for their own.
func TestAnotherDatabaseIsAnotherMemory(t *testing.T) {
	t.Parallel()

	shared := redisOf(t)
	for range 2 {
		cfg := configuration(testkit.SQLitePath(t), hotRules)
		cfg.Cache = shared
		address := start(t, cfg)
		request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request",
			testkit.MergedPullRequest(1, 583231, "ada"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Github-Delivery", "00000000-0000-4000-8000-000000000000")
		_, answer := exchange(t, request)
		mustBe(t, "duplicate", answer["duplicate"], false)
		mustBe(t, "what was given", len(answer["awards"].([]any)), 2)
	}
}

// The same delivery sent many times at once, so that several copies meet in one batch, is one.
func TestSameDeliveryAtOnce(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		address := start(t, configuration(databaseURL, hotRules))
		body := testkit.MergedPullRequest(1, 583231, "ada")
		request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", body)
		if err != nil {
			t.Fatal(err)
		}
		var sending sync.WaitGroup
		var mutex sync.Mutex
		given := 0
		for range 50 {
			copied := request.Clone(t.Context())
			if copied.Body, err = request.GetBody(); err != nil {
				t.Fatal(err)
			}
			sending.Go(func() {
				status, answer := exchange(t, copied)
				mutex.Lock()
				defer mutex.Unlock()
				mustBe(t, "the status", status, http.StatusAccepted)
				given += len(answer["awards"].([]any))
			})
		}
		sending.Wait()
		mustBe(t, "how many awards the answers name", given, 2)
		mustBe(t, "ada's awards", len(awardsOf(t, address, "ada")), 2)
	})
}

func TestRefusedDeliveries(t *testing.T) {
	t.Parallel()

	address := start(t, configuration(testkit.SQLitePath(t), hotRules))
	body := testkit.MergedPullRequest(1, 583231, "ada")
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		status int
		code   string
	}{
		{"without a signature", func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }, http.StatusUnauthorized, "missing_signature"},
		{"with an empty signature", func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "") }, http.StatusUnauthorized, "missing_signature"},
		{"with a wrong signature", func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+fmt.Sprintf("%064x", 1))
		}, http.StatusUnauthorized, "bad_signature"},
		{"for a source that is not configured", func(r *http.Request) { r.URL.Path = "/hooks/other" }, http.StatusNotFound, "not_found"},
		{"with a compressed body", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType, "content_encoding"},
		{"announced as too large", func(r *http.Request) {
			r.ContentLength = 25<<20 + 1
			r.Body = io.NopCloser(io.LimitReader(zeros{}, r.ContentLength))
		}, http.StatusRequestEntityTooLarge, "body_too_large"},
		{"turning out too large", func(r *http.Request) {
			r.ContentLength = -1
			r.Body = io.NopCloser(io.LimitReader(zeros{}, 25<<20+1))
		}, http.StatusRequestEntityTooLarge, "body_too_large"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()

			request, err := testkit.GitHubDelivery(t.Context(), address, "forge", secret, "pull_request", body)
			if err != nil {
				t.Fatal(err)
			}
			tc.change(request)
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			mustBe(t, "the status", response.StatusCode, tc.status)
			mustBe(t, "the content type", response.Header.Get("Content-Type"), "application/problem+json")
			mustBe(t, "the code", codeOf(t, response), tc.code)
		})
	}
	mustBe(t, "what was awarded", len(awardsOf(t, address, "admin")), 0)
}

// codeOf reads the code of an answer that tells of a problem.
func codeOf(t *testing.T, response *http.Response) string {
	t.Helper()

	var problem struct{ Code string }
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
		t.Fatal(err)
	}
	return problem.Code
}

// Who sends too slowly, or ends too early, is told so, and which of them it was.
func TestBodiesThatDoNotCome(t *testing.T) {
	t.Parallel()

	address := start(t, configuration(testkit.SQLitePath(t), hotRules))
	for name, tc := range map[string]struct {
		sent string
		ends bool
		want string
	}{
		"too slowly":              {announced(1<<20) + strings.Repeat(" ", 16<<10+1), false, "408 body_too_slow"},
		"too slowly, unannounced": {"POST /hooks/forge HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n" + strings.Repeat(" ", 16<<10+1), false, "408 body_too_slow"},
		"cut short":               {announced(1<<20) + strings.Repeat(" ", 16<<10+1), true, "400 body_cut_short"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			conn := raw(t, address, tc.sent)
			if tcp, ok := conn.(*net.TCPConn); ok && tc.ends {
				if err := tcp.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			mustBe(t, "the answer", fmt.Sprint(response.StatusCode, " ", codeOf(t, response)), tc.want)
			mustBe(t, "that the connection ends", response.Close, true)
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
