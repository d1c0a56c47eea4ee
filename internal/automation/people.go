package automation

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/seed-504bad89/accolade/internal/store"
)

// rememberedPeople bounds the accounts kept in memory, at about 200 bytes each.
const rememberedPeople = 100_000

// people remembers which user is behind an account, so that a batch of familiar faces needs no
// query. It learns after a commit only: a user made by a transaction that failed never was.
type people struct {
	known *lru.Cache[store.AccountRef, knownAccount]
}

type knownAccount struct {
	userID int64
	login  string
	// at is how often it had changed by then what servers remember of the book.
	at int64
}

func newPeople() *people {
	return &people{known: newest[store.AccountRef, knownAccount](rememberedPeople)}
}

// newest remembers the values that were used last, at most so many, which is a fixed positive number.
func newest[K comparable, V any](most int) *lru.Cache[K, V] {
	known, err := lru.New[K, V](most)
	if err != nil {
		panic("a fixed positive size was refused: " + err.Error())
	}
	return known
}

// find returns the account when it is known under this login, and nothing that is remembered changed since; a
// changed login has to be written to the book first. An event that names no login changes nothing.
func (p *people) find(ref store.AccountRef, login string, at int64) (knownAccount, bool) {
	account, ok := p.known.Get(ref)
	return account, ok && account.at == at && (login == "" || login == account.login)
}

func (p *people) learn(accounts map[store.AccountRef]knownAccount) {
	for ref, account := range accounts {
		p.known.Add(ref, account)
	}
}
