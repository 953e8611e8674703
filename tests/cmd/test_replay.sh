#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_replay.sh VAS [PROGRAMS]: replays logs of strace in all its styles, a recorded trace, that
# trace with something changed in it, things that are no traces, and programs in little memory.
# PROGRAMS is the folder of the built programs/*.c and ../workloads/*.c; without it no program is
# recorded. Prints TAP.

set -u
vas=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
fixtures=$here/fixtures
programs=${2:+$(realpath "$2")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work" || exit 2
export LC_ALL=C

tap_shown="out err"

# replay STATUS NAME ARGUMENT...: the exit status must be STATUS; what it says is in out and err
replay()
{
	expected=$1
	name=$2
	shift 2
	"$vas" replay "$@" >out 2>err
	[ $? -eq "$expected" ]
	ok $? "$name"
}

# says PATTERN NAME: a line of the report matches
says()
{
	grep -q -E -e "$1" out
	ok $? "$2"
}

# changed SCRIPT...: the recorded trace, edited by sed
changed()
{
	sed -E "$@" "$fixtures/recorded.trace" >changed.trace
	! cmp -s changed.trace "$fixtures/recorded.trace" || echo "# nothing was changed by: $*"
}

# ---- logs of strace ----

replay 0 "a plain log" "$fixtures/strace-plain.log"
grep compared out >plain
says 'divergences +0$' "a plain log does not diverge"
says 'no snapshots' "a plain log: it is said what was not compared"
for log in "$fixtures"/strace-*.log; do
	style=$(basename "$log" .log)
	replay 0 "$style" "$log"
	case $style in
	strace-memory | strace-no-f) continue ;; # these show less
	strace-hex) sed -i 's/ *not compared *1 calls that are not modelled//' out ;;
	esac
	grep compared out | cmp -s - plain
	ok $? "$style: the same was compared as in a plain log"
done

# ---- a recorded trace ----

recorded=$fixtures/recorded.trace
replay 0 "a recorded trace" "$recorded"
says 'compared +[0-9]+ results, 3 snapshots' "its snapshots are compared"
for design in $("$vas" designs | sed -n '/^index:/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
	case $design in anon*) continue ;; esac
	replay 0 "with index $design" --index="$design" "$recorded"
done
gzip -c "$recorded" >recorded.gz
replay 0 "a compressed trace" recorded.gz
"$vas" replay - <"$recorded" >out 2>err
ok $? "a trace from standard input"
replay 0 "several traces" "$recorded" "$fixtures/strace-plain.log"
[ "$(grep -c 'divergences' out)" -eq 2 ]
ok $? "several traces: each has its report"

# ---- what must be found ----

mmap=$(grep -n -m 1 'mmap(NULL, 262144' "$recorded" | cut -d: -f1)
changed "${mmap}s/= 0x(.*)000\$/= 0x1000000\\1000/"
replay 2 "an address that no page has" changed.trace
changed "${mmap}s/= 0x.*/= 0x7e0000000000/"
replay 1 "another address" changed.trace
says "^changed.trace:$mmap: process [0-9]+: mmap\\(NULL, 262144" "another address: file, line, call"
says '^    model   0x7f' "another address: what the model did"
says '^    kernel  0x7e0000000000' "another address: what the kernel did"
changed "${mmap}s/= 0x.*/= -1 ENOMEM (Cannot allocate memory)/"
replay 1 "an error instead of an address" changed.trace
changed '0,/= -1 EINVAL/s/= -1 EINVAL.*/= -1 EACCES (Permission denied)/'
replay 1 "another error" changed.trace
says 'kernel  -1 EACCES' "another error: is told"

snapshot=$(grep -n '@snapshot exit' "$recorded" | tail -n 1 | cut -d: -f1)
changed "$((snapshot + 2))s/r-xp/rwxp/"
replay 1 "another permission" changed.trace
says "^changed.trace:$snapshot: process [0-9]+: snapshot at exit" "another permission: where"
says 'kernel  .* rwxp ' "another permission: which"
replay 1 "another permission, whatever the level" --level=coverage changed.trace

