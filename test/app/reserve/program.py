# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Running fastmem-reserve, and machines that it may change."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM, MACHINES = map(os.path.abspath, sys.argv[1:3])


def run(*args, env=None, **more):
    """What became of it; of the environment nothing counts but what is given."""
    kept = {name: value for name, value in os.environ.items()
            if name not in ('FASTMEM_PLAN', 'FASTMEM_CONFIG')}
    return subprocess.run([PROGRAM, *args], text=True, timeout=60, check=False,
                          env={**kept, **(env or {})},
                          **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **more})


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read().strip()


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(f'{text}\n')


class Tree:
    """A copy of a recorded machine's /sys, with a /proc and a /run beside it."""

    def __init__(self, machine='sub-numa-2x2'):
        self.root = tempfile.mkdtemp()
        os.chmod(self.root, 0o755)
        self.sysfs, self.proc, self.run = (os.path.join(self.root, name)
                                           for name in ('sys', 'proc', 'run'))
        shutil.copytree(os.path.join(MACHINES, machine), self.sysfs, symlinks=True)

    def pool(self, node, kib):
        return os.path.join(self.sysfs,
                            f'devices/system/node/node{node}/hugepages/hugepages-{kib}kB')

    def pages(self, node, kib, which='nr'):
        return int(read(os.path.join(self.pool(node, kib), f'{which}_hugepages')))

    def set_pages(self, node, kib, total, free):
        write(os.path.join(self.pool(node, kib), 'nr_hugepages'), total)
        write(os.path.join(self.pool(node, kib), 'free_hugepages'), free)

    def all_pages(self):
        """Every pool that the tree has, and its pages."""
        found = {}
        for folder, _, names in os.walk(os.path.join(self.sysfs, 'devices/system/node')):
            if 'nr_hugepages' in names:
                found[os.path.relpath(folder, self.sysfs)] = int(
                    read(os.path.join(folder, 'nr_hugepages')))
        return found

    def obey(self, command):
        """Do what a command for the shell says, and what the kernel would do then."""
        count, path = re.fullmatch(r'echo (\d+) > /sys/(.*)/nr_hugepages', command).groups()
        path = os.path.join(self.sysfs, path)
        more = int(count) - int(read(f'{path}/nr_hugepages'))
        write(f'{path}/nr_hugepages', count)
        write(f'{path}/free_hugepages', int(read(f'{path}/free_hugepages')) + more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)
