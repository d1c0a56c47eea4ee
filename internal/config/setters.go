package config

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-504bad89/accolade/internal/app"
	"github.com/seed-504bad89/accolade/internal/fault"
	"github.com/seed-504bad89/accolade/internal/notify"
	"github.com/seed-504bad89/accolade/internal/trace"
)

func setAddress(to *string, value string) error {
	_, port, err := net.SplitHostPort(value)
	if err == nil {
		_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port) // it asks the system at most, as listening does
	}
	if err != nil {
		return fault.New(fault.Invalid, "bad_address", "%q is not host:port", value).Because(err)
	}
	*to = value
	return nil
}

func setBaseURL(cfg *app.Config, value string) error {
	parsed, err := url.Parse(value)
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fault.New(fault.Invalid, "bad_url", "must be an http or https URL such as https://example.com or https://example.com/accolade")
	}
	if parsed.User != nil || strings.ContainsAny(value, "?#") { // links are this and a path, for everyone to see
		return fault.New(fault.Invalid, "bad_url", "must be a URL without a user name, a password, a query (?) and a fragment (#)")
	}
	cfg.BaseURL = strings.TrimRight(value, "/")
	return nil
}

func setAtLeast(to *int, value string, least int) error {
	count, err := strconv.Atoi(strings.ReplaceAll(value, "_", "")) // YAML lets numbers be written in groups
	if err != nil || count < least {
		return fault.New(fault.Invalid, "bad_number", "%q is not a whole number, %d or more", value, least)
	}
	*to = count
	return nil
}

// mostRequests bounds limits, which count the time between two requests: there must be some.
const mostRequests = 1_000_000

func setRate(to *int, value string) error {
	rate := 0
	if err := setAtLeast(&rate, value, 0); err != nil || rate > mostRequests {
		return fault.New(fault.Invalid, "bad_number", "%q is not a whole number, 0 to %d", value, mostRequests)
	}
	*to = rate
	return nil
}

// leastConnections are what making tables takes: one connection holds the lock meanwhile.
const leastConnections = 2

// spoolLeast has room for some of the largest deliveries.
const spoolLeast = 64 << 20

func setSpoolMax(cfg *app.Config, value string) error {
	bytes := 0
	if err := setAtLeast(&bytes, value, spoolLeast); err != nil {
		return err
	}
	cfg.SpoolMax = int64(bytes)
	return nil
}

// listed returns what is separated by commas.
func listed(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

func setProxies(cfg *app.Config, value string) error {
	cfg.TrustedProxies = listed(value)
	for _, item := range cfg.TrustedProxies {
		if _, err := netip.ParsePrefix(item); err != nil {
			return fault.New(fault.Invalid, "bad_network", "%q is not a network such as 10.0.0.0/8", item)
		}
	}
	return nil
}

func setOrigins(cfg *app.Config, value string) error {
	cfg.CORSOrigins = listed(value)
	for _, item := range cfg.CORSOrigins {
		parsed, err := url.Parse(item)
		if item != "*" && (err != nil || parsed.Host == "" || parsed.Scheme+"://"+parsed.Host != item) {
			return fault.New(fault.Invalid, "bad_origin", "%q is not an origin such as https://example.com", item)
		}
	}
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

// setChoice takes one of two words; the second one is what is true.
func setChoice(to *bool, value, off, on string) error {
	if value != off && value != on {
		return fault.New(fault.Invalid, "bad_choice", "%q is neither %q nor %q", value, off, on)
	}
	*to = value == on
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

// setRetention takes a duration, or 0 for ever.
func setRetention(cfg *app.Config, value string) error {
	return setDurationOrNever(&cfg.DeliveryRetention, value)
}

func setDurationOrNever(to *time.Duration, value string) error {
	if value == "0" {
		*to = 0
		return nil
	}
	return setDuration(to, value)
}

func setMailServer(cfg *app.Config, value string) error {
	if _, err := notify.ParseServer(value); err != nil {
		return err
	}
	cfg.MailServer = value
	return nil
}

func setMailRoots(cfg *app.Config, value string) error {
	text, err := os.ReadFile(value) //nolint:gosec // which file is the operator's to say
	if err != nil {
		return fault.New(fault.Invalid, "no_file", "%q cannot be read", value).Because(err)
	}
	cfg.MailRoots = x509.NewCertPool()
	if !cfg.MailRoots.AppendCertsFromPEM(text) {
		return fault.New(fault.Invalid, "no_certificate", "%q holds no certificate", value)
	}
	return nil
}

func setMailFrom(cfg *app.Config, value string) error {
	if _, err := notify.ParseSender(value); err != nil {
		return err
	}
	cfg.MailFrom = value
	return nil
}

// redisSchemes are those that the cache knows. What else is wrong with the URL it says itself.
var redisSchemes = []string{"redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}

func setRedis(cfg *app.Config, value string) error {
	scheme, _, found := strings.Cut(value, "://")
	if !found || !slices.Contains(redisSchemes, strings.ToLower(scheme)) {
		return fault.New(fault.Invalid, "bad_url", "must begin with redis://, redis+sentinel:// or redis+cluster://, or with rediss for TLS")
	}
	cfg.Cache.RedisURL = value
	return nil
}

// The lengths of a token that the first admin may have; longer ones are not looked at when somebody comes with them.
const (
	leastAdminToken = 16
	mostAdminToken  = 512
)

func setAdminToken(cfg *app.Config, value string) error {
	if len(value) < leastAdminToken || len(value) > mostAdminToken {
		return fault.New(fault.Invalid, "bad_token", "must have %d to %d characters", leastAdminToken, mostAdminToken)
	}
	cfg.AdminToken = value
	return nil
}

func setRules(cfg *app.Config, value string) error {
	info, err := os.Stat(value) //nolint:gosec // which directory, too
	if err != nil {
		return fault.New(fault.Invalid, "no_directory", "%q cannot be read", value).Because(err)
	}
	if !info.IsDir() {
		return fault.New(fault.Invalid, "no_directory", "%q is not a directory", value)
	}
	cfg.Rules = os.DirFS(value)
	return nil
}

func setTracesURL(cfg *app.Config, value string) (err error) {
	cfg.Traces.URL, err = trace.ParseURL(value)
	return err
}

func setTracesHeaders(cfg *app.Config, value string) (err error) {
	cfg.Traces.Headers, err = trace.ParseHeaders(listed(value))
	return err
}

func setTracesSample(cfg *app.Config, value string) (err error) {
	cfg.Traces.Sample, err = trace.ParseSample(value)
	return err
}
