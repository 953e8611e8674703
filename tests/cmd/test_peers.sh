#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_peers.sh VAS: a peer compiled as a plug-in stands beside libvas in vas bench index, and one
# that answers wrongly is seen. Needs no package but the C++ compiler. Prints TAP.

set -u
vas=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
peers=$(realpath "$here/../../bench/peers")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 2

. "$here/tap.sh"

CXX='no-such-compiler' "$peers/other.sh" missing std_map >out 2>said
[ $? -eq 0 ] && grep -q "^std_map: no g++: 'apt-get install g++' brings it" said
ok $? "what cannot be compiled is named, with its package"
[ ! -e missing/std_map.so ]; ok $? "and is not there"

"$peers/other.sh" built std_map 2>said
status=$?
if [ ! -e built/std_map.so ] && [ $status -eq 0 ]; then
	skip "a peer is compiled" "$(head -n 1 said)"
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
fi
ok $status "a peer is compiled"
[ "$(ls built)" = std_map.so ]; ok $? "no other than was asked for"

"$vas" bench index --n=10,100 --runs=1 --designs=btree --peer=built/std_map.so --json >json
ok $? "it is measured, and answers as libvas does"
python3 - <<'END'
import json
report = json.load(open("json"))
assert report["checksums_agree"] is True
assert [p["name"] for p in report["peers"]] == ["std::map"], report["peers"]
for areas in 10, 100:
    def column(design):
        return {r["workload"]: r for r in report["results"]
                if r["areas"] == areas and r["design"] == design}
    ours, theirs = column("btree"), column("std::map")
    assert len(ours) > 15 and ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    for workload, result in theirs.items():
        assert result["median"] >= 0, result
        assert result["checksum"] == ours[workload]["checksum"], (result, ours[workload])
    assert theirs["find"]["median"] > 0 and theirs["bytes"]["median"] > 0, theirs
END
ok $? "with a figure in each row, and the same checksums"

# One that looks for the area above an address a terabyte too high.
cp "$peers/std_map.cc" wrong.cc
sed '/peer_find_ge/,/^}/s/address </address + (1ull << 40) </' "$peers/map_reads.h" >map_reads.h
! cmp -s "$peers/map_reads.h" map_reads.h; ok $? "a mistake is made"
${CXX:-c++} -std=gnu++17 -O1 -w -fPIC -shared -fvisibility=hidden -I. -I"$peers" \
	-I"$peers/../../include" wrong.cc -o wrong.so
ok $? "and compiled"
"$vas" bench index --n=10 --runs=1 --designs=btree --peer="$work/wrong.so" >out 2>said
[ $? -eq 1 ] && grep -q 'std::map answers otherwise' said; ok $? "it is seen"

echo "1..$count"
[ $failed -eq 0 ]
