#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_compare.sh VAS PROGRAMS: what vas compare says must be what vas replay counts, and the same
# when it is asked again. Prints TAP.
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
	[ "$(grep -c "^. $design " table)" -ge 2 ]; ok $? "$design has its times and its counts"
done
[ "$(grep -c '^\* [a-z]' table)" -eq 3 ]; ok $? "one of each kind is the quickest"
[ "$(grep -c '^= [a-z]' table)" -eq 0 ]; ok $? "one run tells nothing of the others"

"$vas" compare --runs=1 --csv --anon-rmap=anon-vma-chain --file-rmap=none --index=none \
	--frames=4M trace >csv
ok $? "one design, as CSV"
[ "$(wc -l <csv)" -eq 2 ]; ok $? "a line of names and one of figures"
[ "$(head -n 1 csv | tr -cd , | wc -c)" -eq "$(tail -n 1 csv | tr -cd , | wc -c)" ]
ok $? "as many figures as names"

cp trace again
"$vas" compare --json --anon-rmap=lineage,pte-chain --file-rmap=none --index=none \
	--frames=25% trace again >json
ok $? "two designs and two traces, as JSON"
"$vas" compare --json --runs=1 --anon-rmap=lineage --file-rmap=none --index=none --frames=4M \
	trace >unlimited
"$vas" replay --json --level=coverage --anon-rmap=lineage --frames=4M trace >replay
# What reclaim does depends a little on where memory is; without it all is the same each time.
python3 - <<'END'
import json
report = json.load(open("json"))
compared = report["results"]
replayed = json.load(open("replay"))["traces"][0]["memory"]
assert sorted((r["trace"], r["design"]) for r in compared) == [
    ("again", "lineage"), ("again", "pte-chain"), ("trace", "lineage"), ("trace", "pte-chain")]
lineage = json.load(open("unlimited"))["results"][0]
for name in ("frames", "areas", "most_areas", "swapped_out", "swapped_in", "faults", "rmap"):
    assert lineage["memory"][name] == replayed[name], (name, lineage["memory"], replayed)
assert lineage["most_bytes"] == replayed["rmap"]["most_anon_bytes"] > 0
assert lineage["bytes_per_area"] == lineage["most_bytes"] / replayed["most_areas"]
for result in compared:
    assert result["walks"] > 0 and result["swapped_out"] > 0
    assert result["looks_per_hit"] == result["candidates"] / result["hits"] >= 1
END
ok $? "the figures are those of vas replay"
python3 - <<'END'
import json
report = json.load(open("json"))
kinds = ["map", "fault", "fork", "exit", "mremap", "reclaim"]
for result in report["results"]:
    times = result["times"]
    assert set(times) == {"total", "walk", *kinds}
    for time in times.values():
        assert time["least_ns"] <= time["median_ns"] <= time["most_ns"], time
        assert time["spread_ns"] >= 0
    # Medians of sums are about the sums of medians.
    together = sum(times[kind]["median_ns"] for kind in kinds)
    assert abs(together / times["total"]["median_ns"] - 1) < 0.5, times
    assert all(time["median_ns"] > 0 for time in times.values()), times
    assert times["walk"]["median_ns"] < times["total"]["median_ns"]
    assert result["ns_per_walk"] == times["walk"]["median_ns"] / result["walks"]
for trace in ("trace", "again"):
    best = [r for r in report["results"] if r["trace"] == trace and r["best"]]
    assert len(best) == 1 and best[0]["as_good_as_best"]
    assert best[0]["times"]["total"]["median_ns"] == min(
        r["times"]["total"]["median_ns"] for r in report["results"] if r["trace"] == trace)
END
ok $? "times by kind, with their spread, and the quickest"
python3 - <<'END'
import json, math
report = json.load(open("json"))
def median(design, trace, figure):
    return next(r for r in report["results"]
                if r["design"] == design and r["trace"] == trace)["times"][figure]["median_ns"]
for line in report["summary"]:
    for figure, told in line["times_the_best"].items():
        ratios = [median(line["design"], t, figure) /
                  min(median(d, t, figure) for d in ("lineage", "pte-chain"))
                  for t in ("trace", "again")]
        assert math.isclose(told, math.prod(ratios) ** 0.5, rel_tol=1e-9), (figure, told, ratios)
ranks = {line["design"]: line["rank"] for line in report["summary"]}
ratios = {line["design"]: line["times_the_best"]["total"] for line in report["summary"]}
assert sorted(ranks, key=ranks.get) == sorted(ratios, key=ratios.get)
END
ok $? "the summary has geometric means over the traces"

# Twice the same: no two designs that both tell apart change places. VAS_COMPARE_TRACES names
# traces of one's own with their whole paths, to be compared under all designs.
if [ -n "${VAS_COMPARE_TRACES-}" ]; then
	set -- $VAS_COMPARE_TRACES
else
	set -- --anon-rmap=lineage,anon-vma-chain,pte-chain --file-rmap=list,cell-tree --index=none \
		trace
fi
"$vas" compare --json "$@" >first && "$vas" compare --json "$@" >second
ok $? "the same is compared twice"
for figure in total fault fork reclaim; do
	python3 "$here/../../scripts/compare_twice.py" first second $figure >said
	status=$?
	ok $status "the designs rank alike by time in $figure"
	[ $status -eq 0 ] && [ -z "${VAS_COMPARE_TRACES-}" ] || sed 's/^/# /' said
done
python3 - <<'END'
import json
report = json.load(open("first"))
for result in report["results"]:
    time = result["times"]["total"]
    time["median_ns"] = {"lineage": 3e9, "anon-vma-chain": 2e9}.get(result["design"], 1e9)
    time["spread_ns"] = 1
