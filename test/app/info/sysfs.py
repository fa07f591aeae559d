# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Machines for tests: a sysfs tree written as Linux does, and what Linux's files say of one."""
import glob
import os
import re
import shutil
import tempfile


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read().strip()


def ids_of(text):
    """The kernel's list format, "0-3,8", as a list."""
    ids = []
    for part in filter(None, text.strip().split(',')):
        first, _, last = part.partition('-')
        ids += range(int(first), int(last or first) + 1)
    return ids


class Files:
    """What the files of a tree say, read without the library."""

    def __init__(self, sysfs):
        self.sysfs = sysfs
        self.folder = os.path.join(sysfs, 'devices/system/node')
        self.nodes = ids_of(read(os.path.join(self.folder, 'online')))

    def of(self, node, name):
        return read(os.path.join(self.folder, f'node{node}', name))

    def cpus(self, node):
        return ids_of(self.of(node, 'cpulist'))

    def memory(self, node, what):
        found = re.search(rf'{what}: +(\d+) kB', self.of(node, 'meminfo'))
        return int(found[1]) * 1024 if found else 0

    def distances(self, node):
        return [int(word) for word in self.of(node, 'distance').split()]

    def pools(self, node):
        """Page size → (total, free, surplus)."""
        found = {}
        for pool in glob.glob(os.path.join(self.folder, f'node{node}/hugepages/hugepages-*kB')):
            size = int(re.search(r'(\d+)kB', pool)[1]) * 1024
            found[size] = tuple(int(read(os.path.join(pool, f'{which}_hugepages')))
                                for which in ('nr', 'free', 'surplus'))
        return found

    def packages(self, node):
        """Of the node's CPUs, as far as they tell."""
        found = set()
        for cpu in self.cpus(node):
            path = os.path.join(self.sysfs,
                                f'devices/system/cpu/cpu{cpu}/topology/physical_package_id')
            if os.path.exists(path):
                found.add(int(read(path)))
        return found

    def access(self, node, kind):
        """What firmware tells of a class of access; None if nothing."""
        folder = os.path.join(self.folder, f'node{node}/access{kind}/initiators')
        if not os.path.isdir(folder):
            return None
        told = {'from': sorted(int(name.removeprefix('node')) for name in os.listdir(folder)
                               if name.startswith('node'))}
        for name, key in (('bandwidth', 'mb_per_s'), ('latency', 'ns')):
            for way in ('read', 'write'):
                path = os.path.join(folder, f'{way}_{name}')
                # A 0 is a firmware's way to say nothing.
                told[f'{way}_{key}'] = os.path.exists(path) and int(read(path)) or None
        return told

    def tier(self, node):
        for path in glob.glob(os.path.join(self.sysfs,
                                           'devices/virtual/memory_tiering/*/nodelist')):
            if node in ids_of(read(path)):
                return int(re.search(r'memory_tier(\d+)/', path)[1])
        return None

    def reserved(self):
        """Page size → pages that the kernel has promised."""
        return {int(re.search(r'(\d+)kB', path)[1]) * 1024: int(read(path)) for path in glob.glob(
            os.path.join(self.sysfs, 'kernel/mm/hugepages/hugepages-*kB/resv_hugepages'))}


class Made:
    """A tree of as many nodes as wished; with it ends the folder."""

    def __init__(self, nodes, cpus=4, memory_only=(), packages=None, gib=64):
        self.sysfs = tempfile.mkdtemp()
        ids = list(range(nodes))
        with_cpus = [node for node in ids if node not in memory_only]
        self.cpus_of = {node: range(i * cpus, (i + 1) * cpus) for i, node in enumerate(with_cpus)}
        for name in ('online', 'possible', 'has_memory', 'has_normal_memory'):
            self.write(f'devices/system/node/{name}', self.text(ids))
        self.write('devices/system/node/has_cpu', self.text(with_cpus))
        self.write('devices/system/cpu/online', f'0-{len(with_cpus) * cpus - 1}')
        for node in ids:
            self.node(node, ids, gib << 20)
        for node, package in (packages or {}).items():
            self.package(node, package)

    def node(self, node, ids, kib):
        cpus = self.cpus_of.get(node, ())
        self.of(node, 'cpulist', self.text(cpus))
        self.of(node, 'cpumap', '0')
        self.of(node, 'distance', ' '.join('10' if other == node else str(20 + abs(other - node))
                                           for other in ids))
        self.of(node, 'meminfo', ''.join(
            f'Node {node} {what}: {value:14d} kB\n'
            for what, value in (('MemTotal', kib), ('MemFree', kib // (node + 2)),
                                ('MemUsed', kib - kib // (node + 2)), ('Active(file)', 4),
                                ('Inactive(file)', 8), ('SReclaimable', 16))))
        for size, total in ((2048, 512), (1048576, node % 3)):
            for which, value in (('nr', total), ('free', total // 2), ('surplus', 0)):
                self.of(node, f'hugepages/hugepages-{size}kB/{which}_hugepages', value)

    def package(self, node, package):
        for cpu in self.cpus_of[node]:
            self.write(f'devices/system/cpu/cpu{cpu}/topology/physical_package_id', package)

    def access(self, node, kind, initiators, **figures):
        for initiator in initiators:
            self.of(node, f'access{kind}/initiators/node{initiator}/there', '')
        for name, figure in figures.items():
            self.of(node, f'access{kind}/initiators/{name}', figure)

    @staticmethod
    def text(ids):
        return ','.join(str(i) for i in ids)

    def of(self, node, name, content):
        self.write(f'devices/system/node/node{node}/{name}', content)

    def write(self, name, content):
        path = os.path.join(self.sysfs, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(f'{content}\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.sysfs)
