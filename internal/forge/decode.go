package forge

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"mime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of what is taken over from a body. What is longer is cut, never refused: an event is
// worth more than the end of a long text.
const (
	maxDepth  = 64
	maxText   = 1024
	maxProse  = 64 << 10
	maxItems  = 256
	maxHeader = 255
	// maxNumber is how long the text of a number, an id or a time may be.
	maxNumber = 64
)

const formType = "application/x-www-form-urlencoded"

// formPayload returns the decoded payload field of a form-encoded body, and whether the body is
// one. The forges send exactly this one field, so that anything else is no form of theirs.
func formPayload(req Request) ([]byte, bool) {
	media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || media != formType {
		return nil, false
	}
	encoded, ok := bytes.CutPrefix(req.Body, []byte("payload="))
	if !ok || bytes.ContainsRune(encoded, '&') {
		return nil, false
	}
	decoded := make([]byte, 0, len(encoded)-2*bytes.Count(encoded, []byte("%")))
	for i := 0; i < len(encoded); i++ {
		switch c := encoded[i]; c {
		case '+':
			decoded = append(decoded, ' ')
		case '%':
			if len(encoded) < i+3 {
				return nil, false
			}
			if decoded, err = hex.AppendDecode(decoded, encoded[i+1:i+3]); err != nil {
				return nil, false
			}
			i += 2
		default:
			decoded = append(decoded, c)
		}
	}
	return decoded, true
}

// jsonBody returns the JSON text of a delivery, whichever content type the hook is set to.
func jsonBody(req Request) []byte {
	if payload, ok := formPayload(req); ok {
		return payload
	}
	return req.Body
}

// decode reads a body into the structs of a forge. Of the JSON only its form is required: a
// field whose value has an unexpected type stays zero, because a forge's next release must not
// cost events that do not depend on it. What an event cannot do without is checked later.
func decode(body []byte, into any) error {
	valid := validUTF8(body)
	if fill(valid, into) {
		return nil
	}
	if tooDeep(body) {
		return &UnreadableError{Reason: "the body nests deeper than " + strconv.Itoa(maxDepth) + " levels"}
	}
	if err := json.Unmarshal(valid, into); err != nil && !isTypeError(err) {
		return &UnreadableError{Reason: "the body is not JSON", cause: err}
	}
	return nil
}

// validUTF8 returns the body with U+FFFD for each byte that is not UTF-8, as a decoder would read it in texts, but at
// once for all of them: decoders need much more memory for that.
func validUTF8(body []byte) []byte {
	if utf8.Valid(body) {
		return body
	}
	invalid := 0
	for rest := body; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			invalid++
		}
		rest = rest[size:]
	}
	valid := make([]byte, 0, len(body)+invalid*(utf8.RuneLen(utf8.RuneError)-1))
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		valid = utf8.AppendRune(valid, r)
		body = body[size:]
	}
	return valid
}

// isTypeError reports whether a value had another type than it should have, which leaves it zero.
func isTypeError(err error) bool {
	_, ok := errors.AsType[*json.UnmarshalTypeError](err)
	return ok
}

