#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve apply names the right that is missing on this machine, and changes nothing.

usage: test_rights.py FASTMEM-RESERVE WORKER
"""
import os
import subprocess
import sys
import tempfile
import unittest

from hugepages import enter, free_pages

PROGRAM = sys.argv[1]
MOUNT = enter(16)


def apply(before, *args):
    """After a shell's commands, in mounts of its own."""
    with tempfile.TemporaryDirectory() as state:
        return subprocess.run(
            ['unshare', '--mount', 'sh', '-c', f'{before}; exec "$@"', 'sh', PROGRAM, 'apply',
             *args, '--state', state], capture_output=True, text=True, timeout=60, check=False)


def mounts():
    with open('/proc/self/mounts', encoding='utf-8') as file:
        return [line for line in file if line.split()[2] == 'hugetlbfs']


class Rights(unittest.TestCase):

    def test_without_cap_sys_admin_nothing_can_be_mounted(self):
        drop = f'umount -l {MOUNT} && set -- setpriv --bounding-set -sys_admin "$@"'
        done = apply(drop, 'any=2M@2M')
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn('CAP_SYS_ADMIN is missing', done.stderr)
        self.assertIn('--no-mount', done.stderr)
        done = apply(drop, 'any=2M@2M', '--no-mount')
        self.assertEqual(done.returncode, 0, done.stderr)
        # With one there, it is not needed.
        done = apply('set -- setpriv --bounding-set -sys_admin "$@"', 'any=2M@2M')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(mounts()), 1)

    def test_where_sys_is_read_only_the_pools_are(self):
        done = apply('mount -o remount,ro,bind /sys', f'any={free_pages() * 2 + 512}M@2M')
        self.assertEqual((done.returncode, done.stdout), (1, ''), done.stderr)
        self.assertIn('/sys is mounted read-only, as in containers', done.stderr)

    def test_a_record_that_cannot_be_kept(self):
        plan = f'any={free_pages() * 2 + 512}M@2M'
        done = subprocess.run(['unshare', '--mount', 'sh', '-c',
                               f'mount -o ro -t tmpfs none {MOUNT} && exec "$@"', 'sh', PROGRAM,
                               'apply', plan, '--no-mount', '--state', f'{MOUNT}/state'],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ''), done.stderr)
        self.assertIn('has to be recorded', done.stderr)

    def test_who_owns_it_has_to_exist(self):
        before = f'umount -l {MOUNT}'
        for option, value in (('--owner', 'no-such-user'), ('--owner', 'root:no-such-group'),
                              ('--mode', '999'), ('--mode', 'rwx')):
            done = apply(before, 'any=2M@2M', option, value)
            self.assertEqual(done.returncode, 2)
            self.assertIn(f'{option} "{value}"', done.stderr)
        self.assertEqual(os.path.ismount('/dev/hugepages'), False)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
