#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The library shows what the public headers promise, and nothing else.

usage: scripts/check_symbols.py BUILD-FOLDER

The shared library exports exactly the names that the headers mark VAS_API. The static library,
which cannot hide what its objects share among themselves, has no global name without `vas_`.
"""

import re
import sys
from pathlib import Path

from tap import ROOT, Tap, run

DECLARATION = re.compile(r"^VAS_API\b[^;{]*?\b(\w+)\s*(?:\(|;)", re.M)


def without_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def promised():
    names = set()
    for path in (ROOT / "include/vas").glob("*.h"):
        text = without_comments(path.read_text()).replace("VAS_MUST_CHECK", "")
        names |= set(DECLARATION.findall(text))
    return names


def defined(*command):
    status, said = run(["nm", *command])
    if status != 0:
        raise SystemExit(said)
    return {line.split()[-1] for line in said.splitlines() if len(line.split()) == 3}


def main():
    tap = Tap()
    build = Path(sys.argv[1])
    declared = promised()
    exported = defined("-D", "--defined-only", str(build / "libvas.so"))
    tap.ok(
        exported <= declared,
        "libvas.so exports nothing that no public header declares",
        "\n".join(sorted(exported - declared)),
    )
    tap.ok(
        declared <= exported,
        "libvas.so exports all that the public headers declare",
        "\n".join(sorted(declared - exported)),
    )
    shared = defined("-g", "--defined-only", str(build / "libvas.a"))
    odd = {name for name in shared if not name.startswith("vas_")}
    tap.ok(not odd, "every global name in libvas.a begins with vas_", "\n".join(sorted(odd)))
    tap.ok(declared <= shared, "libvas.a has all that the headers declare", declared - shared)
    _, needed = run(["readelf", "-d", str(build / "libvas.so")])
    libraries = set(re.findall(r"NEEDED.*\[(.*)\]", needed))
    tap.ok(libraries <= {"libc.so.6"}, "libvas.so depends on libc alone", libraries)
    tap.finish()


if __name__ == "__main__":
    main()
