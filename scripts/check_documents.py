#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""Runs the examples of a document and compares what they print with what the document says.

usage: scripts/check_documents.py BUILD-FOLDER DOCUMENT...

In Markdown, by the word behind the fence of a block:

  c         a whole program: compiled without warnings, linked to the library, run
  text      right after a c block: what that program prints
  console   lines that begin with "$ " are commands for bash, the others what they print; each
            must end with status 0, or with N where "# status N" ends the line; a line of "..."
            stands for any lines
  sh        shown, not run; but each `make TARGET` in it must exist

After the comment <!-- varies -->, the numbers of a console block may differ: each line shown must
come, its numbers aside, in this order; a line that ends with " ..." may go on as it likes. After
<!-- varies freely --> only the status counts.

In a manual page, a literal block is c if it has #include, console if it begins with "$ ", else, if
it follows a program, what that program prints. A command of a page that shows no output is only
run, and one in a block after the line .\\" shown, not run is not.

All blocks of a document run in one empty folder, in order, with the build folder in PATH.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

from tap import ROOT, Tap, run

MARK = "<<end of command>>"


class Block:
    def __init__(self, kind, line, text, varies=False):
        self.kind = kind
        self.line = line
        self.text = text
        self.varies = varies


def read_markdown(path):
    blocks, varies, current = [], False, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("```"):
            if current is None:
                current = Block(line[3:].strip(), number, [], varies)
            else:
                blocks.append(current)
                current, varies = None, False
        elif current is not None:
            current.text.append(line)
        elif mark := re.fullmatch(r"<!-- varies( freely)? -->", line.strip()):
            varies = "freely" if mark[1] else "in numbers"
        elif line.strip() and blocks and blocks[-1].kind != "prose":
            blocks.append(Block("prose", number, []))
    return blocks


def read_manual(path):
    blocks, current, shown = [], None, False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith(".Bd -literal"):
            current = Block("", number, [])
        elif line == ".Ed" and current is not None:
            current.kind = "other" if shown else kind_in_manual(current.text, blocks)
            blocks.append(current)
            current, shown = None, False
        elif line == '.\\" shown, not run':
            shown = True
        elif current is not None:
            line = re.sub(r"^\\&", "", line)
            current.text.append(line.replace("\\e", "\\").replace("\\-", "-"))
    return blocks


def kind_in_manual(text, before):
    if any(line.startswith("#include") for line in text):
        return "c"
    if text and text[0].startswith("$ "):
        return "console"
    return "text" if before and before[-1].kind == "c" else "other"


def plain(text):
    return [line.rstrip() for line in text]


def without_numbers(line):
    """A line in which numbers, addresses and the width of columns do not count."""
    line = re.sub(r"\b(0x)?[0-9a-f]*\d[0-9a-f]*([.,]\d+)*\b", "N", line)
    return re.sub(r"\s+", " ", line).strip()


def matches(shown, printed):
    """`shown` may have lines of "..."; tries the longest way, the texts are short."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(matches(shown[1:], printed[skip:]) for skip in range(len(printed) + 1))
    return bool(printed) and shown[0] == printed[0] and matches(shown[1:], printed[1:])


def comes_in_order(shown, printed):
    wanted = [without_numbers(line) for line in shown if line.strip() not in ("", "...")]
    rest = iter([without_numbers(line) for line in printed])

    def same(line, other):
        return other.startswith(line[:-4]) if line.endswith(" ...") else line == other

    return all(any(same(line, other) for other in rest) for line in wanted)


class Document:
    def __init__(self, tap, build, path, folder):
        self.tap = tap
        self.build = build
        self.path = path
        self.folder = Path(folder)
        self.printed = None  # by the last program

    def name(self, block, what):
        return f"{self.path.relative_to(ROOT)}:{block.line}: {what}"

    def run_block(self, block):
        runner = {"c": self.run_program, "console": self.run_console, "sh": self.check_make}
        if block.kind in runner:
            runner[block.kind](block)
        elif block.kind == "text" and self.printed is not None:
            good = plain(block.text) == plain(self.printed)
            self.tap.ok(good, self.name(block, "what the program prints"), "\n".join(self.printed))
        if block.kind != "c":
            self.printed = None

    def run_program(self, block):
        source, program = self.folder / "example.c", self.folder / "example"
        source.write_text("\n".join(block.text) + "\n")
        flags = f"-std=gnu11 -Wall -Wextra -Wconversion -Werror -I{ROOT}/include".split()
        command = ["cc", *flags, "-o", str(program), str(source), str(self.build / "libvas.a")]
        status, said = run(command)
        if not self.tap.ok(status == 0, self.name(block, "the program compiles"), said):
            return
        status, said = run([str(program)], cwd=self.folder, timeout=60)
        self.tap.ok(status == 0, self.name(block, "the program runs"), f"status {status}\n{said}")
        self.printed = said.splitlines()

    def run_console(self, block):
        commands = []  # (line, status, what is shown)
        for line in block.text:
            if line.startswith("$ "):
                status = re.search(r"# status (\d+)$", line)
                commands.append((line[2:], int(status[1]) if status else 0, []))
            elif commands and line.startswith("> "):
                commands[-1] = (commands[-1][0] + "\n" + line[2:], *commands[-1][1:])
            elif commands:
                commands[-1][2].append(line.rstrip())
        script = "".join(f"{command}\necho \"{MARK}$?\"\n" for command, _, _ in commands)
        environment = {**os.environ, "PATH": f"{self.build}:{os.environ['PATH']}"}
        _, said = run(["bash", "-c", script], cwd=self.folder, env=environment, timeout=300)
        results = re.findall(rf"(.*?){MARK}(\d+)\n", said, re.S)
        for (command, status, shown), result in zip(commands, results):
            printed = plain(result[0].splitlines())
            if block.varies == "freely":
                good = True
            elif block.varies:
                good = comes_in_order(shown, printed)
            else:
                good = matches(shown, printed) or (not shown and self.path.suffix != ".md")
            good = good and int(result[1]) == status
            details = f"status {result[1]}, and it said:\n{result[0]}"
            self.tap.ok(good, self.name(block, command.splitlines()[0][:60]), details)
        self.tap.ok(len(results) == len(commands), self.name(block, "every command ran"), said)

    def check_make(self, block):
        makefile = (ROOT / "Makefile").read_text()
        for target in re.findall(r"^\s*(?:sudo )?make ([a-z]+)", "\n".join(block.text), re.M):
            exists = re.search(rf"^{target}:", makefile, re.M)
            self.tap.ok(exists, self.name(block, f"make {target} exists"))


def main():
    tap = Tap()
    build = Path(sys.argv[1]).resolve()
    for name in sys.argv[2:]:
        path = Path(name).resolve()
        blocks = read_markdown(path) if path.suffix == ".md" else read_manual(path)
        with tempfile.TemporaryDirectory() as folder:
            document = Document(tap, build, path, folder)
            for block in blocks:
                document.run_block(block)
    tap.finish()


main()
