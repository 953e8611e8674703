#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_timeline.sh VAS PROGRAMS: the timelines of programs recorded here and now are what the
# interpreter shows (test_timeline.c looks at many moments). Prints TAP. PROGRAMS is the folder of
# the built programs/*.c and unit tests.

set -u
vas=$(realpath "$1")
programs=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 2

. "$here/tap.sh"

# recorded NAME COMMAND...
recorded()
{
	name=$1
	shift
	"$vas" record -o "$name.trace" -- "$@" >said 2>&1
	if [ ! -s "$name.trace" ]; then
		tail -n 1 said
		exit 77
	fi
	CMOCKA_MESSAGE_OUTPUT=STDOUT "$programs/cmd-timeline" "$here/fixtures" "$name.trace" >said 2>&1
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' said
	ok $status "$name"
}

for program in arenas calls dies fork_tree moves threads vfork_exec; do
	recorded "$program" "$programs/$program"
done
recorded pipeline sh -c 'ls /usr/bin | sort | tail -n 1; true'

echo "1..$count"
[ $failed -eq 0 ]
