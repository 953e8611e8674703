#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_explain.sh VAS [PROGRAMS]: processes with many areas of known causes: vas explain must name
# the cause, live and from a trace; and when a process does what vas explain advises, its areas
# must become as few as was said. Prints TAP.
# PROGRAMS is the folder of the built programs/*.c; without it they are built here.

set -u
vas=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
areas=${2:+$(realpath "$2")/explain_areas}
if [ -z "$areas" ]; then
	areas=$work/explain_areas
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -pthread "$here/programs/explain_areas.c" \
		-o "$areas" || exit 2
fi
cd "$work" || exit 2

. "$here/tap.sh"

# holds FILE EXPRESSION NAME: the expression is true of the report r
holds()
{
	python3 - "$1" "$2" <<-'END'
	import json, sys

	try:
	    r = json.load(open(sys.argv[1]))
	except ValueError as error:
	    sys.exit("# not JSON: %s" % error)

	def cause(reason, flag=None):
	    """The cause that is this reason alone."""
	    for c in r["causes"]:
	        if c["reasons"] == [reason] and (flag is None or flag in c["flags"]):
	            return c
	    return {"pairs": 0, "alone": False, "groups": []}

	def pairs(reason, flag=None):
	    return cause(reason, flag)["pairs"]

	def group(reason):
	    return cause(reason)["groups"][0]

	def kind(name):
	    return sum(k["areas"] for k in r["kinds"] if k["kind"] == name)

	def call(text):
	    return next((c for c in r["calls"] if c["call"] == text), {"made": 0, "mapped": 0})

	if not eval("(%s)" % sys.argv[2]):
	    brief = {k: v for k, v in r.items() if k not in ("files", "directories", "names")}
	    print("# %s\n# is false of %s" % (sys.argv[2], json.dumps(brief)[:3000]))
	    sys.exit(1)
	END
	ok $? "$3"
}

# adds_up FILE NAME: the figures of a report agree with each other
adds_up()
{
	holds "$1" 'r["areas"] == sum(k["areas"] for k in r["kinds"])
		and r["pairs"] == r["areas"] - 1 == sum(c["pairs"] for c in r["causes"])
		and all(c["pairs"] == sum(g["pairs"] for g in c["groups"]) for c in r["causes"])
		and r["gaps"] == sum(c["pairs"] for c in r["causes"] if "gap" in c["reasons"])
		and r["pairs_one_cause"] == sum(c["pairs"] for c in r["causes"] if c["alone"])
		and r["areas_at_best"] == r["areas"] - r["pairs_one_cause"]
		and r["room"] == max(0, r["max_map_count"] - r["areas"])
		and r["bytes"] == sum(k["bytes"] for k in r["kinds"])' "$2: the figures add up"
}

# live CASE COUNT REASON [FLAG]: a process names its cause, and the cure cures
live()
{
	"$areas" "$1" "$2" "$vas explain --json" before after
	case $? in
	0) ;;
	77) skip "live: $1" "not to be had here"; return ;;
	*) ok 1 "live: $1"; return ;;
	esac
	holds before "pairs('$3', ${4:-None}) >= $2 - 1" "live: $1: what keeps them apart is named"
	adds_up before "live: $1"
	[ -e after ] || return
	now=$(python3 -c 'import json; print(json.load(open("after"))["areas"])')
	holds before "abs(r['areas'] - pairs('$3', ${4:-None}) - $now) <= 12" \
		"live: $1: cured, as many are left as was said"
	rm -f after
}

test_live()
{
	live stripes 500 permission
	live guards 500 permission
	live dontdump 500 flag "'MADV_DONTDUMP'"
	live dontfork 500 flag "'MADV_DONTFORK'"
	live wipeonfork 500 flag "'MADV_WIPEONFORK'"
	live mergeable 500 flag "'MADV_MERGEABLE'"
	live sequential 500 flag "'MADV_SEQUENTIAL'"
	live hugepage 500 flag "'MADV_HUGEPAGE'"
	live account 500 flag "'overcommit accounting'"
	live noreserve 500 flag "'MAP_NORESERVE'"
	live locked 500 flag "'mlock'"
	live names 500 name
	live keys 500 key
	live policies 500 policy
	live heads 500 head_or_moved
	live moved 500 head_or_moved
	live untried 500 head_or_moved
	live inherited 500 head_or_moved
	live opened 500 opened_twice
	live opened_privately 500 opened_twice_or_head
	live holes 500 gap
	live threads 200 permission
}

test_kinds()
{
	"$areas" guards 500 "$vas explain --json" before
	holds before 'kind("guard") == 500 and group("permission")["between"][1]["kind"] == "guard"
		and group("permission")["between"][1]["mode"] == "---p"' "guards are seen as such"
	holds before 'any("MADV_GUARD_INSTALL" in a["text"] for a in r["advice"])' \
		"guards: how to do with fewer areas"
	"$areas" threads 100 "$vas explain --json" before
	holds before 'kind("thread_stack") == 100 == kind("guard") and r["threads"] == 101' \
		"stacks of threads are seen as such"
	"$areas" unguarded 100 "$vas explain --json" after
	holds after 'r["areas"] < 60 and r["threads"] == 101' "stacks without guards are one area"
	holds before 'kind("stack") == 1 and kind("heap") == 1 and kind("special") >= 2
		and kind("text") >= 2 and kind("data") >= 2' "stack, heap, code and data, too"
}

