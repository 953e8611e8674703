#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The sources are laid out as .clang-format says, and each file says whose it is.

usage: scripts/check_format.py [--fix]
"""

import re
import shutil
import sys

from tap import ROOT, Tap, run

FORMATTER = "clang-format-14"
FOLDERS = ["include", "src", "cmd", "tests", "examples", "fuzz", "bench", "report"]
LICENCE = "SPDX-License-Identifier: MIT"
OWNER = "SPDX-FileCopyrightText: 2026 the vas authors"


def sources(folder):
    return sorted((ROOT / folder).rglob("*.[ch]"))


def fix():
    for folder in FOLDERS:
        if sources(folder):
            status, said = run([FORMATTER, "-i", *map(str, sources(folder))])
            print(said, end="")
            if status != 0:
                sys.exit(status)


def check_licences(tap, folder):
    files = [*sources(folder)]
    for pattern in ("*.js", "meson.build"):
        files += (ROOT / folder).rglob(pattern)
    bare = []
    for path in files:
        lines = path.read_text(errors="replace").splitlines()[:2]
        if len(lines) < 2 or OWNER not in lines[0] or LICENCE not in lines[1]:
            bare.append(str(path.relative_to(ROOT)))
    tap.ok(not bare, f"{folder}: every source begins with its licence", "\n".join(bare))


def main():
    if sys.argv[1:] == ["--fix"]:
        fix()
        return
    tap = Tap()
    for folder in FOLDERS:
        if not sources(folder):
            continue
        check_licences(tap, folder)
        name = f"{folder}: laid out as .clang-format says"
        if shutil.which(FORMATTER) is None:
            tap.skip(name, f"{FORMATTER} is not installed")
            continue
        status, said = run([FORMATTER, "--dry-run", "-Werror", *map(str, sources(folder))])
        wrong = re.findall(r"^(\S+?):\d+:\d+: error", said, re.M)
        tap.ok(status == 0, name, "make format would change:\n" + "\n".join(sorted(set(wrong))))
    tap.finish()


main()
