#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""Makes the page of the browser report: bundles its scripts and writes it down as C.

usage: bundle.py SOURCE WORK DEPFILE --required|--if-possible TEMPLATE.c REPORT.html

Copies SOURCE to the folder WORK, lets npm fetch there what package-lock.json names, and bundles.
Nothing is written to SOURCE. Without Node.js, or when npm cannot reach its registry, the page is
left out: TEMPLATE.c becomes none.c, one line says so, and the next build tries again (DEPFILE
names a file that does not exist). With --required that is an error.
"""

import shutil
import subprocess
import sys
from pathlib import Path

NPM_SECONDS = 180
OLDEST_NODE = 18


class Trouble(Exception):
    """Why there is no page."""


def run(command, folder, what, seconds=NPM_SECONDS):
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError:
        raise Trouble(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Trouble(f"{what} took longer than {seconds} s") from None
    text = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        lines = [line for line in text.splitlines() if "rror" in line] or text.splitlines() or [""]
        raise Trouble(f"{what} failed: {lines[0]}")
    return text


def copy(source, work):
    """Only what changed, so that node_modules is kept while package-lock.json stays."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / "src", ignore_errors=True)
    shutil.copytree(source / "src", work / "src")
    for name in (".npmrc", "bundle.js", "package.json", "package-lock.json"):
        shutil.copyfile(source / name, work / name)


def fetch(work):
    """The packages of package-lock.json, unless they are there from the last time."""
    lock = (work / "package-lock.json").read_bytes()
    fetched = work / "fetched"
    if fetched.exists() and fetched.read_bytes() == lock:
        return
    run(["npm", "ci"], work, "npm ci")
    fetched.write_bytes(lock)


def bundle(source, work, page):
    version = run(["node", "--version"], source, "node").strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise Trouble(f"Node.js is {version}, older than {OLDEST_NODE}")
    copy(source, work)
    fetch(work)
    run(["node", "bundle.js", str(page)], work, "the bundler")


def as_c(page):
    """The bytes as an array: a string would be longer than compilers must take."""
    data = page.read_bytes()
    yield "/* Made by bundle.py. */\n\n#include <stddef.h>\n\n"
    yield "extern const char vas_report_template[];\nextern const size_t vas_report_template_size;\n\n"
    yield "const char vas_report_template[] = {\n"
    for at in range(0, len(data), 32):
        # Bytes from 128 are negative chars on most machines; the cast is right on all.
        yield "".join(
            f"{byte}," if byte < 128 else f"(char){byte}," for byte in data[at : at + 32]
        ) + "\n"
    yield f"}};\nconst size_t vas_report_template_size = {len(data)};\n"


def main(source, work, depfile, need, template, page):
    source, work, page = Path(source), Path(work).resolve(), Path(page).resolve()
    again = ""
    try:
        bundle(source, work, page)
        with open(template, "w", encoding="ascii") as out:
            out.writelines(as_c(page))
    except (OSError, Trouble) as trouble:
        print(f"The browser report is left out: {trouble}", flush=True)
        if need == "--required":
            return 1
        shutil.copyfile(source / "none.c", template)
        page.write_bytes(b"")
        again = " try-again"
    Path(depfile).write_text(f"{template}:{again}\n", encoding="utf-8")
    return 0


sys.exit(main(*sys.argv[1:]))
