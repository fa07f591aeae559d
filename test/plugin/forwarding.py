#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
Packets that dpdk-testpmd, as Debian builds it, forwards in a second between net_null ports, with
librte_mempool_fastmem.so and with DPDK's own mempool operations; test_perf.py asks for it.

How fast either is depends on where its memory happens to lie, by a fifth; so both are measured with
each of twelve sizes of pool and cache, in turn, and their medians are what is compared: the exit
status is 1 when ours is below 0.98 of the other.

usage: forwarding.py PLUGIN [--cores N] [--layouts FIRST-LAST] [--samples FILE]

--cores N              forwarding on N cores, between 2 N ports (1)
--layouts FIRST-LAST   some of the twelve, for less than the two minutes that all take (1-12)
--samples FILE         add these samples to those of the file, and compare all that it has then
"""

import argparse
import json
import os
import re
import statistics
import sys
import time

from debian import DEFAULT, OURS, Testpmd, cpu_seconds

LAYOUTS = [(mbufs, cache) for mbufs in (20000, 20001, 20480, 30000, 40000, 65535)
           for cache in (250, 256)]
PLAN = "any=256M"
SETTLE, MEASURE = 1.5, 2.0  # seconds
LEAST = 0.98


def rate(ops, cores, layout):
    """
    Millions of packets in a second, of all ports, as testpmd counts them: of a second that it has the
    CPUs for itself, so what other programs take does not count.
    """
    mbufs, cache = layout
    devices = [f"net_null{i}" for i in range(2 * cores)]
    with Testpmd(ops, devices, ["--forward-mode=io", f"--nb-cores={cores}", "--auto-start",
                                f"--total-num-mbufs={mbufs}", f"--mbcache={cache}"],
                 lcores=cores + 1, plan=PLAN) as pmd:
        seen = []
        for seconds in (SETTLE, MEASURE):
            time.sleep(seconds)
            # The lcores that forward never sleep, and the other one does.
            used = cpu_seconds(pmd.process.pid)
            found = re.findall(r"RX-packets: *(\d+)", pmd.say("show port stats all"))
            assert len(found) == 2 * cores, found
            seen.append((sum(map(int, found)), used))
        pmd.say("stop")
    (first, began), (last, ended) = seen
    return (last - first) / (ended - began) * cores / 1e6


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1])
    parser.add_argument("plugin")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--layouts", default=f"1-{len(LAYOUTS)}")
    parser.add_argument("--samples")
    return parser.parse_args()


def main():
    args = arguments()
    first, last = map(int, args.layouts.split("-"))
    samples = {OURS: [], DEFAULT: []}
    if args.samples and os.path.exists(args.samples):
        with open(args.samples, encoding="utf-8") as file:
            samples = json.load(file)
    # The first of a series is slow: the machine has to wake up.
    rate(DEFAULT, args.cores, LAYOUTS[first - 1])
    for number, layout in enumerate(LAYOUTS[first - 1:last]):
        order = (OURS, DEFAULT) if number % 2 else (DEFAULT, OURS)
        of = {ops: rate(ops, args.cores, layout) for ops in order}
        print(f"{layout[0]:6} mbufs, cache of {layout[1]}: "
              f"{of[DEFAULT]:7.1f} {of[OURS]:7.1f}", flush=True)
        for ops, million in of.items():
            samples[ops].append(million)
    if args.samples:
        with open(args.samples, "w", encoding="utf-8") as file:
            json.dump(samples, file)
    for ops, of in samples.items():
        low, middle, high = statistics.quantiles(of, method="inclusive")
        print(f"{ops}: median {middle:.1f}, quartiles {low:.1f} to {high:.1f}, all "
              f"{min(of):.1f} to {max(of):.1f} million packets in a second; {len(of)} samples")
    ratio = statistics.median(samples[OURS]) / statistics.median(samples[DEFAULT])
    print(f"{OURS} / {DEFAULT}: {ratio:.3f}")
    return int(ratio < LEAST)


if __name__ == "__main__":
    sys.exit(main())
