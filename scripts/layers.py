# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The layers of the house, from the lowest to the highest, and what they may include.

usage: scripts/layers.py [ROOT]

Prints each include that breaks a rule; status 1 if there is one.

 - a file of src/LAYER includes its own folder's headers by name ("gap.h"), lower layers' headers
   with their folder ("base/list.h"), and the public headers of its own and lower layers;
 - of the C library it includes only headers that a freestanding compiler has, and <string.h> for
   the four memory functions; src/base/libc.c, src/base/lock.c and *_posix.c may include more;
 - a public header includes public headers of its own and lower layers;
 - the command includes its own headers, public headers and any system header;
 - an example includes public and system headers.
"""

import re
import sys
from pathlib import Path

LAYERS = ["base", "tree", "page", "space", "object", "rmap", "reclaim", "machine"]

# The layer that each public header speaks for.
PUBLIC = {
    "base.h": "base",
    "pool.h": "base",
    "index.h": "tree",
    "frame.h": "page",
    "pmap.h": "page",
    "listener.h": "space",
    "area.h": "space",
    "space.h": "space",
    "store.h": "object",
    "file_rmap.h": "rmap",
    "anon_vma_chain.h": "rmap",
    "anon_rmap.h": "rmap",
    "machine.h": "machine",
}

FREESTANDING = {
    "cpuid.h",
    "immintrin.h",
    "inttypes.h",
    "limits.h",
    "stdalign.h",
    "stdarg.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "string.h",
}


def is_hosted(name):
    """Is this source only in builds with a C library?"""
    return name in ("src/base/libc.c", "src/base/lock.c") or name.endswith("_posix.c")


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found[1] == "<", found[2]


def layer_of_public(name):
    return LAYERS.index(PUBLIC[name]) if name in PUBLIC else None


def wrong_public(name, rank):
    """Why a file of the layer with this rank may not include <vas/name>, or None."""
    above = layer_of_public(name)
    if above is None:
        return "this public header has no layer yet: add it to scripts/layers.py"
    if above > rank:
        return f"layer {LAYERS[rank]} lies below layer {LAYERS[above]}"
    return None


def wrong_in_source(path, root, rank, system, name):
    if system and name.startswith("vas/"):
        return wrong_public(name[4:], rank)
    if system:
        if name in FREESTANDING or is_hosted(str(path.relative_to(root))):
            return None
        return "not a header of a freestanding compiler"
    folder, slash, _ = name.partition("/")
    if not slash:
        return None if (path.parent / name).exists() else "there is no such header in its folder"
    if folder not in LAYERS:
        return "neither in its own folder nor in a layer"
    if LAYERS.index(folder) > rank:
        return f"layer {LAYERS[rank]} lies below layer {folder}"
    return None


def wrong_outside(path, system, name):
    """For the command and the examples."""
    if system:
        return None
    if "/" in name or not (path.parent / name).exists():
        return "neither a public header nor one of its own"
    return None


def violations(root):
    """A line for each include that breaks a rule."""
    found = []

    def look(path, judge):
        for number, system, name in includes(path):
            if reason := judge(system, name):
                found.append(f"{path.relative_to(root)}:{number}: {name}: {reason}")

    for path in sorted((root / "src").glob("*/*.[ch]")):
        if path.parent.name not in LAYERS:
            found.append(f"{path.relative_to(root)}: not in a layer")
            continue
        rank = LAYERS.index(path.parent.name)
        look(path, lambda system, name: wrong_in_source(path, root, rank, system, name))
    for path in sorted((root / "include/vas").glob("*.h")):
        rank = layer_of_public(path.name)
        if rank is None:
            found.append(f"{path.relative_to(root)}: has no layer: add it to scripts/layers.py")
            continue
        look(path, lambda system, name: wrong_in_source(path, root, rank, system, name))
    for path in sorted([*(root / "cmd").glob("*/*.[ch]"), *(root / "examples").glob("*.[ch]")]):
        look(path, lambda system, name: wrong_outside(path, system, name))
    return found


if __name__ == "__main__":
    arguments = sys.argv[1:]
    broken = violations(Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent)
    print("\n".join(broken), end="\n" if broken else "")
    sys.exit(1 if broken else 0)
