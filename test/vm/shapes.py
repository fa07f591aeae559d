# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The machines that guests are: nodes with their CPUs, memory and hugepages, and the distances."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    cpus: tuple      # ids; a package's follow each other
    mib: int         # memory, its hugepages included
    hugepages: int   # of 2 MiB


@dataclass(frozen=True)
class Access:
    """How a node's CPUs reach a node's memory, as firmware tells; 0: it does not tell this."""
    initiator: int
    target: int
    read_bandwidth: int   # MB/s
    write_bandwidth: int
    read_latency: int     # ns
    write_latency: int


@dataclass(frozen=True)
class Shape:
    nodes: tuple
    distances: tuple  # a row for each node
    features: str     # words; what tests must find here, and may not skip for want of
    packages: int
    dies: int = 1     # a package: a node each, else the kernel wonders about caches across nodes
    access: tuple = ()    # of each target the nearest initiator first; none: no such table
    pci: tuple = ()       # nodes that have a PCI bus of their own, with a device

    @property
    def cpus(self):
        return sum(len(node.cpus) for node in self.nodes)

    @property
    def nearest(self):
        """target → how its nearest initiator reaches it."""
        return {access.target: access for access in reversed(self.access)}

    @property
    def buses(self):
        """node → number of its PCI bus; its device is on the next bus, behind a bridge."""
        return {node: 64 * (i + 1) for i, node in enumerate(self.pci)}


SHAPES = {
    # Each package has two nodes, which are near each other. The other package's nodes are not in
    # the order of their ids, so that an order by id or by position is wrong for each node.
    'sub-numa': Shape(
        packages=2, dies=2,
        nodes=(Node((0, 1), 1536, 300), Node((2, 3), 1024, 160),
               Node((4, 5), 1024, 160), Node((6, 7), 1024, 160)),
        distances=((10, 12, 26, 21),
                   (12, 10, 23, 28),
                   (26, 23, 10, 12),
                   (21, 28, 12, 10)),
        pci=(3, 1),
        features='several cpuset hugepages pci'),
    # Node 3 has no CPU: EAL does not know of it. It is near to node 2. (Linux gives such nodes the
    # last ids.)
    'memory-only': Shape(
        packages=3,
        nodes=(Node((0, 1), 1536, 300), Node((2, 3), 1024, 120),
               Node((4, 5), 1024, 120), Node((), 1024, 160)),
        distances=((10, 20, 21, 30),
                   (20, 10, 20, 28),
                   (21, 20, 10, 17),
                   (30, 28, 17, 10)),
        access=(Access(0, 0, 21000, 20000, 80, 85), Access(1, 1, 22000, 19000, 90, 95),
                Access(2, 2, 23000, 18000, 100, 105), Access(2, 3, 9000, 7000, 250, 0),
                Access(1, 3, 6000, 5000, 400, 0), Access(0, 3, 5000, 4000, 450, 0)),
        features='several cpuset hugepages memory-only access'),
    # Node 1 has memory and no hugepage.
    'no-hugepages': Shape(
        packages=2,
        nodes=(Node((0, 1), 1536, 300), Node((2, 3), 1024, 0)),
        distances=((10, 20), (20, 10)),
        features='several cpuset no-hugepages'),
    # Node 1 has some of everything, and not enough for long.
    'runs-out': Shape(
        packages=2,
        nodes=(Node((0, 1), 1536, 300), Node((2, 3), 256, 40)),
        distances=((10, 20), (20, 10)),
        features='several cpuset hugepages runs-out'),
}

FEATURES = {word for shape in SHAPES.values() for word in shape.features.split()}
