package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/gin-gonic/gin"
)

// noteCookie holds what the next page shows, once.
const noteCookie = "__Host-accolade-note"

// notePatience is how long a browser that follows a redirect may take.
const notePatience = time.Minute

// maxNote bounds what a browser is taken to bring back.
const maxNote = 4096

// KeepNote gives the browser a text for the page that this answer leads to. It is sealed with a key of the session's secret:
// only the same session can read it, on whichever replica, and nothing of it is in an address or in the book.
func KeepNote(c *gin.Context, text string) {
	seal := noteSeal(SessionSecret(c.Request))
	if seal == nil {
		return
	}
	sealed := seal.Seal(nil, nil, []byte(text), nil) //nolint:gosec // it takes no nonce, and makes a random one
	setCookie(c, noteCookie, base64.RawURLEncoding.EncodeToString(sealed), notePatience)
}

// TakeNote returns the text that KeepNote gave the browser and lets the browser forget it; "" when there is none that
// belongs to the session.
func TakeNote(c *gin.Context) string {
	kept := cookieOf(c.Request, noteCookie)
	if kept == "" {
		return ""
	}
	setCookie(c, noteCookie, "", -1)
	seal := noteSeal(SessionSecret(c.Request))
	sealed, err := base64.RawURLEncoding.DecodeString(kept)
	if seal == nil || err != nil || len(sealed) > maxNote {
		return ""
	}
	text, err := seal.Open(nil, nil, sealed, nil)
	if err != nil {
		return ""
	}
	return string(text)
}

// noteSeal is what seals the notes of a session; nil without one.
func noteSeal(session string) cipher.AEAD {
	if session == "" {
		return nil
	}
	key, err := hkdf.Key(sha256.New, []byte(session), nil, "accolade note", 32)
	if err != nil {
		return nil
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil
	}
	return seal
}
