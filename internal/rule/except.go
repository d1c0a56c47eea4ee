package rule

import (
	"regexp"
	"strings"

	"github.com/seed-504bad89/accolade/internal/event"
)

// exceptions are the people whom a rule leaves out.
type exceptions struct {
	bots, self bool
	// optedOut leaves out who wants no achievements, which the host knows.
	optedOut bool
	logins   []*regexp.Regexp
	// text identifies them in measures.
	text string
}

// The words of except that are no logins: accounts that the forge, or a pattern of its bots' names,
// marks as machines; and whoever did what the event tells of.
const (
	bots     = "bots"
	self     = "self"
	optedOut = "opted_out"
)

// exceptionsOf compiles the words of except: "bots", "self", "opted_out" or logins, in which * stands for any characters.
func exceptionsOf(words []string) exceptions {
	e := exceptions{text: strings.Join(words, "\n")}
	for _, word := range words {
		switch word {
		case bots:
			e.bots = true
			continue
		case self:
			e.self = true
			continue
		case optedOut:
			e.optedOut = true
			continue
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(word), `\*`, ".*")
		e.logins = append(e.logins, regexp.MustCompile("(?is)^"+pattern+"$"))
	}
	return e
}

func (e *exceptions) matches(person event.Account, actor *event.Account) bool {
	if e.bots && person.Bot || e.self && actor != nil && actor.ID == person.ID {
		return true
	}
	for _, login := range e.logins {
		if person.Login != "" && login.MatchString(person.Login) {
			return true
		}
	}
	return false
}
