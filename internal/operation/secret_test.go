package operation

import (
	"strings"
	"testing"
)

// The tests of the secrets' form look inside: no operation shows it.

func TestSecretsAreWellFormedAndDifferent(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}
	used := map[rune]bool{}
	for range 500 {
		secret := newSecret()
		if len(secret) != 40 || !strings.HasPrefix(secret, "acc_") || !plausible(secret) || seen[secret] {
			t.Fatalf("the secret %q is malformed or not new", secret)
		}
		seen[secret] = true
		for _, r := range secret[4:34] {
			used[r] = true
		}
	}
	if len(used) != len(base62) {
		t.Errorf("15,000 characters by chance are only %d different ones", len(used))
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()

	// CRC-32/ISO-HDLC of "123456789" is 0xCBF43926, the value that its catalogues give for a check.
	if got := checksum("123456789"); got != "3jZRME" {
		t.Errorf("the checksum is %q", got)
	}
	if got := checksum(""); got != "000000" {
		t.Errorf("the checksum of nothing is %q", got)
	}
}

// FuzzPlausible: whatever claims to be issued and is not exactly so is refused.
func FuzzPlausible(f *testing.F) {
	good := newSecret()
	for _, seed := range []string{good, "", "acc_", "acc_" + strings.Repeat("0", 36), good + "x", good[:39], "any other token", strings.Repeat("x", 513), "acc_é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		ok := plausible(secret)
		rest, issued := strings.CutPrefix(secret, "acc_")
		switch {
		case issued && ok && (len(rest) != 36 || checksum(rest[:30]) != rest[30:]):
			t.Errorf("%q passes for issued", secret)
		case !issued && ok != (secret != "" && len(secret) <= maxSecret):
			t.Errorf("%q: %t", secret, ok)
		}
	})
}
