package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/testkit"
)

// post is a service with a mail server, and what is needed to award by hand.
type post struct {
	t       *testing.T
	address string
	clock   *testkit.Clock
	server  *testkit.MailServer
	log     *logged
}

func startPost(t *testing.T, databaseURL, address string, server *testkit.MailServer, options ...func(*app.Config)) *post {
	t.Helper()

	p := &post{t: t, clock: testkit.NewClock(), server: server, log: &logged{}}
	cfg := configuration(databaseURL, strings.Replace(hotRules, "per: event.object", "per: event.object, quiet: true", 1))
	cfg.MailServer, cfg.MailFrom, cfg.MailRoots, cfg.Now = address, "Acme <achievements@acme.example>", server.Roots, p.clock.Now
	cfg.BaseURL, cfg.Log = "https://achievements.example.com", p.log.logger()
	for _, option := range options {
		option(&cfg)
	}
	p.address = start(t, cfg)
	p.do("POST", "/api/v1/namespaces", map[string]any{"full_path": "crew/tools", "name": "Tools", "visibility": "public"})
	p.do("POST", "/api/v1/namespaces/crew%2Ftools/achievements", map[string]any{"name": "Release captain", "description": "Brought a release out."})
	return p
}

func mailServerURL(scheme string, server *testkit.MailServer) string {
	return scheme + "://accolade:correct%20horse@" + server.Addr
}

// do calls the API as an admin, and fails the test unless it succeeds.
func (p *post) do(method, path string, body map[string]any) map[string]any {
	p.t.Helper()

	encoded, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.address+path, bytes.NewReader(encoded))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+adminToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusMultipleChoices {
		p.t.Fatalf("%s %s answers %d, %v: %s", method, path, response.StatusCode, err, text)
	}
	var object map[string]any
	_ = json.Unmarshal(text, &object) // not everything has a body
	return object
}

func (p *post) person(username, email string) {
	p.t.Helper()
	p.do("POST", "/api/v1/users", map[string]any{"username": username, "name": "Ada \"The Countess\" Lovelace", "email": email})
}

func (p *post) award(username string) map[string]any {
	p.t.Helper()
	found := get(p.t, p.address+"/api/v1/namespaces/crew%2Ftools/achievements")["items"].([]any)[0].(map[string]any)
	return p.do("POST", "/api/v1/achievements/"+jsonNumber(found["id"])+"/awards", map[string]any{"user": username, "message": "Well <done>\r\nBcc: x@example.com"})
}

func jsonNumber(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// next waits for the next mail, while minutes pass.
func (p *post) next() *mail.Message {
	p.t.Helper()
	for range 300 {
		select {
		case message := <-p.server.Mails:
			return message
		case <-time.After(100 * time.Millisecond):
			p.clock.Advance(time.Minute)
		}
	}
	p.t.Fatal("no mail came")
	return nil
}

// none makes sure that no mail is on its way: one that is sent after it comes first.
func (p *post) none(username string) {
	p.t.Helper()
	p.person("marker-of-"+username, "marker@example.com")
	p.award("marker-of-" + username)
	if to := p.next().Header.Get("To"); !strings.Contains(to, "marker@example.com") {
		p.t.Errorf("a mail to %s came", to)
	}
}

// failed waits until a mail for the award could not be sent.
func (p *post) failed(award map[string]any) {
	p.t.Helper()
	line := "the mail of award " + jsonNumber(award["id"]) + " "
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(p.log.text(), line); {
		if time.Now().After(deadline) {
			p.t.Fatalf("no failure was logged: %s", p.log.text())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// parts returns the decoded text and HTML of a mail.
func parts(t *testing.T, message *mail.Message) (text, html string) {
	t.Helper()

	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %s, %v", kind, err)
	}
	found := map[string]string{}
	for reader := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := reader.NextRawPart()
		if err != nil {
			break
		}
		content, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		found[kind] = string(content)
	}
	return found["text/plain"], found["text/html"]
}

// The seed says that the user receives an email notification when they are awarded an achievement.
func TestTheUserReceivesAnEmailWhenAwarded(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server)
		p.person("ada", "ada@example.com")
		award := p.award("ada")
		message := p.next()
		decoder := mime.WordDecoder{}
		subject, err := decoder.DecodeHeader(message.Header.Get("Subject"))
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, "the subject", subject, "crew/tools awarded you the Release captain achievement")
		to, err := message.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" || to[0].Name != `Ada "The Countess" Lovelace` {
			t.Errorf("it is to %v, %v", to, err)
		}
		mustBe(t, "who it is from", message.Header.Get("From"), `"Acme" <achievements@acme.example>`)
		mustBe(t, "a blind copy", message.Header.Get("Bcc"), "")
		mustBe(t, "its id", strings.HasPrefix(message.Header.Get("Message-Id"), "<award-"+jsonNumber(award["id"])+"."), true)
		text, html := parts(t, message)
		for _, want := range []string{"Release captain", "Brought a release out.", "2 November 2026", "Administrator", "https://achievements.example.com/users/ada", "https://achievements.example.com/unsubscribe/"} {
			if !strings.Contains(text, want) || !strings.Contains(html, want) {
				t.Errorf("the mail lacks %q:\n%s\n%s", want, text, html)
			}
		}
		if strings.Contains(html, "<done>") || !strings.Contains(html, "&lt;done&gt;") {
			t.Errorf("the message is not escaped: %s", html)
		}
		mustBe(t, "over TLS", server.AllSecure(), true)

		// By a rule, too, unless it is quiet.
		p.person("grace", "grace@example.com")
		p.do("PUT", "/api/v1/users/grace/accounts/forge", map[string]any{"forge_user_id": "77", "login": "grace"})
		_, receipt := deliver(t, p.address, "pull_request", testkit.MergedPullRequest(1, 77, "grace"))
		mustBe(t, "what became of the delivery", receipt["outcome"], "judged")
		mustBe(t, "grace's awards", len(awardsOf(t, p.address, "grace")), 2)
		told := p.next()
		if to, subject := told.Header.Get("To"), told.Header.Get("Subject"); !strings.Contains(to, "grace@example.com") || !strings.Contains(subject, "One merge") {
			t.Errorf("the rule's mail is to %s: %s", to, subject)
		}
		p.none("grace")
	})
}

