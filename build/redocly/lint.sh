#!/bin/sh
# Usage: lint.sh DOCUMENT
# Checks an OpenAPI document with the pinned Redocly CLI, which is installed when the lock file is not the one
# that it was installed from. Once installed, it asks nobody on the network.
set -eu
here=$(dirname "$0")
if ! command -v npm >/dev/null; then
	echo "the linter of the API needs Node.js (22.12 or newer, or 20.19) and npm; on Debian: apt-get install npm" >&2
	exit 1
fi
installed="$here/node_modules/.installed-lock.json"
if ! cmp -s "$here/package-lock.json" "$installed"; then
	npm --prefix "$here" ci --ignore-scripts --no-audit --no-fund --loglevel error >&2
	cp "$here/package-lock.json" "$installed"
fi
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_NOTIFICATIONS=true \
	"$here/node_modules/.bin/redocly" lint --config "$here/redocly.yaml" "$1"
