#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_maps.sh VAS [PROGRAMS]: what vas maps shows must be what the kernel has, neither more nor
# less, live, saved and from a trace. Prints TAP.
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

# same REPORT MAPS NAME: the report's areas are those of a text of /proc/PID/maps, and areas and
# gaps cover the space without holes
same()
{
	python3 - "$1" "$2" <<-'END'
	import json, re, sys

	r = json.load(open(sys.argv[1]))
	kernel = []
	for line in open(sys.argv[2]):
	    m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) ([0-9a-f]+) (\S+) (\d+) *(.*)", line)
	    if m and m[7] != "[vsyscall]":
	        kernel.append((int(m[1], 16), int(m[2], 16), m[3], int(m[4], 16), m[5], int(m[6]), m[7]))
	model = [(int(a["start"], 16), int(a["end"], 16), a["mode"], int(a["offset"], 16),
	          a["device"], a["inode"], a["name"]) for a in r["area_list"]]
	if model != kernel:
	    sys.exit("# areas differ:\n# %s\n# %s" % (model[:60], kernel[:60]))
	if r["areas"] != len(kernel):
	    sys.exit("# areas: %d, but %d" % (r["areas"], len(kernel)))
	both = [(s, e) for s, e, *_ in model]
	both += [(int(g["start"], 16), int(g["end"], 16)) for g in r["gap_list"]]
	both.sort()
	for (_, end), (start, _) in zip(both, both[1:]):
	    if end != start:
	        sys.exit("# a hole at %x" % end)
	length = lambda g: int(g["end"], 16) - int(g["start"], 16)
	wanted = sorted(map(length, r["gap_list"]), reverse=True)[: len(r["largest_gaps"])]
	if list(map(length, r["largest_gaps"])) != wanted:
	    sys.exit("# not the largest gaps: %s" % r["largest_gaps"])
	END
	ok $? "$3"
}

# system(3), which runs this, takes its stack away only when this is on its way: until two looks at
# the process are the same.
cat >both <<-END
	until cat "/proc/\$1/maps" >kernel; "$vas" maps --json "\$1" >report;
		cat "/proc/\$1/maps" | cmp -s kernel -; do :; done
	"$vas" maps --all "\$1" >all &&
	"$vas" maps --gaps=2 "\$1"
END

test_live()
{
	for name in stripes holes threads opened moved; do
		"$areas" $name 200 "sh both" text
		same report kernel "live: $name: the areas are the kernel's"
	done
	rows=$(python3 -c '
import json
r = json.load(open("report"))
print(len(r["area_list"]) + len(r["gap_list"]))')
	[ "$(sed -n '/mode log size/,/^$/p' all | sed '1d;$d' | wc -l)" -eq "$rows" ]
	ok $? "--all: a line for each area and each gap"
	[ "$(sed -n '/^Largest gaps/,$p' text | wc -l)" -eq 3 ]
	ok $? "--gaps: so many of the largest"
}

test_folding()
{
	"$areas" threads 200 "sh both" text
	grep -q 'the same, 199 more times (--all)' text
	ok $? "200 stacks and their guards are shown once"
	[ "$(wc -l <text)" -lt 60 ] && [ "$(wc -l <all)" -gt 400 ]
	ok $? "unless all are wanted"
	"$areas" stripes 5 "sh both" text
	sed -n '/mode log size/,/^$/p' text >folded
	sed -n '/mode log size/,/^$/p' all | cmp -s folded -
	ok $? "few areas are shown one by one"
}

test_drawing()
{
	"$areas" threads 50 "sh both" text
	sed -n 's/.*|\(.*\)| [0-9,]*$/\1/p' text >drawn
	[ "$(awk '{ print length }' drawn | sort -u)" = 50 ]
	ok $? "each run of areas is drawn over the same width"
	grep -q 's' drawn && grep -q '^S*$' drawn && grep -q 's thread stacks' text
	ok $? "stacks are drawn, and the letters are explained"
	total=$(sed -n 's/.*|.*| \([0-9,]*\)$/\1/p' text | tr -d , | awk '{ n += $1 } END { print n }')
	[ "$total" -eq "$(grep -vc vsyscall kernel)" ]
	ok $? "the runs hold all areas"
	cat >terminal <<-'END'
	import os, pty, sys
	def read(fd):
	    data = os.read(fd, 65536)
	    return data
	sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], read)))
	END
	TERM=xterm python3 terminal "$vas" maps $$ </dev/null >coloured
	grep -q "$(printf '\033')" coloured
	ok $? "in colours on a terminal"
	NO_COLOR=1 TERM=xterm python3 terminal "$vas" maps $$ </dev/null >plain
	! grep -q "$(printf '\033')" plain
	ok $? "but not with NO_COLOR"
}

test_traces()
{
	"$vas" record -o trace -- "$areas" moved 100 ||
		{ skip "traces" "nothing can be recorded here"; return; }
	sed -n '/@snapshot exit/,$s/^.*@area \(.*\) @ .*/\1/p' trace >kernel
	"$vas" maps --json trace >report
	same report kernel "trace: the areas are those of the kernel's snapshot"
	"$vas" maps --at=peak trace >text
	[ $? -eq 0 ] && grep -q 'After line' text
	ok $? "trace: --at=peak"
	"$vas" maps --json kernel >report
	same report kernel "saved: the areas are those of the text"
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
	refuses "no argument" "maps: one process" "$vas" maps
	refuses "no such process" "no process 99999999" "$vas" maps 99999999
	refuses "no such file" "nothing: No such file" "$vas" maps nothing
	refuses "empty input" "standard input: neither" "$vas" maps -
	refuses "a bad number of gaps" "maps: --gaps wants" "$vas" maps --gaps=x 1
	refuses "an unknown option" "maps: unknown option --what" "$vas" maps --what
	head -c 2000 /dev/urandom >noise
	refuses "noise" "noise:" "$vas" maps noise
	"$vas" maps --help | grep -q '^usage: vas maps'
	ok $? "--help"
	cat >leave <<-END
		("$vas" maps --all "\$1" 2>said; echo \$? >status) | head -n 1
	END
	"$areas" stripes 2000 "sh leave" text
	[ "$(cat status)" -eq 0 ] && [ ! -s said ] && grep -q '^process' text
	ok $? "a reader that goes away"
}

test_live
test_folding
test_drawing
test_traces
test_refusals
echo "1..$count"
[ "$failed" -eq 0 ]
