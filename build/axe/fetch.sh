#!/bin/sh
# Usage: fetch.sh
# Prints the path of axe.min.js in the version that package-lock.json pins by its checksum. It is fetched when it is not
# there yet; once there, nobody on the network is asked.
set -eu
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
	echo "npm is needed, which comes with Node.js; on Debian: apt-get install npm" >&2
	exit 1
fi
# Installed aside and then moved, so that whoever runs at the same time never sees half of it.
installed=node_modules/$(cksum <package-lock.json | tr ' ' -)
if [ ! -d "$installed" ]; then
	mkdir -p node_modules
	aside=$(mktemp -d node_modules/.fetching.XXXXXX)
	trap 'rm -rf "$aside"' EXIT
	cp package.json package-lock.json "$aside"
	npm --prefix "$aside" ci --ignore-scripts --no-audit --no-fund --loglevel error >&2
	mv "$aside" "$installed"
fi
echo "$PWD/$installed/node_modules/axe-core/axe.min.js"
