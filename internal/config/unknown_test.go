package config_test

import (
	"slices"
	"testing"

	"github.com/seed-504bad89/accolade/internal/config"
)

func TestVariablesThatAreNoSettings(t *testing.T) {
	t.Parallel()

	environ := []string{
		"ACCOLADE_CONFIG=/etc/accolade.yaml", "ACCOLADE_TEST_REQUIRE=1", "PATH=/bin", "LISTEN=:1", "accolade_listen=:1",
		// What Kubernetes sets for services that are called accolade and accolade-redis.
		"ACCOLADE_SERVICE_HOST=10.0.0.1", "ACCOLADE_SERVICE_PORT=80", "ACCOLADE_SERVICE_PORT_HTTP=80", "ACCOLADE_PORT=tcp://10.0.0.1:80",
		"ACCOLADE_PORT_80_TCP=tcp://10.0.0.1:80", "ACCOLADE_PORT_80_TCP_PROTO=tcp", "ACCOLADE_PORT_80_TCP_ADDR=10.0.0.1",
		"ACCOLADE_REDIS_SERVICE_HOST=10.0.0.2", "ACCOLADE_REDIS_PORT=tcp://10.0.0.2:6379", "ACCOLADE_REDIS_PORT_6379_TCP_PORT=6379",
	}
	for _, setting := range config.Settings() {
		environ = append(environ, setting.Variable+"=x")
		if setting.Secret {
			environ = append(environ, setting.Variable+"_FILE=x")
		}
	}
	if got := config.Unknown(environ); len(got) > 0 {
		t.Errorf("%q are taken for mistakes", got)
	}
	wrong := []string{"ACCOLADE_LISTN=:1", "ACCOLADE_ADMIN_TOKEN_FILES=x", "ACCOLADE_LISTEN_FILE=x", "ACCOLADE_PORT=8080", "ACCOLADE_=", "ACCOLADE_EMPTY="}
	want := []string{"ACCOLADE_", "ACCOLADE_ADMIN_TOKEN_FILES", "ACCOLADE_EMPTY", "ACCOLADE_LISTEN_FILE", "ACCOLADE_LISTN", "ACCOLADE_PORT"}
	if got := config.Unknown(slices.Concat(environ, wrong)); !slices.Equal(got, want) {
		t.Errorf("%q are taken for mistakes, want %q", got, want)
	}
}
