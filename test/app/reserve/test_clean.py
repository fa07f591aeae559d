#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve clean removes EAL's files that no process holds, and no others.

usage: test_clean.py FASTMEM-RESERVE WORKER
"""
import mmap
import os
import signal
import subprocess
import sys
import unittest

from hugepages import enter

PROGRAM = sys.argv[1]
MOUNT = enter(8)
PAGE = 2 << 20
NOBODY = 65534


def clean(*args, **more):
    return subprocess.run([PROGRAM, 'clean', *args], capture_output=True, text=True, timeout=60,
                          check=False, **more)


def make(name):
    """A file with a page, that nobody holds."""
    path = os.path.join(MOUNT, name)
    with open(path, 'w+b') as file:
        os.ftruncate(file.fileno(), PAGE)
        with mmap.mmap(file.fileno(), PAGE) as page:
            page[0] = 1
    return path


class Other:
    """A process that holds a file in one of several ways."""

    HOLD = {'mapped': 'import mmap; m = mmap.mmap(f.fileno(), 2 << 20); f.close()',
            'open': 'pass',
            'locked': 'import fcntl; fcntl.flock(f, fcntl.LOCK_SH)'}

    def __init__(self, path, how):
        self.process = subprocess.Popen(
            [sys.executable, '-c', f'f = open({path!r}, "r+b"); {self.HOLD[how]}; '
             'print("up", flush=True); input()'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == 'up\n'

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


class Clean(unittest.TestCase):

    def tearDown(self):
        for name in os.listdir(MOUNT):
            os.unlink(os.path.join(MOUNT, name))

    def test_what_is_left_is_removed(self):
        paths = [make(name) for name in ('rtemap_0', 'my-servicemap_17')]
        done = clean('--dry-run')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('would come free: 4 MiB', done.stdout)
        self.assertTrue(all(map(os.path.exists, paths)))
        done = clean()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('came free: 4 MiB', done.stdout)
        for path in paths:
            self.assertIn(f'removed {path}, 2 MiB', done.stdout)
            self.assertFalse(os.path.exists(path))
        self.assertEqual(clean().stdout, 'came free: 0 B\n')

    def test_what_somebody_holds_stays_until_that_is_killed(self):
        for how in Other.HOLD:
            with self.subTest(how):
                path = make('rtemap_3')
                other = Other(path, how)
                for args in (('--dry-run',), ()):
                    done = clean(*args)
                    self.assertEqual(done.returncode, 0)
                    self.assertRegex(done.stdout, r'^(would come|came) free: 0 B\n$')
                    self.assertTrue(os.path.exists(path))
                other.kill()
                self.assertIn(f'removed {path}', clean().stdout)

    def test_files_that_are_none_of_eals_stay(self):
        for name in ('database', 'map_', 'map_3', 'rtemap_', 'rtemap_3x', 'rte3'):
            make(name)
        os.mkdir(os.path.join(MOUNT, 'dirmap_0'))
        self.assertEqual(clean().stdout, 'came free: 0 B\n')
        self.assertEqual(len(os.listdir(MOUNT)), 7)
        os.rmdir(os.path.join(MOUNT, 'dirmap_0'))

    def test_who_may_not_see_all_processes_removes_what_is_certain(self):
        os.chmod(MOUNT, 0o777)
        own, held, roots = (make(f'rtemap_{i}') for i in range(3))
        os.chmod(roots, 0o600)
        for path in (own, held):
            os.chown(path, NOBODY, NOBODY)
        other = Other(held, 'mapped')

        def drop():
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            self.assertNotIn(held, clean('--dry-run', preexec_fn=drop).stdout)
            done = clean(preexec_fn=drop)
        except PermissionError:
            self.skipTest('an ordinary user may not run the program here')
        self.assertEqual(done.returncode, 1)
        self.assertIn('1 files may be left or not', done.stderr)
        self.assertIn('CAP_SYS_PTRACE', done.stderr)
        self.assertEqual([os.path.exists(path) for path in (own, held, roots)],
                         [False, True, True])
        other.kill()


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
