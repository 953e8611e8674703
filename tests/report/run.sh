#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# The tests of the browser report: run.sh VAS PAGE FOLDER. Copies itself to FOLDER, in the build,
# lets npm fetch the driver of browsers there, and runs test_report.js, which speaks TAP. What the
# tests saw is kept in FOLDER/seen.

set -u
vas=$(realpath "$1")
page=$(realpath "$2")
folder=$3
here=$(dirname "$(realpath "$0")")

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

[ -s "$page" ] || skip 'this build has no report (Node.js or its registry was missing)'
command -v node >/dev/null || skip 'Node.js is not installed'
command -v npm >/dev/null || skip 'npm is not installed'
browser=$(command -v chromium || command -v chromium-browser) || skip 'Chromium is not installed'

mkdir -p "$folder/seen" || exit 1
cp "$here"/*.js "$here"/*.json "$here/.npmrc" "$folder" || exit 1
cd "$folder" || exit 1
if ! cmp -s package-lock.json fetched; then
	npm ci >npm.log 2>&1 || skip "npm ci failed: $(grep -m 1 'npm error' npm.log)"
	cp package-lock.json fetched
fi
trace=$here/../cmd/fixtures/recorded.trace
VAS=$vas PAGE=$page BROWSER=$browser TRACE=$trace exec node --test-reporter=tap test_report.js
