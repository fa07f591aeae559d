#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve show tells who has what of a recorded machine's hugepages.

usage: test_show.py FASTMEM-RESERVE SYSFS-MACHINES
"""
import json
import sys
import unittest

from program import Tree, run, write

MAPS = '''\
7f0000000000 default file=/dev/hugepages/rtemap_0 huge dirty=3 N0=1 N2=2 kernelpagesize_kB=2048
7f0000600000 bind:2 file=/dev/hugepages/rtemap_3 huge dirty=4 mapmax=2 N2=4 kernelpagesize_kB=2048
7f0040000000 default file=/dev/hugepages1G/rtemap_9 huge dirty=1 N0=1 kernelpagesize_kB=1048576
7f0080000000 default anon=5 dirty=5 N0=5 kernelpagesize_kB=4
7f0090000000 default file=/usr/lib/N0=7huge mapped=2 N1=2 kernelpagesize_kB=4
'''


class Show(unittest.TestCase):

    def machine(self, tree):
        write(f'{tree.proc}/self/mounts', 'none /no/such/folder hugetlbfs rw,pagesize=2M 0 0')
        write(f'{tree.proc}/11/numa_maps', MAPS)
        write(f'{tree.proc}/11/comm', 'flow "tracker"')
        write(f'{tree.proc}/11/maps', '')
        write(f'{tree.proc}/12/numa_maps', '7f00 default anon=5 N0=5 kernelpagesize_kB=4')
        write(f'{tree.proc}/meminfo', '')

    def show(self, tree, *args):
        done = run('show', '--sysfs', tree.sysfs, '--proc', tree.proc, '--state', tree.run, *args)
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        return done.stdout

    def test_processes_and_pools(self):
        with Tree() as tree:
            self.machine(tree)
            shown = json.loads(self.show(tree, '--json'))
            self.assertEqual([(use['pid'], use['name'], use['node'], use['page_size'] >> 20,
                               use['pages']) for use in shown['processes']],
                             [(11, 'flow "tracker"', 0, 2, 1), (11, 'flow "tracker"', 2, 2, 6),
                              (11, 'flow "tracker"', 0, 1024, 1)])
            for pool in shown['pools']:
                kib = pool['page_size'] >> 10
                self.assertEqual((pool['total'], pool['free'], pool['surplus']), tuple(
                    tree.pages(pool['node'], kib, which) for which in ('nr', 'free', 'surplus')))
            self.assertEqual(len(shown['pools']), 8)
            self.assertRegex(self.show(tree), r'\n  11 +flow "tracker"  2 +2 MiB +6\n')

    def test_plans(self):
        with Tree() as tree:
            self.machine(tree)
            run('apply', '2=64M', '--sysfs', tree.sysfs, '--state', tree.run)
            plan, = json.loads(self.show(tree, '--json'))['plans']
            self.assertEqual(plan, {'plan': '2=64M', 'mounts': [], 'pools': [
                {'node': 2, 'page_size': 2 << 20, 'need': 35, 'added': 35}]})
            self.assertIn('  2=64M\n    node 2: needs 35 pages of 2 MiB, for which 35 were added\n',
                          self.show(tree))

    def test_what_cannot_be_read(self):
        with Tree() as tree:
            done = run('show', '--sysfs', tree.sysfs, '--proc', tree.proc)
            self.assertEqual(done.returncode, 2)
            self.machine(tree)
            write(f'{tree.run}/reserve.ledger', 'nonsense')
            done = run('show', '--sysfs', tree.sysfs, '--proc', tree.proc, '--state', tree.run)
            self.assertEqual((done.returncode, done.stdout), (2, ''))

    def test_of_this_machine_something_is_told_to_anybody(self):
        done = run('show', '--json')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertEqual(set(json.loads(done.stdout)), {
            'pools', 'processes', 'files', 'prefixes', 'plans', 'hidden_processes'})


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
