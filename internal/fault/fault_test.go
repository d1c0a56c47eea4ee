package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/seed-504bad89/accolade/internal/fault"
)

func TestAs(t *testing.T) {
	t.Parallel()

	if fault.As(nil) != nil {
		t.Error("As(nil) is not nil")
	}
	unforeseen := fault.As(io.ErrUnexpectedEOF)
	if unforeseen.Kind != fault.Internal || unforeseen.Text == io.ErrUnexpectedEOF.Error() {
		t.Errorf("an unforeseen error became %+v, which is not a safe Internal fault", unforeseen)
	}
	if !errors.Is(unforeseen, io.ErrUnexpectedEOF) {
		t.Error("the cause was lost")
	}
	deep := fmt.Errorf("reading: %w", fault.NotFoundFor("award").Because(io.EOF))
	if got := fault.As(deep); got.Kind != fault.NotFound || got.Text != "no such award" {
		t.Errorf("As = %+v, want the wrapped NotFound", got)
	}
}

func TestIs(t *testing.T) {
	t.Parallel()

	err := fmt.Errorf("creating: %w", fault.InvalidField("name", "required", "may not be blank"))
	if !fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(nil, fault.Internal) {
		t.Error("Is does not tell kinds apart")
	}
}

func TestBecauseKeepsTheOriginal(t *testing.T) {
	t.Parallel()

	original := fault.NotFoundFor("user")
	_ = original.Because(io.EOF)
	if errors.Is(original, io.EOF) {
		t.Error("Because changed the fault it was called on")
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		name := kind.String()
		if name == "" || seen[name] {
			t.Errorf("kind %d is called %q, which is empty or taken", kind, name)
		}
		seen[name] = true
	}
	if fault.Kind(-1).String() != "internal" || fault.Kind(99).String() != "internal" {
		t.Error("an unknown kind is not shown as internal")
	}
}
