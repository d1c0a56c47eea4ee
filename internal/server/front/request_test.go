package front_test

import (
	"testing"

	"github.com/seed-504bad89/accolade/internal/server/front"
)

func TestTagsThatTheReaderHas(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		list, tag string
		want      bool
	}{
		{`"a"`, `"a"`, true},
		{`"b" , W/"a"`, `"a"`, true},
		{`"a"`, `W/"a"`, true},
		{`*`, `"a"`, true},
		{`*`, ``, false},
		{``, `"a"`, false},
		{`"a-gzip"`, `"a"`, false},
		{`"ba"`, `"a"`, false},
		{`a`, `"a"`, false},
	} {
		if got := front.Names(tc.list, tc.tag); got != tc.want {
			t.Errorf("%s names %s: %t, want %t", tc.list, tc.tag, got, tc.want)
		}
	}
}

func TestWhoTakesGzip(t *testing.T) {
	t.Parallel()

	for _, tc := range []struct {
		headers []string
		want    bool
	}{
		{nil, false},
		{[]string{"gzip"}, true},
		{[]string{"br, gzip;q=0.5"}, true},
		{[]string{"gzip;q=0"}, false},
		{[]string{"gzip; q=0.00"}, false},
		{[]string{"br;q=0, gzip"}, true},
		{[]string{"x-gzip-not"}, false},
		{[]string{"identity"}, false},
		{[]string{"br", "gzip"}, false},
	} {
		if got := front.TakesGzip(tc.headers); got != tc.want {
			t.Errorf("%q takes gzip: %t, want %t", tc.headers, got, tc.want)
		}
	}
}
