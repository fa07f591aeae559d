#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The prompt, the names of tests in arguments and environment, and the exit status: as dpdk-test does
it, which is asked where it is installed.

usage: test_console.py PROGRAM PROGRAM-OF-SAMPLES
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'app'))
from cases import Skip, main  # pylint: disable=wrong-import-position

PROGRAM, SAMPLES = sys.argv[1:]
EAL = ['--no-huge', '-m', '64', '--no-pci', '--no-telemetry', '--no-shconf', '--lcores', '0@{}',
       '--log-level=error', f'--file-prefix=fastmem-console-{os.getpid()}']
NAMES = ['fastmem', 'fastmem_perf', 'numa', 'membind', 'memregion', 'memalloc', 'reserve',
         'fastmem_mp']
# Of dpdk-test's tests one that ends well, and one that needs more lcores than one.
DPDK = {'sample_ok_autotest': 'version_autotest', 'sample_skip_autotest': 'rcu_qsbr_perf_autotest'}


def run(program, *names, typed='', **environment):
    """The lines at and behind prompts and the verdicts, and the exit status."""
    cpu = min(os.sched_getaffinity(0))
    environment = {**{name: value for name, value in os.environ.items()
                      if not name.startswith('DPDK_TEST')}, **environment}
    done = subprocess.run([program, *(option.format(cpu) for option in EAL), *names], input=typed,
                          timeout=60, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    # A prompt without anything typed is not followed by the end of a line.
    lines = done.stdout.replace('RTE>>', '\nRTE>>').splitlines()
    told = [line for line in lines if re.match(r'RTE>>|Test (OK|Failed|Skipped)|Error: |Command ',
                                               line)]
    return told, done.returncode, done.stdout


def expect(got, lines, status):
    assert got[0] == lines and got[1] == status, \
        f'expected {lines} and {status}, got {got[0]} and {got[1]}:\n{got[2]}'


def names_as_arguments():
    expect(run(SAMPLES, '--', 'sample_ok_autotest'),
           ['RTE>>sample_ok_autotest', 'Test OK', 'RTE>>'], 0)
    expect(run(SAMPLES, '--', 'sample_fail_autotest'),
           ['RTE>>sample_fail_autotest', 'Test Failed', 'RTE>>'], 255)
    # Without "--" as well, and nothing follows upon what does not succeed.
    expect(run(SAMPLES, 'sample_ok_autotest', 'sample_skip_autotest', 'sample_fail_autotest'),
           ['RTE>>sample_ok_autotest', 'Test OK', 'RTE>>sample_skip_autotest', 'Test Skipped',
            'RTE>>'], 77)


def name_in_the_environment():
    expect(run(SAMPLES, DPDK_TEST='sample_skip_autotest'),
           ['RTE>>sample_skip_autotest', 'Test Skipped', 'RTE>>'], 77)
    expect(run(SAMPLES, 'sample_fail_autotest', DPDK_TEST='sample_ok_autotest'),
           ['RTE>>sample_ok_autotest', 'Test OK', 'RTE>>sample_fail_autotest', 'Test Failed',
            'RTE>>'], 255)
    expect(run(SAMPLES, typed='quit\n', DPDK_TEST=''), ['RTE>>quit'], 0)


def arguments_in_the_environment():
    got = run(SAMPLES, '--', 'sample_ok_autotest', DPDK_TEST_PARAMS='--no-such-option')
    # EAL's own status for that is another in later releases.
    assert got[1] not in (0, 77) and not got[0], got
    expect(run(SAMPLES, '--', 'sample_ok_autotest', DPDK_TEST_PARAMS=' --log-level=debug  --no-hpet'),
           ['RTE>>sample_ok_autotest', 'Test OK', 'RTE>>'], 0)


def what_is_typed():
    expect(run(SAMPLES, typed='sample_fail_autotest\nnothing\nsample_ok_autotest\nquit\n'
                              'sample_fail_autotest\n'),
           ['RTE>>sample_fail_autotest', 'Test Failed', 'RTE>>nothing', 'Command not found',
            'RTE>>sample_ok_autotest', 'Test OK', 'RTE>>quit'], 0)
    # The end of input ends it too.
    expect(run(SAMPLES, typed='sample_ok_autotest\nsample_skip_autotest\n'),
           ['RTE>>sample_ok_autotest', 'Test OK', 'RTE>>sample_skip_autotest', 'Test Skipped',
            'RTE>>'], 0)


def unknown_name():
    got = run(SAMPLES, 'no_such_autotest', 'sample_ok_autotest')
    assert got[1] == 255 and "Error: invalid test command: 'no_such_autotest'" in got[2], got
    assert 'Test OK' not in got[2], got[2]


def suites_are_counted():
    text = run(SAMPLES, 'sample_fail_autotest')[2]
    for line in ('Total :        4', 'Skipped :      1', 'Passed :       1', 'Failed :       2'):
        assert f'+ Tests {line}' in text, f'no "{line}":\n{text}'
    assert 'Test assert fail line' in text and 'failed: seen with 2' in text, text
    assert '5 setups, 5 teardowns' in text, text
    # A suite in which nothing could run, and one in which something could.
    assert run(SAMPLES, 'sample_skip_autotest')[1] == 77
    assert run(SAMPLES, 'sample_cannot_start_autotest')[1] == 77
    assert run(SAMPLES, 'sample_ok_autotest')[1] == 0


def program_has_its_commands():
    for name in NAMES:
        got = run(PROGRAM, typed=f'{name}_autotes\n')
        assert 'Command not found' in got[0], got
    # A tabulator completes what is unambiguous.
    for name in ('fastmem_p', 'numa', 'membi', 'memr', 'memal', 'reserve_a'):
        text = run(PROGRAM, typed=f'{name}\t\x15quit\n')[2]
        full = next(whole for whole in NAMES if whole.startswith(name.removesuffix('_a')))
        assert f'{full}_autotest' in text, f'{name}: {text}'


def as_dpdk_test_does():
    theirs = shutil.which('dpdk-test')
    if theirs is None:
        raise Skip('dpdk-test is not installed')
    # Not: what follows upon one that is skipped. Later releases go on.
    ways = [
        (['--', 'sample_ok_autotest'], '', {}),
        (['sample_ok_autotest', 'sample_skip_autotest'], '', {}),
        ([], '', {'DPDK_TEST': 'sample_skip_autotest'}),
        (['sample_skip_autotest'], '', {'DPDK_TEST': 'sample_ok_autotest'}),
        (['no_such_autotest', 'sample_ok_autotest'], '', {}),
        ([], 'sample_ok_autotest\nnothing\nsample_skip_autotest\nquit\n', {}),
        ([], 'sample_skip_autotest\n', {}),
        ([], 'quit\n', {}),
        ([], '', {}),
    ]
    for names, typed, environment in ways:
        ours = run(SAMPLES, *names, typed=typed, **environment)
        for sample, real in DPDK.items():
            names = [name.replace(sample, real) for name in names]
            typed = typed.replace(sample, real)
            environment = {key: value.replace(sample, real) for key, value in environment.items()}
            ours = ([line.replace(sample, real) for line in ours[0]], *ours[1:])
        expect(run(theirs, *names, typed=typed, **environment), ours[0], ours[1])


main([names_as_arguments, name_in_the_environment, arguments_in_the_environment, what_is_typed,
      unknown_name, suites_are_counted, program_has_its_commands, as_dpdk_test_does])
