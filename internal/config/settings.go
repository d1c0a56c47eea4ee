package config

import (
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
)

// Setting is one thing that can be configured.
type Setting struct {
	// Variable is its name in the environment, Key its name in the file.
	Variable, Key string
	// Default is the value when neither says anything; empty for none.
	Default string
	// About says what it is, in one sentence.
	About string
	// Secret says that Variable_FILE may name a file that holds the value.
	Secret bool

	set func(cfg *app.Config, value string) error
}

// Settings returns every setting, in the order in which they are documented.
func Settings() []Setting {
	return []Setting{
		{
			Variable: "ACCOLADE_LISTEN", Key: "listen", Default: "127.0.0.1:8080",
			About: "Address to serve the API and the webhooks on; port 0 asks the system for a free one.",
			set:   func(cfg *app.Config, value string) error { return setAddress(&cfg.Listen, value) },
		},
		{
			Variable: "ACCOLADE_METRICS_LISTEN", Key: "metrics_listen", Default: "",
			About: "Address to serve /metrics on, apart from the public one; empty serves none.",
			set:   func(cfg *app.Config, value string) error { return setAddress(&cfg.MetricsListen, value) },
		},
		{
			Variable: "ACCOLADE_BASE_URL", Key: "base_url", Default: "",
			About: "URL under which people and forges reach the server; links are made from it. Empty: made from the listening address.",
			set:   setBaseURL,
		},
		{ //nolint:gosec // the password in the example is the word "password"
			Variable: "ACCOLADE_DATABASE_URL", Key: "database_url", Default: "accolade.db", Secret: true,
			About: "The book: postgres://user:password@host/database, or the path of an SQLite file.",
			set:   func(cfg *app.Config, value string) error { cfg.Store.URL = value; return nil },
		},
		{
			Variable: "ACCOLADE_DATABASE_CONNECTIONS", Key: "database_connections", Default: "16",
			About: "Connections to Postgres at most.",
			set:   func(cfg *app.Config, value string) error { return setCount(&cfg.Store.MaxConns, value) },
		},
		{
			Variable: "ACCOLADE_REDIS_URL", Key: "redis_url", Default: "", Secret: true,
			About: "redis://host:port/0 of the memory that replicas share; empty keeps it in the process.",
			set:   func(cfg *app.Config, value string) error { cfg.Cache.RedisURL = value; return nil },
		},
		{
			Variable: "ACCOLADE_RULES", Key: "rules", Default: "",
			About: "Directory of rules files, applied at start and on SIGHUP; empty for no rules.",
			set:   setRules,
		},
		{
			Variable: "ACCOLADE_ADMIN_TOKEN", Key: "admin_token", Default: "", Secret: true,
			About: "Token of the first admin, 16 characters at least; when empty, the first start makes one and prints it once.",
			set:   func(cfg *app.Config, value string) error { cfg.AdminToken = value; return nil },
		},
		{
			Variable: "ACCOLADE_AUTO_MIGRATE", Key: "auto_migrate", Default: "true",
			About: "Whether serve brings the database's schema up to date by itself; false waits for \"accolade migrate\".",
			set:   func(cfg *app.Config, value string) error { return setBool(&cfg.AutoMigrate, value) },
		},
		{
			Variable: "ACCOLADE_STOP_TIMEOUT", Key: "stop_timeout", Default: "25s",
			About: "How long a stop waits for requests that are being answered.",
			set:   func(cfg *app.Config, value string) error { return setDuration(&cfg.StopTimeout, value) },
		},
	}
}

func setAddress(to *string, value string) error {
	if _, _, err := net.SplitHostPort(value); err != nil {
		return fault.New(fault.Invalid, "bad_address", "%q is not host:port", value).Because(err)
	}
	*to = value
	return nil
}

func setBaseURL(cfg *app.Config, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fault.New(fault.Invalid, "bad_url", "%q is not an http or https URL", value)
	}
	cfg.BaseURL = strings.TrimSuffix(value, "/")
	return nil
}

func setCount(to *int, value string) error {
	count, err := strconv.Atoi(value)
	if err != nil || count < 1 {
		return fault.New(fault.Invalid, "bad_number", "%q is not a whole number above 0", value)
	}
	*to = count
	return nil
}

func setBool(to *bool, value string) error {
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		return fault.New(fault.Invalid, "bad_bool", "%q is neither true nor false", value)
	}
	*to = parsed
	return nil
}

func setDuration(to *time.Duration, value string) error {
	parsed, err := time.ParseDuration(value)
	if err != nil || parsed <= 0 {
		return fault.New(fault.Invalid, "bad_duration", "%q is not a duration such as 30s", value)
	}
	*to = parsed
	return nil
}

func setRules(cfg *app.Config, value string) error {
	info, err := os.Stat(value)
	if err != nil {
		return fault.New(fault.Invalid, "no_directory", "%q cannot be read", value).Because(err)
	}
	if !info.IsDir() {
		return fault.New(fault.Invalid, "no_directory", "%q is not a directory", value)
	}
	cfg.Rules = os.DirFS(value)
	return nil
}
