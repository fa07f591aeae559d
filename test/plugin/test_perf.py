#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
dpdk-test's mempool_perf_autotest, as Debian builds it: objects that go through a pool of
librte_mempool_fastmem.so and through one of DPDK's own operations (ring_mp_mc), of one run. Takes
25 minutes, and all of the test would take an hour, so it is ended when all that has a partner has
been seen: the test gives the operations that it is told of to one pool alone, which has no cache.

usage: test_perf.py PLUGIN
"""

import os
import re
import signal
import statistics
import subprocess

from debian import FULL, OURS, Skip, eal, main, need

SECONDS = 5  # that dpdk-test takes for a line
LEAST = 1.0  # ours to the ring's, of the median line
START = re.compile(r"start performance test (?:for (\w+) )?\((\w+)")
LINE = re.compile(r"cores=(\d+) n_get_bulk=(\d+) n_put_bulk=(\d+) n_keep=(\d+) constant_n=(\d+) "
                  r"rate_persec=(\d+)\n")


def cpu_seconds(pid):
    """Of all its threads, by the scheduler's clock: those that wait for work sleep."""
    nanoseconds = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            nanoseconds += int(file.read().split()[0])
    return nanoseconds / 1e9


def measured(process):
    """
    (operations, what is done, objects in a second of CPU time) of each line, as it comes; what other
    programs of this machine take does not count.
    """
    text, ops, before = "", None, cpu_seconds(process.pid)
    while data := os.read(process.stdout.fileno(), 65536):
        text += data.decode(errors="replace")
        now = cpu_seconds(process.pid)
        for match in re.finditer(f"{START.pattern}|{LINE.pattern}", text):
            if match[2]:
                if match[2] != "without":
                    return
                ops = match[1] or "ring_mp_mc"
            else:
                work = tuple(map(int, match.groups()[2:7]))
                yield ops, work, int(match[8]) * SECONDS / (now - before)
            before, text = now, text[match.end():]
            break


def mempool_perf_autotest():
    if not FULL:
        raise Skip("takes 25 minutes: ./dev test plugin")
    need("dpdk-test")
    rates = {}
    # What it prints goes by stdio.
    command = ["stdbuf", "-o0", "dpdk-test", *eal(OURS)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "DPDK_TEST": "mempool_perf_autotest"}) as process:
        try:
            for ops, work, rate in measured(process):
                seen = rates.setdefault((ops, work), [])
                # With two lcores, two is the most there are: measured a second time.
                if ops == OURS and seen:
                    break
                seen.append(rate)
        finally:
            process.send_signal(signal.SIGKILL)
    judge(rates)


def judge(rates):
    ratios = {1: [], 2: []}
    print("cores  get  put keep const  ring_mp_mc     again   fastmem  ours/ring again/ring")
    for (ops, work), seen in rates.items():
        if ops != OURS:
            continue
        ring = rates["ring_mp_mc", work]
        ratios[work[0]].append(seen[0] / ring[0])
        print("%5d %4d %4d %4d %5d" % work, *(f"{rate / 1e6:11.1f}" for rate in
                                             (ring[0], ring[-1], seen[0])),
              f"{seen[0] / ring[0]:9.2f} {ring[-1] / ring[0]:9.2f}")
    for cores, of in ratios.items():
        assert len(of) == 60, (cores, of)
        print(f"{cores} lcores: median {statistics.median(of):.2f}, {min(of):.2f} to {max(of):.2f}")
        assert statistics.median(of) >= LEAST, (cores, of)


main([mempool_perf_autotest])
