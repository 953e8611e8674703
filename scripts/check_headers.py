#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""Each public header compiles by itself: as C11 and as C++, without a warning, hosted and not."""

import shutil

from tap import ROOT, Tap, run

LANGUAGES = {
    "C11": "gcc -x c -std=c11 -pedantic",
    "C11, freestanding": "gcc -x c -std=c11 -pedantic -ffreestanding",
    "C++": "clang -x c++ -std=c++17",
}


def main():
    tap = Tap()
    for path in sorted((ROOT / "include/vas").glob("*.h")):
        for language, command in LANGUAGES.items():
            name = f"<vas/{path.name}> as {language}"
            words = command.split()
            if shutil.which(words[0]) is None:
                tap.skip(name, f"{words[0]} is not installed")
                continue
            words += "-Wall -Wextra -Wconversion -Werror -fsyntax-only".split()
            header = ["-include", f"vas/{path.name}", "/dev/null"]
            status, said = run([*words, f"-I{ROOT}/include", *header])
            tap.ok(status == 0, name, said)
    tap.finish()


main()
