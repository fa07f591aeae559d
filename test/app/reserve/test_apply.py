#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve apply raises pools by what a plan lacks, all or nothing, and gives that back.

usage: test_apply.py FASTMEM-RESERVE SYSFS-MACHINES KILLER

Most of it over copies of recorded machines, on which settle() does what a kernel would: in them no
page is made or freed by itself.
"""
import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import unittest

from program import PROGRAM, Tree, read, run, write

NOBODY = 65534
KILLER = os.path.abspath(sys.argv[3])
EAL = 1  # page a node, that its start takes


class Machine(Tree):
    """One that plans can be applied to."""

    def __init__(self, machine='sub-numa-2x2'):
        super().__init__(machine)
        self.state = self.run
        self.known = self.all_pages()

    def apply(self, *args, status=0, **more):
        done = run('apply', *args, '--sysfs', self.sysfs, '--state', self.state, **more)
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def settle(self):
        """What was written to pools is made or freed; how many pages of each that was."""
        changes = {}
        for pool, pages in self.all_pages().items():
            more = pages - self.known[pool]
            if more:
                changes[pool] = more
                self.free(pool, more)
        self.known = self.all_pages()
        return changes

    def free(self, pool, more):
        everywhere = os.path.join('kernel/mm/hugepages', os.path.basename(pool))
        for folder in {pool, everywhere}:
            path = os.path.join(self.sysfs, folder, 'free_hugepages')
            if os.path.exists(path):
                write(path, int(read(path)) + more)
                assert int(read(path)) >= 0

    def use(self, node, kib, pages):
        """Somebody takes pages, or frees them."""
        self.free(pool(node, kib), -pages)

    def add(self, node, kib, pages):
        """Somebody raises or lowers the pool."""
        path = os.path.join(self.pool(node, kib), 'nr_hugepages')
        write(path, int(read(path)) + pages)
        self.settle()


def pool(node, kib=2048):
    return f'devices/system/node/node{node}/hugepages/hugepages-{kib}kB'


class Applying(unittest.TestCase):

    def test_it_raises_by_what_is_missing_and_takes_that_back(self):
        with Machine() as machine:
            machine.apply('2=64M')
            self.assertEqual(machine.settle(), {pool(2): 34 + EAL})
            self.assertEqual(run('check', '2=64M', '--sysfs', machine.sysfs).returncode, 0)
            self.assertIn('gave 35 back', machine.apply('2=64M', '--undo'))
            self.assertEqual(machine.settle(), {pool(2): -35})
            self.assertIn('nothing is on record', machine.apply('2=64M', '--undo'))
            self.assertEqual(machine.settle(), {})

    def test_what_is_there_counts(self):
        with Machine() as machine:
            # Of 512 free pages 509 are needed, and one for EAL.
            self.assertIn('are there already', machine.apply('1=1000M@2M'))
            self.assertEqual(machine.settle(), {})
            machine.apply('1=1000M@2M', '--undo')
            self.assertEqual(machine.settle(), {})
            machine.use(1, 2048, 12)
            machine.apply('1=1000M@2M,3=2M@1G')
            self.assertEqual(machine.settle(), {pool(1): 509 + EAL - 500, pool(3, 1048576): 1,
                                                pool(3): EAL})

    def test_every_size_on_every_node(self):
        with Machine() as machine:
            machine.apply('each=1G@1G')
            made = machine.settle()
            self.assertEqual({name: pages for name, pages in made.items() if '1048576' in name},
                             {pool(node, 1048576): 2 for node in (1, 2, 3)})
            machine.apply('each=1G@1G', '--undo')
            self.assertEqual(machine.settle(), {name: -pages for name, pages in made.items()})

    def test_done_again_it_adds_nothing(self):
        with Machine() as machine:
            machine.apply('2=64M')
            machine.settle()
            for used in (0, 34, 1):
                machine.use(2, 2048, used)
                machine.apply('2=64M')
                self.assertEqual(machine.settle(), {})
            # Its user has ended.
            machine.use(2, 2048, -35)
            machine.apply('2=64M')
            self.assertEqual(machine.settle(), {})
            machine.apply('2=64M', '--undo')
            self.assertEqual(machine.settle(), {pool(2): -35})

    def test_what_somebody_took_away_is_added_again(self):
        with Machine() as machine:
            machine.apply('2=64M')
            machine.settle()
            machine.add(2, 2048, -10)
            machine.apply('2=64M')
            self.assertEqual(machine.settle(), {pool(2): 10})

    def test_two_plans_do_not_count_on_the_same_pages(self):
        with Machine() as machine:
            machine.apply('2=64M')
            self.assertEqual(machine.settle(), {pool(2): 35})
            machine.apply('2=32M')
            self.assertEqual(machine.settle(), {pool(2): 19})
            # The first one's user starts: the second one's pages are there still.
            machine.use(2, 2048, 35)
            for plan in ('2=64M', '2=32M'):
                machine.apply(plan)
                self.assertEqual(machine.settle(), {})
            machine.apply('2=32M', '--undo')
            self.assertEqual(machine.settle(), {pool(2): -19})
            machine.use(2, 2048, -35)
            machine.apply('2=64M', '--undo')
            self.assertEqual(machine.settle(), {pool(2): -35})

    def test_plans_that_are_applied_at_once_each_get_theirs(self):
        plans = [f'2={size}M' for size in range(2, 34, 2)]
        with Machine() as machine:
            # Pages that are made are free at once.
            free = os.path.join(machine.pool(2, 2048), 'free_hugepages')
            os.unlink(free)
            os.symlink('nr_hugepages', free)
            started = [subprocess.Popen(
                [PROGRAM, 'apply', plan, '--sysfs', machine.sysfs, '--state', machine.state],
                stdout=subprocess.DEVNULL) for plan in plans]
            self.assertEqual([process.wait(60) for process in started], [0] * len(plans))
            self.assertEqual(machine.pages(2, 2048),
                             sum(size // 2 + 1 + 1 + EAL for size in range(2, 34, 2)))
            for plan in plans:
                machine.apply(plan, '--undo')
            self.assertEqual(machine.pages(2, 2048), 0)

    def test_what_a_line_makes_do_with_is_not_what_it_gets(self):
        for policy in ('less>=2M', 'other-node', 'smaller-pages'):
            with Machine() as machine:
                machine.apply(f'3=1G@1G/shortage={policy}')
                self.assertEqual(machine.settle(), {pool(3, 1048576): 2, pool(3): EAL})

    def test_a_kernel_without_nodes(self):
        with Machine('vm-one-node') as machine:
            os.makedirs(f'{machine.sysfs}/kernel/mm')
            nodes = f'{machine.sysfs}/devices/system/node'
            os.rename(f'{nodes}/node0/hugepages', f'{machine.sysfs}/kernel/mm/hugepages')
            shutil.rmtree(nodes)
            for kib in (2048, 1048576):
                write(f'{machine.sysfs}/kernel/mm/hugepages/hugepages-{kib}kB/resv_hugepages', 0)
            path = f'{machine.sysfs}/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'
            before = int(read(path))
            machine.apply('0=64M')
            self.assertEqual(int(read(path)) - before, 34 + EAL - 8)


class Telling(unittest.TestCase):

    def test_a_bar_on_a_terminal_and_lines_elsewhere(self):
        with Machine() as machine:
            ours, theirs = pty.openpty()
            with os.fdopen(ours, 'rb', buffering=0) as terminal:
                machine.apply('2=3G@2M', stderr=theirs)
                os.close(theirs)
                said = b''
                with contextlib.suppress(OSError):  # that it ended
                    while part := terminal.read(4096):
                        said += part
            self.assertGreater(len(re.findall(
                rb'\rnode 2, pages of 2 MiB  \[[#.]{24}\] +\d+ %.*?\x1b\[K', said)), 3)
            self.assertRegex(said, rb'\[###[#.]+\] +\d+ %  [0-9.]+ GB/s  \d+ s left')
            self.assertTrue(said.endswith(b'\r\x1b[K'))
        with Machine() as machine:
            done = run('apply', '2=3G@2M', '--sysfs', machine.sysfs, '--state', machine.state)
            self.assertEqual(done.stderr, '')
            self.assertRegex(done.stdout, r'^node 2, pages of 2 MiB: raising from 0 to 1562, by '
                             r'3\.1 GiB\ndone: 100 %  [0-9.]+ GB/s\n$')


class Undoing(unittest.TestCase):

    def test_others_keep_what_they_added_and_what_they_use(self):
        with Machine() as machine:
            machine.apply('2=64M')
            machine.settle()
            machine.add(2, 2048, 100)
            machine.use(2, 2048, 120)
            said = machine.apply('2=64M', '--undo', status=1)
            self.assertIn('20 are in use', said)
            self.assertEqual(machine.settle(), {pool(2): -15})
            machine.use(2, 2048, -50)
            machine.apply('2=64M', '--undo')
            self.assertEqual(machine.settle(), {pool(2): -20})
            self.assertEqual(machine.pages(2, 2048), 100)

    def test_an_undone_plan_can_be_applied_again(self):
        with Machine() as machine:
            machine.apply('2=64M')
            machine.settle()
            machine.use(2, 2048, 30)
            machine.apply('2=64M', '--undo', status=1)
            self.assertEqual(machine.settle(), {pool(2): -5})
            machine.apply('2=64M')
            self.assertEqual(machine.settle(), {pool(2): 35})
            machine.apply('2=64M', '--undo', status=1)
            machine.use(2, 2048, -30)
            machine.settle()
            machine.apply('2=64M', '--undo')
            machine.settle()
            self.assertEqual(machine.pages(2, 2048), 0)

    def test_a_step_in_which_it_was_killed_counts_as_far_as_it_got(self):
        for done, added in ((0, 3), (7, 10), (20, 23)):
            with Machine() as machine:
                machine.add(2, 2048, 50 + done)
                write(f'{machine.state}/reserve.ledger',
                      'fastmem-reserve 1\nplan 2=64M\n'
                      'pool 2 2097152 need 35 added 3 base 0 from 50 step 20')
                machine.apply('2=64M', '--undo')
                self.assertEqual(machine.settle(), {pool(2): -added})

    def test_an_undo_of_another_plan_names_those_that_are_there(self):
        with Machine() as machine:
            machine.apply('2=64M')
            machine.settle()
            self.assertIn('on record: 2=64M', machine.apply('2=65M', '--undo'))
            self.assertEqual(machine.settle(), {})


class Killed(unittest.TestCase):

    PLAN = '2=64M,3=1G@2M'  # the second one in several steps
    POOLS = {pool(2): 35, pool(3): 522}

    def machine_killed_at(self, number):
        """A machine on which it was killed after its own write of that number, or None: it ended."""
        machine = Machine()
        for node in (2, 3):
            machine.set_pages(node, 2048, 0, 0)
            os.unlink(f'{machine.pool(node, 2048)}/free_hugepages')
            os.symlink('nr_hugepages', f'{machine.pool(node, 2048)}/free_hugepages')
        done = run('apply', self.PLAN, '--sysfs', machine.sysfs, '--state', machine.state, env={
            'LD_PRELOAD': KILLER, 'FASTMEM_TEST_KILL': str(number),
            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'})
        if done.returncode == 0:
            machine.__exit__()
            return None
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
        return machine

    def pools(self, machine):
        return {name: pages for name, pages in machine.all_pages().items() if name in self.POOLS}

    def test_nothing_is_lost_wherever_it_is(self):
        for then in ('--undo', None):
            number = 1
            while (machine := self.machine_killed_at(number)) is not None:
                with self.subTest(then=then, number=number), machine:
                    if then is None:
                        machine.apply(self.PLAN)
                        self.assertEqual(self.pools(machine), self.POOLS)
                    machine.apply(self.PLAN, '--undo')
                    self.assertEqual(self.pools(machine), {name: 0 for name in self.POOLS})
                number += 1
            # Records and pools take turns.
            self.assertGreater(number, 12)


class DryRun(unittest.TestCase):

    def test_it_says_what_would_be_done(self):
        with Machine() as machine:
            said = machine.apply('2=64M,3=1G@1G', '--dry-run')
            self.assertIn('node 2, pages of 2 MiB: would raise from 0 to 35, by 70 MiB', said)
            self.assertIn('node 3, pages of 1 GiB: would raise from 0 to 2, by 2 GiB', said)
            self.assertEqual(machine.settle(), {})
            self.assertFalse(os.path.exists(f'{machine.state}/reserve.ledger'))
            machine.apply('2=64M')
            machine.settle()
            self.assertIn('would give 35 back', machine.apply('2=64M', '--undo', '--dry-run'))
            self.assertEqual(machine.settle(), {})
            machine.apply('2=64M', '--undo')
            self.assertEqual(machine.settle(), {pool(2): -35})


class Refusing(unittest.TestCase):

    def test_more_than_the_node_has(self):
        with Machine() as machine:
            said = machine.apply('2=64M,3=100T', status=1)
            self.assertRegex(said, r'node 3 would have to give 10\d\.\d TiB, and of its memory')
            self.assertEqual(machine.settle(), {})

    def test_pages_that_the_machine_does_not_know(self):
        with Machine() as machine:
            self.assertIn('command line:1:7: node 3 has no pages of 512 MiB',
                          machine.apply('2=64M,3=1G@512M', status=1))
            self.assertEqual(machine.settle(), {})

    def test_a_record_that_is_none(self):
        for text in ('nonsense', 'fastmem-reserve 1\nplan 2=64M\npool 2', 'fastmem-reserve 2'):
            with Machine() as machine:
                write(f'{machine.state}/reserve.ledger', text)
                self.assertRegex(machine.apply('2=64M', status=2), r'line \d of .*ledger')
                self.assertEqual(machine.settle(), {})

    def as_nobody(self, machine, *args, status, spoil):
        """As somebody who owns the tree, apart from what spoil() makes of it."""
        def drop():
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
        os.makedirs(machine.state, exist_ok=True)
        for folder, _, names in os.walk(machine.root):
            os.chmod(folder, 0o755)
            for name in [folder] + [os.path.join(folder, name) for name in names]:
                if os.geteuid() == 0:
                    os.chown(name, NOBODY, NOBODY, follow_symlinks=False)
        spoil()
        try:
            return machine.apply(*args, status=status, preexec_fn=drop)
        except PermissionError:
            self.skipTest('an ordinary user may not run the program here')

    def test_who_may_not_is_told_what_right_is_missing(self):
        with Machine() as machine:
            said = self.as_nobody(machine, '2=64M,3=64M', status=1, spoil=lambda: os.chmod(
                os.path.join(machine.pool(3, 2048), 'nr_hugepages'), 0o444))
            self.assertIn('only root may write', said)
            self.assertIn('node3/hugepages/hugepages-2048kB/nr_hugepages', said)
            self.assertEqual(machine.settle(), {})

    def test_who_cannot_keep_a_record_adds_nothing(self):
        with Machine() as machine:
            said = self.as_nobody(machine, '2=64M', status=1,
                                  spoil=lambda: os.chmod(machine.state, 0o555))
            self.assertIn('has to be recorded', said)
            self.assertEqual(machine.settle(), {})
            # And needs none where there is nothing to be added.
            self.as_nobody(machine, '1=64M', status=0,
                           spoil=lambda: os.chmod(machine.state, 0o555))

    @staticmethod
    def full_at_1000(machine, node):
        """All pages of nodes 2 and 3 are free; of this one the kernel takes no greater number."""
        for pool_of in (machine.pool(2, 2048), machine.pool(3, 2048)):
            os.unlink(f'{pool_of}/free_hugepages')
            os.symlink('nr_hugepages', f'{pool_of}/free_hugepages')
        os.unlink(f'{machine.pool(node, 2048)}/nr_hugepages')
        os.symlink('/proc/self/oom_score_adj', f'{machine.pool(node, 2048)}/nr_hugepages')

    def test_a_failure_half_way_gives_back_what_was_added(self):
        with Machine() as machine:
            self.full_at_1000(machine, 3)
            said = machine.apply('2=64M,3=3G@2M', status=1)
            self.assertIn('node 3: this kernel has pages of 2 MiB only', said)
            self.assertIn('hugepagesz=2M hugepages=0:1024,1:512,2:35,3:1562', said)
            self.assertEqual(machine.pages(2, 2048), 0)
            self.assertEqual(read(f'{machine.state}/reserve.ledger'), 'fastmem-reserve 1')

    def test_a_failure_when_done_again_keeps_what_was_there(self):
        with Machine() as machine:
            plan = '2=64M,3=3G@2M'
            machine.apply(plan)
            machine.settle()
            machine.add(2, 2048, -10)
            self.full_at_1000(machine, 3)
            machine.apply(plan, status=1)
            self.assertEqual(machine.pages(2, 2048), 25)
            self.assertIn('pool 2 2097152 need 35 added 35 ',
                          read(f'{machine.state}/reserve.ledger'))


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
