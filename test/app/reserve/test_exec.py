#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve exec supplies what a plan needs, and becomes the program that is to have it.

usage: test_exec.py FASTMEM-RESERVE SYSFS-MACHINES
"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from program import PROGRAM, Tree, run

SHOW = 'echo "$FASTMEM_PLAN/${FASTMEM_CONFIG-unset}/$$"; exit 7'


class Exec(unittest.TestCase):

    def start(self, tree, *args, **more):
        return run('exec', '--sysfs', tree.sysfs, '--state', tree.run, *args, **more)

    def test_the_program_has_the_plan_and_its_pages(self):
        with Tree() as tree:
            done = self.start(tree, '2=64M', '--', 'sh', '-c', SHOW)
            self.assertEqual(done.returncode, 7, done.stderr)
            self.assertEqual(done.stdout.split('/')[:2], ['2=64M', 'unset'])
            self.assertIn('raising from 0 to 35', done.stderr)
            self.assertEqual(tree.pages(2, 2048), 35)

    def test_the_plan_is_that_of_all_sources(self):
        with Tree() as tree, tempfile.NamedTemporaryFile('w') as file:
            file.write('[0]\nsize = 64M\nlimit = 1G\n')
            file.flush()
            done = self.start(tree, '--', 'sh', '-c', SHOW,
                              env={'FASTMEM_CONFIG': file.name, 'FASTMEM_PLAN': '0=128M'})
            self.assertEqual(done.stdout.split('/')[:3], ['0=128M', 'limit=1G', 'unset'])

    def test_it_is_the_same_process_with_signals_and_files_as_they_were(self):
        def ignore():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with Tree() as tree:
            with subprocess.Popen([PROGRAM, 'exec', '0=2M', '--sysfs', tree.sysfs, '--state',
                                   tree.run, '--', sys.executable, '-c',
                                   'import os, signal; print(os.getpid(), signal.getsignal('
                                   'signal.SIGTERM) == signal.SIG_IGN, '
                                   'len(os.listdir("/proc/self/fd")))'],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  preexec_fn=ignore) as child:
                pid, ignored, files = child.stdout.read().split()
            self.assertEqual((int(pid), ignored, int(files)), (child.pid, 'True', 4))

    def test_a_program_that_is_not_there_changes_nothing(self):
        with Tree() as tree:
            for program, status in (('no-such-program', 127), ('/no/such', 127),
                                    (tree.sysfs + '/devices/system/node/online', 126)):
                # With folders that this user may not search it could be there.
                done = self.start(tree, '2=64M', '--', program, env={'PATH': '/usr/bin:/bin'})
                self.assertEqual((done.returncode, done.stdout), (status, ''))
                self.assertIn(f'cannot run {program}', done.stderr)
                self.assertEqual(tree.pages(2, 2048), 0)

    def test_a_dry_run_starts_nothing(self):
        with Tree() as tree:
            done = self.start(tree, '2=64M', '--dry-run', '--', 'echo', 'started')
            self.assertEqual((done.returncode, done.stdout), (0, ''))
            self.assertIn('would raise from 0 to 35', done.stderr)
            self.assertIn('would run echo with FASTMEM_PLAN=2=64M', done.stderr)
            self.assertEqual(tree.pages(2, 2048), 0)
            done = self.start(tree, '2=100T', '--dry-run', '--', 'echo', 'started')
            self.assertEqual((done.returncode, done.stdout), (1, ''))

    def test_a_plan_that_is_refused_starts_nothing(self):
        with Tree() as tree:
            done = self.start(tree, '2=100T', '--', 'echo', 'started')
            self.assertEqual((done.returncode, done.stdout), (1, ''))
            done = self.start(tree, '2=64', '--', 'echo', 'started')
            self.assertEqual((done.returncode, done.stdout), (2, ''))
            for args in (('2=64M',), ('2=64M', '--')):
                done = self.start(tree, *args)
                self.assertEqual((done.returncode, done.stdout), (2, ''))
                self.assertIn('which program?', done.stderr)

    def test_a_plan_that_makes_do_starts_with_what_there_is(self):
        with Tree() as tree:
            done = self.start(tree, '0=100T/shortage=less', '--', 'echo', 'started')
            self.assertEqual((done.returncode, done.stdout), (0, 'started\n'), done.stderr)
            self.assertIn('makes do', done.stderr)
            self.assertEqual(os.path.exists(f'{tree.run}/reserve.ledger'), False)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