# An area in two pieces: other boundaries, the same pages.
python=$(command -v python3)
if [ -n "$python" ]; then
	"$python" - "$recorded" "$snapshot" >changed.trace <<'END'
import re, sys
lines = open(sys.argv[1]).read().split("\n")
at = int(sys.argv[2]) - 1
kind, number = lines[at].rsplit(" ", 1)
lines[at] = f"{kind} {int(number) + 1}"
while "rw-p" not in lines[at] or "stack" not in lines[at]:
    at += 1
start, end = re.search(r"@area (\w+)-(\w+)", lines[at]).groups()
middle = f"{int(start, 16) + 4096:x}"
lines[at : at + 1] = [lines[at].replace(end, middle), lines[at].replace(start, middle)]
print("\n".join(lines), end="")
END
	replay 1 "other boundaries" changed.trace
	says 'reason .*the same pages' "other boundaries: the reason is told"
	replay 0 "other boundaries, at level coverage" --level=coverage changed.trace
	sed -i 's/^@faults .*/@faults none/' changed.trace
	replay 1 "other boundaries, touches unknown" changed.trace
	says 'reason .*cannot be decided' "other boundaries, touches unknown: that is the reason"
fi

# ---- areas at the end ----

pid=$(sed -n 's/^\([0-9]*\) .*execve.*/\1/p' "$recorded" | head -n 1)
replay 2 "the areas of a process that is not there" --maps=4194305 "$recorded"
replay 0 "the areas of one process" --maps="$pid" "$recorded"
sed -n "/^$pid .*@snapshot exit/,\$p" "$recorded" | sed -n 's/.* @area \(.*\) @ .*/\1/p' |
	sed 's/ *$//' >expected
sed 's/ *$//' out | cmp -s - expected
ok $? "the areas of one process: as the kernel showed them"
replay 0 "the areas of all" --maps "$recorded"
[ "$(grep -c '^# process' out)" -eq 3 ]
ok $? "the areas of all: three processes"

# ---- JSON ----

replay 1 "JSON" --json --maps changed.trace
if [ -n "$python" ]; then
	"$python" -c 'import json, sys
report = json.load(open("out"))
trace = report["traces"][0]
assert report["schema"] == "vas-replay" and report["schema_version"] == 1
assert report["divergences"] == trace["divergence_count"] == len(trace["divergences"]) == 1
assert trace["divergences"][0]["kind"] == "snapshot"
assert trace["calls"]["mmap"] > 5 and trace["recorded"] and trace["error"] is None
assert all(area["start"].startswith("0x") for area in trace["maps"][0]["areas"])' 2>err
	ok $? "JSON: one object with all of it"
fi

# ---- calls that overlap, children that are seen early ----

cat >overlap.log <<'END'
7 execve("/x", ["x"], 0x7ffd /* 1 var */) = 0
7 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000
7 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD}, 88) = 8
7 munmap(0x7f0000000000, 8192 <unfinished ...>
8 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000
7 <... munmap resumed>)             = 0
7 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
8 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
10 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000100000
9 munmap(0x7f0000000000, 4096) = 0
8 <... clone resumed>) = 10
7 <... clone resumed>) = 9
END
replay 0 "calls that overlap" --maps overlap.log
cat >expected <<'END'
# process 7, /x, at the end of the trace
7f0000000000-7f0000002000 rw-p 00000000 00:00 0 

# process 9, /x, at the end of the trace
7f0000001000-7f0000002000 rw-p 00000000 00:00 0 

# process 10, /x, at the end of the trace
7f0000000000-7f0000002000 rw-p 00000000 00:00 0 
7f0000100000-7f0000101000 ---p 00000000 00:00 0 
END
cmp -s out expected
ok $? "calls that overlap: each process has its areas"

# ---- a process from its middle, and one that is not ours ----

