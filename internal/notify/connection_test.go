package notify_test

import (
	"errors"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/notify"
)

// fickle is a mail server that hangs up after each mail that it took, and refuses at a stage.
type fickle struct {
	refuse map[string]*smtp.SMTPError

	mutex sync.Mutex
	taken []string
}

type fickleSession struct {
	*fickle

	conn *smtp.Conn
	to   string
	took bool
}

func (s *fickleSession) answer(stage string) error {
	if refusal := s.refuse[stage+" "+s.to]; refusal != nil {
		return refusal
	}
	return nil
}

func (s *fickleSession) Mail(string, *smtp.MailOptions) error { return s.answer("MAIL") }

func (s *fickleSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.answer("RCPT")
}

func (s *fickleSession) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if err := s.answer("DATA"); err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.taken, s.took = append(s.taken, s.to), true
	return nil
}

func (s *fickleSession) Reset() {
	s.to = ""
	if s.took {
		_ = s.conn.Conn().Close()
	}
}

func (*fickleSession) Logout() error { return nil }

// serve starts the server until the test ends and returns a sender of mails to it.
func (f *fickle) serve(t *testing.T) *notify.Mail {
	t.Helper()

	server := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) {
		return &fickleSession{fickle: f, conn: conn}, nil
	}))
	server.ErrorLog = log.New(io.Discard, "", 0)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close()
		<-ended
	})
	mail, err := notify.NewMail(notify.MailConfig{
		Server: "smtp://" + listener.Addr().String(), From: "accolade@example.com", BaseURL: "https://example.com", Book: "book",
	})
	if err != nil {
		t.Fatal(err)
	}
	return mail
}

func lettersTo(addresses ...string) []notify.Letter {
	letters := make([]notify.Letter, len(addresses))
	for i, address := range addresses {
		letters[i] = notify.Letter{
			Notice: notify.Notice{User: achievement.User{Username: "somebody", Name: "Somebody", Email: address}},
			Date:   time.Date(2026, time.November, 2, 10, 0, 0, 0, time.UTC),
		}
	}
	return letters
}

// What the server took is sent, whatever happens to the connection then, and the next mail gets a
// new one.
func TestMailThatWasTakenIsNotSentAgain(t *testing.T) {
	t.Parallel()

	server := &fickle{}
	for i, err := range server.serve(t).Send(t.Context(), lettersTo("ada@example.com", "grace@example.com")) {
		if err != nil {
			t.Errorf("mail %d: %v", i, err)
		}
	}
	if got := strings.Join(server.taken, " "); got != "ada@example.com grace@example.com" {
		t.Errorf("the server took %q", got)
	}
}

// A refusal of one mail is for good; a refusal of us is one that the operator can mend. Neither says
// to whom the mail was.
func TestRefusals(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		at      string
		code    int
		forGood bool
	}{
		{"RCPT Ada@example.com", 550, true},
		{"DATA Ada@example.com", 554, true},
		{"RCPT Ada@example.com", 450, false},
		{"DATA Ada@example.com", 451, false},
		{"RCPT Ada@example.com", 530, false},
		{"MAIL ", 550, false},
		{"MAIL ", 421, false},
	} {
		server := &fickle{refuse: map[string]*smtp.SMTPError{tc.at: {Code: tc.code, Message: "nothing for <ada@example.com>, ada"}}}
		errs := server.serve(t).Send(t.Context(), lettersTo("Ada@example.com", "grace@example.com"))
		_, forGood := errors.AsType[*notify.Undeliverable](errs[0])
		if errs[0] == nil || forGood != tc.forGood {
			t.Errorf("%d at %s: %v", tc.code, tc.at, errs[0])
			continue
		}
		if strings.Contains(strings.ToLower(errs[0].Error()), "ada") {
			t.Errorf("%d at %s says to whom: %v", tc.code, tc.at, errs[0])
		}
		if strings.Contains(tc.at, "Ada") && errs[1] != nil {
			t.Errorf("%d at %s: the next mail: %v", tc.code, tc.at, errs[1])
		}
	}
}
