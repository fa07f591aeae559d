#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
dpdk-test, as Debian builds it: what passes with DPDK's own mempool operations passes with
librte_mempool_fastmem.so. A test that fails with both is listed, and judges nothing.

usage: test_autotests.py PLUGIN
"""

from debian import (DEFAULT, FULL, HUGE, OURS, Skip, eal, forget, main, need, prefix, run, text,
                    without_devices)

# Seconds; and those that only a whole run takes.
AUTOTESTS = ("mempool", "mbuf", "func_reentrancy", "reorder", "ipfrag", "ring_pmd", "multiprocess",
             "eventdev_common", "event_eth_tx_adapter")
LONG = ("ring", "distributor", "pdump", "event_eth_rx_adapter", "link_bonding", "rcu_qsbr",
        "external_mem", "latencystats", "bitratestats", "sched", "graph", "stack", "stack_lf",
        "table", "pcapng")
SELFTESTS = ("eventdev_selftest_sw",)
SECONDARIES = ("multiprocess", "pdump")  # they start some by themselves


def verdict(name, ops):
    """Whether it passes; None: it has nothing to test here."""
    shared = prefix() if HUGE else None
    command = ["dpdk-test", *eal(ops, shared=shared, megabytes=1024)]
    if name.split("_autotest")[0] in SECONDARIES:
        if not HUGE:
            raise Skip("secondaries need hugepages")
        command = without_devices(command)
    try:
        done = run(command, timeout=300, DPDK_TEST=name)
    finally:
        if shared:
            forget(shared)
    if done.returncode == 77 or "Test Skipped" in text(done):
        return None, done
    return done.returncode == 0 and "Test OK" in text(done), done


def judge(name):
    need("dpdk-test")
    for _ in range(2):
        ours, done = verdict(name, OURS)
        if ours:
            return
        theirs, _ = verdict(name, DEFAULT)
        if not theirs:
            raise Skip(f"{name} {'fails' if theirs is False else 'is skipped'} with both")
        # Some go by the clock: once more.
    raise AssertionError(f"{name} passes with DPDK's own operations alone:\n{text(done)[-4000:]}")


def case(name):
    def test():
        judge(name)
    test.__name__ = name
    return test


NAMES = [f"{name}_autotest" for name in (*AUTOTESTS, *(LONG if FULL else ()))] + list(SELFTESTS)
main([case(name) for name in NAMES])