cat >middle.log <<'END'
strace: Process 7 attached
7 mprotect(0x7f0000001000, 4096, PROT_READ) = 0
7 munmap(0x7f0000800000, 4096) = 0
7 brk(0x1001000) = 0x1001000
7 brk(0x1003000) = 0x1003000
7 mremap(0x7f0000010000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f0000020000
7 munmap(0x7f0000002000, 0) = -1 EINVAL (Invalid argument)
END
replay 0 "a process from its middle" --maps=7 middle.log
cat >expected <<'END'
01001000-01003000 rw-p 00000000 00:00 0                                  [heap]
7f0000001000-7f0000002000 r--p 00000000 00:00 0                          [unknown]
7f0000020000-7f0000022000 rw-p 00000000 00:00 0                          [unknown]
END
cmp -s out expected
ok $? "a process from its middle: what its calls tell of it"
cat >foreign.log <<'END'
7 execve("/x32", ["x"], 0x7ffd /* 1 var */) = 0
[ Process PID=7 runs in 32 bit mode. ]
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0xf7f00000
7 execve("/x", ["x"], 0x7ffd /* 1 var */) = 0
[ Process PID=7 runs in 64 bit mode. ]
7 mmap(0x7f0000000000, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = 0x7f0000000000
END
replay 0 "a 32-bit process" foreign.log
says 'not compared +1 calls of 32-bit' "a 32-bit process: is left out"
says 'compared +1 results' "a 32-bit process: until its next exec"

# ---- small recorded traces ----

# begin FILE: a process with a stack and a vdso
begin()
{
	cat >"$1" <<'END'
@vas-trace 1 kernel=6.18.0
@settings randomize_va_space=0
@faults tracepoint
7 execve("/x", ["x"], 0x7ffd /* 1 var */) = 0
7 @limits stack=8388608:unlimited
7 @layout start_brk=0x1000000 brk=0x1000000 start_stack=0x7ffffffff000 task_size=0x7ffffffff000
7 @snapshot exec 3
7 @area 7ffff7ff0000-7ffff7ff4000 r--p 00000000 00:00 0  [vvar] @ rd mr pf io de dd
7 @area 7ffff7ff4000-7ffff7ff6000 r-xp 00000000 00:00 0  [vdso] @ rd ex mr mw me de
7 @area 7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
END
	cat >>"$1"
}

begin small.trace <<'END'
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fef000
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fee000
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT, -1, 0) = 0x40000000
7 brk(0x1002000) = 0x1002000
END
replay 0 "searches begin below the vdso" small.trace
says 'compared +4 results' "searches begin below the vdso: all is compared"
begin small.trace <<'END'
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ffe000
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ffd000
END
replay 0 "searches begin higher: the first shows it" small.trace
begin small.trace <<'END'
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fef000
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ffd000
7 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fee000
END
replay 1 "searches began there: another place later is a divergence" small.trace
says 'divergences +1$' "searches began there: told once, and in step again"

begin small.trace <<'END'
7 @touch w 0x7ffffff00000
7 --- SIGCHLD {si_signo=SIGCHLD} ---
7 @touch w 0x5000
7 --- SIGCHLD {si_signo=SIGCHLD} ---
7 --- SIGSEGV {si_signo=SIGSEGV, si_addr=0x5000} ---
7 @touch r 0x6000 k
7 brk(NULL) = 0x1000000
END
replay 0 "touches: a stack that grows, a signal, one of the kernel" --maps=7 small.trace
grep -q '^7ffffff00000-7ffffffff000 rw-p .*\[stack\]$' out
ok $? "touches: the stack has grown"
begin small.trace <<'END'
7 @touch w 0x5000
7 brk(NULL) = 0x1000000
END
replay 1 "a touch where no page may be, and no signal" small.trace
says 'page fault at 0x5000' "a touch where no page may be: is told"

begin small.trace <<'END'
7 vfork() = 8
8 @touch w 0x7fffff900000 k
8 @touch w 0x7ffffffdd000
8 execve("/y", ["y"], 0x7ffd /* 1 var */) = 0
8 @snapshot exec 1
8 @area 7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
8 +++ exited with 0 +++
7 @snapshot exit 3
7 @area 7ffff7ff0000-7ffff7ff4000 r--p 00000000 00:00 0  [vvar] @ rd mr pf io de dd
7 @area 7ffff7ff4000-7ffff7ff6000 r-xp 00000000 00:00 0  [vdso] @ rd ex mr mw me de
7 @area 7ffffffdd000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
7 +++ exited with 0 +++
@end exit
END
replay 0 "vfork: what exec touches is not its parent's" small.trace

begin small.trace <<'END'
7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fef000
7 clone(child_stack=NULL, flags=SIGCHLD) = 8
8 mprotect(0x7ffff7fef000, 4096, PROT_READ) = 0
8 +++ exited with 0 +++
7 @snapshot now 4
7 @area 7ffff7fef000-7ffff7ff0000 rw-s 00000000 00:01 99  /dev/zero (deleted) @ rd wr sh mr mw me ms
7 @area 7ffff7ff0000-7ffff7ff4000 r--p 00000000 00:00 0  [vvar] @ rd mr pf io de dd
7 @area 7ffff7ff4000-7ffff7ff6000 r-xp 00000000 00:00 0  [vdso] @ rd ex mr mw me de
7 @area 7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
7 @snapshot now 4
7 @area 7ffff7fef000-7ffff7ff0000 rw-s 00000000 00:01 98  /dev/zero (deleted) @ rd wr sh mr mw me ms
7 @area 7ffff7ff0000-7ffff7ff4000 r--p 00000000 00:00 0  [vvar] @ rd mr pf io de dd
7 @area 7ffff7ff4000-7ffff7ff6000 r-xp 00000000 00:00 0  [vdso] @ rd ex mr mw me de
7 @area 7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
7 @snapshot now 4
7 @area 7ffff7fef000-7ffff7ff0000 rw-s 00000000 00:01 98  /dev/zero (deleted) @ rd wr sh mr mw me ms
7 @area 7ffff7ff0000-7ffff7ff4000 r--p 00000000 00:00 0  [vvar] @ rd mr pf io de dd
7 @area 7ffff7ff4000-7ffff7ff6000 r-xp 00000000 00:00 0  [vdso] @ rd ex mr mw me de
7 @area 7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0  [stack] @ rd wr mr mw me gd ac anon=8
END
replay 1 "an inode is learnt once" small.trace
says 'divergences +1$' "an inode is learnt once: another one later differs, and replaces it"

# ---- traces that end too early, and things that are no traces ----

head -c 9000 "$recorded" >cut.trace
replay 0 "a trace without its end" cut.trace
says 'cut off' "a trace without its end: that is told"
gzip -c "$recorded" | head -c 2000 >cut.gz
replay 0 "a compressed trace without its end" cut.gz

# trouble NAME: the file `bad` gives status 2 and one line that names file and line
trouble()
{
	replay 2 "$1" bad
	[ "$(wc -l <err)" -eq 1 ] && grep -q '^vas: bad:' err
	ok $? "$1: one line says so"
}

printf '\177ELF\002\001\001\000\n\000\001' >bad
trouble "a binary"
echo 'Once upon a time' >bad
trouble "a text"
: >bad
trouble "an empty file"
printf '\037\213\010\000nonsense' >bad
trouble "what only looks compressed"
{ cat "$fixtures/strace-plain.log"; echo '7 mmap(NULL, 4096, PROT_SOME, MAP_PRIVATE, -1, 0) = 0'; } >bad
trouble "a flag that nobody knows"
grep -q "bad:$(wc -l <bad): mmap: argument 3 .*PROT_SOME" err
ok $? "a flag that nobody knows: line, argument and flag are named"
echo '7 munmap(0x7f0000000000, 99999999999999999999999) = 0' >bad
trouble "a huge number"
echo '7 munmap(0x7f0000000000) = 0' >bad
trouble "an argument too few"
sed -n '/@snapshot/,$p' "$recorded" | sed -n '1,3p;/touch/p' >bad
trouble "areas that are missing"
echo '7 @area 1000-2000 rw-p 00000000 00:00 0' >bad
trouble "an area from nowhere"
printf '7 @snapshot exec 2\n7 @area 1000-3000 rw-p 0 0:0 0\n7 @area 2000-4000 rw-p 0 0:0 0\n' >bad
trouble "areas that overlap"
echo '@vas-trace 99' >bad
trouble "a version from the future"
echo '7 @file 3 dev=fe:00 path="/x"' >bad
trouble "a file without an id"
echo '7 fork() = 7' >bad
trouble "a process that is its own child"

replay 2 "no such file" nowhere.trace
replay 2 "no file at all"
replay 2 "an unknown option" --colour "$recorded"
replay 2 "an unknown level" --level=some "$recorded"
replay 2 "an unknown index" --index=heap "$recorded"
replay 0 "help" --help

# ---- memory ----

# designs QUESTION
designs()
{
	"$vas" designs | sed -n "/^$1:/,/^\$/s/^  \([a-z0-9-]*\) .*/\1/p"
}

replay 0 "memory" --frames=16M "$recorded"
says 'contents +[1-9][0-9]* pages written, [1-9][0-9]* read' "memory: touches are accesses"
says 'swap +0 pages out, 0 in$' "memory: there is enough"
replay 0 "a quarter of the memory" --frames=25% "$recorded"
says 'swap +[1-9][0-9]* pages out, [1-9][0-9]* in$' "a quarter of the memory: pages go to swap"
replay 0 "swap in a file" --frames=25% --swap=swap.file --swap-size=1M "$recorded"
[ -s swap.file ]
ok $? "swap in a file: it was written"
for design in $(designs anonymous); do
	replay 0 "anonymous reverse map $design" --frames=25% --anon-rmap="$design" "$recorded"
done
for design in $(designs file); do
	replay 0 "file reverse map $design" --frames=25% --file-rmap="$design" "$recorded"
done
replay 0 "another design" --frames=25% --anon-rmap=pte-chain "$recorded"
says 'designs +pte-chain, .*compared by coverage' "another design: how areas are compared"

replay 1 "swap that forgets" --frames=25% --swap=/dev/zero "$recorded"
says 'contents of the page at 0x' "swap that forgets: the page is named"
says 'found +zeroes$' "swap that forgets: what it holds"
says 'expected +token [0-9]+, written at 0x' "swap that forgets: what was written to it"
for slots in 8 0; do
	! "$vas" replay --frames=25% --swap-size=$((slots * 4))K "$recorded" >out 2>err &&
		grep -q "memory full: [0-9]* frames and $slots slots are not enough" out err
	ok $? "$slots slots are not enough, which is said"
done

begin small.trace <<'END'
7 @file 3 dev=08:01 ino=5 mode=rw id=1 size=10000 type=file fs=ext4 path="/a"
7 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, 3</a>, 0) = 0x7ffff7fec000
7 @touch r 0x7ffff7fec000
7 @touch w 0x7ffff7fed000
7 @touch w 0x7ffff7fee010
7 @file 3 dev=08:01 ino=5 mode=rw id=1 size=10000 type=file fs=ext4 path="/a"
7 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE, 3</a>, 0) = 0x7ffff7fe8000
7 @touch r 0x7ffff7fe9000
7 @touch w 0x7ffff7fe9000
7 @touch r 0x7ffff7fea000
7 clone(child_stack=NULL, flags=SIGCHLD) = 8
8 @touch r 0x7ffff7fe9000
8 @touch w 0x7ffff7fe9000
8 @touch w 0x7ffff7fed000
8 +++ exited with 0 +++
7 @touch r 0x7ffff7fe9000
7 @touch r 0x7ffff7fed000
7 @file 3 dev=08:01 ino=5 mode=rw id=1 size=5000 type=file fs=ext4 path="/a"
7 mmap(NULL, 16384, PROT_READ, MAP_SHARED, 3</a>, 0) = 0x7ffff7fe4000
7 @touch r 0x7ffff7fe5000
7 @touch w 0x7ffff7fe9000
7 @touch w 0x7ffff7fea000
7 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7fe2000
7 @touch w 0x7ffff7fe2000
7 @touch w 0x7ffff7fe3000
7 madvise(0x7ffff7fe2000, 4096, MADV_DONTNEED) = 0
7 madvise(0x7ffff7fe3000, 4096, MADV_FREE) = 0
7 @touch r 0x7ffff7fe2000
7 @touch r 0x7ffff7fe3000
7 madvise(0x7ffff7fe3000, 4096, MADV_WIPEONFORK) = 0
7 @touch w 0x7ffff7fe3000
7 clone(child_stack=NULL, flags=SIGCHLD) = 9
9 @touch r 0x7ffff7fe3000
9 @touch w 0x7ffff7fe3000
END
replay 0 "files, private copies, truncation, advice" --frames=1M small.trace
says '1 times a file grew unseen' "files: a touch behind the end"
replay 0 "files, in very little memory" --frames=128K small.trace

