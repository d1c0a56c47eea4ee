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
