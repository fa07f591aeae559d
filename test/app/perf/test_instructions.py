#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""No pair of allocate and free takes more instructions than the committed counts, but for 3 %.

usage: test_instructions.py PROGRAM BASELINE BUILD [--renew]

BUILD says how PROGRAM was compiled; where the baseline is of another build the test is skipped.
--renew writes the baseline anew.
"""

import json
import sys

from perf import Skip, main, need, run

GROWTH = 1.03


def count():
    """Instructions a pair by work and way: of fastmem, and of the loop, which shows a change of it."""
    need("valgrind")
    counts = {}
    for figure in run(["--instructions"]).report["figures"]:
        if figure["way"].startswith("fastmem") or figure["way"] == "none":
            counts.setdefault(figure["work"], {})[figure["way"]] = round(figure["median"], 3)
    return counts


def test_counts_repeat_and_do_not_grow():
    with open(sys.argv[2], encoding="utf-8") as file:
        baseline = json.load(file)
    if baseline["build"] != sys.argv[3]:
        raise Skip(f"the counts are of '{baseline['build']}', this is '{sys.argv[3]}'")
    counts = count()
    assert counts == count(), "two runs did not count the same"
    grown = []
    for work, ways in baseline["counts"].items():
        for way, before in ways.items():
            now = counts[work][way]
            print(f"{now:9.3f}, was {before:9.3f}: {way}: {work}")
            if now > GROWTH * before:
                grown.append(f"{way}: {work}: {before} instructions a pair became {now}")
    assert not grown, "; ".join(grown) + "; if it has to be: ./dev baseline"
    missing = {work: set(ways) - set(baseline["counts"].get(work, {}))
               for work, ways in counts.items()}
    assert not any(missing.values()), f"not in the baseline: {missing}; ./dev baseline"


def renew():
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump({"build": sys.argv[3], "counts": count()}, file, indent=4)
        file.write("\n")


if sys.argv[4:] == ["--renew"]:
    renew()
else:
    main([test_counts_repeat_and_do_not_grow])
