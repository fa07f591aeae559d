#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-info topology tells of recorded machines, and of this one, what the kernel's files say.

usage: test_topology.py FASTMEM-INFO SYSFS-MACHINES PICTURE-IN-THE-GUIDE
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from svg import SVG, Picture
from sysfs import Files, Made, ids_of, read

INFO, MACHINES, PICTURE = sys.argv[1:4]
RECORDED = [os.path.join(MACHINES, name) for name in sorted(os.listdir(MACHINES))
            if os.path.isdir(os.path.join(MACHINES, name, 'devices/system/node'))]


def run(*args, **more):
    return subprocess.run([INFO, *args], capture_output=True, text=True, timeout=60, **more)


def topology(sysfs, *args):
    done = run('topology', '--sysfs', sysfs, *args)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def as_json(sysfs):
    report = json.loads(topology(sysfs, '--json'))
    return report, {node['id']: node for node in report['nodes']}


class Json(unittest.TestCase):
    def check(self, sysfs, live=False):
        files = Files(sysfs)
        report, nodes = as_json(sysfs)
        self.assertEqual(list(nodes), files.nodes)
        for node, told in nodes.items():
            with self.subTest(machine=os.path.basename(sysfs), node=node):
                self.assertEqual(ids_of(told['cpus']), files.cpus(node))
                self.assertEqual(told['nb_cpus'], len(files.cpus(node)))
                self.assertEqual(told['memory']['total'], files.memory(node, 'MemTotal'))
                self.assertEqual(set(ids_of(told['packages'])), files.packages(node))
                self.assertEqual(told['access'], {'by_cpus': files.access(node, 1),
                                                  'by_any': files.access(node, 0)})
                self.assertEqual(told['tier'], files.tier(node))
                self.assertEqual([int(other) for other in told['distances']], files.nodes)
                self.assertEqual(list(told['distances'].values()), files.distances(node))
                pools = {pool['page_size']: pool for pool in told['hugepages']}
                self.assertEqual(sorted(pools), list(pools))
                self.assertEqual(pools.keys(), files.pools(node).keys())
                if live:
                    continue
                self.assertEqual(told['memory']['free'], files.memory(node, 'MemFree'))
                for size, figures in files.pools(node).items():
                    self.assertEqual((pools[size]['total'], pools[size]['free'],
                                      pools[size]['surplus']), figures)
        self.assertEqual(report['packages'], [
            {'id': package, 'nodes': [node for node in nodes if package in files.packages(node)]}
            for package in sorted(set().union(*(files.packages(node) for node in nodes)))])
        if not live:
            self.assertEqual({pool['page_size']: pool['reserved'] for pool in report['hugepages']},
                             files.reserved())
        return report, nodes

    def test_recorded_machines(self):
        self.assertGreaterEqual(len(RECORDED), 6)
        for sysfs in RECORDED:
            self.check(sysfs)

    def test_machines_of_many_nodes(self):
        for n in (1, 16, 64):
            with Made(n, cpus=16, packages={node: node // 4 for node in range(n)}) as made:
                self.check(made.sysfs)

    def test_what_firmware_tells_in_part(self):
        with Made(3, memory_only=[2]) as made:
            made.access(0, 1, [0], read_latency=90)
            made.access(1, 0, [1], write_bandwidth=1000, write_latency=7)
            made.access(2, 0, [0, 1], read_bandwidth=2)
            made.access(2, 1, [1], read_bandwidth=1)
            self.check(made.sysfs)

    def test_a_kernel_without_nodes(self):
        report, nodes = as_json(os.path.join(MACHINES, 'no-numa'))
        self.assertEqual(list(nodes), [0])
        self.assertEqual(nodes[0]['distances'], {'0': 10})
        self.assertLessEqual({node for package in report['packages'] for node in package['nodes']},
                             {0})

    def test_this_machine(self):
        if not os.path.exists('/sys/devices/system/node/online'):
            self.skipTest('this kernel has no nodes')
        _, nodes = self.check('/sys', live=True)
        for told in nodes.values():
            self.assertLess(0, told['memory']['free'] + 1)
            self.assertLessEqual(told['memory']['free'], told['memory']['total'])

    def test_this_machine_as_lscpu_sees_it(self):
        if not shutil.which('lscpu'):
            self.skipTest('lscpu is not installed')
        seen = {}
        packages = {}
        for line in subprocess.run(['lscpu', '-p=CPU,NODE,SOCKET'], capture_output=True, text=True,
                                   check=True).stdout.splitlines():
            if not line.startswith('#'):
                cpu, node, package = line.split(',')
                seen.setdefault(int(node or 0), []).append(int(cpu))
                packages.setdefault(package, set()).add(int(node or 0))
        report, nodes = as_json('/sys')
        if report['packages']:
            # It numbers them itself.
            self.assertCountEqual([set(package['nodes']) for package in report['packages']],
                                  packages.values())
        self.assertEqual({node: ids_of(told['cpus']) for node, told in nodes.items()
                          if told['cpus']}, {node: sorted(cpus) for node, cpus in seen.items()})


class Text(unittest.TestCase):
    def test_all_nodes_with_what_they_have(self):
        for sysfs in RECORDED:
            files = Files(sysfs)
            text = topology(sysfs)
            parts = re.split(r'^(node \d+|all nodes|distances)', text, flags=re.M)
            told = dict(zip(parts[1::2], parts[2::2]))
            for node in files.nodes:
                with self.subTest(machine=os.path.basename(sysfs), node=node):
                    part = told[f'node {node}']
                    if files.cpus(node):
                        listed = re.search(r'^  CPUs +(\S+)$', part, re.M)[1]
                        self.assertEqual(ids_of(listed), files.cpus(node))
                    else:
                        self.assertIn('(memory only)', part)
                    self.assertEqual(part.count('hugepages'), len(files.pools(node)))
                    self.assertIn(' '.join([f'{node:5}'] + [
                        f'{distance:5}' for distance in files.distances(node)]),
                        told['distances'])

    def test_sizes(self):
        with Made(1, gib=64) as made:
            self.assertIn('memory     64 GiB, 32 GiB free', topology(made.sysfs))
            self.assertIn('hugepages  512 of 2 MiB, 256 free', topology(made.sysfs))
            self.assertIn('hugepages  0 of 1 GiB, 0 free', topology(made.sysfs))


    def test_nodes_of_a_package_and_packages_of_a_node(self):
        text = topology(os.path.join(MACHINES, 'sub-numa-2x2'))
        self.assertIn('package 0: nodes 0-1 (sub-NUMA clustering)\n'
                      'package 1: nodes 2-3 (sub-NUMA clustering)\n', text)
        self.assertEqual(re.findall(r'^  package +(\d)$', text, re.M), list('0011'))
        text = topology(os.path.join(MACHINES, 'vm-one-node'))
        self.assertIn('package 0: node 0\npackage 1: node 0\n', text)
        self.assertIn('  packages   0-1\n', text)
        self.assertNotIn('sub-NUMA', text)

    def test_speed_tiers_and_promises(self):
        text = topology(os.path.join(MACHINES, 'memory-only'))
        self.assertIn('access     from node 0: read 54.0 GB/s, 264 ns; write 31.0 GB/s\n', text)
        self.assertEqual(re.findall(r'tier (\d+)', text), ['4', '4', '22'])
        self.assertIn('4095 free, 16 surplus', text)
        self.assertIn('4479 free, 12 of these reserved, 16 surplus', text)
        self.assertNotIn('tier', topology(os.path.join(MACHINES, 'sub-numa-2x2')))
        with Made(2, memory_only=[1]) as made:
            made.access(1, 1, [0], write_latency=7)
            made.access(1, 0, [1], read_latency=5)
            self.assertIn('  access     from node 0: write 7 ns\n'
                          '  access     from node 1: read 5 ns\n', topology(made.sysfs))


class Svg(unittest.TestCase):
    def draw(self, sysfs, squeezed=False):
        picture = Picture(topology(sysfs, '--svg', '-'))
        self.assertEqual(list(picture.flaws()), [])
        # Not every viewer can squeeze.
        self.assertLessEqual('textLength' in picture.source, squeezed)
        return picture

    def check(self, sysfs, squeezed=False):
        files = Files(sysfs)
        report, nodes = as_json(sysfs)
        picture = self.draw(sysfs, squeezed)
        with self.subTest(machine=os.path.basename(sysfs)):
            self.assertEqual(sorted(picture.cards), files.nodes)
            self.assertEqual({package['id'] for package in report['packages']},
                             set(ids_of(','.join(picture.homes.values()))))
            for node, told in nodes.items():
                texts = picture.texts(node)
                self.assertIn(f'node {node}', texts)
                self.assertEqual(picture.homes[node], told['packages'])
                self.assertEqual('memory only' in texts, not told['nb_cpus'] and
                                 told['memory']['total'] > 0)
                if told['memory']['total']:
                    self.assertEqual(sum(text.endswith(' pages') for text in texts),
                                     len(told['hugepages']))
            self.assertEqual([cell[:3] for cell in picture.distances], [
                (str(node), other, str(distance)) for node, told in nodes.items()
                for other, distance in told['distances'].items()])
            for cell in picture.distances:
                self.assertEqual(cell[3].find(f'{SVG}text').text, cell[2])
        return picture

    def test_recorded_machines(self):
        for sysfs in RECORDED:
            self.check(sysfs)
        self.check('/sys') if os.path.exists('/sys/devices/system/node/online') else None

    def test_machines_of_many_nodes(self):
        for n in (1, 2, 3, 4, 5, 7, 16, 64):
            with Made(n, memory_only=[n - 1] if n > 1 else [], cpus=48) as made:
                self.check(made.sysfs)
                for node in range(max(1, n - 1)):
                    made.package(node, node // 3)
                self.check(made.sysfs)
                for node in range(n):
                    for kind in (0, 1):
                        made.access(node, kind, range(kind, n), read_bandwidth=256000,
                                    write_bandwidth=128000, read_latency=100, write_latency=110)
                    made.of(node, 'hugepages/hugepages-2048kB/surplus_hugepages', 9)
                    made.write(f'devices/virtual/memory_tiering/memory_tier{node}/nodelist', node)
                self.check(made.sysfs, squeezed=True)

    def test_packages_speed_and_promises(self):
        picture = self.check(os.path.join(MACHINES, 'sub-numa-2x2'))
        self.assertEqual(picture.homes, {0: '0', 1: '0', 2: '1', 3: '1'})
        self.assertEqual(picture.source.count('2 nodes: sub-NUMA clustering'), 2)
        picture = self.check(os.path.join(MACHINES, 'memory-only'))
        self.assertEqual(picture.homes, {0: '0', 1: '1', 2: ''})
        self.assertIn('node 0 reads, 54.0 GB/s, 264 ns, node 0 writes, 31.0 GB/s, memory tier, 22',
                      ', '.join(picture.texts(2)))
        self.assertIn('surplus of these, 16', ', '.join(picture.texts(2)))
        self.assertIn('of the free hugepages are reserved: 12 of 2 MiB, 1 of 1 GiB<', picture.source)
        picture = self.check(os.path.join(MACHINES, 'vm-one-node'))
        self.assertIn('packages 0-1', picture.source)
        self.assertNotIn('sub-NUMA', picture.source)

    def test_numbers_of_any_length(self):
        with Made(2, gib=999 << 10) as made:
            made.of(0, 'cpulist', ','.join(str(cpu) for cpu in range(0, 1024, 2)))
            made.of(1, 'cpulist', ','.join(str(cpu) for cpu in range(1, 1024, 2)))
            for which in ('nr', 'free'):
                made.of(0, f'hugepages/hugepages-2048kB/{which}_hugepages', 2 ** 63)
            made.of(0, 'distance', '10 255')
            for i in range(4):
                for which in ('nr', 'free', 'surplus', 'resv'):
                    made.write(f'kernel/mm/hugepages/hugepages-{4096 << 3 * i}kB/{which}_hugepages',
                               2 ** 63)
            picture = self.check(made.sysfs, squeezed=True)
            # What is cut in the card is whole in its tooltip.
            self.assertIn(' ...', ''.join(picture.texts(0)))
            self.assertIn(',1020,1022', picture.groups[0].find(f'{SVG}title').text)

    def test_the_picture_in_the_guide(self):
        self.assertEqual(read(PICTURE), topology(os.path.join(MACHINES, 'sub-numa-2x2'),
                                                 '--svg', '-').strip(), 'draw it anew')

    def test_it_stands_alone_and_has_light_and_dark(self):
        source = topology(RECORDED[0], '--svg', '-')
        self.assertIn('@media (prefers-color-scheme:dark)', source)
        for outside in ('href', 'url(', '@import', '<script', '<!ENTITY'):
            self.assertNotIn(outside, source)
        self.assertEqual(source.count('http'), 1)  # the name space

    def test_bars_show_what_is_in_use(self):
        with Made(1) as made:
            bars = {rect.get('class'): float(rect.get('width'))
                    for rect in self.draw(made.sysfs).groups[0].iter(f'{SVG}rect')}
            self.assertEqual(bars['used'], bars['track'] / 2)
            self.assertEqual(bars['huge'], bars['track'] / 2)

    def test_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'nodes.svg')
            self.assertEqual(topology(RECORDED[0], '--svg', path), '')
            self.assertEqual(read(path), topology(RECORDED[0], '--svg', '-').strip())
            # With JSON beside it.
            json.loads(topology(RECORDED[1], f'--svg={path}', '--json'))
            self.assertEqual(read(path), topology(RECORDED[1], '--svg', '-').strip())

    def test_a_picture_that_cannot_be_drawn_leaves_the_old_one(self):
        with tempfile.TemporaryDirectory() as folder, Made(2) as made:
            path = os.path.join(folder, 'nodes.svg')
            topology(made.sysfs, '--svg', path)
            before = read(path)
            made.of(1, 'distance', '20')
            self.assertEqual(run('topology', '--sysfs', made.sysfs, '--svg', path).returncode, 2)
            self.assertEqual(read(path), before)


class Refused(unittest.TestCase):
    def refused(self, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 2, args)
        self.assertEqual(done.stdout, '', args)
        return done.stderr

    def test_machines_that_are_not_there_or_broken(self):
        self.assertIn('/nowhere', self.refused('topology', '--sysfs', '/nowhere'))
        with Made(2) as made:
            for name, content in (('distance', '10'), ('cpulist', 'x'), ('meminfo', ''),
                                  ('hugepages/hugepages-2048kB/nr_hugepages', 'many'),
                                  ('access1/initiators/read_latency', 'soon')):
                made.access(1, 1, [1], read_latency=80)
                before = read(os.path.join(made.sysfs, f'devices/system/node/node1/{name}'))
                made.of(1, name, content)
                for args in ([], ['--json'], ['--svg', '-']):
                    said = self.refused('topology', '--sysfs', made.sysfs, *args)
                    self.assertTrue('node 1' in said or made.sysfs in said, said)
                made.of(1, name, before)
            topology(made.sysfs)
            for name in ('devices/system/cpu/cpu0/topology/physical_package_id',
                         'kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'):
                made.write(name, 'odd')
                self.assertIn('could not be read', self.refused('topology', '--sysfs', made.sysfs))
                os.remove(os.path.join(made.sysfs, name))

    def test_an_empty_folder(self):
        for args in (['--sysfs='], ['--sysfs', ''], ['--sysfs'], ['--sysfs', '--json']):
            self.assertIn('--sysfs DIR', self.refused('topology', *args))
            self.assertIn('--sysfs DIR', self.refused('doctor', *args))

    def test_the_nearest_known_name_is_said(self):
        for args, meant in ((['topolgy'], 'did you mean topology?'),
                            (['doc'], 'did you mean doctor?'),
                            (['topology', '--svgg', 'x'], 'did you mean --svg?'),
                            (['topology', '--jsn'], 'did you mean --json?'),
                            (['topology', '--sysf=x'], 'did you mean --sysfs?'),
                            (['doctor', '--node', '0'], 'did you mean --nodes?'),
                            (['--hlep'], 'did you mean --help?'),
                            (['-help'], 'did you mean --help?')):
            self.assertIn(meant, self.refused(*args))
        for args in (['frobnicate'], ['x' * 300], ['topology', '--frobnicate'], ['topology', '-x'],
                     ['doctor', '--' + 'x' * 300], ['']):
            said = self.refused(*args)
            self.assertNotIn('did you mean', said)
            self.assertTrue('topology doctor' in said or '--help' in said, said)

    def test_values_where_none_belongs_and_none_where_one_does(self):
        self.assertIn('takes no value', self.refused('topology', '--json=yes'))
        for args in (['--svg'], ['--svg='], ['--svg', '--json']):
            self.assertIn('--svg FILE', self.refused('topology', *args))
        self.assertIn('"more"', self.refused('topology', 'more'))
        self.assertIn('--json', self.refused('topology', '--svg', '-', '--json'))
        self.assertIn('usage', self.refused())

    def test_pictures_that_cannot_be_written(self):
        for path in ('/nowhere/at/all.svg', '/', '/dev/full'):
            self.assertIn(path, self.refused('topology', '--svg', path))

    def test_an_answer_that_cannot_be_written(self):
        for args in ([], ['--json'], ['--svg', '-']):
            with open('/dev/full', 'w', encoding='utf-8') as full:
                done = subprocess.run([INFO, 'topology', *args], stdout=full, timeout=60,
                                      stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn('could not be written', done.stderr)


class Help(unittest.TestCase):
    def test_of_the_program_and_of_each_verb(self):
        usage = run('--help')
        self.assertEqual((usage.returncode, usage.stderr), (0, ''))
        self.assertEqual(run('-h').stdout, usage.stdout)
        verbs = re.findall(r'^  ([a-z]+) ', usage.stdout, re.M)
        self.assertEqual(verbs, ['topology', 'doctor', 'status', 'top', 'classes', 'map', 'audit', 'prometheus',
                                 'report'])
        for verb in verbs:
            told = run(verb, '--help')
            self.assertEqual((told.returncode, told.stderr), (0, ''))
            self.assertEqual(run('--help', verb).stdout, told.stdout)
            self.assertIn(f'usage: fastmem-info {verb}', told.stdout)
            self.assertIn('--sysfs DIR', told.stdout)
            self.assertIn('Exit status: 0', told.stdout)
            self.assertLess(max(map(len, told.stdout.splitlines())), 100)

    def test_shared_options_stand_anywhere(self):
        self.assertEqual(run('--sysfs', RECORDED[0], 'topology').stdout, topology(RECORDED[0]))
        self.assertEqual(run('topology', f'--sysfs={RECORDED[0]}').stdout, topology(RECORDED[0]))


unittest.main(argv=sys.argv[:1])
