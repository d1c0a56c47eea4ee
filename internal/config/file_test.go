package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-504bad89/accolade/internal/app"
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

// asWritten loads a file with a value in the place of a setting's and of all texts of a source and of a provider, and returns these
// with what they should be.
func asWritten(t *testing.T, setting, written string) (cfg app.Config, got []string, want string) {
	t.Helper()

	cfg, err := config.Load(environment("ACCOLADE_BASE_URL", "https://accolade.example.com", "ACCOLADE_CONFIG", write(t, "accolade.yaml", `
`+setting+`: `+written+`
mail_from: Accolade <a@example.com>
query_tokens: True
sources:
  - {name: hub, forge: github, secret: `+written+`, secrets: [&s `+written+`, *s], bots: [`+written+`], token: `+written+`, trusted_logins: True, dry_run: FALSE}
sign_in:
  - {name: x, kind: github, client_id: `+written+`, client_secret: `+written+`, title: `+written+`}
`)))
	if err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	source, provider := cfg.Sources[0], cfg.SignIn[0]
	if !source.TrustedLogins || source.DryRun || !cfg.QueryTokens {
		t.Errorf("%s: the truths are %t, %t and %t", written, source.TrustedLogins, source.DryRun, cfg.QueryTokens)
	}
	got = slices.Concat([]string{source.Token, provider.ClientID, provider.ClientSecret, provider.Title}, source.Secrets, source.Bots)
	return cfg, got, strings.TrimPrefix(written, "!!str ")
}

func mustAllBe(t *testing.T, written string, got []string, want string) {
	t.Helper()

	for i, text := range got {
		if text != want {
			t.Errorf("%s: text %d is %s", written, i, text)
		}
	}
}

// What looks like a number is a text where a text is meant: as a number it would be another one.
func TestTextsStayAsTheyAreWritten(t *testing.T) {
	t.Parallel()

	for _, written := range []string{"0123456701234567", "0x1F45678901234567", "3.1000000000000000", "1_000_000_000_000", "-0000000000000007", "!!str 0123456701234567"} {
		cfg, got, want := asWritten(t, "admin_token", written)
		mustAllBe(t, written, append(got, cfg.AdminToken), want)
	}
}

// What looks like a truth is a text where a text is meant, and a truth as it has always been where one is.
func TestTruthsAreTextsWhereATextIsMeant(t *testing.T) {
	t.Parallel()

	for _, written := range []string{"True", "true", "FALSE", "yes", "No", "on", "y", "!!str True"} {
		cfg, got, want := asWritten(t, "spool_dir", written)
		mustAllBe(t, written, append(got, cfg.SpoolDirectory), want)
	}
}

// What is no truth is refused where one is meant, and it is said where.
func TestTextsAreNoTruths(t *testing.T) {
	t.Parallel()

	for written, want := range map[string]string{
		"yes":     `sources[0] "hub": %s: "yes" is neither true nor false`,
		"perhaps": `sources[0] "hub": %s: "perhaps" is neither true nor false`,
		"7":       `sources[0] "hub": %s: "7" is neither true nor false`,
		"[true]":  "cannot unmarshal",
		"{a: b}":  "cannot unmarshal",
	} {
		for _, key := range []string{"trusted_logins", "dry_run"} {
			text := "sources: [{name: hub, forge: github, secret: x, " + key + ": " + written + "}]"
			_, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", text)))
			if want := strings.ReplaceAll(want, "%s", key); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", text, err, want)
			}
		}
	}
}

// Numbers are counted by tens, and may be written in groups.
func TestNumbersInTheFile(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", "spool_max: 1_073_741_824\nrate_limit: 0100\nwebhook_rate: 7")))
	if err != nil || cfg.SpoolMax != 1<<30 || cfg.RateLimit != 100 || cfg.WebhookRate != 7 {
		t.Errorf("the spool takes %d, the limits are %d and %d, %v", cfg.SpoolMax, cfg.RateLimit, cfg.WebhookRate, err)
	}
}

// A source is found by its name as it is written.
func TestASourceWithANumberForAName(t *testing.T) {
	t.Parallel()

	const file = "sources:\n  - {name: 0123, forge: github, secret: x}\n"
	if after, err := config.RemoveSource([]byte(file), "0123"); err != nil || string(after) != "sources:\n" {
		t.Errorf("what stays is %q, %v", after, err)
	}
}

// Settings of many values may be written as lists, and no others.
func TestListsInTheFile(t *testing.T) {
	t.Parallel()

	cfg, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", `
trusted_proxies: [10.0.0.0/8, "fd00::/8, 192.168.0.0/16"]
cors_origins:
  - https://example.com
  - https://example.org
`)))
	if err != nil {
		t.Fatal(err)
	}
	got, want := slices.Concat(cfg.TrustedProxies, cfg.CORSOrigins), []string{"10.0.0.0/8", "fd00::/8", "192.168.0.0/16", "https://example.com", "https://example.org"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for text, want := range map[string]string{
		"trusted_proxies: []":           "",
		"trusted_proxies: [~]":          "",
		"cors_origins: [example.com]":   `line 1: cors_origins: "example.com" is not an origin`,
		"trusted_proxies: [[10.0.0.0]]": "line 1: trusted_proxies: must be one value, or a list of values",
		"trusted_proxies: {a: b}":       "line 1: trusted_proxies: must be one value, or a list of values",
		"listen: [127.0.0.1:8080]":      "line 1: listen: must be one value",
	} {
		_, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", text)))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// An error of the file names its place, and shows nothing of the lines around it, where secrets may stand.
func TestErrorsOfTheFileShowNoSecrets(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"admin_token: hunter2\nlisten: [\n",
		"sources:\n  - name: hub\n    secret: hunter2\n    secrt: x\n",
		"sources:\n  - name: hub\n    secret: hunter2\n    dry_run: [true]\n",
		"sign_in:\n  - name: hub\n    client_secret: hunter2\n    scopes: {a: b}\n",
		"admin_token: hunter2\nlisten: *unknown\n",
	} {
		_, err := config.Load(environment("ACCOLADE_CONFIG", write(t, "accolade.yaml", text)))
		if err == nil || !strings.Contains(err.Error(), ":") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", text, err)
		}
		for _, edit := range []func() error{
			func() error { _, err := config.AddSource([]byte(text), config.Entry{Name: "a"}); return err },
			func() error { _, err := config.Check([]byte(text)); return err },
		} {
			if err := edit(); err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}
