#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A switch between pairs of TAP interfaces that loses, delays and records frames.

Called by capture-web.sh. For each pair A:B given it makes the interfaces A and B and carries
frames between them. A pair A:B@VLAN is on that VLAN: untagged at both interfaces, tagged in the
recording, which is what the trunk between two switches would show. Frames are recorded in the
middle of their way: some are lost before, so that the recording shows later ones out of order;
some after, so that it shows them twice.
"""

import argparse
import fcntl
import heapq
import os
import random
import select
import signal
import struct
import time

TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
LINKTYPE_ETHERNET = 1


def open_tap(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return fd


class Recording:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535,
                                    LINKTYPE_ETHERNET))

    def add(self, frame, vlan):
        if vlan is not None:
            frame = frame[:12] + struct.pack(">HH", 0x8100, vlan) + frame[12:]
        now_us = time.time_ns() // 1000
        self.file.write(struct.pack("<IIII", now_us // 1000000, now_us % 1000000, len(frame),
                                    len(frame)))
        self.file.write(frame)

    def close(self):
        self.file.close()


class Switch:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.recording = Recording(args.output)
        self.ways = {}  # from descriptor to (descriptor, VLAN)
        self.queue = []  # frames on their way: (when, number, to, VLAN, frame)
        self.number = 0
        for pair in args.pairs:
            names, _, vlan = pair.partition("@")
            a, b = (open_tap(name) for name in names.split(":"))
            vlan = int(vlan) if vlan else None
            self.ways[a] = (b, vlan)
            self.ways[b] = (a, vlan)

    def receive(self, fd):
        try:
            frame = os.read(fd, 65536)
        except OSError:  # the interface is down or not yet up
            return
        to, vlan = self.ways[fd]
        # Both ends are ours and quick, so IPv4 and IPv6 alone are impaired, not ARP.
        if frame[12:14] != b"\x08\x06":
            if self.random.random() < self.args.loss:
                return
        delay = 0.0005
        if self.random.random() < self.args.reorder:
            delay += self.random.uniform(0.002, 0.02)
        self.number += 1
        heapq.heappush(self.queue, (time.monotonic() + delay, self.number, to, vlan, frame))

    def send(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, to, vlan, frame = heapq.heappop(self.queue)
            self.recording.add(frame, vlan)
            if self.random.random() >= self.args.loss:
                try:
                    os.write(to, frame)
                except OSError:  # as above
                    pass

    def run(self):
        while True:
            timeout = None
            if self.queue:
                timeout = max(0, self.queue[0][0] - time.monotonic())
            readable, _, _ = select.select(list(self.ways), [], [], timeout)
            for fd in readable:
                self.receive(fd)
            self.send()


def stop(number, frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--loss", type=float, default=0.01, help="share lost before, and after")
    parser.add_argument("--reorder", type=float, default=0.05, help="share that is delayed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("pairs", nargs="+", metavar="A:B[@VLAN]")
    switch = Switch(parser.parse_args())
    signal.signal(signal.SIGTERM, stop)
    try:
        switch.run()
    except KeyboardInterrupt:
        switch.recording.close()


main()