test_many()
{
	"$areas" limit 40000 "$vas explain" before
	grep -q '^  At the limit: ' before
	ok $? "a process at the limit is told so"
	grep -q '^  65,[0-9]* of 65,[0-9]* pairs of neighbours are anonymous r--p' before &&
		grep -q 'sysctl -w vm.max_map_count=262144' before
	ok $? "its one cause comes first, and the higher limit last"
	[ "$(wc -l <before)" -lt 70 ]
	ok $? "65,530 areas are told in few lines"
	"$areas" guards 32000 "$vas explain --json" before
	holds before 'r["areas"] > 64000 and pairs("permission") > 63998 and r["room"] < 2000' \
		"64,000 areas: JSON"
	printf '"%s" explain --quick --json "$1"\n[ $? -eq 3 ]\n' "$vas" >quick
	"$areas" stripes 3000 "sh quick" before
	ok $? "--quick: the answer is incomplete, and the status says so"
	holds before 'pairs("permission") >= 5999 and not r["flags_known"] and r["note"]' \
		"--quick: permission needs no flags"
}

# traced CASE COUNT EXPRESSION
traced()
{
	"$vas" record -o trace -- "$areas" "$1" "$2" || { ok 1 "trace: $1"; return; }
	"$vas" explain --json trace >report
	ok $? "trace: $1: all is known"
	holds report "$3" "trace: $1: cause and calls"
	adds_up report "trace: $1"
	kernel=$(sed -n 's/^[0-9.]* [0-9.]* @snapshot exit //p' trace | sort -n | tail -n 1)
	holds report "r['areas'] == $kernel" "trace: $1: as many areas as the kernel had"
}

test_traces()
{
	"$vas" record -o trace -- true || { skip "traces" "nothing can be recorded here"; return; }
	if ! grep -q '^@faults tracepoint\|^@faults software' trace; then
		skip "traces" "faults cannot be recorded here"
		return
	fi
	traced stripes 200 'pairs("permission") >= 399 and call("mprotect(PROT_READ)")["made"] >= 399
		and group("permission")["examples"][0]["above"]["made_by"]["call"] == "mprotect(PROT_READ)"
		and group("permission")["examples"][0]["below"]["made_by"]["call"].startswith("mmap(")'
	traced dontdump 200 'pairs("flag", "MADV_DONTDUMP") >= 399
		and call("madvise(MADV_DONTDUMP)")["made"] >= 399'
	traced heads 200 'pairs("head") == 199 and pairs("head_or_moved") == 0 and
		"first_written_by" in group("head")["examples"][0]["above"]'
	traced moved 200 'pairs("moved") == 199 and
		call("mremap(MREMAP_MAYMOVE|MREMAP_FIXED)")["made"] >= 200'
	traced inherited 200 'pairs("inherited_head") == 399'
	traced untried 200 'pairs("never_tried") == 399'
	traced holes 200 'pairs("gap") >= 199 and call("munmap")["made"] >= 199'
	traced threads 100 'kind("thread_stack") == 100 == kind("guard")'
}

test_moments()
{
	"$vas" record -o trace -- "$areas" untried 100
	"$vas" explain --json trace >report
	parent=$(awk '/ execve\(/ { print $1; exit }' trace)
	"$vas" explain --json --pid="$parent" trace >report
	holds report "r['pid'] == $parent and len(r['processes']) == 2" "--pid chooses a process"
	"$vas" explain --pid=1 trace 2>said
	[ $? -eq 2 ] && [ "$(cat said)" = "vas: trace: there is no process 1 in it" ]
	ok $? "--pid of a process that is not there"

	line=$(grep -n 'mlock2(' trace | sed -n '50s/:.*//p')
	"$vas" explain --json --at="$line" trace >report
	holds report "r['line'] == $line and pairs('flag', 'mlock') == 100" "--at stops after a line"
	"$vas" explain --json --at=2 trace 2>said >report
	[ $? -eq 2 ] && grep -q '^vas: trace: ' said
	ok $? "--at before there are areas"

	"$vas" record -o trace -- "$areas" heads 100
	"$vas" explain --json --at=peak trace >report
	holds report 'pairs("permission") >= 199 and
		r["areas"] == max(p["peak_areas"] for p in r["processes"])' "--at=peak"
	"$vas" explain --json --at=peak - <trace >other
	python3 -c 'import json; a, b = (json.load(open(f)) for f in ("report", "other"))
a["source"] = b["source"]; raise SystemExit(a != b)'
	ok $? "the same from standard input"
	cat trace | "$vas" explain --json --at=peak - >report
	cmp -s report other
	ok $? "and from a pipe"

	"$vas" record -o trace.zst -- "$areas" limit 40000
	"$vas" explain --json trace.zst >report
	holds report 'r["processes"][0]["refused_calls"] == 1 and r["room"] == 0' \
		"a call that failed for want of areas is told"
}

