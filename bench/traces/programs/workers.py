# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""To be recorded: pools of workers, forked from a process with a large list.

usage: workers.py [TIMES]
"""

import multiprocessing
import sys

PARTS = 16
times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
words = [f"word {i * 7919 % 100003}" for i in range(30000 * times)]


def count_lengths(part):
    lengths = {}
    for word in words[part::PARTS]:
        lengths[len(word)] = lengths.get(len(word), 0) + 1
    return lengths


def make_index(part):
    return len({word: at for at, word in enumerate(words) if at % PARTS == part})


def main():
    with multiprocessing.Pool(8) as pool:
        counted = sum(sum(part.values()) for part in pool.map(count_lengths, range(PARTS), 1))
        words.sort()  # the workers keep the old order
        indexed = sum(pool.map(make_index, range(PARTS), 1))
    with multiprocessing.Pool(4, maxtasksperchild=2) as pool:  # each replaced after two parts
        indexed_again = sum(pool.map(make_index, range(PARTS), 1))
    return counted != len(words) or indexed == 0 or indexed_again == 0


if __name__ == "__main__":
    sys.exit(main())
