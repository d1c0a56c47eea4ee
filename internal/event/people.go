package event

import "slices"

// manyPeople is from how many people on a set finds them sooner than looking through the list.
const manyPeople = 16

// People returns every account that the event names, each once by id, in a fixed order. Those
// without an id are left out.
func (e *Event) People() []*Account {
	people := make([]*Account, 0, 4)
	type identity struct{ source, id string }
	var known map[identity]bool
	e.eachAccount(func(account *Account) {
		switch {
		case account.ID == "":
			return
		case known != nil:
			if known[identity{account.Source, account.ID}] {
				return
			}
			known[identity{account.Source, account.ID}] = true
		case slices.ContainsFunc(people, func(seen *Account) bool { return seen.ID == account.ID && seen.Source == account.Source }):
			return
		case len(people) == manyPeople:
			known = make(map[identity]bool, 2*manyPeople)
			for _, seen := range people {
				known[identity{seen.Source, seen.ID}] = true
			}
			known[identity{account.Source, account.ID}] = true
		}
		people = append(people, account)
	})
	return people
}

// eachAccount calls fn with every account anywhere in the event, in a fixed order.
func (e *Event) eachAccount(fn func(*Account)) {
	one := func(account *Account) {
		if account != nil {
			fn(account)
		}
	}
	all := func(accounts []Account) {
		for i := range accounts {
			fn(&accounts[i])
		}
	}
	one(e.Actor)
	one(e.Author)
	one(e.MergedBy)
	all(e.ApprovedBy)
	one(e.Assignee)
	all(e.Assignees)
	one(e.Reviewer)
	all(e.Reviewers)
	if e.Target != nil {
		one(e.Target.Author)
	}
	one(e.Owner)
	one(e.Member)
	one(e.User)
	one(e.Sponsor)
	one(e.Sponsored)
	one(e.Holder)
	// What a text says of somebody is known less well, and comes last.
	all(e.CoAuthors)
	for i := range e.Pushed {
		one(e.Pushed[i].Author)
		all(e.Pushed[i].CoAuthors)
	}
}

// Forget takes what the event says of the account with the id out of it: names, logins, and what its owner
// says of themselves, also where a commit names it by login or in a trailer. The bare id stays, and so
// do titles and paths.
func (e *Event) Forget(id string) {
	var logins, names []string
	e.eachAccount(func(account *Account) {
		if account.ID == id {
			logins, names = append(logins, account.Login), append(names, account.Name)
		}
	})
	is := func(account *Account) bool {
		return account.ID == id || account.ID == "" &&
			(account.Login != "" && slices.Contains(logins, account.Login) || account.Name != "" && slices.Contains(names, account.Name))
	}
	if e.User != nil && is(e.User) {
		e.LoginBefore, e.URL = "", ""
	}
	for i := range e.Pushed {
		e.Pushed[i].Message = withoutTrailers(e.Pushed[i].Message, is)
	}
	e.eachAccount(func(account *Account) {
		if is(account) {
			*account = Account{Source: account.Source, ID: account.ID, Bot: account.Bot, FromText: account.FromText}
		}
	})
}
