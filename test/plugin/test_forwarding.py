#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""
dpdk-testpmd, as Debian builds it, forwards packets whose buffers librte_mempool_fastmem.so brings:
what comes out is what comes out with DPDK's own mempool operations.

usage: test_forwarding.py PLUGIN
"""

import os
import re
import socket
import struct
import subprocess
import tempfile
import time

from debian import CAPTURE, DEFAULT, FULL, OURS, Skip, Testpmd, main


def packets(path):
    """The contents of a capture's packets, in their order."""
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, found = 24, []
    while at < len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + length])
        at += 16 + length
    return found


def received(pmd):
    """Packets that came in, of all ports."""
    out = pmd.say("show fwd stats all")
    return int(re.search(r"Accumulated.*?RX-total: (\d+)", out, re.S)[1])


def forward(ops, devices, args, wanted, seconds=20):
    """Have `wanted` packets forwarded."""
    with Testpmd(ops, devices, args) as pmd:
        assert "ops_name: <fastmem>" in pmd.say("dump_mempool mb_pool_0") or ops != OURS
        pmd.say("start")
        end = time.monotonic() + seconds
        while received(pmd) < wanted:
            assert time.monotonic() < end, pmd.output()[-3000:]
            time.sleep(0.1)
        pmd.say("stop")


def same_packets(devices, args, nb_ports_rx, segments=False):
    """From a capture through the devices into another, once with either operations."""
    wanted = packets(CAPTURE)
    for ops in (OURS, DEFAULT):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.pcap")
            capture = f"net_pcap0,rx_pcap={CAPTURE},tx_pcap={out}"
            forward(ops, [capture, *devices], args, nb_ports_rx * len(wanted))
            found = packets(out)
            assert found == wanted, f"{ops}: {len(found)} of {len(wanted)} packets"
    assert segments is False or max(map(len, wanted)) > 300


def pcap_and_ring():
    # In by the capture, out to the ring, in again by the ring, out to the other capture.
    same_packets(["net_ring0"], ["--forward-mode=io"], 2)


def pcap_in_small_segments():
    same_packets(["net_ring0"], ["--forward-mode=io", "--mbuf-size=300"], 2, segments=True)


def pcap_to_pcap():
    wanted = packets(CAPTURE)
    for ops in (OURS, DEFAULT):
        with tempfile.TemporaryDirectory() as folder:
            outs = [os.path.join(folder, f"{i}.pcap") for i in range(2)]
            forward(ops, [f"net_pcap{i},rx_pcap={CAPTURE},tx_pcap={out}"
                          for i, out in enumerate(outs)], ["--forward-mode=io"], 2 * len(wanted))
            assert [packets(out) for out in outs] == [wanted, wanted]


def null_to_null():
    # They bring as many as are asked for, so a million has passed each buffer many times.
    forward(OURS, ["net_null0", "net_null1"], ["--forward-mode=macswap"], 1_000_000)
    # Without a cache of the lcore's each burst comes from the exchange.
    forward(OURS, ["net_null0", "net_null1"], ["--forward-mode=mac", "--mbcache=0"], 300_000)
    forward(OURS, ["net_null0,copy=1"], ["--forward-mode=txonly", "--txpkts=64,64,128"], 0)


def ring_to_ring():
    # A burst from each port goes round and round.
    with Testpmd(OURS, ["net_ring0", "net_ring1"], ["--forward-mode=io"]) as pmd:
        pmd.say("start tx_first")
        end = time.monotonic() + 20
        while received(pmd) < 100_000:
            assert time.monotonic() < end
            time.sleep(0.1)
        pmd.say("stop")


def through_tap(ops, sent):
    """Send frames into one tap device; those of them that the other brings, in their order."""
    names = [f"fm{os.getpid() % 100000}{end}" for end in "ab"]
    with Testpmd(ops, [f"net_tap{i},iface={n}" for i, n in enumerate(names)],
                 ["--forward-mode=io"]) as pmd:
        for name in names:
            with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as f:
                f.write("1")
            subprocess.run(["ip", "link", "set", name, "up"], check=True)
        into, out = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                     for _ in names)
        with into, out:
            into.bind((names[0], 0))
            out.bind((names[1], 0))
            out.settimeout(5)
            pmd.say("start")
            found = []
            for frame in sent:
                into.send(frame)
                # Others may come by themselves.
                while frame not in found[-1:]:
                    found.append(out.recv(65536))
        pmd.say("stop")
    return [frame for frame in found if frame in sent]


def tap_to_tap():
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        raise Skip("no right to make tap devices")
    if subprocess.run(["ip", "link"], capture_output=True, check=False).returncode:
        raise Skip("ip is not installed")
    probe = f"fm{os.getpid() % 100000}c"
    if subprocess.run(["ip", "tuntap", "add", probe, "mode", "tap"], capture_output=True,
                      check=False).returncode:
        raise Skip("tap devices may not be made here")
    subprocess.run(["ip", "tuntap", "del", probe, "mode", "tap"], check=True)
    # Of an experiment's protocol (0x88b5), which the kernel answers nothing to; of all lengths.
    header = b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x88\xb5"
    sent = [header + struct.pack("!H", n) + bytes(i * n % 256 for i in range(n))
            for n in range(44, 1484, 5)]
    for ops in (OURS, DEFAULT):
        assert through_tap(ops, sent) == sent


main([pcap_and_ring, null_to_null, tap_to_tap,
      *([pcap_in_small_segments, pcap_to_pcap, ring_to_ring] if FULL else [])])
