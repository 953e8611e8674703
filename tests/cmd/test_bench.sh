#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_bench.sh VAS: each bench in its smallest form says what it should, under every design.
# (test_peers.sh has the plug-ins.)

vas=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# bench NAME PYTHON ARGUMENT...: it ends well, and PYTHON, an expression of the report, holds.
bench()
{
	name=$1
	truth=$2
	shift 2
	"$vas" bench "$@" --runs=1 --json >report 2>said
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' said
	ok $status "$name"
	python3 -c "import json
report = json.load(open('report'))
assert $truth"
	ok $? "$name: figures"
}

bench "index" "report['checksums_agree'] and len(report['results']) > 40" index --n=10
bench "space" "len(report['results']) > 10" space --n=10 --time=1
bench "file maps" "{r['design'] for r in report['results']} >= {'cells', 'list', 'prio-tree'}" \
	file-rmap --workload=W4 --time=20
bench "file maps, whole" \
	"all(r['question_ns'] > 0 < r['changes_ns'] for r in report['whole']) and len(report['whole']) == 2" \
	file-rmap --whole --time=10 --design=cells
bench "nonlinear" "len(report['results']) > 1" nonlinear --pages=1024
bench "anonymous maps" "len(report['results']) == 11" anon-rmap --workload=depth-1 --limit=5
bench "faults" "len(report['results']) > 5" fault --pages=50
bench "fork" "len(report['results']) > 1" fork --pages=50
bench "reclaim" "len(report['results']) > 1" reclaim --pages=50
"$vas" bench file-rmap --whole --design=nobody 2>said
[ $? -eq 2 ] && grep -q nobody said
ok $? "an unknown design is named"
for wrong in 'fault --pages=0' 'fork --anon-rmap=0' 'space --time=0' 'nonlinear --every=0' \
	'anon-rmap --limit=0' 'file-rmap --runs=0'; do
	"$vas" bench $wrong 2>said
	[ $? -eq 2 ] && option=${wrong##* } && grep -q "'0' is no value for ${option%=*};" said
	ok $? "$wrong: the option is named"
done

echo "1..$count"
[ $failed -eq 0 ]