json.dump(report, open("turned", "w"))
for result in report["results"]:
    time = result["times"]["total"]
    time["median_ns"] = 4e9 - time["median_ns"]
json.dump(report, open("back", "w"))
END
! python3 "$here/../../scripts/compare_twice.py" turned back >said; ok $? "and it is seen when not"
"$vas" compare --runs=1 --jobs=2 --anon-rmap=lineage,anon-vma --file-rmap=none --index=none trace \
	>said
ok $? "two at once"

cp trace a_trace_whose_name_is_longer_than_the_line_of_a_terminal
python3 - "$vas" <<'END'
import fcntl, os, pty, re, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], ["vas", "compare", "--runs=8", "--anon-rmap=none", "--file-rmap=none",
                           "a_trace_whose_name_is_longer_than_the_line_of_a_terminal"])
text = b""
try:
    while piece := os.read(terminal, 4096):
        text += piece
except OSError:
    pass
assert os.waitpid(pid, 0)[1] == 0
bars = re.findall(r"\r\033\[K([^\r\n]*\[[#.]*\] +\d+%)", text.decode())
assert bars and all(len(bar) < 40 for bar in bars), bars[:3]
END
ok $? "the bar stays on one line of a narrow terminal"

"$vas" compare --anon-rmap=nobody trace 2>said
[ $? -eq 2 ] && grep -q "no design 'nobody'" said; ok $? "an unknown design is named"
"$vas" compare --runs=0 trace 2>said
[ $? -eq 2 ] && grep -q -- "--runs=0: from 1 to 51" said; ok $? "no runs are none"
"$vas" compare --runs=1 - <trace 2>said
[ $? -eq 2 ] && grep -q "standard input only once" said; ok $? "a trace must be read again and again"
"$vas" compare --anon-rmap=none --file-rmap=none --index=none trace 2>said
[ $? -eq 2 ] && grep -q "no design left" said; ok $? "nothing to compare is told"

grep '^@' trace | head -n 3 >nobody
"$vas" replay --frames=25% nobody >table; ok $? "a trace without a process is replayed with memory"
"$vas" compare --runs=1 nobody 2>said
[ $? -eq 2 ] && grep -q "no process" said; ok $? "but there is nothing to compare"

# A limit of file sizes stands for a full disk.
(
	ulimit -f 8
	"$vas" compare --runs=1 --anon-rmap=lineage --file-rmap=none --index=none trace >table 2>said
)
[ $? -eq 2 ] && grep -q "could not be written: is TMPDIR full" said
ok $? "without room for swap nothing is compared"

odd=$(printf 'odd\377"name')
cp trace "$odd"
"$vas" compare --runs=1 --json --anon-rmap=none --file-rmap=none --index=list "$odd" >json &&
	"$vas" compare --runs=1 --csv --anon-rmap=none --file-rmap=none --index=list "$odd" >csv
ok $? "a name that is no UTF-8"
python3 - <<'END'
import csv, json, os
assert json.load(open("json"))["results"][0]["trace"] == r'odd\377"name'
rows = list(csv.DictReader(open("csv", errors="surrogateescape")))
assert os.fsencode(rows[0]["trace"]) == b'odd\377"name', rows
END
ok $? "is written so that it can be read"

# Figures wider than their columns push the others to the right: none grows together with the next.
python3 - >wide <<'END'
for i in range(500):
    print(f"100 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"
          f" = {0x7f0000000000 - i * 8192:#x}")
for pid in range(101, 311):
    print(f"100 fork() = {pid}")
    print(f"{pid} +++ exited with 0 +++")
END
"$vas" compare --runs=1 --frames=64M --anon-rmap=none --file-rmap=none --index=btree wide >table
ok $? "hundreds of processes with hundreds of areas"
awk '/^counts/ { n = NF } /^  btree/ && n { fields = NF; end = $6 }
	END { exit !(fields == 10 && end == 105500) }' table
ok $? "no figure grows together with the next"
"$vas" compare --runs=1 --anon-rmap=lineage --file-rmap=none --index=none --html=page trace \
	>table 2>said
status=$?
if grep -q "without the report" said; then
	skip "a page for browsers" "built without it"
else
	[ $status -eq 0 ] && grep -q '"design":"lineage"' page && grep -q '^\* lineage' table
	ok $? "a page for browsers, beside the table"
	"$vas" compare --runs=1 --anon-rmap=lineage --file-rmap=none --index=none \
		--html=missing/page trace >table 2>said
	[ $? -eq 2 ] && grep -q missing/page said; ok $? "a page that cannot be written"
	"$vas" compare --runs=1 --anon-rmap=lineage --file-rmap=none --index=none \
		--html=page2 nowhere trace again >table 2>said
	[ $? -eq 2 ] && grep -q nowhere said && grep -q '"name":"again"' page2
	ok $? "a trace that is missing is left out of the page"
	grep -q '^2 traces' table && grep -q '^\* 1 lineage ' table; ok $? "and of the summary"
fi
"$vas" bench index --n=10 --runs=1 --designs=btree,list --json >bench
"$vas" compare --runs=1 --anon-rmap=lineage --file-rmap=none --index=none --bench=bench --json \
	trace >report
ok $? "times of the indexes go along"
python3 -c 'import json
assert json.load(open("report"))["bench"] == json.load(open("bench"))'
ok $? "as they are"
echo '{"results": 1}' >odd
"$vas" compare --bench=odd trace 2>said
[ $? -eq 2 ] && grep -q "odd: not what" said; ok $? "what is no such object is refused"
"$vas" compare missing 2>said
[ $? -eq 2 ] && grep -q missing said; ok $? "a missing trace is named"
"$vas" compare 2>said
[ $? -eq 2 ]; ok $? "no trace at all"

echo "1..$count"
[ $failed -eq 0 ]
