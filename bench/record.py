#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""What recording costs: a compiler run plain, under `vas record`, and under `strace -f -y`.

usage: bench/record.py VAS [RUNS]

The three take turns, so that a machine that gets slower slows all of them; printed are the medians
of wall time and of processor time (children included), and their ratios to the plain run.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

def source(count):
    """A program of so many functions."""
    functions = "\n".join(FUNCTION.replace("%", str(i)) for i in range(count))
    calls = "\n".join(f"\tsum += f{i}(argv[0], sum & 63);" for i in range(count))
    return f"{HEAD}{functions}\nint main(int argc, char **argv)\n{{\n\tint sum = argc;\n\n{calls}{TAIL}"


HEAD = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>
"""

FUNCTION = """static int f%(const char *text, int n)
{
	int sum = %;

	for (int i = 0; i < n; i++)
		sum = sum * 31 + text[i] + (sum >> 3);
	return sum;
}
"""

TAIL = """
	printf("%d\\n", sum);
	return 0;
}
"""



def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(vas, count, runs):
    with open("program.c", "w", encoding="ascii") as file:
        file.write(source(count))
    compile_it = ["gcc", "-O2", "-o", "program", "program.c"]
    ways = {"plain": compile_it, "vas record": [vas, "record", "-o", "t.trace", "--"] + compile_it}
    if shutil.which("strace"):
        strace = ["strace", "-f", "-y", "-o", "t.log"]
        ways["strace -f -y"] = strace + compile_it
        ways["strace, memory calls only"] = strace + ["-e", "trace=%memory,%process"] + compile_it
    results = {name: [] for name in ways}
    for turn in range(runs + 1):
        for name, command in list(ways.items()):
            try:
                result = timed(command)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{name}: {error}")
                del ways[name], results[name]
                continue
            if turn > 0:  # the first warms up
                results[name].append(result)
    if "plain" not in results:
        return
    print(f"gcc -O2 of one file of {count} functions, medians of {runs} runs in turn")
    print(f"{'':28}{'wall s':>8}{'ratio':>7}{'cpu s':>8}{'ratio':>7}")
    base = [statistics.median(column) for column in zip(*results["plain"])]
    for name, rows in results.items():
        wall, cpu = (statistics.median(column) for column in zip(*rows))
        print(f"{name:28}{wall:8.3f}{wall / base[0]:7.2f}{cpu:8.3f}{cpu / base[1]:7.2f}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    vas = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for count in (400, 5):
            measure(vas, count, runs)


if __name__ == "__main__":
    main()
