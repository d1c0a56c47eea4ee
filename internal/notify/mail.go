package notify

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/mail"
	"net/url"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/seed-504bad89/accolade/internal/achievement"
)

// MailConfig says how mails are sent.
type MailConfig struct {
	// Server is smtp://user:password@host:587, or smtps:// for TLS from the beginning. See ParseServer.
	Server string
	// From is who the mails come from: an address, with or without a name.
	From string
	// BaseURL is what links begin with, without a slash at its end.
	BaseURL string
	// Book names the database in message ids, which must differ from those of every other one.
	Book string
	// Roots are the authorities that may vouch for the server; nil means the system's.
	Roots *x509.CertPool
}

// Mail tells the recipient of each award by e-mail. It is safe for concurrent use.
type Mail struct {
	server  *Server
	roots   *x509.CertPool
	from    *mail.Address
	baseURL string
	domain  string
	book    string
}

// NewMail returns the sender of mails. It fails when the configuration is bad; it does not connect.
func NewMail(cfg MailConfig) (*Mail, error) {
	server, err := ParseServer(cfg.Server)
	if err != nil {
		return nil, err
	}
	from, err := ParseSender(cfg.From)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("reading the base URL: %w", err)
	}
	return &Mail{server: server, roots: cfg.Roots, from: from, baseURL: cfg.BaseURL, domain: base.Hostname(), book: cfg.Book}, nil
}

// Letter is a mail to be sent: what was awarded, and how to get no more mails.
type Letter struct {
	Notice

	// Unsubscribe is the token of ForUser.
	Unsubscribe string
	// Accept is the token of ForAward; empty for an award that nobody has to accept.
	Accept string
	// Date is when it is sent first.
	Date time.Time
}

// Wanted reports whether the recipient is to be told of the award by mail: not when it was taken away
// meanwhile, and not those who want none, show no achievements, cannot get one, or must not.
func (n *Notice) Wanted() bool {
	return !n.Revoked && !n.Award.Revoked() && n.User.Email != "" && n.User.AwardEmails && n.User.AchievementsEnabled &&
		!n.User.Blocked && !n.User.Bot && n.User.ErasedAt.IsZero() && n.User.ID != achievement.HouseUserID
}

// Undeliverable is a mail that no further try will deliver, such as to an address that does not exist.
type Undeliverable struct{ Cause error } //nolint:errname // people know it by this word

// Error says why.
func (u *Undeliverable) Error() string { return "the mail cannot be delivered: " + u.Cause.Error() }

// Unwrap returns the cause.
func (u *Undeliverable) Unwrap() error { return u.Cause }

// Send sends the letters over one connection, as long as it holds, and returns what became of each: nil,
// an Undeliverable, or an error that another try may not meet. The message id of a letter is always the same, so that
// mail systems can drop one that is sent again.
func (m *Mail) Send(ctx context.Context, letters []Letter) []error {
	failures := make([]error, len(letters))
	var on *connection
	defer func() { on.close() }()
	for i := range letters {
		message, err := m.Message(&letters[i])
		if err != nil {
			failures[i] = &Undeliverable{err}
			continue
		}
		if on == nil {
			if on, err = connect(ctx, m.server, m.roots); err != nil {
				for ; i < len(letters); i++ {
					failures[i] = err
				}
				return failures
			}
		}
		var usable bool
		if usable, failures[i] = on.send(message, letters[i].User.Email); !usable {
			on.drop()
			on = nil
		}
	}
	return failures
}

// Message returns the mail that a letter is.
func (m *Mail) Message(l *Letter) (*gomail.Msg, error) {
	text, html, err := l.render(m.baseURL)
	if err != nil {
		return nil, err
	}
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	message.FromMailAddress(m.from)
	to, err := mail.ParseAddress(l.User.Email)
	if err != nil {
		return nil, fmt.Errorf("reading the recipient's address: %w", err)
	}
	message.AddToMailAddress(&mail.Address{Name: l.User.Name, Address: to.Address})
	message.Subject(l.subject())
	message.SetDateWithValue(l.Date)
	message.SetMessageIDWithValue(fmt.Sprintf("award-%d.%s@%s", l.Award.ID, m.book, m.domain))
	// RFC 3834: what answers by itself need not answer this.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	// RFC 8058: mail programs show a button. They ask for https; other addresses are for trying out.
	message.SetGenHeader("List-Unsubscribe", "<"+l.unsubscribeURL(m.baseURL)+">")
	message.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	message.SetBodyString(gomail.TypeTextPlain, text)
	message.AddAlternativeString(gomail.TypeTextHTML, html)
	return message, nil
}

func (l *Letter) unsubscribeURL(baseURL string) string {
	return baseURL + UnsubscribePath + url.PathEscape(l.Unsubscribe)
}

// subject is the seed's.
func (n *Notice) subject() string {
	return n.Namespace.FullPath + " awarded you the " + n.Achievement.Name + " achievement"
}

// Server is a mail server and how to speak to it.
type Server struct {
	host           string
	port           int
	user, password string
	tls            bool // from the beginning
	policy         gomail.TLSPolicy
}
