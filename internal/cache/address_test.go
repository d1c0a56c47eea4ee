package cache

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddressesOfSeveralServers(t *testing.T) {
	t.Parallel()

	for raw, want := range map[string]*address{
		"redis+sentinel://10.0.0.1:26379,10.0.0.2,[::1]:5/mymaster": {
			sentinel: true, hosts: []string{"10.0.0.1:26379", "10.0.0.2:26379", "[::1]:5"}, master: "mymaster",
		},
		"rediss+sentinel://ada:p%40ss@one/crew%2Fred/3?sentinel_password=x&sentinel_username=y": {
			sentinel: true, encrypted: true, username: "ada", password: "p@ss", hosts: []string{"one:26379"}, master: "crew/red", number: 3,
			sentinelUsername: "y", sentinelPassword: "x",
		},
		"redis+cluster://:secret@one,two:7000": {password: "secret", hosts: []string{"one:6379", "two:7000"}},
	} {
		got, err := parseMany(raw)
		if err != nil {
			t.Errorf("%s is refused: %v", raw, err)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(address{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", raw, diff)
		}
	}
	for _, raw := range []string{
		"redis+sentinel://one", "redis+sentinel:///mymaster", "redis+sentinel://one,,two/mymaster", "redis+sentinel://one:0/mymaster",
		"redis+sentinel://one:x/mymaster", "redis+sentinel://one/mymaster/x", "redis+sentinel://one/mymaster/-1", "redis+sentinel://one/mymaster?db=1",
		"redis+cluster://one/0", "redis+cluster://", "http+cluster://one", "redis+cluster:one", "redis+sentinel://%zz:secret@one/mymaster",
	} {
		if _, err := NewSeen(Config{RedisURL: raw}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s gives %v", raw, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("redis+sentinel://ada:p%40ss@one:1,[::1]/crew%2Fred/3?sentinel_password=x")
	f.Add("rediss+cluster://one,two")
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := parseMany(raw)
		if err == nil && (len(a.hosts) == 0 || a.sentinel && a.master == "") {
			t.Errorf("%q is read as %+v", raw, a)
		}
	})
}
