#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-info doctor names what stands in the way, with a fix, and nothing else.

usage: test_doctor.py FASTMEM-INFO REFUSING SYSFS-MACHINES
"""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

from sysfs import Made

INFO, REFUSING, MACHINES = sys.argv[1:4]
CALLS = ('mbind', 'set_mempolicy', 'get_mempolicy', 'move_pages')


def run(*args, before=(), **more):
    return subprocess.run([*before, INFO, 'doctor', *args], capture_output=True, text=True,
                          timeout=60, **more)


def problems(*args, **more):
    """id → (what, fix) of each problem; the status and the text say the same."""
    done = run('--json', *args, **more)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report['ok'] == (done.returncode == 0) == (not report['problems']), report
    text = run(*args, **more)
    assert text.returncode == done.returncode
    for problem in report['problems']:
        assert f'{problem["id"]}: {problem["what"]}' in text.stdout, text.stdout
        assert problem['fix'] in text.stdout, text.stdout
    return {problem['id']: (problem['what'], problem['fix']) for problem in report['problems']}


class Tree:
    """A /proc and a /sys of a machine on which all is well; tests spoil them."""

    def __init__(self, machine='sub-numa-2x2'):
        self.root = tempfile.mkdtemp()
        self.sysfs = os.path.join(self.root, 'sys')
        self.proc = os.path.join(self.root, 'proc')
        shutil.copytree(os.path.join(MACHINES, machine), self.sysfs, symlinks=True)
        for node in range(4):
            self.pages(node, 'free', 10)
        self.write('self/status', 'CapEff:\t0000000000004000\nMems_allowed_list:\t0-3\n')
        self.write('self/limits', 'Max locked memory         8388608    8388608    bytes\n')
        self.write('self/mounts', 'none /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n')
        self.write('self/cgroup', '0::/a.slice/b.scope\n')
        self.write('self/mountinfo', '9 8 0:7 / /sys/fs/cgroup rw - cgroup2 none rw\n')
        self.write('sys/kernel/numa_balancing', '0\n')

    def write(self, name, text):
        path = os.path.join(self.proc, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)

    def pages(self, node, which, count):
        for size in ('2048', '1048576'):
            path = os.path.join(self.sysfs, f'devices/system/node/node{node}/hugepages/'
                                f'hugepages-{size}kB/{which}_hugepages')
            if os.path.exists(path):
                with open(path, 'w', encoding='utf-8') as file:
                    file.write(f'{count}\n')

    def problems(self, *args):
        return problems('--sysfs', self.sysfs, '--proc', self.proc, *args)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)


class Recorded(unittest.TestCase):
    """Machines that are not there."""

    def test_a_healthy_machine(self):
        with Tree() as tree:
            self.assertEqual(tree.problems(), {})
            done = run('--sysfs', tree.sysfs, '--proc', tree.proc)
            self.assertEqual(done.returncode, 0)
            self.assertIn('Nothing stands in the way', done.stdout)

    def test_a_cpuset_that_excludes_nodes(self):
        with Tree() as tree:
            tree.write('self/status', 'CapEff:\t4000\nMems_allowed_list:\t0,2\n')
            found = tree.problems()
            self.assertEqual(list(found), ['cpuset'])
            self.assertIn('node 1,3', found['cpuset'][0])
            self.assertIn('echo 0-3 > /sys/fs/cgroup/a.slice/b.scope/cpuset.mems',
                          found['cpuset'][1])

    def test_a_cpuset_of_version_1(self):
        with Tree() as tree:
            tree.write('self/status', 'CapEff:\t4000\nMems_allowed_list:\t0\n')
            tree.write('self/cgroup', '4:memory:/x\n3:cpuset:/lots\n0::/y\n')
            tree.write('self/mountinfo', '8 7 0:6 / /sys/fs/cgroup/cpu rw - cgroup none rw,cpu\n'
                       '9 7 0:7 / /sys/fs/cgroup/cpuset rw - cgroup none rw,cpuset\n')
            self.assertIn('/sys/fs/cgroup/cpuset/lots/cpuset.mems', tree.problems()['cpuset'][1])

    def cpuset(self, tree, path, nodes):
        path = os.path.join(tree.sysfs, f'fs/cgroup/{path}')
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, 'cpuset.mems'), 'w', encoding='utf-8') as file:
            file.write(f'{nodes}\n')

    def test_every_cpuset_on_the_way_that_excludes_nodes(self):
        with Tree() as tree:
            tree.write('self/status', 'CapEff:\t4000\nMems_allowed_list:\t0\n')
            tree.write('self/cgroup', "0::/a.slice/b\\x2dc.slice/it's/d.scope\n")
            self.cpuset(tree, 'a.slice', '0-1')
            self.cpuset(tree, 'a.slice/b\\x2dc.slice', '0-3')
            self.cpuset(tree, "a.slice/b\\x2dc.slice/it's", '0')
            self.cpuset(tree, "a.slice/b\\x2dc.slice/it's/d.scope", '')
            fix = tree.problems()['cpuset'][1]
            self.assertEqual(fix.split('; ')[0],
                             'echo 0-3 > /sys/fs/cgroup/a.slice/cpuset.mems && '
                             "echo 0-3 > '/sys/fs/cgroup/a.slice/b\\x2dc.slice/it'\\''s/"
                             "cpuset.mems'")

    def test_cgroups_that_are_mounted_elsewhere(self):
        with Tree() as tree:
            tree.write('self/status', 'CapEff:\t4000\nMems_allowed_list:\t0\n')
            tree.write('self/cgroup', '0::/\n')
            tree.write('self/mountinfo', '8 7 0:6 / /sys/fs/cgroup/cpu rw - cgroup none rw,cpu\n'
                       '9 7 0:7 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n')
            self.assertIn('echo 0-3 > /sys/fs/cgroup/unified/cpuset.mems',
                          tree.problems()['cpuset'][1])

    def test_pools_that_are_empty_or_in_use(self):
        with Tree() as tree:
            tree.pages(1, 'nr', 0)
            tree.pages(1, 'free', 0)
            what, fix = tree.problems()['empty-pool']
            self.assertIn('node 1 has no hugepages', what)
            self.assertIn('/sys/devices/system/node/node1/hugepages/', fix)
            self.assertEqual(tree.problems('--nodes', '0,2-3'), {})
            tree.pages(1, 'nr', 64)
            self.assertIn('all 64 hugepages', tree.problems()['empty-pool'][0])

    def write_node(self, tree, name, text):
        with open(os.path.join(tree.sysfs, f'devices/system/node/{name}'), 'w',
                  encoding='utf-8') as file:
            file.write(f'{text}\n')

    def test_a_pool_gets_what_its_node_can_give(self):
        with Tree() as tree:
            for which in ('nr', 'free'):
                tree.pages(1, which, 0)
            self.assertIn('echo 512 >', tree.problems()['empty-pool'][1])
            self.write_node(tree, 'node1/meminfo', 'Node 1 MemTotal: 65536000 kB\n'
                            'Node 1 MemFree: 40960 kB')
            self.assertIn('echo 10 >', tree.problems()['empty-pool'][1])
            self.write_node(tree, 'node1/meminfo', 'Node 1 MemTotal: 65536000 kB\n'
                            'Node 1 MemFree: 3000 kB')
            self.assertIn('3000 KiB are free', tree.problems()['empty-pool'][1])

    def test_free_pages_that_are_reserved(self):
        with Tree() as tree:
            path = os.path.join(tree.sysfs, 'kernel/mm/hugepages/hugepages-2048kB')
            for which, count in (('nr', 40), ('free', 8), ('resv', 7)):
                with open(f'{path}/{which}_hugepages', 'w', encoding='utf-8') as file:
                    file.write(f'{count}\n')
            self.assertEqual(tree.problems(), {})
            with open(f'{path}/resv_hugepages', 'w', encoding='utf-8') as file:
                file.write('8\n')
            what, fix = tree.problems()['reserved-pool']
            self.assertIn('all 8 free hugepages of 2048 KiB', what)
            self.assertEqual(fix, 'echo 552 > /sys/kernel/mm/hugepages/hugepages-2048kB/'
                             'nr_hugepages')

    def test_very_many_nodes(self):
        def ids(*args):
            done = run('--json', '--sysfs', made.sysfs, *args)
            return [problem['id'] for problem in json.loads(done.stdout)['problems']]

        with Made(100) as made:
            self.assertEqual({'no-hugepages', 'empty-pool'} & set(ids()), set())
            for node in range(100):
                for size in (2048, 1048576):
                    made.of(node, f'hugepages/hugepages-{size}kB/free_hugepages', 0)
            found = ids('--nodes', '0-999')
            self.assertEqual((found.count('empty-pool'), found.count('absent-node')), (100, 900))

    def test_nodes_that_are_not_there(self):
        with Tree() as tree:
            found = tree.problems('--nodes', '0,7')
            self.assertEqual(list(found), ['absent-node'])
            self.assertIn('node 7', found['absent-node'][0])
            self.assertIn('0-3', found['absent-node'][0])

    def test_automatic_balancing(self):
        with Tree() as tree:
            tree.write('sys/kernel/numa_balancing', '1\n')
            self.assertEqual(tree.problems()['numa-balancing'][1],
                             'sysctl -w kernel.numa_balancing=0')
        with Tree('vm-one-node') as tree:
            tree.write('self/status', 'CapEff:\t4000\nMems_allowed_list:\t0\n')
            tree.write('sys/kernel/numa_balancing', '1\n')
            self.assertNotIn('numa-balancing', tree.problems())

    def test_no_hugetlbfs(self):
        with Tree() as tree:
            tree.write('self/mounts', 'none /dev/hugetlbfs tmpfs rw 0 0\n')
            self.assertIn('mount -t hugetlbfs', tree.problems()['no-hugetlbfs'][1])

    def test_locked_memory(self):
        with Tree() as tree:
            tree.write('self/status', 'CapEff:\t0000000000000000\nMems_allowed_list:\t0-3\n')
            what, fix = tree.problems()['memlock']
            self.assertIn('8192 KiB', what)
            self.assertIn('ulimit -l', fix)
            tree.write('self/limits', 'Max locked memory         unlimited  unlimited  bytes\n')
            self.assertEqual(tree.problems(), {})

    def test_many_problems_at_once_and_missing_files(self):
        with Tree() as tree:
            for name in ('status', 'limits', 'mounts', 'cgroup', 'mountinfo'):
                os.remove(os.path.join(tree.proc, 'self', name))
            for node in range(4):
                tree.pages(node, 'free', 0)
            self.assertEqual(set(tree.problems()), {'empty-pool', 'no-hugetlbfs'})

    def test_every_recorded_machine(self):
        for machine in sorted(os.listdir(MACHINES)):
            if os.path.isdir(os.path.join(MACHINES, machine)):
                with self.subTest(machine):
                    problems('--sysfs', os.path.join(MACHINES, machine))

    def test_wrong_options(self):
        for args in (['--nodes', 'x'], ['--nodes', '3-1'], ['--nodes'], ['--what'], ['more'],
                     ['--sysfs', '/nowhere/at/all']):
            done = run(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertTrue(done.stderr, args)
            self.assertFalse(done.stdout, args)
        self.assertEqual(run('--help').returncode, 0)


class Here(unittest.TestCase):
    """The running machine, spoilt for a child."""

    def test_system_calls_that_are_refused(self):
        before = {name for name in problems() if name.startswith('seccomp-')}
        for call in CALLS:
            done = subprocess.run([REFUSING, call, INFO, 'doctor', '--help'], capture_output=True)
            if done.returncode == 77:
                self.skipTest('no seccomp filter can be installed here')
            found = problems(before=[REFUSING, call])
            self.assertEqual({name for name in found if name.startswith('seccomp-')},
                             before | {f'seccomp-{call}'})
            self.assertIn(call, found[f'seccomp-{call}'][1])
        for how in ('', 'denying:'):
            found = problems(before=[REFUSING, how + ','.join(CALLS)])
            self.assertEqual({name for name in found if name.startswith('seccomp-')},
                             {f'seccomp-{call}' for call in CALLS})
            self.assertNotIn('no-numa', found)

    def test_a_low_limit_of_locked_memory(self):
        def lower():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
        try:
            found = problems(preexec_fn=lower)
        except PermissionError:
            self.skipTest('an ordinary user may not run the program here')
        self.assertIn('64 KiB', found['memlock'][0])

    def test_a_hugetlbfs_that_is_not_the_users(self):
        def somebody_else():
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)

        with open('/proc/self/mounts', encoding='utf-8') as file:
            mounts = [line.split()[1] for line in file if line.split()[2] == 'hugetlbfs']
        if not mounts:
            self.skipTest('no hugetlbfs is mounted here')
        try:
            writable = [mount for mount in mounts if subprocess.run(
                ['test', '-w', mount, '-a', '-x', mount], check=False,
                preexec_fn=somebody_else).returncode == 0]
            found = problems(preexec_fn=somebody_else)
        except PermissionError:
            self.skipTest('an ordinary user may not run the program here')
        self.assertEqual('hugetlbfs-right' in found, not writable)
        if not writable:
            self.assertIn(f'chown 65534 {mounts[0]}' if os.geteuid() == 0 else 'chown',
                          found['hugetlbfs-right'][1])

    def test_a_node_that_is_absent(self):
        self.assertIn('node 1000', problems('--nodes', '1000')['absent-node'][0])


unittest.main(argv=sys.argv[:1])