replay 2 "no such design" --frames=1M --anon-rmap=telepathy "$recorded"
replay 2 "no such size" --frames=many "$recorded"
replay 2 "no such part" --frames=0% "$recorded"
grep -q "had: '0%' (a size" err
ok $? "no such part: the message has all of it, and says what can be had"
replay 2 "swap without memory" --swap=swap.file "$recorded"
replay 2 "swap that cannot be" --frames=1M --swap=nowhere/swap "$recorded"
replay 2 "a part of standard input" --frames=25% -

replay 1 "memory, as JSON" --frames=25% --swap=/dev/zero --json "$recorded"
if [ -n "$python" ]; then
	"$python" -c 'import json
trace = json.load(open("out"))["traces"][0]
memory = trace["memory"]
assert all(found["kind"] == "contents" for found in trace["divergences"])
assert memory["frames"] < memory["unlimited_frames"] and memory["anon_rmap"] == "anon-vma-chain"
assert memory["rmap"]["walks"] > 0 and memory["faults"]["new"] > 0 and memory["merges_as_linux"]
' 2>err
	ok $? "memory, as JSON: one object with all of it"
fi

# Timed.
replay 0 "timed" --frames=25% --time=2 "$recorded"
says "^  times +map [0-9.]+, fault [0-9.]+, .* of [0-9]+ passes" \
	"timed: the report says how long the library worked"
