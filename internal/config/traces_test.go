package config_test

import (
	"strings"
	"testing"

	"github.com/seed-504bad89/accolade/internal/config"
)

func TestTraces(t *testing.T) {
	t.Parallel()

	if cfg := config.Default(); cfg.Traces.URL != "" || cfg.Traces.Sample != 1 {
		t.Errorf("by default traces are %+v", cfg.Traces)
	}
	cfg, err := config.Load(environment(
		"ACCOLADE_CONFIG", write(t, "accolade.yaml", "traces_url: https://collector.example.com/otlp\ntraces_sample: 0.25\ntraces_headers: [api-key=a%2Cb, x-tenant=7]\n"),
		"ACCOLADE_TRACES_SAMPLE", "0.5",
	))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Traces.URL != "https://collector.example.com/otlp/v1/traces" || cfg.Traces.Sample != 0.5 || cfg.Traces.Headers["api-key"] != "a,b" || cfg.Traces.Headers["x-tenant"] != "7" {
		t.Errorf("traces are %+v", cfg.Traces)
	}
	cfg, err = config.Load(environment("ACCOLADE_TRACES_HEADERS_FILE", write(t, "headers", "authorization=Bearer%20hunter2\n")))
	if err != nil || cfg.Traces.Headers["authorization"] != "Bearer hunter2" {
		t.Errorf("the headers are %v, %v", cfg.Traces.Headers, err)
	}
	for variable, value := range map[string]string{
		"ACCOLADE_TRACES_URL": "http://ada:hunter2@collector:4318", "ACCOLADE_TRACES_HEADERS": "hunter2", "ACCOLADE_TRACES_SAMPLE": "half",
	} {
		if _, err := config.Load(environment(variable, value)); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}
