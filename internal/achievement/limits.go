package achievement

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// The limits of the product, in characters (runes).
const (
	MaxName        = 255
	MaxDescription = 1024
	MaxMessage     = 200
	MaxReason      = 1024
	MaxPath        = 255
	MaxUsername    = 255
	MaxEmail       = 254 // RFC 5321, 4.5.3.1.3, less the angle brackets
)

// How long somebody may stay signed in, unseen and at all, and be away at a provider to sign in.
const (
	SessionIdle     = 14 * 24 * time.Hour
	SessionLifetime = 90 * 24 * time.Hour
	SignInPatience  = 10 * time.Minute
)

var (
	pathPattern     = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?(?:/[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?)*$`)
	usernamePattern = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?(?:\[bot\])?$`)
	keyPattern      = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$`)
	digitsPattern   = regexp.MustCompile(`^\d+$`)
)

// CleanName trims a name and checks its limits.
func CleanName(field, name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", fault.InvalidField(field, "required", "may not be blank")
	}
	return CleanText(field, name, MaxName)
}

// CleanText trims a text and checks that it is text: valid UTF-8 without NUL, at most limit characters.
func CleanText(field, text string, limit int) (string, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", fault.InvalidField(field, "not_text", "must be UTF-8 without NUL characters")
	}
	if utf8.RuneCountInString(text) > limit {
		return "", fault.InvalidField(field, "too_long", "is too long (maximum is %d characters)", limit)
	}
	return text, nil
}

// CheckPath checks a namespace's full path.
func CheckPath(field, path string) error {
	if len(path) > MaxPath {
		return fault.InvalidField(field, "too_long", "is too long (maximum is %d characters)", MaxPath)
	}
	if !pathPattern.MatchString(path) || digitsPattern.MatchString(path) {
		return fault.InvalidField(field, "bad_path",
			"must be names of letters, digits, '_', '-' and '.' separated by '/', and not a number alone")
	}
	return nil
}

// CheckUsername checks a username: as a path, but without '/'.
func CheckUsername(field, username string) error {
	if len(username) > MaxUsername {
		return fault.InvalidField(field, "too_long", "is too long (maximum is %d characters)", MaxUsername)
	}
	if !usernamePattern.MatchString(username) || digitsPattern.MatchString(username) {
		return fault.InvalidField(field, "bad_username",
			"must be letters, digits, '_', '-' and '.', and not a number alone")
	}
	return nil
}

// CheckKey checks an achievement's stable key.
func CheckKey(field, key string) error {
	if len(key) > MaxName || !keyPattern.MatchString(key) {
		return fault.InvalidField(field, "bad_key", "must be lower-case letters, digits and '-'")
	}
	return nil
}

// Ancestors returns the full paths of the namespaces that path lies in, itself first:
// "a/b/c" gives "a/b/c", "a/b", "a". Members of any of them are members of path.
func Ancestors(path string) []string {
	paths := []string{path}
	for {
		slash := strings.LastIndexByte(path, '/')
		if slash < 0 {
			return paths
		}
		path = path[:slash]
		paths = append(paths, path)
	}
}
