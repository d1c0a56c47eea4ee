package config

import (
	"regexp"
	"slices"
	"strings"
)

// ourPrefix is what the variables begin with that are meant for Accolade.
const ourPrefix = "ACCOLADE_"

// cluster is what Kubernetes sets for services that are called accolade or accolade-something, and nobody has misspelt:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
var cluster = regexp.MustCompile(`^ACCOLADE_(\w+_)?(SERVICE_HOST=|SERVICE_PORT(_\w+)?=|PORT=\w+://|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?=)`)

// Unknown returns the names in an environment, as os.Environ has it, that look like settings and are none, in their order. They
// are no fault, since others may have set them; but whoever misspelt one wants to hear of it.
func Unknown(environ []string) []string {
	known := map[string]bool{FileVariable: true}
	for _, setting := range Settings() {
		known[setting.Variable] = true
		known[setting.Variable+"_FILE"] = setting.Secret
	}
	var unknown []string
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		ours := strings.HasPrefix(name, ourPrefix) && !strings.HasPrefix(name, ourPrefix+"TEST_")
		if ours && !known[name] && !cluster.MatchString(pair) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}
