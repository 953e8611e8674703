#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_traces.sh VAS: the recorded programs of bench/traces replay as they ran, with all memory and
# with a quarter of what they need; and one more is recorded as they were. Prints TAP.

set -u
vas=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
set_of_traces=$(cd "$here/../../bench/traces" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 2

. "$here/tap.sh"

# listed NAME: README.md says what the replay of it has said
listed()
{
	processes=$(sed -n '1s/.* \([0-9]*\) process.*/\1/p' said)
	touches=$(sed -n 's/^  touches *\([0-9]*\).*/\1/p' said)
	tr -d , <"$set_of_traces/README.md" |
		grep -q -E "^\\| \`$name\` +\\| +$processes \\| +[0-9]+ \\| +$touches \\|"
}

for trace in "$set_of_traces"/*.trace.zst; do
	name=$(basename "$trace" .trace.zst)
	"$vas" replay "$trace" >said 2>&1 && grep -q 'divergences *0' said
	ok $? "$name"
	"$vas" replay --frames=25% "$trace" >said 2>&1 && grep -q 'divergences *0' said
	ok $? "$name, in a quarter of its memory"
	[ -e "$set_of_traces/workloads/$name.sh" ] && listed "$name"
	ok $? "$name can be recorded again, and README.md has its figures"
done

if "$vas" record -o probe.trace true >said 2>&1 && [ ! -e /tmp/vas-traces ]; then
	"$set_of_traces/record" --vas="$vas" --output="$work" zygote >said 2>&1
	status=$?
	if [ $status -eq 3 ]; then
		skip "the script records a program" "$(tail -n 1 said)"
	else
		[ $status -eq 0 ] && [ -s zygote.trace.zst ]
		ok $? "the script records a program"
	fi
else
	skip "the script records a program" "recording is not possible now"
fi

echo "1..$count"
[ "$failed" -eq 0 ]
