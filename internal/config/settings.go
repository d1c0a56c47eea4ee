package config

import (
	"slices"

	"github.com/seed-504bad89/accolade/internal/app"
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

	// many says that it is values separated by commas, which the file may have as a list.
	many bool
	set  func(cfg *app.Config, value string) error
}

// Settings returns every setting, in the order in which they are documented.
func Settings() []Setting { return slices.Concat(serving(), keeping(), working(), tracing()) }

// serving are the settings of the doors.
func serving() []Setting {
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
			About: "URL under which people and forges reach the server; links are made from it. Empty: made from the listening address, or localhost if that is every address.",
			set:   setBaseURL,
		},
		{
			Variable: "ACCOLADE_RATE_LIMIT", Key: "rate_limit", Default: "600",
			About: "Requests to the API that a token may make in a minute, 1000000 at most; 0 is no limit.",
			set:   func(cfg *app.Config, value string) error { return setRate(&cfg.RateLimit, value) },
		},
		{
			Variable: "ACCOLADE_RATE_LIMIT_ANONYMOUS", Key: "rate_limit_anonymous", Default: "300",
			About: "Requests to the API that an address may make in a minute without a token, 1000000 at most; 0 is no limit.",
			set:   func(cfg *app.Config, value string) error { return setRate(&cfg.AnonymousRateLimit, value) },
		},
		{
			Variable: "ACCOLADE_READ_CACHE", Key: "read_cache", Default: "67108864",
			About: "Memory in bytes for answers to anonymous readers, which are given again until something that they show changes; 0 keeps none.",
			set:   func(cfg *app.Config, value string) error { return setAtLeast(&cfg.ReadCache, value, 0) },
		},
		{
			Variable: "ACCOLADE_WEBHOOK_RATE", Key: "webhook_rate", Default: "0",
			About: "Deliveries in a second that each server takes from one source, 1000000 at most; 0 is no limit.",
			set:   func(cfg *app.Config, value string) error { return setRate(&cfg.WebhookRate, value) },
		},
		{
			Variable: "ACCOLADE_TRUSTED_PROXIES", Key: "trusted_proxies", Default: "", many: true,
			About: "Networks, as 10.0.0.0/8 and separated by commas, or in the file a list, whose X-Forwarded-For is believed; empty believes nobody.",
			set:   setProxies,
		},
		{
			Variable: "ACCOLADE_CORS_ORIGINS", Key: "cors_origins", Default: "", many: true,
			About: "Origins, as https://example.com and separated by commas, or in the file a list, whose scripts may use the API; * is all of them, empty none.",
			set:   setOrigins,
		},
		{
			Variable: "ACCOLADE_QUERY_TOKENS", Key: "query_tokens", Default: "false",
			About: "Whether clients may send their token in the URL, as ?private_token= or ?access_token=, which proxies may keep in their logs.",
			set:   func(cfg *app.Config, value string) error { return setBool(&cfg.QueryTokens, value) },
		},
		{
			Variable: "ACCOLADE_STOP_TIMEOUT", Key: "stop_timeout", Default: "25s",
			About: "How long a stop waits for requests that are being answered.",
			set:   func(cfg *app.Config, value string) error { return setDuration(&cfg.StopTimeout, value) },
		},
	}
}

