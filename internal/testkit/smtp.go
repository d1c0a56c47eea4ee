package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailServer is a real SMTP server that keeps what it gets. It knows the user "accolade" with the
// password "correct horse".
type MailServer struct {
	// Addr is host:port, and Roots the authority that vouches for it, with its certificate as PEM in CA.
	Addr  string
	Roots *x509.CertPool
	CA    []byte
	// Mails holds each mail as it came in.
	Mails chan *mail.Message

	t        *testing.T
	implicit bool
	tls      *tls.Config
	server   *smtp.Server

	mutex sync.Mutex
	// refusals are answered to the next mails instead of taking them; what they held is in refused.
	refusals []*smtp.SMTPError
	refused  []*mail.Message
	secure   []bool
}

// NewMailServer starts a server that speaks TLS from the beginning, or after STARTTLS.
func NewMailServer(t *testing.T, implicit bool) *MailServer {
	t.Helper()

	certificate, roots := certificate(t)
	s := &MailServer{
		t: t, implicit: implicit, Roots: roots, Mails: make(chan *mail.Message, 100),
		CA:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]}),
		tls: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	s.Start("127.0.0.1:0")
	t.Cleanup(s.Stop)
	return s
}

// Start listens at the address.
func (s *MailServer) Start(address string) {
	s.t.Helper()

	listener, err := net.Listen("tcp", address) //nolint:noctx // it lives as long as the test
	if err != nil {
		s.t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	s.server = smtp.NewServer(s)
	s.server.Domain = "localhost"
	s.server.TLSConfig = s.tls
	s.server.ErrorLog = quiet{}
	if s.implicit {
		listener = tls.NewListener(listener, s.tls)
	}
	server := s.server
	go func() { _ = server.Serve(listener) }()
}

// Stop ends the server and all connections; Start may start it again.
func (s *MailServer) Stop() { _ = s.server.Close() }

// Refuse answers the next mail with the status and takes the ones after it.
func (s *MailServer) Refuse(status int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.refusals = append(s.refusals, &smtp.SMTPError{Code: status, EnhancedCode: smtp.EnhancedCode{status / 100, 0, 0}, Message: "the test refuses it"})
}

// Refused returns the mails that were refused after they were sent.
func (s *MailServer) Refused() []*mail.Message {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.refused
}

// NewSession implements smtp.Backend.
func (s *MailServer) NewSession(conn *smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: s, conn: conn}, nil
}

type mailSession struct {
	server *MailServer
	conn   *smtp.Conn
	known  bool
}

// AuthMechanisms implements smtp.AuthSession.
func (*mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "accolade" || password != "correct horse" {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *mailSession) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

// Rcpt implements smtp.Session.
func (*mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	}
	return nil
}

// Data implements smtp.Session.
func (s *mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	message.Body = strings.NewReader(string(body))
	s.server.mutex.Lock()
	defer s.server.mutex.Unlock()
	if len(s.server.refusals) > 0 {
		refusal := s.server.refusals[0]
		s.server.refusals = s.server.refusals[1:]
		s.server.refused = append(s.server.refused, message)
		return refusal
	}
	_, secure := s.conn.TLSConnectionState()
	s.server.secure = append(s.server.secure, secure)
	s.server.Mails <- message
	return nil
}

// Reset implements smtp.Session.
func (*mailSession) Reset() {}

// Logout implements smtp.Session.
func (*mailSession) Logout() error { return nil }

// AllSecure reports whether every mail came over TLS.
func (s *MailServer) AllSecure() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, secure := range s.secure {
		if !secure {
			return false
		}
	}
	return true
}

// quiet is a log that nobody reads: connections that end are what the tests make.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// certificate makes a certificate for 127.0.0.1 that vouches for itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
