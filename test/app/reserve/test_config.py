#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What a service ships is what its readers take: plans, units, manifests, the setup script.

usage: test_config.py FASTMEM-RESERVE SYSFS-MACHINES CONFIG-FOLDER UNIT ...
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    yaml = None

from program import PROGRAM, Tree, read, run, write

CONFIG, UNITS = sys.argv[3], sys.argv[4:]
UNIT = {'Ki': 1 << 10, 'Mi': 1 << 20, 'Gi': 1 << 30}


def size(text):
    number, unit = re.fullmatch(r'(\d+)([KMG]i)', text).groups()
    return int(number) * UNIT[unit]


class Plans(unittest.TestCase):

    def test_each_is_one(self):
        plans = glob.glob(f'{CONFIG}/plans/*.ini')
        self.assertGreaterEqual(len(plans), 4)
        for plan in plans:
            machine = 'memory-only' if 'memory-nodes' in plan else 'sub-numa-2x2'
            with self.subTest(plan), Tree(machine) as tree:
                done = run('check', plan, '--json', '--sysfs', tree.sysfs)
                self.assertIn(done.returncode, (0, 1), done.stderr)
                # And can be supplied.
                for command in json.loads(done.stdout)['commands']:
                    tree.obey(command)
                self.assertEqual(run('check', plan, '--sysfs', tree.sysfs).returncode, 0)


class Units(unittest.TestCase):

    def verify(self, spoil=None):
        """systemd's own judgement of the units, and of a service with the drop-in."""
        if shutil.which('systemd-analyze') is None:
            self.skipTest('systemd-analyze is not installed')
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS:
                text = read(unit)
                self.assertNotIn('@', text)
                # Where it will be installed it is not yet.
                text = re.sub(r'=\S*/fastmem-reserve ', f'={PROGRAM} ', text)
                write(f'{folder}/{os.path.basename(unit)}', spoil(text) if spoil else text)
            write(f'{folder}/mine.service', '[Service]\nExecStart=/bin/true')
            write(f'{folder}/mine.service.d/fastmem.conf', read(f'{CONFIG}/systemd/fastmem.conf'))
            done = subprocess.run(
                ['systemd-analyze', 'verify', '--man=no', '--recursive-errors=yes',
                 f'{folder}/mine.service',
                 *(f'{folder}/{os.path.basename(unit)}' for unit in UNITS)],
                capture_output=True, text=True, timeout=60, check=False,
                env={**os.environ, 'SYSTEMD_UNIT_PATH': f'{folder}:'})
            # Of other units that this machine has it may say anything.
            said = [line for line in done.stderr.splitlines()
                    if 'fastmem' in line or 'mine' in line]
            return done.returncode, said

    def test_systemd_takes_them(self):
        status, said = self.verify()
        if status != 0 and not said:
            self.skipTest('systemd-analyze cannot work here')
        self.assertEqual((status, said), (0, []))

    def test_systemd_would_have_said_so(self):
        _, said = self.verify(lambda text: text.replace('Type=', 'Tpye='))
        self.assertTrue(any('Tpye' in line for line in said), said)

    def test_they_call_the_program_as_it_is(self):
        for unit in UNITS:
            for words in re.findall(r'^Exec\w+=(.*)$', read(unit), re.M):
                _, verb, *args = words.split()
                known = run(verb, '--help').stdout
                self.assertIn(f'fastmem-reserve {verb}', known)
                for option in (word for word in args if word.startswith('--')):
                    self.assertIn(f'  {option} ', known)


