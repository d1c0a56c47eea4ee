package main

import "testing"

// What a service refuses is told in its words; what is no problem of ours, such as a proxy's page, as it is.
func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()

	for body, want := range map[string]string{
		`{"code":"not_found","detail":"no such source"}`: "the service refused: no such source (not_found)",
		`{"code":"bad_rules","detail":"the rules have 1 problems","errors":[{"field":"r.yaml:1:2","code":"bad_rules","detail":"achievements: is required"}]}`: "the service refused: the rules have 1 problems (bad_rules)\n  r.yaml:1:2: achievements: is required",
		`{"code":"invalid","detail":"name: may not be blank","errors":[{"field":"name","code":"required","detail":"may not be blank"}]}`:                      "the service refused: name: may not be blank (invalid)",
		`<h1>Bad gateway</h1>`: "the service refused: 502 Bad Gateway: <h1>Bad gateway</h1>",
		`{"error":"no"}`:       `the service refused: 502 Bad Gateway: {"error":"no"}`,
	} {
		if got := refused("502 Bad Gateway", []byte(body)).Error(); got != want {
			t.Errorf("%s is told as\n%s\nwant\n%s", body, got, want)
		}
	}
}
