package operation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/seed-504bad89/accolade/internal/achievement"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/store"
)

// NewSignIn is what BeginSignIn keeps until somebody comes back from a provider.
type NewSignIn struct {
	Provider string
	// Nonce and Verifier are what the provider's answer is held against.
	Nonce, Verifier string
	ReturnTo        string
	// Browser is what only the browser has.
	Browser string
	// Connect says that the account shall become the caller's.
	Connect bool
}

// SignInView is a sign-in that came back.
type SignInView struct {
	Nonce, Verifier, ReturnTo string
	// Connect says that the account shall become the caller's.
	Connect bool
}

// BeginSignIn keeps a sign-in that begins, and returns the state by which it comes back, once and within ten minutes.
// Role: anyone; to connect an account, oneself.
func (o *Operations) BeginSignIn(ctx context.Context, caller Caller, in NewSignIn) (state string, err error) {
	if in.Connect {
		if err := mayWrite(caller); err != nil {
			return "", err
		}
	}
	state = rand.Text()
	begun := &store.SignIn{
		State: sha256.Sum256([]byte(state)), Browser: sha256.Sum256([]byte(in.Browser)), Provider: in.Provider,
		Nonce: in.Nonce, Verifier: in.Verifier, ReturnTo: in.ReturnTo, CreatedAt: o.now(),
	}
	if in.Connect {
		begun.UserID = caller.ID()
	}
	err = o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tx.BeginSignIn(ctx, begun) })
	return state, err
}

// ReturnedSignIn says who came back: from which provider, with which state, in which browser.
type ReturnedSignIn struct{ Provider, State, Browser string }

// TakeSignIn returns the sign-in that came back. It can be taken once, also when it is refused. Role: the browser that
// it began in; to connect an account, the user who it began as. Faults: bad_state.
func (o *Operations) TakeSignIn(ctx context.Context, caller Caller, in ReturnedSignIn) (*SignInView, error) {
	if in.State == "" || in.Browser == "" || len(in.State) > maxSecret || len(in.Browser) > maxSecret {
		return nil, badState()
	}
	var taken *store.SignIn
	err := o.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		taken, err = tx.TakeSignIn(ctx, sha256.Sum256([]byte(in.State)))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, badState()
	}
	if err != nil {
		return nil, err
	}
	browser := sha256.Sum256([]byte(in.Browser))
	switch {
	case taken.Provider != in.Provider, subtle.ConstantTimeCompare(browser[:], taken.Browser[:]) != 1,
		!o.now().Before(taken.CreatedAt.Add(achievement.SignInPatience)),
		taken.UserID != 0 && taken.UserID != caller.ID():
		return nil, badState()
	}
	return &SignInView{Nonce: taken.Nonce, Verifier: taken.Verifier, ReturnTo: taken.ReturnTo, Connect: taken.UserID != 0}, nil
}

func badState() error {
	return fault.New(fault.Invalid, "bad_state", "this sign-in did not begin in this browser, is over or was too slow; begin again")
}
