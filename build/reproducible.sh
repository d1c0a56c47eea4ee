#!/bin/sh
# Usage: reproducible.sh [CACHE]
# Builds the binary as a release has it from two copies of the sources in different places, and fails unless both are equal.
# The second build compiles everything anew, in a cache of its own, or in CACHE.
set -eu
place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
build() { # DIRECTORY CACHE
	mkdir -p "$1"
	cp -R go.mod go.sum openapi.yaml api cmd docs internal rules "$1"
	(cd "$1" && GOCACHE="$2" CGO_ENABLED=0 go build -trimpath -buildvcs=false -tags nomsgpack -ldflags '-s -w' -o "$place/$(basename "$1")" ./cmd/accolade)
}
build "$place/here/first" "$(go env GOCACHE)"
build "$place/over/there/second" "${1:-$place/cache}"
sha256sum "$place/first" "$place/second" | sed "s|$place/||"
if ! cmp -s "$place/first" "$place/second"; then
	echo "two builds of the same sources differ" >&2
	exit 1
fi