// keeping are the settings of what is kept, and where.
func keeping() []Setting {
	return []Setting{
		{ //nolint:gosec // the password in the example is the word "password"
			Variable: "ACCOLADE_DATABASE_URL", Key: "database_url", Default: "accolade.db", Secret: true,
			About: "The book: postgres://user:password@host/database, several hosts separated by commas, or the path of an SQLite file.",
			set:   func(cfg *app.Config, value string) error { cfg.Store.URL = value; return cfg.Store.Check() },
		},
		{
			Variable: "ACCOLADE_DATABASE_CONNECTIONS", Key: "database_connections", Default: "16",
			About: "Connections to Postgres at most, 2 or more.",
			set: func(cfg *app.Config, value string) error {
				return setAtLeast(&cfg.Store.MaxConns, value, leastConnections)
			},
		},
		{
			Variable: "ACCOLADE_DATABASE_WAIT", Key: "database_wait", Default: "2s",
			About: "How long a request waits for one of the connections to Postgres before it is answered with 503.",
			set:   func(cfg *app.Config, value string) error { return setDuration(&cfg.Store.MaxWait, value) },
		},
		{
			Variable: "ACCOLADE_SPOOL_DIR", Key: "spool_dir", Default: "",
			About: "Directory of this server alone, in which deliveries are kept while the database is away; empty keeps none, and senders are told to come back.",
			set:   func(cfg *app.Config, value string) error { cfg.SpoolDirectory = value; return nil },
		},
		{
			Variable: "ACCOLADE_SPOOL_MAX", Key: "spool_max", Default: "1073741824",
			About: "What the spool may take of the disk, in bytes, 67108864 at least.",
			set:   setSpoolMax,
		},
		{
			Variable: "ACCOLADE_DELIVERY_RETENTION", Key: "delivery_retention", Default: "720h",
			About: "How long the headers and bodies of deliveries are kept, and up to an hour more; 0 is for ever.",
			set:   setRetention,
		},
		{
			Variable: "ACCOLADE_EVENT_RETENTION", Key: "event_retention", Default: "0",
			About: "For how many whole months events are kept, besides the month that it is; 0 is for ever. What was counted stays counted.",
			set:   func(cfg *app.Config, value string) error { return setAtLeast(&cfg.EventMonths, value, 0) },
		},
		{
			Variable: "ACCOLADE_RECONCILE_EVERY", Key: "reconcile_every", Default: "1h",
			About: "How often the forges of sources that have a token and projects are looked through for what their webhooks lost; 0 is never.",
			set:   func(cfg *app.Config, value string) error { return setDurationOrNever(&cfg.ReconcileEvery, value) },
		},
		{
			Variable: "ACCOLADE_AUTO_MIGRATE", Key: "auto_migrate", Default: "true",
			About: "Whether serve brings the database's schema up to date by itself; false waits for \"accolade migrate\", and on SQLite, where nobody else can run it meanwhile, ends and says so.",
			set:   func(cfg *app.Config, value string) error { return setBool(&cfg.AutoMigrate, value) },
		},
		{
			Variable: "ACCOLADE_REDIS_URL", Key: "redis_url", Default: "", Secret: true,
			About: "The memory that replicas share: redis://host:port/0, redis+sentinel://host:port,host:port/name/0 or redis+cluster://host:port,host:port, or with rediss; empty keeps it in the process.",
			set:   setRedis,
		},
	}
}

// working are the settings of what is done.
func working() []Setting {
	return []Setting{
		{
			Variable: "ACCOLADE_RULES", Key: "rules", Default: "",
			About: "Directory of rules files, applied at start and on SIGHUP; empty for no rules.",
			set:   setRules,
		},
		{ //nolint:gosec // the password in the example is the word "password"
			Variable: "ACCOLADE_SMTP_URL", Key: "smtp_url", Default: "", Secret: true,
			About: "Mail server: smtp://user:password@host:587 with STARTTLS, or smtps://user:password@host:465; empty sends no mails.",
			set:   setMailServer,
		},
		{
			Variable: "ACCOLADE_SMTP_CA", Key: "smtp_ca", Default: "",
			About: "File with the certificates (PEM) of the authorities that may vouch for the mail server; empty for the system's.",
			set:   setMailRoots,
		},
		{
			Variable: "ACCOLADE_MAIL_FROM", Key: "mail_from", Default: "Accolade <accolade@localhost>",
			About: "Who mails come from: an address, with or without a name.",
			set:   setMailFrom,
		},
		{
			Variable: "ACCOLADE_ACCEPTANCE", Key: "acceptance", Default: "auto",
			About: "\"required\" hides a person's new awards until they accept them, by the link of the mail or the API; \"auto\" shows them at once.",
			set: func(cfg *app.Config, value string) error {
				return setChoice(&cfg.AcceptanceRequired, value, "auto", "required")
			},
		},
		{
			Variable: "ACCOLADE_PRIVATE_NAMESPACE_AWARDS", Key: "private_namespace_awards", Default: "shown",
			About: "What those see of an award who may not read the awarding namespace: \"shown\" is the award without the namespace's name, \"hidden\" nothing.",
			set: func(cfg *app.Config, value string) error {
				return setChoice(&cfg.HidePrivateAwards, value, "shown", "hidden")
			},
		},
		{
			Variable: "ACCOLADE_ADMIN_TOKEN", Key: "admin_token", Default: "", Secret: true,
			About: "Token of the first admin, 16 to 512 characters; when empty, the first start makes one and prints it once.",
			set:   setAdminToken,
		},
	}
}

// tracing are the settings of where traces are sent.
func tracing() []Setting {
	return []Setting{
		{
			Variable: "ACCOLADE_TRACES_URL", Key: "traces_url", Default: "",
			About: "Collector of traces (OTLP over HTTP), such as http://localhost:4318; empty sends none.",
			set:   setTracesURL,
		},
		{
			Variable: "ACCOLADE_TRACES_HEADERS", Key: "traces_headers", Default: "", Secret: true, many: true,
			About: "Headers for the collector, as name=value and separated by commas, or in the file a list; values as in URLs, with %20 for a space and %2C for a comma.",
			set:   setTracesHeaders,
		},
		{
			Variable: "ACCOLADE_TRACES_SAMPLE", Key: "traces_sample", Default: "1",
			About: "Share of the traces that are sent, from 0 to 1. A trusted proxy that sends traceparent decides for its requests itself.",
			set:   setTracesSample,
		},
	}
}