class Manifests(unittest.TestCase):

    def setUp(self):
        if yaml is None:
            self.skipTest('python3-yaml is not installed')

    def load(self, name):
        with open(f'{CONFIG}/kubernetes/{name}.yaml', encoding='utf-8') as file:
            return yaml.safe_load(file)

    def check_container(self, container, volumes):
        self.assertRegex(container['name'], r'^[a-z0-9-]+$')
        self.assertTrue(container['image'])
        resources = container['resources']
        # Else the pod is not of the class that the topology manager aligns.
        self.assertEqual(resources['requests'], resources['limits'])
        self.assertRegex(resources['limits']['cpu'], r'^\d+$')
        self.assertGreater(size(resources['limits']['memory']), 0)
        huge = {key: size(value) for key, value in resources['limits'].items()
                if key.startswith('hugepages-')}
        self.assertTrue(huge)
        for mount in container['volumeMounts']:
            self.assertIn(mount['name'], volumes)
        media = [volumes[mount['name']]['emptyDir']['medium']
                 for mount in container['volumeMounts']]
        for key in huge:
            self.assertIn(f'HugePages-{key.removeprefix("hugepages-")}', media)
        for variable in container.get('env', ()):
            if variable['name'] == 'FASTMEM_PLAN':
                self.check_plan(variable['value'], huge)
        if container['command'][0] == 'fastmem-reserve':
            verb = container['command'][1]
            self.assertEqual(run(verb, '--help').returncode, 0)

    def check_plan(self, plan, huge):
        """It keeps within the limits, with what the allocator and EAL's start take."""
        with Tree() as tree:
            tree.set_pages(0, 2048, 100000, 100000)
            done = run('check', plan, '--json', '--sysfs', tree.sysfs)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            used = {}
            for row in json.loads(done.stdout)['rows']:
                key = f'hugepages-{row["page_size"] >> 20}Mi'
                used[key] = used.get(key, row['page_size']) + row['pages'] * row['page_size']
            self.assertTrue(used)
            for key, most in used.items():
                self.assertLessEqual(most, huge[key])

    def check_pod(self, spec):
        volumes = {volume['name']: volume for volume in spec['volumes']}
        for container in spec['containers']:
            self.check_container(container, volumes)

    def test_the_pod(self):
        pod = self.load('pod')
        self.assertEqual((pod['apiVersion'], pod['kind']), ('v1', 'Pod'))
        self.assertRegex(pod['metadata']['name'], r'^[a-z0-9-]+$')
        self.check_pod(pod['spec'])

    def test_the_daemon_set(self):
        daemons = self.load('daemonset')
        self.assertEqual((daemons['apiVersion'], daemons['kind']), ('apps/v1', 'DaemonSet'))
        template = daemons['spec']['template']
        self.assertEqual(daemons['spec']['selector']['matchLabels'],
                         template['metadata']['labels'])
        self.check_pod(template['spec'])
        # Secondaries find their primary.
        holder, worker = template['spec']['containers']
        prefix = holder['command'][holder['command'].index('--prefix') + 1]
        self.assertIn(f'--file-prefix={prefix}', worker['command'])
        self.assertEqual(holder['volumeMounts'], worker['volumeMounts'])
        self.assertTrue(template['spec']['shareProcessNamespace'])

    def test_the_kubelets_topology_manager(self):
        kubelet = self.load('kubelet')
        self.assertEqual(kubelet['kind'], 'KubeletConfiguration')
        self.assertEqual(kubelet['topologyManagerPolicy'], 'single-numa-node')
        self.assertEqual(kubelet['cpuManagerPolicy'], 'static')
        self.assertEqual(kubelet['memoryManagerPolicy'], 'Static')
        # The kubelet does not start if these differ.
        self.assertEqual(sum(size(node['limits']['memory']) for node in kubelet['reservedMemory']),
                         size(kubelet['kubeReserved']['memory']) +
                         size(kubelet['systemReserved']['memory']) +
                         size(kubelet['evictionHard']['memory.available']))


class Setup(unittest.TestCase):

    ADDRESS = '0000:3b:00.0'

    def machine(self, tree):
        device = f'{tree.sysfs}/bus/pci/devices/{self.ADDRESS}'
        write(f'{device}/driver_override', '(null)')
        for driver in ('ixgbe', 'vfio-pci'):
            write(f'{tree.sysfs}/bus/pci/drivers/{driver}/unbind', '')
        os.symlink('../../drivers/ixgbe', f'{device}/driver')
        os.symlink('../../../kernel/iommu_groups/42', f'{device}/iommu_group')
        write(f'{tree.sysfs}/bus/pci/drivers_probe', '')
        return device

    def setup(self, tree, *args):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(PROGRAM, f'{folder}/fastmem-reserve')
            return subprocess.run(
                [f'{CONFIG}/setup.sh', *args], capture_output=True, text=True, timeout=60,
                check=False, env={**os.environ, 'SYSFS': tree.sysfs, 'DEV': f'{tree.root}/dev',
                                  'PATH': f'{folder}:{os.environ["PATH"]}'})

    def test_pages_and_cards(self):
        with Tree() as tree:
            shutil.rmtree(f'{tree.sysfs}/bus', ignore_errors=True)
            device = self.machine(tree)
            done = self.setup(tree, '2=64M', self.ADDRESS)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f'{self.ADDRESS}: {tree.root}/dev/vfio/42', done.stdout)
            self.assertEqual(tree.pages(2, 2048), 35)
            self.assertEqual(read(f'{device}/driver_override'), 'vfio-pci')
            self.assertEqual(read(f'{tree.sysfs}/bus/pci/drivers/ixgbe/unbind'), self.ADDRESS)
            self.assertEqual(read(f'{tree.sysfs}/bus/pci/drivers_probe'), self.ADDRESS)
            # As the kernel does then; again nothing is to be done.
            os.unlink(f'{device}/driver')
            os.symlink('../../drivers/vfio-pci', f'{device}/driver')
            write(f'{tree.sysfs}/bus/pci/drivers_probe', '')
            self.assertEqual(self.setup(tree, '2=64M', self.ADDRESS).returncode, 0)
            self.assertEqual(read(f'{tree.sysfs}/bus/pci/drivers_probe'), '')

    def test_what_is_missing_is_named_before_anything_is_done(self):
        with Tree() as tree:
            shutil.rmtree(f'{tree.sysfs}/bus', ignore_errors=True)
            device = self.machine(tree)
            for args, said in (((), 'usage'), (('2=64M', '0000:00:99.0'), 'there is no PCI'),
                               (('-x', '2=64M'), 'usage')):
                done = self.setup(tree, *args)
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr)
            os.unlink(f'{device}/iommu_group')
            self.assertIn('IOMMU', self.setup(tree, '2=64M', self.ADDRESS).stderr)
            self.assertEqual(tree.pages(2, 2048), 0)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
