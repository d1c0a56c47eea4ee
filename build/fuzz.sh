#!/bin/sh
# Usage: fuzz.sh TIME
# Runs every fuzz target of the module for the time, one after the other.
set -eu
grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$file" | while read -r target; do
		echo "$(dirname "$file") $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 1x "$(dirname "$file")"
	done
done
