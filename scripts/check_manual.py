#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The manual, the help texts, the completion and the headers tell the same story.

usage: scripts/check_manual.py PROGRAM

Every page is well-formed. Every sub-command has a page, and page, help text and bash completion
name the same options. Every function of the library stands in libvas.3.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from check_symbols import promised
from tap import ROOT, Tap, run

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")


def page_text(path):
    status, text = run(["mandoc", "-T", "utf8", str(path)])
    text = re.sub(".\b", "", text) if status == 0 else ""
    return text.replace("\u2010", "-").replace("\u2212", "-")


def commands(program):
    """The names of all sub-commands, those of `vas bench` as "bench index"."""
    names = []
    for group, arguments in (("", ["--help"]), ("bench ", ["bench", "--help"])):
        _, text = run([program, *arguments])
        found = re.findall(r"^  (?:bench )?([a-z-]+)  +\S", text, re.M)
        names += [group + name for name in found if name != "bench"]
    return names


def page_of(name):
    return ROOT / "man" / f"vas-{name.split()[0]}.1"


def check_pages(tap):
    for page in sorted((ROOT / "man").iterdir()):
        _, said = run(["mandoc", "-T", "lint", "-W", "warning", str(page)])
        tap.ok(not said.strip(), f"{page.name} is well-formed", said)


def check_command(tap, program, name):
    status, text = run([program, *name.split(), "--help"])
    described = set(OPTION.findall(text))
    tap.ok(
        status == 0 and text.startswith(f"usage: vas {name}") and "--help" in described,
        f"vas {name} --help tells how it is used",
        f"status {status}:\n{text}",
    )
    if not page_of(name).exists():
        tap.ok(False, f"vas {name} has a page", f"{page_of(name).name} is missing")
        return
    page = set(OPTION.findall(page_text(page_of(name))))
    tap.ok(
        described <= page,
        f"every option that vas {name} --help names stands in {page_of(name).name}",
        "\n".join(sorted(described - page)),
    )
    status, text = run([program, *name.split(), "--no-such-option"])
    tap.ok(
        status == 2 and text.startswith("vas: ") and text.count("\n") == 1,
        f"vas {name} refuses an unknown option in one line, with status 2",
        f"status {status}:\n{text}",
    )
    completed = complete(program, f"vas {name} --")
    tap.ok(
        completed is None or {word.split("=")[0] for word in completed} == described,
        f"the completion of vas {name} offers the options that its help names",
        f"completion: {completed}\nhelp: {sorted(described)}",
    )


def complete(program, line):
    """What bash offers after this line; None without bash. It asks the program in PATH."""
    if shutil.which("bash") is None:
        return None
    script = f"""
        source '{ROOT}/completion/vas.bash'
        COMP_WORDS=({line}{' ""' if line.endswith(" ") else ""})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        COMP_LINE='{line}' COMP_POINT={len(line)}
        _vas vas "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    folder = Path(program).resolve().parent
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    status, said = run(["bash", "-c", script], env=environment)
    if status != 0:
        return [f"status {status}: {said}"]
    return said.split()


def main():
    tap = Tap()
    program = sys.argv[1]
    if shutil.which("mandoc") is None:
        tap.skip("the manual", "mandoc is not installed")
        tap.finish()
    check_pages(tap)

    names = commands(program)
    tap.ok(len(names) >= 5, "vas --help names its commands", names)
    overview = page_text(ROOT / "man/vas.1")
    for name in names:
        tap.ok(f"vas-{name.split()[0]}(1)" in overview, f"vas.1 names vas {name}", overview)
        check_command(tap, program, name)
    first = {name.split()[0] for name in names}
    tap.ok(
        set(complete(program, "vas ") or first) == first,
        "the completion offers all commands",
        f"{complete(program, 'vas ')}\n{first}",
    )

    library = page_text(ROOT / "man/libvas.3")
    missing = sorted(name for name in promised() if not re.search(rf"\b{name}\b", library))
    tap.ok(not missing, "libvas.3 names every function of the headers", "\n".join(missing))
    tap.finish()


main()
