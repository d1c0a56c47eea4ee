package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/testkit"
)

// A mail server that takes the connection and never says a word holds up neither awards nor the end of the service.
func TestRow53TarpitHoldsNothingUp(t *testing.T) {
	t.Parallel()

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	caught := make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			caught <- conn
		}
	}()
	server := testkit.NewMailServer(t, false)
	p := startPost(t, testkit.SQLitePath(t), "smtp://accolade:correct%20horse@"+listener.Addr().String(), server)
	p.person("ada", "ada@example.com")
	p.award("ada")
	conn := <-caught
	defer conn.Close()
	for range 20 {
		p.award("ada")
	}
	if status, _ := deliver(t, p.address, "pull_request", testkit.MergedPullRequest(1, 815, "ada")); status != http.StatusAccepted {
		t.Errorf("a delivery is answered %d", status)
	}
	mustBe(t, "ada's awards", awardsOf(t, p.address, "ada")["Release captain"], 21)
}

// Whatever a stranger says of hosts and addresses in headers, links are made from the configured address; headers are bounded;
// and what a log says of a request is one record, whatever the request is made of.
func TestRow56ForgedHeaders(t *testing.T) {
	t.Parallel()

	log := &logged{}
	cfg := configuration(testkit.SQLitePath(t), hotRules)
	cfg.BaseURL = "https://achievements.example.com"
	cfg.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	address := start(t, cfg)
	deliver(t, address, "pull_request", testkit.MergedPullRequest(1, 815, "ada"))
	for _, path := range []string{
		"/", "/users/ada", "/users/ada/feed.atom", "/groups/acme", "/sign-in", "/settings", "/api/v1/users/ada/awards", "/api/v1/namespaces/acme/achievements?limit=1", "/docs", "/users/nobody",
		"/api/v1/nothing", "/oembed?url=https%3A%2F%2Fachievements.example.com%2Fusers%2Fada",
	} {
		conn := raw(t, address, "GET "+path+" HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-For: 203.0.113.66\r\n"+
			"X-Real-Ip: 203.0.113.66\r\nForwarded: for=203.0.113.66;host=evil.example\r\nX-Original-Url: /evil.example\r\nX-Rewrite-Url: /evil.example\r\nConnection: close\r\n\r\n")
		text, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		for _, forged := range []string{"evil.example", "gopher:"} {
			if strings.Contains(string(text), forged) {
				t.Errorf("%s is answered with %q: %s", path, forged, text)
			}
		}
	}
	response, err := http.ReadResponse(bufio.NewReader(raw(t, address, "GET / HTTP/1.1\r\nHost: a\r\nX-A: "+strings.Repeat("a", 1<<20)+"\r\n\r\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	mustBe(t, "the status of a header of 1 MiB", response.StatusCode, http.StatusRequestHeaderFieldsTooLarge)
	for _, path := range []string{"/users/%0d%0a%7B%22msg%22:%22forged%22%7D", "/hooks/%0a%7B%22msg%22:%22forged%22%7D", "/api/v1/users/%e2%80%a8forged%0a?x=%0aforged", "/%1b[31mforged"} {
		raw(t, address, "POST "+path+" HTTP/1.1\r\nHost: a\r\nUser-Agent: {\"msg\":\"forged\"}\r\nX-Request-Id: a\tb\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	}
	for range 50 { // the last requests are logged after they are answered
		if strings.Count(log.text(), "\n") > 15 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for line := range bytes.Lines([]byte(log.text())) {
		var record struct{ Time, Level, Msg, Address string }
		if err := json.Unmarshal(line, &record); err != nil || record.Time == "" || record.Level == "" || strings.Contains(record.Msg, "forged") {
			t.Errorf("the log holds %q, %v", line, err)
		}
		if strings.Contains(string(line), "203.0.113.66") {
			t.Errorf("the log believes a stranger: %s", line)
		}
	}
}

// A person is erased while their events go on coming and come again: nothing of them comes back, and whoever has their name
// afterwards begins with nothing.
func TestRow59ErasedUnderLoad(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		cfg := configuration(databaseURL, hotRules)
		p := &post{t: t, address: start(t, cfg)}
		for id := range int64(10) {
			deliver(t, p.address, "pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
		}
		export := jsonNumber(get(t, p.address+"/api/v1/users/ada/export"))
		if !strings.Contains(export, "One merge") || strings.Count(export, "merge_request:7301:") < 10 {
			t.Errorf("the export lacks something: %s", export)
		}
		var sending sync.WaitGroup
		stop := make(chan struct{})
		for sender := range int64(4) {
			sending.Go(func() {
				for id := sender + 11; ; id += 4 {
					select {
					case <-stop:
						return
					default:
						if status, _ := deliver(t, p.address, "pull_request", testkit.MergedPullRequest(id%40+1, 815, "ada")); status != http.StatusAccepted {
							t.Errorf("a delivery is answered %d", status)
						}
					}
				}
			})
		}
		p.do("DELETE", "/api/v1/users/ada", nil)
		for id := range int64(40) {
			deliver(t, p.address, "pull_request", testkit.MergedPullRequest(id+1, 815, "ada"))
		}
		close(stop)
		sending.Wait()
		p.gone("ada")

		// Another account takes the name.
		_, answer := deliver(t, p.address, "pull_request", testkit.MergedPullRequest(900, 999, "ada"))
		mustBe(t, "what the new ada is given", len(answer["awards"].([]any)), 2)
		mustBe(t, "the new ada's awards", fmt.Sprint(awardsOf(t, p.address, "ada")), "map[Merge merge_request:7301:900:1 One merge:1]")
	})
}

// gone fails when anything is shown of somebody.
func (p *post) gone(username string) {
	p.t.Helper()

	for path, status := range map[string]int{
		"/api/v1/users/" + username: http.StatusNotFound, "/users/" + username: http.StatusNotFound, "/users/" + username + "/badge.svg": http.StatusNotFound,
	} {
		if got, _, text := p.ask("", http.MethodGet, path, nil); got != status || strings.Contains(text, "One merge") {
			p.t.Errorf("%s is answered %d: %s", path, got, text)
		}
	}
	if _, _, text := p.ask(adminToken, http.MethodGet, "/api/v1/users?limit=100", nil); strings.Contains(text, `"`+username+`"`) {
		p.t.Errorf("there is a user again: %s", text)
	}
}
