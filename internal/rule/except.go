package rule

import (
	"regexp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// exceptions are the people whom a rule leaves out.
type exceptions struct {
	bots   bool
	logins []*regexp.Regexp
	// text identifies them in measures.
	text string
}

// bots is the word for accounts that the forge, or a pattern of its bots' names, marks as machines.
const bots = "bots"

// exceptionsOf compiles the words of except: "bots" or logins, in which * stands for any characters.
func exceptionsOf(words []string) exceptions {
	e := exceptions{text: strings.Join(words, "\n")}
	for _, word := range words {
		if word == bots {
			e.bots = true
			continue
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, ".*")
		e.logins = append(e.logins, regexp.MustCompile("(?is)^"+pattern+"$"))
	}
	return e
}

func (e *exceptions) matches(person event.Account) bool {
	if e.bots && person.Bot {
		return true
	}
	for _, login := range e.logins {
		if person.Login != "" && login.MatchString(person.Login) {
			return true
		}
	}
	return false
}
