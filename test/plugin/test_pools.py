#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
Where Debian's programs have their pools from with librte_mempool_fastmem.so: the plan of the
environment, large pools and ones that are too large, memory of every kind, and secondaries.

usage: test_pools.py PLUGIN
"""

import re
import subprocess

from debian import (FULL, HUGE, OURS, Skip, Testpmd, cpus, eal, load, main, need, need_huge,
                    prefix, run, text)

NULL = ["net_null0"]


def testpmd(args, plan=None, more=(), megabytes=512):
    """Start it without a prompt, for a look at how it starts."""
    need("dpdk-testpmd")
    env = {"FASTMEM_PLAN": plan} if plan else {}
    return run(["dpdk-testpmd", *eal(OURS, megabytes=megabytes), *more, "--vdev=net_null0", "--",
                *args], stdin="\n", timeout=60, **env)


def the_plan_is_applied_before_the_first_pool():
    # What EAL's log says at its most detailed: zones of fastmem's by their names and lengths.
    with Testpmd(OURS, NULL, [], plan="any=64M,seal=yes") as pmd:
        zones = pmd.say("dump_memzone")
    sizes = [int(s, 16) for s in re.findall(r"<fastmem_\d+_\d+>, len:(0x[0-9a-f]+)", zones)]
    assert sum(sizes) == 64 << 20, zones
    # Of the pool's there is one object.
    assert int(re.search(r"<MP_mb_pool_0_0>, len:(0x[0-9a-f]+)", zones)[1], 16) < 8192, zones
    assert "MP_mb_pool_0_1" not in zones


def a_plan_that_is_none_is_told():
    done = testpmd([], plan="0=lots")
    assert done.returncode != 0
    assert "FASTMEM_PLAN" in text(done) and "lots" in text(done), text(done)


def a_pool_beyond_the_plan_is_told_and_what_is_advised_does():
    args = ["--total-num-mbufs=20000"]
    done = testpmd(args, plan="any=16M,seal=yes")
    assert done.returncode != 0 and "Cannot allocate memory" in text(done), text(done)
    found = re.search(r"of 19999 objects of 2368 bytes.*FASTMEM_PLAN=(\S+)", text(done))
    assert found, text(done)
    done = testpmd(args, plan=found[1] + ",seal=yes")
    assert done.returncode == 0, text(done)


def a_million_packet_buffers():
    if not HUGE:
        # Each takes a page of its own there.
        raise Skip("without hugepages a million buffers take 4 GiB")
    # Small ones, so that this takes 0.4 GiB.
    done = testpmd(["--total-num-mbufs=1000000", "--mbuf-size=256"])
    assert done.returncode == 0, text(done)
    # So many default ones cannot be had: that is told, too.
    done = testpmd(["--total-num-mbufs=100000000"])
    assert done.returncode != 0 and "there is memory for" in text(done), text(done)


def every_kind_of_memory_of_testpmds():
    for kind in ("native", "anon", "xmem", "xbuf"):
        done = testpmd([f"--mp-alloc={kind}", "--total-num-mbufs=4096"])
        assert done.returncode == 0, f"{kind}: {text(done)}"


def iova_modes():
    for mode in ("va", "pa") if HUGE else ("va",):
        done = testpmd(["--total-num-mbufs=8000"], more=[f"--iova-mode={mode}"])
        assert done.returncode == 0 or "physical addresses" in text(done).lower(), text(done)


def secondaries(ops_first):
    """A secondary is asked for what it sees, whatever order it loads drivers in."""
    need_huge()
    need("dpdk-proc-info")
    shared = prefix()
    base = ["--no-pci", "--no-telemetry", "--file-prefix", shared]  # it says -c itself
    drivers = load(OURS)[:2]
    if not ops_first:
        drivers = ["-d", "librte_mempool_stack.so", "-d", "librte_mempool_bucket.so", *drivers]
    with Testpmd(OURS, NULL, ["--forward-mode=rxonly"], shared=shared) as pmd:
        count = int(re.search(r"common_pool_count=(\d+)", pmd.say("dump_mempool mb_pool_0"))[1])
        done = run(["dpdk-proc-info", *base, *drivers, "--", "--show-mempool=mb_pool_0"])
        seen = re.search(r"Name: mb_pool_0 .*avail \((\d+)\), .*ops_name (\w+)", text(done), re.S)
        # It counts what is in the exchange, by the right operations.
        assert seen and seen[2] == "fastmem", text(done)
        assert count <= int(seen[1]) <= 8192, text(done)
        done = run(["dpdk-proc-info", *base, *drivers, "--", "--iter-mempool=mb_pool_0"])
        assert done.returncode == 0, text(done)


def secondaries_see_the_pools():
    secondaries(True)


def secondaries_with_other_drivers_first_see_the_pools():
    secondaries(False)


def pdump_captures():
    """
    dpdk-pdump makes a pool of its own, with the operations ring_mp_mc, of which the primary takes
    buffers. Debian links testpmd to the driver below, and so has both count drivers differently:
    without it first nothing is captured, with DPDK's own operations either.
    """
    need_huge()
    need("dpdk-pdump")
    shared = prefix()
    with Testpmd(OURS, ["net_null0", "net_null1"], ["--forward-mode=io"], shared=shared) as pmd:
        pmd.say("start")
        path = f"/tmp/{shared}.pcap"
        command = ["dpdk-pdump", "--no-pci", "--no-telemetry", "--file-prefix", shared,
                   "--lcores", cpus(1), "-d", "librte_mempool_dpaa.so", *load(OURS), "--",
                   "--pdump", f"port=0,queue=*,rx-dev={path},total-num-mbufs=2047"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            try:
                process.communicate(timeout=3)
            except subprocess.TimeoutExpired:
                process.send_signal(2)
            out = process.communicate(timeout=30)[0].decode(errors="replace")
        captured = re.search(r"packets dequeued:\s*(\d+)", out, re.I)
        assert captured and int(captured[1]) > 1000, out
        run(["rm", "-f", path])
        pmd.say("stop")


main([the_plan_is_applied_before_the_first_pool, a_plan_that_is_none_is_told,
      a_pool_beyond_the_plan_is_told_and_what_is_advised_does, secondaries_see_the_pools,
      secondaries_with_other_drivers_first_see_the_pools,
      *([a_million_packet_buffers, every_kind_of_memory_of_testpmds, iova_modes, pdump_captures]
        if FULL else [])])
