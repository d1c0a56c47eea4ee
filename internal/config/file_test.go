package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/config"
)

// A key with nothing behind it, or with an empty text, says nothing, whichever setting it is.
func TestNothingIsNotSet(t *testing.T) {
	t.Parallel()

	want := config.Default()
	for _, setting := range config.Settings() {
		for _, nothing := range []string{"", " ~", " null", " # later", ` ""`, " ''"} {
			got, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", setting.Key+":"+nothing+"\n")))
			if err != nil {
				t.Errorf("%s:%s: %v", setting.Key, nothing, err)
				continue
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s:%s (-want +got):\n%s", setting.Key, nothing, diff)
			}
		}
	}
}
