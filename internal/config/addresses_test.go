package config_test

import (
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/config"
)

// What is meant for a database elsewhere is not taken for the name of a file, and is not shown: it may hold a password.
func TestTheBookIsPostgresOrAFile(t *testing.T) {
	t.Parallel()

	for value, good := range map[string]bool{
		"accolade.db":                                true,
		"/var/lib/accolade/my accolade.db":           true,
		"data/user=ada/accolade.db":                  true,
		`C:\data\accolade.db`:                        true,
		"postgres://acc:hunter2@db/accolade":         true,
		"postgresql://acc:hunter2@a,b:5433/accolade": true,
		"Postgres://acc:hunter2@db/accolade":         true,
		"postgres://acc:hunter2@db:notaport/x":       false,
		"postgresql+psycopg://acc:hunter2@db/x":      false,
		"jdbc:postgresql://db/x?password=hunter2":    false,
		"postgres:acc:hunter2@db/x":                  false,
		"mysql://acc:hunter2@db/x":                   false,
		"sqlite:///var/lib/hunter2.db":               false,
		"host=db user=acc password=hunter2 dbname=x": false,
		"password = hunter2 host = db":               false,
		"Host=db;Username=acc;Password=hunter2":      false,
	} {
		for _, env := range [][]string{
			{"ACCOLADE_DATABASE_URL", value},
			{"ACCOLADE_DATABASE_URL_FILE", write(t, "url", value+"\n")},
			{"ACCOLADE_CONFIG", write(t, "accolade.yaml", "database_url: '"+value+"'\n")},
		} {
			cfg, err := config.Load(environment(env...))
			switch {
			case good && (err != nil || cfg.Store.URL != value):
				t.Errorf("%s %s: the book is %s, %v", env[0], value, cfg.Store.URL, err)
			case !good && (err == nil || !strings.Contains(err.Error(), "database_url")):
				t.Errorf("%s %s: %v, want an error of database_url", env[0], value, err)
			case !good && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("%s: the error shows the password: %v", env[0], err)
			}
		}
	}
}

// Links are made by writing a path behind the URL of the service, which goes wrong behind anything but a path; and a password in
// it would be shown to everyone.
func TestTheURLOfTheServiceEndsWithAPath(t *testing.T) {
	t.Parallel()

	for value, want := range map[string]string{
		"https://accolade.example.com":             "https://accolade.example.com",
		"https://accolade.example.com/":            "https://accolade.example.com",
		"http://127.0.0.1:8080/badges//":           "http://127.0.0.1:8080/badges",
		"https://[::1]:8443/a%20b":                 "https://[::1]:8443/a%20b",
		"https://accolade.example.com?from=hunter": "",
		"https://accolade.example.com/?":           "",
		"https://accolade.example.com/#top":        "",
		"https://accolade.example.com/#":           "",
		"https://ada:hunter2@accolade.example.com": "",
		"https://hunter2@accolade.example.com":     "",
		"ftp://ada:hunter2@accolade.example.com":   "",
		"https://ada:hunter 2@example.com":         "",
		"https://:8080":                            "",
		"https:accolade.example.com":               "",
	} {
		for _, env := range [][]string{
			{"ACCOLADE_BASE_URL", value},
			{"ACCOLADE_CONFIG", write(t, "accolade.yaml", "base_url: '"+value+"'\n")},
		} {
			cfg, err := config.Load(environment(env...))
			switch {
			case want != "" && (err != nil || cfg.BaseURL != want):
				t.Errorf("%s %s: the URL is %s, %v", env[0], value, cfg.BaseURL, err)
			case want == "" && (err == nil || !strings.Contains(strings.ToLower(err.Error()), "base_url")):
				t.Errorf("%s %s: %q, %v, want an error of base_url", env[0], value, cfg.BaseURL, err)
			case want == "" && strings.Contains(err.Error(), "hunter"):
				t.Errorf("%s: the error shows the password: %v", env[0], err)
			}
		}
	}
}
