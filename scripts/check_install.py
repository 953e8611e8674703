#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""What `meson install` lays down is complete, and programs build against it and run.

usage: scripts/check_install.py BUILD-FOLDER
"""

import os
import sys
import tempfile
from pathlib import Path

from tap import ROOT, Tap, run


def find(root, name):
    """The one installed file with this path's end, or None."""
    found = [path for path in root.rglob(Path(name).name) if str(path).endswith(name)]
    return found[0] if len(found) == 1 else None


def pkg_config(root, *arguments):
    pc = find(root, "pkgconfig/vas.pc")
    environment = {
        **os.environ,
        "PKG_CONFIG_LIBDIR": str(pc.parent),
        "PKG_CONFIG_SYSROOT_DIR": str(root),
    }
    status, said = run(["pkg-config", *arguments, "vas"], env=environment)
    if status != 0:
        raise SystemExit(said)
    return said.split()


def check_program(tap, root, kind, compile_flags, link_flags):
    """Builds the example that embeds the spaces against what was installed."""
    program = root / f"embed-{kind}"
    source = str(ROOT / "examples/embed.c")
    command = ["cc", "-std=gnu11", *compile_flags, "-o", str(program), source, *link_flags]
    status, said = run(command)
    if not tap.ok(status == 0, f"an example builds against the {kind} library", said):
        return
    library = str(find(root, "/libvas.so").parent)
    status, said = run([str(program)], env={**os.environ, "LD_LIBRARY_PATH": library})
    expected = (ROOT / "examples/expected/embed.txt").read_text()
    tap.ok(f"{said}status {status}\n" == expected, f"and runs with the {kind} library", said)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        command = ["meson", "install", "-C", sys.argv[1], "--no-rebuild", "--destdir", folder]
        status, said = run(command)
        if not tap.ok(status == 0, "meson install works", said):
            tap.finish()

        wanted = [f"include/vas/{path.name}" for path in (ROOT / "include/vas").iterdir()]
        wanted += [f"man{path.suffix[1:]}/{path.name}" for path in (ROOT / "man").iterdir()]
        wanted += ["bin/vas", "/libvas.so", "/libvas.so.0", "/libvas.a", "pkgconfig/vas.pc"]
        wanted += ["bash-completion/completions/vas"]
        missing = [name for name in wanted if find(root, name) is None]
        tap.ok(not missing, "headers, libraries, command, manual, completion", "\n".join(missing))
        if missing:
            tap.finish()

        _, version = run([str(find(root, "bin/vas")), "--version"])
        told = pkg_config(root, "--modversion")
        tap.ok(version.split() == ["vas", *told], "vas and vas.pc tell the same version", version)
        compile_flags = pkg_config(root, "--cflags")
        check_program(tap, root, "shared", compile_flags, pkg_config(root, "--libs"))
        flags = ["-static", *pkg_config(root, "--libs", "--static")]
        check_program(tap, root, "static", compile_flags, flags)
    tap.finish()


main()