func TestOneClickEndsTheMails(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, true)
		p := startPost(t, databaseURL, mailServerURL("smtps", server), server)
		p.person("ada", "ada@example.com")
		p.award("ada")
		message := p.next()
		mustBe(t, "the button", message.Header.Get("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click")
		link := strings.Trim(message.Header.Get("List-Unsubscribe"), "<>")
		path, found := strings.CutPrefix(link, "https://achievements.example.com")
		if !found {
			t.Fatalf("the link is %q", link)
		}
		page, err := http.Get(p.address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer page.Body.Close()
		mustBe(t, "what asks first", page.StatusCode, http.StatusOK)
		p.award("ada")
		p.next() // asking changed nothing
		mustBe(t, "another's click", click(t, p.address+strings.Replace(path, path[20:24], "AAAB", 1)), http.StatusNotFound)
		mustBe(t, "the click", click(t, p.address+path), http.StatusOK)
		mustBe(t, "the click again", click(t, p.address+path), http.StatusOK)
		p.award("ada")
		p.none("ada")
		p.do("PATCH", "/api/v1/users/ada", map[string]any{"blocked": false})
	})
}

func click(t *testing.T, address string) int {
	t.Helper()

	response, err := http.PostForm(address, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestMailsWaitForTheMailServer(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server)
		p.person("ada", "ada@example.com")
		server.Stop()
		award := p.award("ada") // the award does not wait
		mustBe(t, "ada's awards", len(awardsOf(t, p.address, "ada")), 1)
		p.failed(award)
		server.Start(server.Addr)
		if to := p.next().Header.Get("To"); !strings.Contains(to, "ada@example.com") {
			t.Errorf("the first mail is to %s", to)
		}

		// Taken and then refused for now: the same mail comes again.
		server.Refuse(451)
		p.failed(p.award("ada"))
		again := p.next()
		mustBe(t, "the message id", again.Header.Get("Message-Id"), server.Refused()[0].Header.Get("Message-Id"))

		// Refused for good: not again, and not in the way of others.
		p.person("nobody", "nobody@example.com")
		p.award("nobody")
		p.none("nobody")
		p.clock.Advance(48 * time.Hour)
		p.none("nobody-later")
	})
}

func TestWhoGetsNoMail(t *testing.T) {
	t.Parallel()

	testkit.EachDatabase(t, func(t *testing.T, databaseURL string) {
		t.Helper()

		server := testkit.NewMailServer(t, false)
		p := startPost(t, databaseURL, mailServerURL("smtp", server), server)
		p.person("without", "")
		p.do("POST", "/api/v1/users", map[string]any{"username": "robot", "name": "Robot", "email": "robot@example.com", "bot": true})
		p.award("without")
		p.award("robot")
		p.person("quiet", "quiet@example.com")
		if status, _, text := p.ask(p.tokenOf("quiet"), "PATCH", "/api/v1/user", map[string]any{"achievements_enabled": false}); status != http.StatusOK {
			t.Fatalf("switching achievements off is answered %d: %s", status, text)
		}
		p.award("quiet")
		p.none("all-of-them")

		server.Stop()
		p.person("unlucky", "unlucky@example.com")
		award := p.award("unlucky")
		p.failed(award)
		p.do("POST", "/api/v1/awards/"+jsonNumber(award["id"])+"/revoke", map[string]any{})
		server.Start(server.Addr)
		p.none("revoked")
	})
}

// A server that nobody vouches for, or a wrong password, gets no mail, and the award stands.
func TestMailsGoToNobodyElse(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*app.Config){
		"a stranger's server": func(cfg *app.Config) { cfg.MailRoots = nil },
		"a wrong password":    func(cfg *app.Config) { cfg.MailServer = strings.Replace(cfg.MailServer, "horse", "zebra", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := testkit.NewMailServer(t, false)
			cfg := configuration(testkit.SQLitePath(t), hotRules)
			cfg.MailServer, cfg.MailFrom, cfg.MailRoots = mailServerURL("smtp", server), "a@acme.example", server.Roots
			cfg.MetricsListen = "127.0.0.1:0"
			spoil(&cfg)
			log := &logged{}
			cfg.Log = log.logger()
			p := &post{t: t, address: start(t, cfg), clock: testkit.NewClock(), server: server, log: log}
			p.do("POST", "/api/v1/namespaces", map[string]any{"full_path": "crew/tools", "name": "Tools", "visibility": "public"})
			p.do("POST", "/api/v1/namespaces/crew%2Ftools/achievements", map[string]any{"name": "Badge"})
			p.person("ada", "ada@example.com")
			p.failed(p.award("ada"))
			if len(server.Mails) > 0 {
				t.Error("a mail was sent")
			}
			if strings.Contains(log.text(), "horse") || strings.Contains(log.text(), "zebra") {
				t.Errorf("the log holds the password: %s", log.text())
			}
		})
	}
}

// logged keeps what is logged.
type logged struct {
	mutex sync.Mutex
	lines bytes.Buffer
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// Write implements io.Writer.
func (l *logged) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.lines.Write(line)
}

func (l *logged) text() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.lines.String()
}
