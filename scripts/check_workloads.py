#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""Records real programs and replays them: every result and every list of areas must be equal.

usage: scripts/check_workloads.py VAS PROGRAM...

The programs given are recorded too, each by itself.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import ROOT, Tap, run

PYTHON = """
import ctypes, decimal, email.message, json, sqlite3, ssl, subprocess, sys, threading
text = json.dumps([str(i) for i in range(20000)])
for command in (["true"], ["sh", "-c", "seq 1000 | sort -n | tail -n 1"]):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
subprocess.run([sys.executable, "-c", "import json; print(len(json.loads(input())))"],
               input=text.encode(), check=True, stdout=subprocess.DEVNULL)
"""


def workloads(programs):
    """(name, command)"""
    yield "a shell pipeline", [
        "sh",
        "-c",
        "ls -lR /usr/include | sort | uniq -c | sort -rn | awk '{ n += $1 } END { print n }'",
    ]
    yield "a compiler", ["cc", "-O2", f"-I{ROOT}/include", f"{ROOT}/examples/embed.c", "-c"]
    yield "a Python program with imports and subprocesses", [python(), "-c", PYTHON]
    yield "make and its children", ["make", "-n", "-C", str(ROOT), "oracle", "bench"]
    yield "find and gzip", ["sh", "-c", "find /usr/share/doc -name '*.gz' | head -n 50 | xargs zcat"]
    for program in programs:
        yield f"the program {Path(program).name}", [str(Path(program).resolve())]


def python():
    """The real program: a wrapper of version managers may be in PATH."""
    return os.path.realpath(sys.executable)


def check(tap, vas, name, command):
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        recorded = subprocess.run(
            [vas, "record", "-o", str(trace), "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            check=False,
        )
        if not tap.ok(
            recorded.returncode == 0,
            f"{name}: recorded",
            f"status {recorded.returncode}\n{recorded.stderr.decode(errors='replace')}",
        ):
            return
        status, said = run([vas, "replay", "--level=exact", str(trace)])
        if not tap.ok(status == 0, f"{name}: replayed, all equal", said):
            keep = Path(tempfile.gettempdir()) / "vas-workload.trace"
            shutil.copy(trace, keep)
            print(f"# the trace is kept: {keep}")


def main():
    tap = Tap()
    vas = str(Path(sys.argv[1]).resolve())
    for name, command in workloads(sys.argv[2:]):
        check(tap, vas, name, command)
    tap.finish()


main()
