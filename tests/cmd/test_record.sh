#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# test_record.sh VAS [PROGRAMS]: records real programs and looks at the traces. Prints TAP.
# PROGRAMS is the folder of the built programs/*.c; without it they are built here.

set -u
vas=$(realpath "$1") && [ -x "$vas" ] || { echo "Bail out! $1 cannot be run"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
programs=${2:-}
if [ -z "$programs" ]; then
	programs=$work/programs
	mkdir "$programs"
	for source in "$here"/programs/*.c; do
		${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -pthread "$source" \
			-o "$programs/$(basename "$source" .c)" || { echo "Bail out! $source"; exit 2; }
	done
fi
programs=$(realpath "$programs")
cd "$work" || exit 2

. "$here/tap.sh"

# has TRACE PATTERN NAME: some line of the trace matches
has()
{
	grep -q -E -e "$2" "$1"
	ok $? "$3"
}

lacks()
{
	! grep -q -E -e "$2" "$1"
	ok $? "$3"
}

# What every whole trace keeps, whatever was recorded. Prints the first thing that is wrong.
check_form='
function wrong(what) { print FILENAME ":" FNR ": " what ": " $0; bad = 1; exit 1 }
function is_time(word) { return word ~ /^[0-9]+\.[0-9][0-9][0-9][0-9][0-9][0-9]$/ }
ended != "" { wrong("a line after @end") }
FNR == 1 { if ($0 !~ /^@vas-trace 1 kernel=[^ ]+ machine=[^ ]+ recorder=vas-/) wrong("first line") }
areas > 0 && $2 != "@area" { wrong("areas are missing before this") }
file != "" && $0 !~ /^[0-9]+ [0-9.]+ mmap\(/ { wrong("@file without its mmap") }
/^@end (exit|interrupted|signal SIG[A-Z0-9]+)$/ { ended = $0; next }
/^@(vas-trace|settings|faults|lost|note) / { next }
/^@/ { wrong("unknown line") }
$1 !~ /^[0-9]+$/ { wrong("no thread id") }
FNR > 1 && $2 ~ /^[0-9]/ && !is_time($2) { wrong("time") }
is_time($2) && $2 < time { wrong("time runs backwards") }
is_time($2) { time = $2 }
is_time($2) && $3 ~ /^(fork|vfork|clone|clone3)\(/ && $NF ~ /^[0-9]+$/ { known[$NF] = 1 }
!($1 in known) {
	if (started || $3 !~ /^execve\(/)
		wrong("a thread that nobody made")
	known[$1] = started = 1
}
$2 == "@area" {
	if (--areas < 0 || $1 != area_owner)
		wrong("an area too many")
	if ($3 !~ /^[0-9a-f]+-[0-9a-f]+$/ || $4 !~ /^[r-][w-][x-][sp]$/)
		wrong("area")
	next
}
$3 == "@snapshot" {
	if ($4 !~ /^(exec|exit|now)$/)
		wrong("snapshot")
	areas = $5
	area_owner = $1
	if ($4 == "exec")
		open++
	else if ($4 == "exit")
		open--
	next
}
$2 == "@touch" {
	if ($3 !~ /^[rwx?]$/ || $4 !~ /^0x[0-9a-f]+$/)
		wrong("touch")
	next
}
{ file = "" }
$2 == "@file" { file = $0; next }
$2 ~ /^@(limits|layout|shm|privileges)$/ { next }
!is_time($2) { wrong("neither a call nor one of ours") }
$3 == "+++" {
	if ($4 != "superseded")
		delete known[$1]
	next
}
$3 == "---" { next }
$3 !~ /^[a-z_0-9]+\(/ || $0 !~ /\) += (\?|-?[0-9]|0x)/ { wrong("call") }
END { if (!bad && ended == "") { print FILENAME ": no @end"; exit 1 } exit bad }
'

well_formed()
{
	awk "$check_form" "$1"
	ok $? "$2: the trace is well formed"
}

# same_status NAME PROGRAM [ARGUMENT]...: what it returns alone, it returns recorded
same_status()
{
	name=$1
	shift
	(exec "$programs/$@") >/dev/null 2>&1
	alone=$?
	"$vas" record -o trace -- "$programs/$@" >/dev/null 2>&1
	recorded=$?
	[ "$alone" -eq "$recorded" ]
	ok $? "$name: status $recorded recorded, $alone alone"
	well_formed trace "$name"
}

test_status()
{
	"$vas" record -o trace -- sh -c 'exit 7'
	[ $? -eq 7 ]; ok $? "the status of the program"
	well_formed trace "sh"
	"$vas" record -o trace -- sh -c 'kill -TERM $$'
	[ $? -eq 143 ]; ok $? "128 and the number of its signal"
	has trace '^@end signal SIGTERM$' "the end names the signal"
	"$vas" record -o trace -- no-such-command 2>message
	[ $? -eq 127 ]; ok $? "127 when the command is not found"
	has message 'no-such-command: No such file' "and says so"
	"$vas" record -o trace -- /etc/passwd 2>/dev/null
	[ $? -eq 126 ]; ok $? "126 when it cannot be run"
	"$vas" record -o trace 2>/dev/null
	[ $? -eq 2 ]; ok $? "2 without a command"
	"$vas" record --faults=guess -o trace -- true 2>/dev/null
	[ $? -eq 2 ]; ok $? "2 for an unknown source of faults"
	"$vas" record -o no/such/folder/trace -- true 2>/dev/null
	[ $? -eq 2 ]; ok $? "2 when the trace cannot be written"
	"$vas" record -o - -- true >trace
	well_formed trace "standard output"
	echo hello | "$vas" record -o trace -- cat >output
	[ "$(cat output)" = hello ]; ok $? "input and output go through"
}

test_programs()
{
	same_status "forks and mremap" fork_tree
	[ "$(grep -c '@snapshot exit' trace)" -eq 31 ]
	ok $? "31 processes leave 31 snapshots"
	same_status "threads" threads
	[ "$(grep -c '^[0-9]* [0-9.]* clone3*(.*CLONE_THREAD' trace)" -eq 8 ]
	ok $? "8 threads"
	same_status "threads that are killed in the midst of calls and touches" killed_threads
	if grep -q '^@faults tracepoint' trace; then
		lacks trace '@touch .* ~$' "the order of faults and calls is certain"
	fi
	same_status "vfork and posix_spawn" vfork_exec
	[ "$(grep -c '@snapshot exit' trace)" -eq 3 ]
	ok $? "a child in its parent's space has no snapshot of its own"
	same_status "exec by a thread" exec_thread
	has trace '\+\+\+ superseded by execve in pid [0-9]+ \+\+\+' "the leader is superseded"
	same_status "segmentation fault" dies segv
	has trace -- '--- SIGSEGV \{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10\} ---' "SIGSEGV"
	has trace '@snapshot exit' "areas of a program that a signal ends"
	same_status "abort" dies abort
	same_status "SIGKILL with threads" dies kill
	has trace '@snapshot exit|^@note [0-9]+: died without a stop' "its areas, or why not"
	same_status "stop and continue" stops
	has trace -- '--- stopped by SIGSTOP ---' "a group stop"
	same_status "interrupted calls" interrupts
	same_status "a call that blocks until others have run" blocked
	same_status "what no call tells" corners
	has trace 'seals=0x10 ' "seals that were added between two mappings"
	has trace 'process_madvise\([0-9]+<pid:[0-9]+>, ' "the process that a pidfd stands for"
	has trace '^@note [0-9]+: calls ptrace' "a note says that ptrace does not work"
	same_status "300 processes at once" many 300
	[ "$(grep -c '@snapshot exit' trace)" -eq 301 ]; ok $? "301 snapshots"
}

test_calls()
{
	same_status "calls" calls
	while read -r pattern; do
		has trace "$pattern" "$pattern"
	done <<'END'
mprotect\(0x[0-9a-f]+, 4096, PROT_READ\|PROT_EXEC\) = 0$
pkey_mprotect\(0x[0-9a-f]+, 4096, PROT_READ, -1\) = 0$
madvise\(0x[0-9a-f]+, 4096, MADV_DONTFORK\) = 0$
mlock2\(0x[0-9a-f]+, 4096, MLOCK_ONFAULT\) = 
prctl\(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x[0-9a-f]+, 4096, "a <name>"\) = 
mremap\(0x[0-9a-f]+, 4096, 8192, MREMAP_MAYMOVE\|MREMAP_DONTUNMAP, NULL\) = -1 EINVAL \(Invalid argument\)$
mremap\(0x[0-9a-f]+, 4096, 8192, MREMAP_MAYMOVE\) = 0x
mlockall\(MCL_FUTURE\) = 
mmap\(NULL, 16384, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS\|MAP_NORESERVE\|MAP_POPULATE\|MAP_GROWSDOWN\|MAP_STACK, -1, 0\) = 0x
@file [0-9]+ dev=00:[0-9a-f]+ ino=[0-9]+ mode=rw id=[0-9]+ size=32768 fs=tmpfs type=file seals=0x1 noexec=0 path="/memfd:a\\nmemory file \(deleted\)"$
MAP_SHARED, [0-9]+</memfd:a\\nmemory file>\(deleted\), 0\) = 0x
remap_file_pages\(0x[0-9a-f]+, 4096, PROT_NONE, 4, MAP_FILE\) = 0$
mmap\(NULL, 4096, PROT_READ, MAP_PRIVATE, [0-9]+, 0\) = -1 EBADF \(Bad file descriptor\)$
@shm [0-9]+ size=12288 ino=[0-9]+ mode=0600 hugetlb=0$
shmat\([0-9]+, NULL, SHM_RDONLY\) = 0x
shmat\(-1, NULL, 0\) = -1 EINVAL \(Invalid argument\)$
shmdt\(0x[0-9a-f]+\) = 0$
prlimit64\(0, RLIMIT_AS, \{rlim_cur=[^}]+\}, NULL\) = 0$
personality\(PER_LINUX\|ADDR_NO_RANDOMIZE\) = 
clone\(child_stack=NULL, flags=CLONE_UNTRACED\|SIGCHLD\) = [0-9]+$
mmap\(NULL, 12288, .* = 0x
END
	lacks trace 'RLIMIT_NOFILE' "calls that touch no memory are not recorded"
}

test_sources()
{
	for source in tracepoint software pagemap none; do
		"$vas" record --faults=$source -o trace -- "$programs/fork_tree" 2>/dev/null
		status=$?
		if [ $status -eq 2 ]; then
			skip "faults from $source" "not allowed here"
			continue
		fi
		ok $status "faults from $source"
		well_formed trace "faults from $source"
		has trace "^@faults $source\$" "the trace names the source $source"
	done
	lacks trace '@touch' "no faults from none"
	[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || return 0
	chmod 755 "$work" && mkdir -m 777 open && cp "$programs/threads" open &&
		cp "$vas" open/vas
	"$vas" record -o trace -- setpriv --reuid=65534 --clear-groups true
	has trace '^[0-9]+ @privileges caps=none uid=65534$' "privileges that are given up"
	(cd open && setpriv --reuid=65534 --regid=65534 --clear-groups ./vas record -o trace -- \
		./threads)
	ok $? "an ordinary user records"
	well_formed open/trace "an ordinary user"
}

test_compressed()
{
	"$vas" record -o trace.gz -- "$programs/fork_tree" && gzip -dc trace.gz >trace
	ok $? "gzip"
	well_formed trace "gzip"
	command -v zstd >/dev/null || { skip "zstd" "no zstd command"; return; }
	"$vas" record -o trace.zst -- "$programs/fork_tree" && zstd -qdcf trace.zst >trace
	ok $? "zstd"
	well_formed trace "zstd"
}

# wait_for PATTERN: until the trace has such a line, at most ten seconds
wait_for()
{
	tries=0
	until grep -q -e "$1" trace 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
}

test_interrupted()
{
	signals=TERM:143
	# Under nohup a hang-up is ignored, by the recorder too.
	[ $(($(sed -n 's/^SigIgn:.*\(.\)$/0x\1/p' /proc/self/status) & 1)) -ne 0 ] ||
		signals="$signals HUP:129"
	for signal in $signals; do
		expected=${signal#*:}
		signal=${signal%:*}
		rm -f trace
		"$vas" record -o trace -- sh -c 'sleep 1000 & sleep 1000' &
		recorder=$!
		wait_for 'sleep.*1000'
		kill -$signal $recorder
		wait $recorder
		status=$?
		[ $status -eq "$expected" ]
		ok $? "SIG$signal to the recorder: status $status"
		well_formed trace "SIG$signal"
		has trace '^@end interrupted$' "the end says interrupted"
		has trace '@snapshot now' "with the areas at that moment"
		sleep_left=$(ps -o args= --ppid 1 2>/dev/null | grep -c '^sleep 1000')
		[ "$sleep_left" -eq 0 ]; ok $? "nothing runs on without its recorder"
	done
	rm -f trace
	"$vas" record -o trace -- sleep 1000 &
	recorder=$!
	wait_for 'sleep.*1000'
	kill -USR1 $recorder
	wait_for '@snapshot now'
	ok $? "SIGUSR1: the areas now"
	kill -KILL $recorder
	wait $recorder 2>/dev/null
	[ "$(wc -l <trace)" -gt 30 ]; ok $? "SIGKILL to the recorder: the trace is readable so far"
	# A terminal sends its interrupt to the program too: that is the program's affair.
	"$programs/terminal" 3 "$vas" record -o trace -- sh -c 'trap "exit 5" INT; echo x; sleep 9'
	[ $? -eq 5 ]; ok $? "an interrupt from the terminal is the program's"
	well_formed trace "interrupt from the terminal"
	has trace '^@end exit$' "and the recorder goes on to the end"
}

test_foreign()
{
	cat >foreign.s <<'END'
.globl _start
_start: mov $11,%eax
 mov $path,%ebx
 mov $argv,%ecx
 mov $0,%edx
 int $0x80
 mov $1,%eax
 mov $9,%ebx
 int $0x80
.data
path: .asciz "/bin/true"
.align 4
argv: .long path, 0
END
	if ! { as --32 foreign.s -o foreign.o && ld -m elf_i386 foreign.o -o foreign &&
		./foreign; } 2>/dev/null; then
		skip "32-bit program" "cannot be built or run here"
		return
	fi
	"$vas" record -o trace -- ./foreign
	ok $? "a 32-bit program that runs a 64-bit one"
	well_formed trace "32-bit program"
	has trace '^@note [0-9]+: a 32-bit program, not recorded$' "a note says what is missing"
	[ "$(grep -c '@snapshot exit' trace)" -eq 1 ]; ok $? "the 64-bit one is recorded"
}

test_status
test_programs
test_calls
test_sources
test_compressed
test_interrupted
test_foreign
echo "1..$count"
[ "$failed" -eq 0 ]
