#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A plan above what a cgroup of version 2 may have of hugepages is refused, and the limit named.

usage: test_limits.py FASTMEM-RESERVE WORKER

The kernel's own limits, in a cgroup that is made for it.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from hugepages import enter, skip

PROGRAM = sys.argv[1]
MIB = 1 << 20


def find():
    """The folder of the cgroups of version 2, if they can limit hugepages."""
    with open('/proc/self/mounts', encoding='utf-8') as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == 'cgroup2']
    for mount in mounts:
        with open(f'{mount}/cgroup.controllers', encoding='utf-8') as file:
            if 'hugetlb' in file.read().split():
                return mount
    return None


class Cgroup:
    """A cgroup with limits; what was switched on for it is switched off again."""

    def __init__(self, mount):
        self.control = f'{mount}/cgroup.subtree_control'
        with open(self.control, encoding='utf-8') as file:
            self.on = 'hugetlb' in file.read().split()
        if not self.on:
            self.write(self.control, '+hugetlb')
        self.folder = f'{mount}/fastmem-{os.getpid()}'
        os.mkdir(self.folder)

    @staticmethod
    def write(path, text):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def limit(self, mib):
        self.write(f'{self.folder}/hugetlb.2MB.max', str(mib * MIB))

    def run(self, *args):
        """A program that is in it."""
        return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=60,
                              check=False, preexec_fn=lambda: self.write(
                                  f'{self.folder}/cgroup.procs', '0'))

    def remove(self):
        os.rmdir(self.folder)
        if not self.on:
            # Another who switched it on meanwhile has cgroups there, and keeps it.
            try:
                self.write(self.control, '-hugetlb')
            except OSError:
                pass


enter(64)
try:
    CGROUP = Cgroup(find() or skip('no cgroups of version 2 can limit hugepages here'))
except OSError as error:
    skip(f'no cgroup can be made here: {error}')


class Limits(unittest.TestCase):

    @classmethod
    def tearDownClass(cls):
        CGROUP.remove()

    def test_check_names_the_limit_and_what_raises_it(self):
        CGROUP.limit(32)
        file = f'{CGROUP.folder}/hugetlb.2MB.max'
        self.assertEqual(CGROUP.run('check', '0=16M@2M').returncode, 0)
        done = CGROUP.run('check', '0=64M@2M', '--json')
        self.assertEqual(done.returncode, 1, done.stderr)
        limit, = json.loads(done.stdout)['limits']
        self.assertEqual((limit['file'], limit['max'], limit['used']), (file, 32 * MIB, 0))
        text = CGROUP.run('check', '0=64M@2M').stdout
        self.assertIn(file, text)
        subprocess.run(['sh', '-c', limit['command']], check=True)
        self.assertEqual(CGROUP.run('check', '0=64M@2M').returncode, 0)

    def test_apply_refuses_it_and_changes_nothing(self):
        CGROUP.limit(32)
        with tempfile.TemporaryDirectory() as state:
            done = CGROUP.run('apply', '0=64M@2M', '--state', state)
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            self.assertIn(f'{CGROUP.folder}/hugetlb.2MB.max', done.stderr)
            self.assertFalse(os.path.exists(f'{state}/reserve.ledger'))

    def hold(self, plan, *eal):
        """Bytes that the cgroup has while a plan is held; None: it was refused."""
        prefix = f'fastmem-limits-{os.getpid()}'
        with subprocess.Popen([PROGRAM, 'hold', plan, '--prefix', prefix, *eal],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              preexec_fn=lambda: CGROUP.write(f'{CGROUP.folder}/cgroup.procs',
                                                              '0')) as holder:
            held = any(line.startswith('holding ') for line in holder.stdout)
            with open(f'{CGROUP.folder}/hugetlb.2MB.current', encoding='utf-8') as file:
                used = int(file.read())
            holder.terminate()
        subprocess.run(['rm', '-rf', f'/var/run/dpdk/{prefix}'], check=True)
        return used if held else None

    def test_hold_refuses_it_and_holds_what_the_limit_leaves(self):
        prefix = f'fastmem-limits-{os.getpid()}'
        CGROUP.limit(32)
        done = CGROUP.run('hold', 'any=64M@2M', '--prefix', prefix)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertIn(f'{CGROUP.folder}/hugetlb.2MB.max', done.stderr)
        # 34 pages, and that of EAL's start.
        CGROUP.limit(70)
        used = self.hold('any=64M@2M')
        self.assertGreaterEqual(used, 64 * MIB)
        self.assertLessEqual(used, 70 * MIB)

    def test_what_eal_has_already_is_within_the_limit(self):
        CGROUP.limit(66)
        eal = ('--', '--no-pci', '--socket-mem=64')
        self.assertLessEqual(self.hold('0=32M@2M', *eal), 66 * MIB)
        self.assertIsNone(self.hold('0=96M@2M', *eal))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
