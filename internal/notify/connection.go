package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

const (
	// dialPatience bounds the way to the mail server.
	dialPatience = 10 * time.Second
	// mailPatience bounds the greeting, and then each mail. Servers that examine a mail before they
	// take it need a while, and one that is given up too early is sent twice.
	mailPatience = time.Minute
)

// mechanisms are the ways of authentication, the best first. A channel binding adds nothing to a
// certificate that was verified.
var mechanisms = []gomail.SMTPAuthType{
	gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5,
}

// aboutUs are the replies that refuse the sender's credentials, whichever command they answer: they
// end when the operator mends the configuration, and say nothing about a mail.
var aboutUs = []int{530, 534, 535, 538}

// connection is an authenticated session with the mail server. A nil connection can be closed.
type connection struct {
	client *gomail.Client
	raw    net.Conn
	forget func() bool
}

// connect begins a session, which ends with ctx at the latest.
func connect(ctx context.Context, server *Server, roots *x509.CertPool) (*connection, error) {
	c := &connection{}
	secrets := &tls.Config{ServerName: server.host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	options := []gomail.Option{
		gomail.WithPort(server.port), gomail.WithTimeout(mailPatience), gomail.WithoutNoop(), gomail.WithTLSConfig(secrets),
		gomail.WithDialContextFunc(func(dialing context.Context, _, _ string) (net.Conn, error) {
			dialer := net.Dialer{Timeout: dialPatience}
			conn, err := dialer.DialContext(dialing, "tcp", net.JoinHostPort(server.host, strconv.Itoa(server.port)))
			if err != nil {
				return nil, err
			}
			c.raw, c.forget = conn, context.AfterFunc(ctx, func() { _ = conn.Close() })
			if !server.tls {
				return conn, nil
			}
			secured := tls.Client(conn, secrets)
			if err := secured.HandshakeContext(dialing); err != nil {
				return nil, err
			}
			return secured, nil
		}),
	}
	if server.tls {
		options = append(options, gomail.WithSSL())
	} else {
		options = append(options, gomail.WithTLSPolicy(server.policy))
	}
	if server.user != "" {
		options = append(options, gomail.WithUsername(server.user), gomail.WithPassword(server.password),
			gomail.WithOpportunisticSMTPAuth(mechanisms...))
	}
	var err error
	if c.client, err = gomail.NewClient(server.host, options...); err == nil {
		err = c.client.DialWithContext(ctx)
	}
	if err != nil {
		c.drop()
		return nil, fmt.Errorf("connecting to the mail server: %w", err)
	}
	return c, nil
}

// send sends one message and reports whether the connection can be used for another one.
func (c *connection) send(message *gomail.Msg, recipient string) (usable bool, err error) {
	err = c.client.Send(message)
	if message.IsDelivered() {
		return err == nil, nil // what failed after that must not bring a second copy
	}
	failure, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return err == nil, err
	}
	code := failure.ErrorCode()
	usable = code >= 400 && code != 421
	text := redact(failure.Error(), recipient)
	aboutTheMail := slices.Contains([]gomail.SendErrReason{gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose}, failure.Reason)
	if aboutTheMail && code >= 500 && !slices.Contains(aboutUs, code) {
		return usable, &Undeliverable{errors.New(text)}
	}
	return usable, errors.New(text)
}

// redact removes an address, and the part of it that names a mailbox, from what a server said.
func redact(text, address string) string {
	mailbox, _, _ := strings.Cut(address, "@")
	for _, personal := range []string{regexp.QuoteMeta(address), `\b` + regexp.QuoteMeta(mailbox) + `\b`} {
		text = regexp.MustCompile(`(?i)`+personal).ReplaceAllLiteralString(text, "(recipient)")
	}
	return text
}

// close says goodbye and ends the connection.
func (c *connection) close() {
	if c == nil {
		return
	}
	_ = c.client.Close() // the mails are sent already, or will be again
	c.drop()
}

// drop ends the connection.
func (c *connection) drop() {
	if c.raw != nil {
		c.forget()
		_ = c.raw.Close()
	}
}
