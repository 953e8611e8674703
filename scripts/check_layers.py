#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The layer rule holds; and a house in which it is broken is found out, each way to break it."""

import re
import tempfile
from pathlib import Path

from layers import LAYERS, violations
from tap import ROOT, Tap

# A house in which all is well ...
SOUND = {
    "include/vas/base.h": "#include <stdint.h>\n",
    "include/vas/index.h": "#include <vas/base.h>\n",
    "include/vas/space.h": "#include <vas/index.h>\n",
    "src/base/list.h": "",
    "src/base/libc.c": "#include <stdlib.h>\n#include <vas/base.h>\n",
    "src/object/store_posix.c": "#include <unistd.h>\n",
    "src/tree/gap.h": '#include "base/list.h"\n',
    "src/tree/gap.c": '#include "gap.h"\n\n#include <string.h>\n#include <vas/index.h>\n',
    "src/space/map.c": '#include <vas/space.h>\n#include "tree/gap.h"\n',
    "cmd/vas/cmd.h": "#include <stdio.h>\n",
    "cmd/vas/main.c": '#include <vas/space.h>\n#include "cmd.h"\n',
    "examples/map.c": "#include <stdio.h>\n#include <vas/space.h>\n",
}

# ... and what is written into one of its files to break it.
BREACHES = {
    "a tree that includes a header of the space": ("src/tree/gap.c", '#include "space/map.h"'),
    "a tree that includes the public header of the space": ("src/tree/gap.c", "#include <vas/space.h>"),
    "a public header that includes one of a higher layer": ("include/vas/index.h", "#include <vas/space.h>"),
    "a header reached with ..": ("src/space/map.c", '#include "../tree/gap.h"'),
    "a header of another folder without its folder": ("src/space/map.c", '#include "gap.h"'),
    "a header of the command in the library": ("src/space/map.c", '#include "cmd/vas/cmd.h"'),
    "libc in the library": ("src/space/map.c", "#include <stdio.h>"),
    "a folder that is no layer": ("src/extra/thing.c", ""),
    "a public header that has no layer": ("include/vas/thing.h", ""),
    "an inner header in the command": ("cmd/vas/main.c", '#include "tree/gap.h"'),
    "an inner header in an example": ("examples/map.c", '#include "tree/gap.h"'),
    "an include with odd blanks": ("src/tree/gap.c", '  #  include   "space/map.h"'),
}


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def check_map(tap):
    """src/README.md shows every file of the house, and no other."""
    text = (ROOT / "src/README.md").read_text()
    parts = dict(re.findall(r"^## (\w+):.*?\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    shown = {f"{layer}/{name}" for layer, part in parts.items()
             for name in re.findall(r"`(\w+\.[ch])`", part)}
    there = {f"{path.parent.name}/{path.name}" for path in (ROOT / "src").glob("*/*.[ch]")}
    tap.ok(not there - shown, "src/README.md shows every source", "\n".join(sorted(there - shown)))
    tap.ok(not shown - there, "and none that is gone", "\n".join(sorted(shown - there)))


def check_breach(tap, name, where, line):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in SOUND.items():
            write(root, path, text)
        write(root, where, SOUND.get(where, "") + line + "\n")
        found = violations(root)
        tap.ok(len(found) == 1 and found[0].startswith(where), f"found out: {name}", found)


def main():
    tap = Tap()
    for layer in LAYERS:
        if (ROOT / "src" / layer).is_dir():
            found = [line for line in violations(ROOT) if line.startswith(f"src/{layer}/")]
            tap.ok(not found, f"src/{layer} includes only what it may", "\n".join(found))
    found = [line for line in violations(ROOT) if not line.startswith("src/")]
    tap.ok(not found, "headers, command and examples include only what they may", "\n".join(found))

    check_map(tap)

    with tempfile.TemporaryDirectory() as folder:
        for path, text in SOUND.items():
            write(Path(folder), path, text)
        found = violations(Path(folder))
        tap.ok(not found, "a sound house is found sound", "\n".join(found))
    for name, (where, line) in BREACHES.items():
        check_breach(tap, name, where, line)
    tap.finish()


main()