test_strace()
{
	command -v strace >/dev/null || { skip "strace" "not installed"; return; }
	strace -f -y -o log -- "$areas" stripes 100 2>/dev/null ||
		{ skip "strace" "cannot trace here"; return; }
	"$vas" explain --json log >report
	[ $? -eq 3 ]
	ok $? "a log of strace gives an incomplete answer"
	holds report 'pairs("permission") >= 199 and r["note"]' "and says what it does not know"
}

test_saved()
{
	echo 'cat "/proc/$1/smaps"' >save
	"$areas" stripes 100 "sh save" smaps
	"$vas" explain --json smaps >report
	ok $? "a saved smaps"
	holds report 'r["origin"] == "saved" and r["flags_known"] and not r["max_map_count_known"]' \
		"which is called so"
	adds_up report "a saved smaps"
	grep -E '^[0-9a-f]+-' smaps >maps
	"$vas" explain --json maps >report
	[ $? -eq 3 ]
	ok $? "a saved maps is incomplete"
	holds report 'r["origin"] == "saved" and pairs("permission") >= 199 and r["note"]' \
		"but tells what needs no flags"
	cat maps | "$vas" explain --json - >other
	holds other 'r["origin"] == "saved" and pairs("permission") >= 199' "the same from a pipe"
}

# refuses NAME PATTERN COMMAND...: one line on stderr, status 2
refuses()
{
	name=$1
	pattern=$2
	shift 2
	"$@" >/dev/null 2>said </dev/null
	[ $? -eq 2 ] && [ "$(wc -l <said)" -eq 1 ] && grep -q "^vas: $pattern" said
	ok $? "$name"
}

test_refusals()
{
	refuses "no argument" "explain: one process" "$vas" explain
	refuses "two arguments" "explain: one process" "$vas" explain 1 2
	refuses "no such process" "no process 99999999" "$vas" explain 99999999
	refuses "no such process, by far" "no process 9999999999999999999999" \
		"$vas" explain 9999999999999999999999
	refuses "a thread of the kernel" "process 2 has no memory\|no process 2\|the areas of process 2" \
		"$vas" explain 2
	refuses "no such file" "nothing: No such file" "$vas" explain nothing
	refuses "an empty file" "/dev/null: neither a trace" "$vas" explain /dev/null
	refuses "empty input" "standard input: neither a trace" "$vas" explain -
	refuses "a program" "$areas:1: " "$vas" explain "$areas"
	refuses "a directory" "/:1: cannot read" "$vas" explain /
	refuses "a bad line" "explain: --at wants" "$vas" explain --at=x 1
	refuses "a bad number of rows" "explain: --rows wants" "$vas" explain --rows=many 1
	refuses "--pid of a process" "--pid and --at are for traces" "$vas" explain --pid=1 1
	refuses "an unknown option" "explain: unknown option --what" "$vas" explain --what
	printf '1000-2000 r--p 00000000 00:00 0\n1000-3000 r--p 00000000 00:00 0\n' >odd
	refuses "areas that overlap" "odd:2: an area that begins before" "$vas" explain odd
	printf '1000-2000 r--p 00000000 00:00 0\nxyz\n' >odd
	refuses "text that is not maps" "odd:2: not a line" "$vas" explain odd
	printf '1000-2000 r--p 00000000 00:00 0\n3000-40' >odd
	refuses "a line that was cut off" "odd:2: " "$vas" explain odd
	printf '0000000000001000-ffffffffffffffff r--p 00000000 00:00 0\n' >odd
	refuses "an address within a page" "odd:1: " "$vas" explain odd
	printf '1000-fffffffffffff000 rwxs fffffffffffff000 ffffffff:ffffffff 18446744073709551615 \377\n' >odd
	"$vas" explain --json odd >report
	holds report 'r["areas"] == 1 and r["files"][0]["name"] == "\\377"' \
		"huge numbers, and a name that is not UTF-8"
	if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$work"
		refuses "another user's process" "process $$ is open to its own user" \
			setpriv --reuid 65534 --clear-groups "$vas" explain $$
	else
		skip "another user's process" "needs root and setpriv"
	fi
	"$vas" explain --help | grep -q '^usage: vas explain'
	ok $? "--help"
	"$vas" explain --rows=0 $$ >/dev/full 2>said
	[ $? -eq 2 ] && grep -q '^vas: cannot write' said
	ok $? "a full disk"
}

test_live
test_kinds
test_many
test_traces
test_moments
test_strace
test_saved
test_refusals
echo "1..$count"
[ "$failed" -eq 0 ]
