#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_compare.sh VAS PROGRAMS: what vas compare says must be what vas replay counts. Prints TAP.
# PROGRAMS is the folder of the built programs/*.c.

set -u
vas=$(realpath "$1")
programs=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 2

. "$here/tap.sh"

"$vas" record -o trace -- "$programs/fork_tree" >said 2>&1
status=$?
if [ ! -s trace ]; then
	tail -n 1 said
	exit 77
fi
ok $status "a program is recorded"

"$vas" compare --runs=1 trace >table
ok $? "every design replays it without a difference"
designs=$("$vas" designs | sed -n '/^anonymous:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p
	/^file:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p; /^index:/,/^$/s/^  \([a-z0-9-]*\) .*/\1/p')
for design in $designs; do
	grep -q "^$design " table; ok $? "$design has its line"
done

"$vas" compare --runs=1 --csv --anon-rmap=anon-vma-chain --file-rmap=none --index=none \
	--frames=4M trace >csv
ok $? "one design, as CSV"
[ "$(wc -l <csv)" -eq 2 ]; ok $? "a line of names and one of figures"
[ "$(head -n 1 csv | tr -cd , | wc -c)" -eq "$(tail -n 1 csv | tr -cd , | wc -c)" ]
ok $? "as many figures as names"

"$vas" compare --runs=2 --json --anon-rmap=lineage,pte-chain --file-rmap=none --index=none \
	--frames=4M trace >json
ok $? "two designs, as JSON"
"$vas" replay --json --level=coverage --anon-rmap=lineage --frames=4M trace >replay
python3 - <<'END'
import json, sys
compared = json.load(open("json"))["results"]
replayed = json.load(open("replay"))["traces"][0]["memory"]
assert [r["design"] for r in compared] == ["lineage", "pte-chain"] or \
    [r["design"] for r in compared] == ["pte-chain", "lineage"], compared
lineage = [r for r in compared if r["design"] == "lineage"][0]["memory"]
for name in ("frames", "areas", "most_areas", "swapped_out", "swapped_in", "faults", "rmap"):
    assert lineage[name] == replayed[name], (name, lineage[name], replayed[name])
END
ok $? "the figures are those of vas replay"

"$vas" compare --anon-rmap=nobody trace 2>said
[ $? -eq 2 ] && grep -q "no design 'nobody'" said; ok $? "an unknown design is named"
"$vas" compare missing 2>said
[ $? -eq 2 ] && grep -q missing said; ok $? "a missing trace is named"
"$vas" compare 2>said
[ $? -eq 2 ]; ok $? "no trace at all"

echo "1..$count"
[ $failed -eq 0 ]
