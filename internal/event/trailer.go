package event

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// What is longer is no trailer, and more people than these no co-authors.
const (
	maxTrailer   = 1024
	maxCoAuthors = 100
)

// trailer is a line "Word: Name <address>".
var trailer = regexp.MustCompile(`^[ \t]*([A-Za-z][A-Za-z-]*):[ \t]*([^<>]*?)[ \t]*<([^<>@\s]+)@([^<>@\s]+)>$`)

// private is the part before the @ of an address that a forge makes up for somebody: on GitHub
// "583231+octocat", on GitLab "7-ada", and on both in older commits the login alone.
var private = regexp.MustCompile(`^(?:([1-9][0-9]{0,18})([+-]))?([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,254})(?:\[bot\])?)$`)

// ParseCoAuthors returns whom the "Co-authored-by:" trailers of a text name by an address that the forge made
// up for them, each once and at most 100: id, login and name. The forge is the one at the web address: an
// id of another means somebody else here. Any other e-mail address identifies nobody. Trailers are free text:
// whoever commits may name anybody, and FromText says so.
func ParseCoAuthors(text, address string) []Account {
	forge, err := url.Parse(address)
	if err != nil || forge.Hostname() == "" {
		return nil
	}
	host := strings.ToLower(forge.Hostname())
	var found []Account
	for line := range strings.Lines(text) {
		word, account, of := parseTrailer(line)
		if !strings.EqualFold(word, "co-authored-by") || of != host || len(found) == maxCoAuthors {
			continue
		}
		if !slices.ContainsFunc(found, func(known Account) bool { return known.ID == account.ID && known.Login == account.Login }) {
			found = append(found, account)
		}
	}
	return found
}

// parseTrailer returns the word before the colon, and whom the address of a forge's making names on which
// host; the word is empty for any other line.
func parseTrailer(line string) (word string, account Account, host string) {
	line = strings.TrimRight(line, " \t\r\n")
	if len(line) > maxTrailer || !strings.HasSuffix(line, ">") { // Most lines are none, which costs nothing.
		return "", Account{}, ""
	}
	parts := trailer.FindStringSubmatch(line)
	if parts == nil {
		return "", Account{}, ""
	}
	host, ok := strings.CutPrefix(strings.ToLower(parts[4]), "users.noreply.")
	if !ok || host == "" {
		return "", Account{}, ""
	}
	made := private.FindStringSubmatch(parts[3])
	if made == nil {
		return "", Account{}, ""
	}
	id, login := made[1], made[3]
	if made[2] == "-" && host == "github.com" { // There, "7-ada" is a login.
		id, login = "", parts[3]
	}
	return parts[1], Account{ID: id, Login: login, Name: parts[2], Bot: strings.HasSuffix(login, "[bot]"), FromText: true}, host
}

// withoutTrailers returns the text without the trailers that name the account, whichever host they
// say it is on.
func withoutTrailers(text string, is func(*Account) bool) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if word, account, _ := parseTrailer(line); word == "" || !is(&account) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}