// tooDeep reports whether objects and arrays nest deeper than maxDepth. It does not check the
// JSON otherwise.
func tooDeep(body []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			if depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// text is a string of unknown origin: valid UTF-8 without NUL, which Postgres cannot store, and
// at most maxText bytes long. A value that is no string leaves it empty.
type text string

// UnmarshalText gets what encoding/json has decoded and made valid UTF-8. It never fails.
func (t *text) UnmarshalText(decoded []byte) error {
	*t = text(clean(decoded, maxText))
	return nil
}

// prose is a text that may be long, such as a commit's message: at most maxProse bytes, otherwise as text.
type prose string

// UnmarshalText never fails.
func (p *prose) UnmarshalText(decoded []byte) error {
	*p = prose(clean(decoded, maxProse))
	return nil
}

// clean returns a decoded text without NUL, cut where it is too long.
func clean(decoded []byte, limit int) string {
	if bytes.IndexByte(decoded, 0) >= 0 {
		kept := make([]byte, 0, min(len(decoded), limit+1))
		for _, c := range decoded {
			if c != 0 && len(kept) <= limit {
				kept = append(kept, c)
			}
		}
		decoded = kept
	}
	if len(decoded) > limit {
		cut := limit
		for !utf8.RuneStart(decoded[cut]) {
			cut--
		}
		decoded = decoded[:cut]
	}
	return string(decoded)
}

// length is how many characters a text has that is not kept; 0 when there is none.
type length int64

// UnmarshalText never fails.
func (l *length) UnmarshalText(decoded []byte) error {
	*l = length(utf8.RuneCount(decoded))
	return nil
}

// link returns the text if it may stand in a link.
func (t text) link() string {
	if strings.HasPrefix(string(t), "https://") || strings.HasPrefix(string(t), "http://") {
		return string(t)
	}
	return ""
}

// lower returns the text in lower case.
func (t text) lower() string { return strings.ToLower(string(t)) }

// id is a forge's numeric id, sent as a number or as a string; 0 when there is none.
type id int64

// UnmarshalJSON never fails.
func (n *id) UnmarshalJSON(raw []byte) error {
	*n = 0
	if len(raw) > maxNumber {
		return nil
	}
	value, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	if err != nil {
		value = 0
	}
	*n = id(value)
	return nil
}

func (n id) String() string { return strconv.FormatInt(int64(n), 10) }

// textID is an id that is no number, such as "{c0ffee00-1a2b-4c3d-8e4f-5a6b7c8d9e0f}"; "" when there is none. What
// could not stand in a key is none.
type textID string

const maxTextID = 64

// UnmarshalText never fails.
func (t *textID) UnmarshalText(decoded []byte) error {
	*t = ""
	strange := bytes.ContainsFunc(decoded, func(r rune) bool {
		return r <= ' ' || r > '~' || r == ':' || r == '"' || r == '\\'
	})
	if !strange && len(decoded) <= maxTextID {
		*t = textID(decoded)
	}
	return nil
}

func (t textID) String() string { return string(t) }

// moment is a time in any of the notations that forges use; zero when there is none.
type moment struct{ time.Time }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(raw []byte) error {
	m.Time = time.Time{}
	if len(raw) <= maxNumber {
		m.Time = parseTime(strings.Trim(string(raw), `"`))
	}
	return nil
}

// momentLayouts are the notations of time seen in deliveries. Go reads fractions of a second
// even where a layout has none. A time without a zone is UTC.
var momentLayouts = []string{
	time.RFC3339,
	"2006-01-02 15:04:05 UTC",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05-0700",
	"2006-01-02 15:04:05",
	time.DateOnly,
}

// parseTime returns a forge's time in UTC, to the microsecond; zero for what is no time between
// the years 1970 and 9999, such as the year 1 that Gitea sends for "never".
func parseTime(written string) time.Time {
	if isDate := len(written) > 4 && written[4] == '-'; !isDate { // the error for a date would cost more than reading it
		if seconds, err := strconv.ParseInt(written, 10, 64); err == nil {
			const lastSecond = 1e11 // the year 5138; a larger number counts milliseconds
			if seconds > lastSecond {
				return plausible(time.UnixMilli(seconds))
			}
			return plausible(time.Unix(seconds, 0))
		}
	}
	for _, layout := range momentLayouts {
		if parsed, err := time.Parse(layout, written); err == nil {
			return plausible(parsed)
		}
	}
	return time.Time{}
}

func plausible(at time.Time) time.Time {
	at = at.UTC().Truncate(time.Microsecond)
	if at.Unix() <= 0 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

// firstTime returns the first of the times that is known.
func firstTime(times ...time.Time) time.Time {
	for _, at := range times {
		if !at.IsZero() {
			return at.UTC().Truncate(time.Microsecond)
		}
	}
	return time.Time{}
}

// headerText returns a header's value as it may be stored and shown: printable ASCII, at most
// maxHeader bytes.
func headerText(req Request, header string) string {
	value := req.Header.Get(header)
	printable := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, value[:min(len(value), maxHeader)])
	return strings.TrimSpace(printable)
}
