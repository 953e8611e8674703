#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""The library builds without a C library, for 64 and for 32 bits, with gcc and with clang.

For each: every source compiles with -ffreestanding and without a warning, but for the few that only
hosted builds have; each layer, linked with those below it, asks the world for the four memory
functions and vas_pause (how a thread waits, base/lock.h) and nothing else; no object has a byte of writable data; and a program without a C library runs on it.

In 32 bits the compiler may call the 64-bit division of its own support library (libgcc, or
compiler-rt), which comes with every compiler.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from layers import LAYERS, is_hosted
from tap import ROOT, Tap, run

FLAGS = (
    "-std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-stack-protector "
    "-Wall -Wextra -Wconversion -Werror"
).split()
WORLD = {"memcpy", "memmove", "memset", "memcmp", "vas_pause"}
DIVISION = {"__udivdi3", "__umoddi3", "__divdi3", "__moddi3", "__udivmoddi4", "__divmoddi4"}


def sources(layer):
    for path in sorted((ROOT / "src" / layer).glob("*.c")):
        if not is_hosted(str(path.relative_to(ROOT))):
            yield path


class Target:
    def __init__(self, tap, compiler, bits, folder):
        self.tap = tap
        self.name = f"{compiler}, {bits} bits"
        self.bits = bits
        self.folder = Path(folder)
        self.command = [compiler, f"-m{bits}", *FLAGS, f"-I{ROOT}/include", f"-I{ROOT}/src"]
        self.objects = []

    def compile(self, layer):
        complaints = []
        for path in sources(layer):
            target = self.folder / f"{layer}-{path.stem}.o"
            status, said = run([*self.command, "-c", str(path), "-o", str(target)])
            if status != 0:
                complaints.append(said)
            else:
                self.objects.append(target)
        return self.tap.ok(not complaints, f"{self.name}: {layer} compiles", "\n".join(complaints))

    def check_needs(self, layer):
        """What this layer and those below it, as one object, leave undefined."""
        whole = self.folder / f"up-to-{layer}.o"
        emulation = "elf_x86_64" if self.bits == 64 else "elf_i386"
        command = ["ld", "-m", emulation, "-r", "-o", str(whole), *map(str, self.objects)]
        status, said = run(command)
        wanted = set()
        if status == 0:
            _, undefined = run(["nm", "-u", str(whole)])
            wanted = {line.split()[-1] for line in undefined.splitlines()}
        allowed = WORLD | (DIVISION if self.bits == 32 else set())
        self.tap.ok(
            status == 0 and wanted <= allowed,
            f"{self.name}: {layer} needs nothing but what lies below, the memory functions and a pause",
            said + "\n".join(sorted(wanted - allowed)),
        )

    def check_data(self):
        writable = []
        for target in self.objects:
            _, said = run(["objdump", "-h", str(target)])
            for name, size in re.findall(r"^ *\d+ (\S+) +([0-9a-f]+) ", said, re.M):
                if re.match(r"\.(data|bss|tdata|tbss)", name) and int(size, 16) != 0:
                    writable.append(f"{target.name}: {name} has {int(size, 16)} bytes")
        self.tap.ok(not writable, f"{self.name}: no writable static data", "\n".join(writable))

    def check_program(self):
        name = f"{self.name}: a program without a C library runs on it"
        program = self.folder / "program"
        status, said = run(
            [
                *self.command,
                "-nostdlib",
                "-static",
                "-o",
                str(program),
                f"{ROOT}/tests/freestanding/program.c",
                *map(str, self.objects),
                # The compiler's own support library, for the division.
                *([run(["gcc", "-m32", "-print-libgcc-file-name"])[1].strip()] * (self.bits == 32)),
            ]
        )
        if status != 0:
            self.tap.ok(False, name, said)
            return
        try:
            status, said = run([str(program)])
        except OSError as error:
            self.tap.skip(name, f"this kernel does not run such programs: {error.strerror}")
            return
        # After the name of each index design, the areas: the same from all.
        expected = (ROOT / "tests/freestanding/expected.txt").read_text()
        areas = re.split(r"^\S+:\n", said, flags=re.M)[1:]
        good = status == 0 and areas and all(text == expected for text in areas)
        self.tap.ok(good, name, f"status {status}, and it said:\n{said}")


def check(tap, compiler, bits):
    with tempfile.TemporaryDirectory() as folder:
        target = Target(tap, compiler, bits, folder)
        for layer in LAYERS:
            if not target.compile(layer):
                return
            target.check_needs(layer)
        target.check_data()
        target.check_program()


def main():
    tap = Tap()
    for compiler in sys.argv[1:] or ["gcc", "clang"]:
        for bits in (64, 32):
            if shutil.which(compiler) is None:
                tap.skip(f"{compiler}, {bits} bits", f"{compiler} is not installed")
            else:
                check(tap, compiler, bits)
    tap.finish()


main()