says "contents .* 0 read again" "timed: nothing is read again"
replay 2 "times without memory" --time "$recorded"
replay 2 "no time at all" --frames=1M --time=0 "$recorded"
replay 2 "standard input, timed" --frames=1M --time -
replay 0 "timed, as JSON" --frames=25% --time=30 --json "$recorded"
if [ -n "$python" ]; then
	"$python" -c 'import json
trace = json.load(open("out"))["traces"][0]
times = trace["times"]
kinds = ("map", "fault", "fork", "exit", "mremap", "reclaim")
assert times["total_ns"] == sum(times[kind + "_ns"] for kind in kinds) > 0, times
assert times["map_ns"] > 0 and times["fault_ns"] > 0 and times["reclaim_ns"] > 0
assert 0 < times["anon_walk_ns"] + times["file_walk_ns"] < times["total_ns"] and times["clock_ns"] > 0
assert times["passes"] > 1 and trace["divergence_count"] == 0
' 2>err
	ok $? "timed, as JSON: all kinds and their sum"
fi

# Recorded programs, and in a quarter of what they need.
for program in ${programs:+arenas calls corners dies exec_thread fork_tree interrupts many moves threads}; do
	"$vas" record -o program.trace -- "$programs/$program" >out 2>err </dev/null
	replay 0 "$program" program.trace
	if [ $program = corners ]; then
		says "not compared  [0-9]+ calls that a driver or a special file system refused" \
			"$program: what drivers refuse is not compared"
		says "[0-9]+: calls ptrace, which is refused while it is recorded" \
			"$program: the note about ptrace"
	fi
	replay 0 "$program in a quarter of its memory" --frames=25% program.trace
done

# The oracles, whose calls make the most of every corner. What they find themselves does not matter
# here.
for oracle in "oracle --calls=4000 --seed=1" "faults --steps=1500 --seed=5"; do
	tool=${oracle%% *}
	[ -x "$programs/$tool" ] || continue
	# shellcheck disable=SC2086
	"$vas" record -o program.trace -- "$programs/"$oracle >out 2>err </dev/null
	replay 0 "recorded: $tool" program.trace
	replay 0 "recorded: $tool, in a quarter of its memory" --frames=25% program.trace
done

# ---- what a fuzzer found ----

for find in "$fixtures"/fuzz/*; do
	[ -e "$find" ] || continue
	"$vas" replay "$find" >out 2>err
	[ $? -le 2 ]
	ok $? "a find of the fuzzer: $(basename "$find")"
done

echo "1..$count"
[ "$failed" -eq 0 ]
