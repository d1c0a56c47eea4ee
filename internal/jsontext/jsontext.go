// Package jsontext writes JSON strings where encoding/json would take longer than all else.
package jsontext

import "encoding/json"

// Append appends the text as a JSON string (RFC 8259, section 7), by the same bytes as encoding/json: what is not plain ASCII is left to that.
func Append(to []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			escaped, _ := json.Marshal(text) //nolint:errchkjson // no text fails
			return append(to, escaped...)
		}
	}
	to = append(to, '"')
	to = append(to, text...)
	return append(to, '"')
}
