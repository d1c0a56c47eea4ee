package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The client that an Issuer knows.
const (
	OIDCClient = "accolade"
	OIDCSecret = "a client secret of the tests & of nobody else"
)

// Issuer is an OpenID Connect provider that signs in whoever comes, as the person whose claims it is given, and does
// as it should unless a test makes it lie. It is safe for concurrent use.
type Issuer struct {
	*httptest.Server

	// Now is its clock.
	Now func() time.Time

	mutex sync.Mutex
	key   *rsa.PrivateKey
	// Person holds the claims of who signs in; "sub" is needed.
	person map[string]any
	// told says which of the claims only the endpoint for users tells.
	told  map[string]any
	lie   Lie
	codes map[string]grant
	asked map[string]int
}

// grant is what a code is good for.
type grant struct{ challenge, nonce, redirect string }

// Lie is how an issuer does not do as it should. Its zero value is the truth.
type Lie struct {
	// Claims are signed instead of the true ones; a nil value leaves a claim out.
	Claims map[string]any
	// Sign makes the ID token of the claims.
	Sign func(claims []byte) string
	// Callback changes what the browser brings back.
	Callback func(url.Values)
	// Down answers with 500 to everything.
	Down bool
	// Redirect sends whoever redeems a code there.
	Redirect string
	// Slashed says that the issuer's name ends in a slash.
	Slashed bool
	// Told changes what the endpoint for users tells.
	Told map[string]any
	// Size is of the configuration.
	Size int
}

// NewIssuer starts a provider that is stopped when the test ends.
func NewIssuer(t *testing.T, now func() time.Time) *Issuer {
	t.Helper()

	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{Now: now, key: key, codes: map[string]grant{}, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.configuration)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /userinfo", i.userinfo)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mutex.Lock()
		defer i.mutex.Unlock()
		i.asked[r.URL.Path]++
		if i.lie.Down {
			http.Error(w, "down", http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

// Serves says who signs in next: claims that are signed, and some that only the endpoint for users tells.
func (i *Issuer) Serves(person, told map[string]any) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.person, i.told, i.lie = person, told, Lie{}
}

// Lies makes it lie from now on.
func (i *Issuer) Lies(lie Lie) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.lie = lie
}

// Asked returns how often the path was asked for.
func (i *Issuer) Asked(path string) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.asked[path]
}

func (i *Issuer) name() string {
	if i.lie.Slashed {
		return i.URL + "/"
	}
	return i.URL
}

func (i *Issuer) configuration(w http.ResponseWriter, _ *http.Request) {
	about := map[string]any{
		"issuer": i.name(), "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
		"jwks_uri": i.URL + "/keys", "userinfo_endpoint": i.URL + "/userinfo",
		"id_token_signing_alg_values_supported":          []string{"RS256", "HS256", "none"},
		"authorization_response_iss_parameter_supported": true,
	}
	if i.lie.Size > 0 {
		about["padding"] = string(make([]byte, i.lie.Size))
	}
	reply(w, about)
}

// authorize sends back whoever comes, at once, as a provider does whose page was answered before.
func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("client_id") != OIDCClient || query.Get("code_challenge_method") != "S256" || query.Get("response_type") != "code" {
		http.Error(w, "this client may not ask so", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.codes[code] = grant{query.Get("code_challenge"), query.Get("nonce"), query.Get("redirect_uri")}
	answer := url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {i.name()}}
	if i.lie.Callback != nil {
		i.lie.Callback(answer)
	}
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+answer.Encode(), http.StatusFound) //nolint:gosec // the test chose it
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	if i.lie.Redirect != "" {
		http.Redirect(w, r, i.lie.Redirect, http.StatusTemporaryRedirect)
		return
	}
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	granted, known := i.codes[r.PostFormValue("code")]
	delete(i.codes, r.PostFormValue("code"))
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != OIDCClient || secret != OIDCSecret:
		refuse(w, "invalid_client")
		return
	case !known || granted.redirect != r.PostFormValue("redirect_uri") || granted.challenge != base64.RawURLEncoding.EncodeToString(proof[:]):
		refuse(w, "invalid_grant")
		return
	}
	claims := maps.Clone(i.person)
	maps.Copy(claims, map[string]any{
		"iss": i.name(), "aud": OIDCClient, "nonce": granted.nonce, "iat": i.Now().Unix(), "exp": i.Now().Add(2 * time.Minute).Unix(),
	})
	maps.Copy(claims, i.lie.Claims)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err) // they are a test's own
	}
	sign := i.lie.Sign
	if sign == nil {
		sign = func(claims []byte) string { return SignJWT(jose.RS256, i.key, claims) }
	}
	reply(w, map[string]any{"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": sign(text)})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
}

func (i *Issuer) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer an access token" {
		http.Error(w, "who asks?", http.StatusUnauthorized)
		return
	}
	claims := maps.Clone(i.person)
	maps.Copy(claims, i.told)
	maps.Copy(claims, i.lie.Told)
	reply(w, claims)
}

// SignJWT signs claims with the key. It panics when they do not fit.
func SignJWT(algorithm jose.SignatureAlgorithm, key any, claims []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "one"))
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return text
}

// UnsignedJWT returns claims that nobody signed, and says so.
func UnsignedJWT(claims []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(claims) + "."
}

// OthersKey returns a key that no issuer has.
func OthersKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // it never fails
	}
	return key
}

func reply(w http.ResponseWriter, body any) { replyStatus(w, http.StatusOK, body) }

func refuse(w http.ResponseWriter, code string) {
	replyStatus(w, http.StatusBadRequest, map[string]string{"error": code})
}

func replyStatus(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // it is a test's own
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who hung up reads no error
}
