package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// The demo is the README's first command: it must do the main job from nothing.
func TestDemo(t *testing.T) {
	t.Parallel()

	out, err := exec.CommandContext(t.Context(), "go", "run", ".", "demo", "--exit").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range []string{
		`+ ada gets "First contribution merged"`,
		`nothing: this delivery is known`,
		`- grace loses "Core team member"`,
		`nothing: this event is known`,
		`Everything expected was awarded, and nothing else.`,
	} {
		if !strings.Contains(string(out), line) {
			t.Errorf("the demo does not say %q:\n%s", line, out)
		}
	}
}
