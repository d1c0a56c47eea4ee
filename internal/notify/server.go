package notify

import (
	"net"
	"net/mail"
	"net/url"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// The ports of RFC 6409 and RFC 8314.
const (
	submissionPort  = 587
	submissionsPort = 465
)

// ParseServer reads smtp://user:password@host:587 or smtps://user:password@host:465; the port may be
// left out. With smtp:// the connection must become a TLS one (STARTTLS) before anything is sent;
// "?starttls=never" is for a server on this machine alone, which is also the one that may have none.
func ParseServer(address string) (*Server, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, badServer("is no URL") // err would show the password
	}
	s := &Server{host: parsed.Hostname(), user: parsed.User.Username(), port: submissionPort, policy: gomail.TLSMandatory}
	s.password, _ = parsed.User.Password()
	switch {
	case parsed.Scheme != "smtp" && parsed.Scheme != "smtps":
		return nil, badServer("must begin with smtp:// or smtps://")
	case s.host == "":
		return nil, badServer("names no host")
	case parsed.Path != "" && parsed.Path != "/":
		return nil, badServer("must end with the host and port")
	case s.user != "" && s.password == "":
		return nil, badServer("has a user and no password")
	}
	if s.tls = parsed.Scheme == "smtps"; s.tls {
		s.port = submissionsPort
	}
	if port := parsed.Port(); port != "" {
		if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
			return nil, badServer("has a bad port")
		}
	}
	err = s.startTLS(parsed.Query().Get("starttls"))
	return s, err
}

func (s *Server) startTLS(wish string) error {
	local := s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
	switch wish {
	case "", "required":
		if wish == "" && local {
			s.policy = gomail.TLSOpportunistic
		}
	case "never":
		if !local {
			return badServer("may only leave out STARTTLS on this machine")
		}
		s.policy = gomail.NoTLS
	default:
		return badServer("has a starttls that is neither required nor never")
	}
	return nil
}

func badServer(why string) error {
	return fault.New(fault.Invalid, "bad_smtp_url", "the URL of the mail server %s", why)
}

// ParseSender reads an address that mails come from: "achievements@example.com", or with a name
// "Acme <achievements@example.com>".
func ParseSender(address string) (*mail.Address, error) {
	parsed, err := mail.ParseAddress(address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_email", "%q is no address that mails can come from", address)
	}
	return parsed, nil
}
