#!/bin/sh
# Usage: unchanged.sh PATH ... -- COMMAND ...
# Runs the command and fails, with the difference, when it changed one of the paths.
set -eu
before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
paths=
while [ "$1" != -- ]; do
	mkdir -p "$before/$(dirname "$1")"
	cp -R "$1" "$before/$1"
	paths="$paths $1"
	shift
done
shift
"$@"
changed=0
for path in $paths; do
	diff -ru "$before/$path" "$path" || changed=1
done
if [ "$changed" = 1 ]; then
	echo "generated files were out of date; commit what make generate made" >&2
	exit 1
fi
