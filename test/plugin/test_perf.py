#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
What goes by the clock, and so runs only where all tests are asked for, with librte_mempool_fastmem.so
and with DPDK's own operations.

dpdk-test's mempool_perf_autotest, as Debian builds it: objects that go through a pool. The test gives the
operations that it is told of to one pool alone, which has no cache, and measures ring_mp_mc before; it is
ended when that is done.

dpdk-testpmd: packets that it forwards in a second, by forwarding.py.

usage: test_perf.py PLUGIN
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile

from debian import DEFAULT, FULL, OURS, Skip, cpu_seconds, eal, main, need, need_huge, run, text

SECONDS = 5  # that dpdk-test takes for a line
LEAST_CPU = 0.05  # seconds that a line takes at least; who reads it late cannot tell
LEAST = 1.0  # ours to the ring's, of the median line
RING, STACK = "ring_mp_mc", "lf_stack"
ROUNDS = 3  # of forwarding: a machine that does other things too takes more to tell
START = re.compile(r"start performance test (?:for (\w+) )?\((\w+)")
LINE = re.compile(r"cores=(\d+) n_get_bulk=(\d+) n_put_bulk=(\d+) n_keep=(\d+) constant_n=(\d+) "
                  r"rate_persec=(\d+)\n")


def hastened(command):
    """
    The command in a mount namespace where the CPU's register of its frequency, which EAL believes,
    says 100 MHz. Where that cannot be, or EAL asks elsewhere, it takes its time.
    """
    script = ("mount -t tmpfs none /dev/cpu && mkdir /dev/cpu/0 && "
              "{ head -c 207 /dev/zero; printf '\\1'; head -c 6 /dev/zero; } >/dev/cpu/0/msr && "
              "exec \"$@\"")
    there = ["unshare", "-m", "sh", "-c", script, "sh"]
    works = subprocess.run([*there, "true"], capture_output=True, check=False).returncode == 0
    return [*there, *command] if works else command


def measured(process):
    """
    (operations, what is done, objects in a second of CPU time) of each line, as it comes; what
    other programs of this machine take does not count.
    """
    told, ops, before = "", None, cpu_seconds(process.pid)
    while data := os.read(process.stdout.fileno(), 65536):
        told += data.decode(errors="replace")
        now = cpu_seconds(process.pid)
        while match := re.search(f"{START.pattern}|{LINE.pattern}", told):
            told = told[match.end():]
            if match[2]:
                if match[2] != "without":
                    return
                ops = match[1] or RING
            elif now - before > LEAST_CPU:
                work = tuple(map(int, match.groups()[2:7]))
                yield ops, work, int(match[8]) * SECONDS / (now - before)
            before = now


def rates_of(ops):
    """(operations, what is done) → rates, of these operations and of the ring's."""
    rates = {}
    told = [] if ops == OURS else [f"--mbuf-pool-ops-name={ops}"]
    # What it prints goes by stdio.
    command = ["stdbuf", "-o0", "dpdk-test", *eal(OURS if ops == OURS else DEFAULT), *told]
    with subprocess.Popen(hastened(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          env={**os.environ, "DPDK_TEST": "mempool_perf_autotest"}) as process:
        try:
            for seen, work, rate in measured(process):
                # With two lcores, two is the most there are: measured a second time.
                if seen == ops and (seen, work) in rates:
                    break
                rates.setdefault((seen, work), []).append(rate)
        finally:
            process.kill()
    return rates


def mempool_perf_autotest():
    if not FULL:
        raise Skip("goes by the clock: ./dev test plugin")
    need("dpdk-test")
    ours, stack = rates_of(OURS), rates_of(STACK)
    ratios = {1: [], 2: []}
    print("cores  get  put keep const  million objects in a second    to ring_mp_mc: fastmem "
          "lf_stack ring_mp_mc again")
    for work in (work for ops, work in ours if ops == OURS and (RING, work) in ours and
                 {(STACK, work), (RING, work)} <= set(stack)):
        ring, = ours[RING, work][:1]
        mine = ours[OURS, work][0]
        ratios[work[0]].append(mine / ring)
        print("%5d %4d %4d %4d %5d" % work, f"{ring / 1e6:11.1f} {mine / 1e6:11.1f}",
              f"{mine / ring:29.2f}", f"{stack[STACK, work][0] / stack[RING, work][0]:8.2f}",
              f"{ours[RING, work][-1] / ring:16.2f}")
    for cores, of in ratios.items():
        # Of 60, some of which may have been read late.
        assert len(of) > 30, (cores, of)
        print(f"{cores} lcores: median {statistics.median(of):.2f}, {min(of):.2f} to {max(of):.2f}")
        assert statistics.median(of) >= LEAST, (cores, of)


def forwards(cores):
    if not FULL:
        raise Skip("goes by the clock: ./dev test plugin")
    need_huge()
    if len(os.sched_getaffinity(0)) < cores:
        raise Skip(f"there are fewer than {cores} CPUs")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forwarding.py")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            done = run([sys.executable, script, sys.argv[1], "--cores", str(cores),
                        "--samples", os.path.join(folder, "samples")], timeout=600)
            print(text(done), flush=True)
            if done.returncode == 0:
                return
    raise AssertionError(f"{cores} cores: slower in {ROUNDS} rounds")


def forwarding_on_one_core():
    forwards(1)


def forwarding_on_two_cores():
    forwards(2)


main([mempool_perf_autotest, forwarding_on_one_core, forwarding_on_two_cores])
