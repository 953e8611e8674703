#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
"""Do two comparisons of the same traces rank the designs alike?

usage: scripts/compare_twice.py FIRST.json SECOND.json [FIGURE]

Both are what `vas compare --json` printed. A comparison tells two designs apart when their medians
lie further apart than twice their spreads together. For each trace and kind, counts the pairs that
are told apart by both comparisons, by one, by none; and those that both tell apart, but the other
way round: there must be none. FIGURE: total (if not said otherwise), map, fault, fork ...

Status 1: they contradict each other.
"""

import itertools
import json
import sys


def times(path, figure):
    """{(trace, kind): {design: its median and spread}}"""
    found = {}
    with open(path, encoding="utf-8") as file:
        for result in json.load(file)["results"]:
            if not result["failed"]:
                time = result["times"][figure]
                found.setdefault((result["trace"], result["kind"]), {})[result["design"]] = (
                    time["median_ns"],
                    time["spread_ns"],
                )
    return found


def order(one, other):
    """-1, 1: which of two is the quicker; 0: not to be told."""
    difference = one[0] - other[0]
    if abs(difference) <= 2 * (one[1] + other[1]):
        return 0
    return 1 if difference > 0 else -1


def main():
    first, second = (times(path, (sys.argv + ["total"])[3]) for path in sys.argv[1:3])
    names = ("both", "one", "none", "turned")
    total = dict.fromkeys(names, 0)
    print(f"{'pairs told apart by':44}{'both':>6}{'one':>6}{'none':>6}{'turned':>8}")
    for key, before in first.items():
        after = second.get(key, {})
        count = dict.fromkeys(names, 0)
        for a, b in itertools.combinations(sorted(set(before) & set(after)), 2):
            then, now = order(before[a], before[b]), order(after[a], after[b])
            turned = then * now < 0
            count["turned" if turned else ("none", "one", "both")[abs(then) + abs(now)]] += 1
            if turned:
                print(f"{key[0]}, {key[1]}: {a} {before[a]} {after[a]}, {b} {before[b]} {after[b]}")
        print(f"{key[0] + ', ' + key[1]:44}" + "".join(f"{count[n]:6}" for n in names[:3]), end="")
        print(f"{count['turned']:8}")
        total = {name: total[name] + count[name] for name in names}
    print(f"{'all':44}" + "".join(f"{total[n]:6}" for n in names[:3]) + f"{total['turned']:8}")
    return 1 if total["turned"] else 0


if __name__ == "__main__":
    sys.exit(main())
