package rule

import "unicode/utf8"

// What glob compares is bounded, because its work grows with the product of both lengths, in bytes.
const (
	maxGlobText    = 4096
	maxGlobPattern = 256
)

// matchGlob reports whether all of the text is as the pattern says: * stands for any characters but /,
// ** for any characters, ** and a slash also for nothing, and ? for one character but /. Anything
// else stands for itself.
func matchGlob(text, pattern string) bool {
	// reached[i] says that what was read of the pattern matches the first i bytes of the text.
	reached := make([]bool, len(text)+1)
	reached[0] = true
	for pattern != "" {
		switch {
		case len(pattern) > 2 && pattern[:3] == "**/":
			acrossFolders(text, reached)
			pattern = pattern[3:]
		case len(pattern) > 1 && pattern[:2] == "**":
			star(text, reached, true)
			pattern = pattern[2:]
		case pattern[0] == '*':
			star(text, reached, false)
			pattern = pattern[1:]
		default:
			_, length := utf8.DecodeRuneInString(pattern)
			one(text, reached, pattern[:length])
			pattern = pattern[length:]
		}
	}
	return reached[len(text)]
}

// star lets any characters follow, slashes only if it goes across.
func star(text string, reached []bool, across bool) {
	for i := range len(text) {
		if reached[i] && (across || text[i] != '/') {
			reached[i+1] = true
		}
	}
}

// acrossFolders lets nothing follow, or anything that ends in a slash.
func acrossFolders(text string, reached []bool) {
	before := false
	for i := range len(text) {
		before = before || reached[i]
		if before && text[i] == '/' {
			reached[i+1] = true
		}
	}
}

// one lets the character follow, or for ? any but a slash.
func one(text string, reached []bool, character string) {
	for i := len(text); i >= 0; i-- {
		if !reached[i] {
			continue
		}
		reached[i] = false
		rest := text[i:]
		if rest == "" {
			continue
		}
		length := len(character)
		if character == "?" {
			_, length = utf8.DecodeRuneInString(rest)
			if rest[0] == '/' {
				continue
			}
		} else if len(rest) < length || rest[:length] != character {
			continue
		}
		reached[i+length] = true
	}
}
