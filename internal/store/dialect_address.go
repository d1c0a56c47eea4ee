package store

import (
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/seed-504bad89/accolade/internal/fault"
)

// elsewhere is what is meant for a database, and not for a file: any scheme, Postgres without its slashes, and the pairs of
// libpq and others. Taken for a path, it would make a file of that name, and errors would show the password in it.
var elsewhere = regexp.MustCompile(`(?i)://|^postgres(ql)?:|(^|[\s;])(host|hostaddr|server|service|database|dbname|user|username|password)\s*=`)

// Check returns an Invalid fault unless the URL is one of Postgres that can be read, or may be the path of a file. It does not
// connect, and shows nothing of the URL.
func (c Config) Check() error {
	if address, ok := postgresURL(c.URL); ok {
		_, err := parsePostgres(address)
		return err
	}
	if elsewhere.MatchString(c.URL) {
		return fault.InvalidField("database_url", "bad_url",
			"must be postgres://user:password@host/database, or the path of an SQLite file without anything before it")
	}
	return nil
}

// postgresURL returns the URL with its scheme in small letters, which pgx insists on, and whether it is one of Postgres.
func postgresURL(raw string) (string, bool) {
	scheme, rest, found := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	return scheme + "://" + rest, found && (scheme == "postgres" || scheme == "postgresql")
}

func parsePostgres(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fault.InvalidField("database_url", "bad_url", "is no URL of a Postgres database") // err would show the password
	}
	return config, nil
}
