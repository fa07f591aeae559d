#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve check says what a machine has for a plan, and what would supply the rest.

usage: test_check.py FASTMEM-RESERVE SYSFS-MACHINES
"""
import json
import subprocess
import sys
import tempfile
import unittest

from program import PROGRAM, Tree, run

GIB, MIB = 1 << 30, 1 << 20


def check(tree, plan, status):
    """The answer as JSON; the text and the status say the same."""
    done = run('check', plan, '--json', '--sysfs', tree.sysfs)
    assert done.returncode == status, done.stderr
    report = json.loads(done.stdout)
    assert report['fits'] == (status == 0), report
    text = run('check', '--sysfs', tree.sysfs, plan)
    assert text.returncode == status
    assert ('The plan fits.' in text.stdout) == (status == 0), text.stdout
    for command in report['commands']:
        assert f'\n    {command}\n' in text.stdout, text.stdout
    missing = [line for line in text.stdout.splitlines() if line.endswith('MISSING')]
    assert len(missing) == sum(row['missing_bytes'] > 0 for row in report['rows']), text.stdout
    return report


class Plans(unittest.TestCase):

    def test_a_plan_that_fits(self):
        with Tree() as tree:
            report = check(tree, '0=2G@1G,1=512M', 0)
            self.assertEqual([(row['node'], row['wanted'], row['page_size'], row['pages'],
                               row['free']) for row in report['rows']],
                             [(0, 2 * GIB, GIB, 3, tree.pages(0, 1048576, 'free')),
                              (1, 512 * MIB, 2 * MIB, 261, tree.pages(1, 2048, 'free'))])
            self.assertEqual(report['commands'], [])

    def test_what_the_commands_say_makes_it_fit(self):
        for plan in ('2=64M', '0=9G@1G', 'each=1G@2M', '1=1G@2M,any=4G', '3=1G@1G,each=64M@2M'):
            with self.subTest(plan), Tree() as tree:
                report = check(tree, plan, 1)
                self.assertTrue(report['commands'])
                for command in report['commands']:
                    tree.obey(command)
                check(tree, plan, 0)

    def test_a_command_stands_once(self):
        with Tree() as tree:
            report = check(tree, '2=64M,each=64M', 1)
            self.assertEqual(len(report['commands']), len(set(report['commands'])))
            self.assertEqual(len(report['commands']), 2)  # of nodes 2 and 3

    def test_a_plan_that_makes_do(self):
        with Tree() as tree:
            # Nodes 2 and 3 have no pages.
            self.assertIn(check(tree, '2=64M/shortage=other-node', 0)['rows'][0]['node'], (0, 1))
            row, = check(tree, '1=2G@2M/shortage=less', 0)['rows']
            self.assertLess(row['bytes'], row['wanted'])
            self.assertEqual(row['pages'], tree.pages(1, 2048, 'free'))

    def test_a_page_size_that_the_machine_has_not(self):
        with Tree('vm-one-node') as tree:
            report = check(tree, '0=1G@512M', 1)
            self.assertEqual(report['commands'], [])


class Sources(unittest.TestCase):

    def test_a_file_and_the_environment(self):
        with Tree() as tree, tempfile.NamedTemporaryFile('w', suffix='.ini') as file:
            file.write('[0]\nsize = 2G\npage = 1G\n')
            file.flush()
            for args, env, plan in (((file.name,), {}, '0=2G@1G'),
                                    ((), {'FASTMEM_CONFIG': file.name}, '0=2G@1G'),
                                    ((), {'FASTMEM_PLAN': '1=64M'}, '1=64M'),
                                    ((file.name,), {'FASTMEM_PLAN': '0=1G'}, '0=1G@1G'),
                                    (('0=4G',), {'FASTMEM_CONFIG': file.name}, '0=4G@1G')):
                done = run('check', *args, '--json', '--sysfs', tree.sysfs, env=env)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.loads(done.stdout)['plan'], plan)

    def test_a_file_with_an_equals_sign_in_its_name(self):
        with Tree() as tree, tempfile.NamedTemporaryFile('w', prefix='0=') as file:
            file.write('[0]\nsize = 2M\n')
            file.flush()
            self.assertEqual(run('check', file.name, '--sysfs', tree.sysfs).returncode, 0)


class Refusals(unittest.TestCase):

    def test_each_says_what_is_wrong(self):
        with Tree() as tree:
            for args, said in ((('chek', '0=2M'), 'there is no verb "chek"; there are: check apply'),
                               (('check', '--jsn'), 'check has no option "--jsn"; it has: --json'),
                               (('check', '0=2M', '1=2M'), '"1=2M" is too much'),
                               (('check', '--sysfs'), '--sysfs wants a value'),
                               (('check', '--json=1', '0=2M'), '--json takes no value'),
                               (('check', '0=2M', '--', 'x'), 'nothing is taken behind "--"'),
                               (('check', ''), 'the plan is empty'),
                               (('check',), 'there is no plan'),
                               (('check', '0=2'), 'command line:1:3: expected a size'),
                               (('check', 'no-such-file'), 'cannot open the plan no-such-file'),
                               (('check', '77=2M', '--sysfs', tree.sysfs),
                                'command line:1:1: node 77 does not exist'),
                               (('check', '0=2M', '--sysfs', tree.proc), 'the nodes of')):
                with self.subTest(args):
                    done = run(*args)
                    self.assertEqual((done.returncode, done.stdout), (2, ''))
                    self.assertIn(said, done.stderr)

    def test_help(self):
        for args in (('--help',), ('check', '--help'), ('-h',)):
            done = run(*args)
            self.assertEqual((done.returncode, done.stderr), (0, ''))
            self.assertIn('usage: fastmem-reserve', done.stdout)
        done = run()
        self.assertEqual((done.returncode, done.stdout), (2, ''))
        self.assertIn('usage: fastmem-reserve', done.stderr)

    def test_an_answer_that_cannot_be_written(self):
        with Tree() as tree, open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([PROGRAM, 'check', '0=2M', '--sysfs', tree.sysfs],
                                  stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn('could not be written', done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
