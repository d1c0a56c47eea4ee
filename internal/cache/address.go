package cache

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errAddress quotes nothing, since the URL may hold a password.
var errAddress = errors.New("the Redis URL is not of the form redis://user:password@host:port/number, " +
	"redis+sentinel://user:password@host:port,host:port/name/number or redis+cluster://user:password@host:port,host:port")

// address is a Redis that is several servers: any of them, of which Sentinel says which one writes, or a cluster of all.
type address struct {
	sentinel           bool
	encrypted          bool
	username, password string
	hosts              []string
	// master is the name of the Redis that the sentinels watch, and number that of its database.
	master string
	number int
	// sentinelUsername and sentinelPassword are what the sentinels themselves ask for.
	sentinelUsername, sentinelPassword string
}

// isMany reports whether the URL is of several servers.
func isMany(raw string) bool {
	scheme, _, _ := strings.Cut(raw, "://")
	return strings.HasSuffix(scheme, "+sentinel") || strings.HasSuffix(scheme, "+cluster")
}

// parseMany reads the URL of several servers, which net/url does not.
func parseMany(raw string) (*address, error) {
	scheme, rest, _ := strings.Cut(raw, "://")
	tls, kind, _ := strings.Cut(scheme, "+")
	a := &address{sentinel: kind == "sentinel", encrypted: tls == "rediss"}
	if tls != "redis" && tls != "rediss" || kind != "sentinel" && kind != "cluster" {
		return nil, errAddress
	}
	authority, path, _ := strings.Cut(rest, "/")
	path, query, _ := strings.Cut(path, "?")
	at := strings.LastIndex(authority, "@")
	if at >= 0 {
		username, password, _ := strings.Cut(authority[:at], ":")
		var err1, err2 error
		a.username, err1 = url.PathUnescape(username)
		a.password, err2 = url.PathUnescape(password)
		if err1 != nil || err2 != nil {
			return nil, errAddress
		}
	}
	for host := range strings.SplitSeq(authority[at+1:], ",") {
		full, ok := withPort(host, map[bool]string{true: "26379", false: "6379"}[a.sentinel])
		if !ok {
			return nil, errAddress
		}
		a.hosts = append(a.hosts, full)
	}
	err := a.describe(path, query)
	return a, err
}

// describe reads what stands behind the hosts.
func (a *address) describe(path, query string) error {
	if !a.sentinel {
		if path != "" || query != "" {
			return errAddress
		}
		return nil
	}
	master, number, numbered := strings.Cut(path, "/")
	name, err := url.PathUnescape(master)
	if err != nil || name == "" {
		return errAddress
	}
	a.master = name
	if numbered {
		if a.number, err = strconv.Atoi(number); err != nil || a.number < 0 {
			return errAddress
		}
	}
	options, err := url.ParseQuery(query)
	if err != nil {
		return errAddress
	}
	for option, values := range options {
		switch option {
		case "sentinel_username":
			a.sentinelUsername = values[0]
		case "sentinel_password":
			a.sentinelPassword = values[0]
		default:
			return errAddress
		}
	}
	return nil
}

// withPort completes a host.
func withPort(host, port string) (string, bool) {
	name, given, err := net.SplitHostPort(host)
	if err != nil {
		name, given = strings.Trim(host, "[]"), port
	}
	number, err := strconv.ParseUint(given, 10, 16)
	return net.JoinHostPort(name, given), err == nil && number > 0 && name != "" && !strings.ContainsAny(name, "[]/@, ")
}

// client returns a client of the servers, which does not connect yet.
func (a *address) client(cfg Config) redis.UniversalClient {
	var secure *tls.Config
	if a.encrypted {
		secure = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if a.sentinel {
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: a.master, SentinelAddrs: a.hosts, SentinelUsername: a.sentinelUsername, SentinelPassword: a.sentinelPassword,
			Username: a.username, Password: a.password, DB: a.number, TLSConfig: secure,
			DialTimeout: cfg.Budget, ReadTimeout: cfg.Budget, WriteTimeout: cfg.Budget, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: dialTries,
		})
	}
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: a.hosts, Username: a.username, Password: a.password, TLSConfig: secure,
		DialTimeout: cfg.Budget, ReadTimeout: cfg.Budget, WriteTimeout: cfg.Budget, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: dialTries,
	})
}
