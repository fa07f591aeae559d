#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-info that is attached as a secondary tells what telemetry would, and leaves nothing behind.

Owns: the tests of --secondary. Must not: use hugetlbfs mounts that others use.
Called by: meson test; usage: test_secondary.py FASTMEM-INFO PROGRAM
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..'), os.path.join(HERE, '..', 'reserve')]
import watched  # noqa: E402
from cases import main  # noqa: E402
from hugepages import enter  # noqa: E402

INFO, PROGRAM = sys.argv[1:3]
FROM_HERE = 'Pressure is as fastmem-info sees it: how the program watches it a secondary cannot tell.\n'
# What the program takes, and what it may ask for later.
PAGES = 190


def running(*options, **more):
    return watched.running(PROGRAM, *options, **{'memory': (), **more})


def info(program, *args, status=0):
    env = {**os.environ, 'RUNTIME_DIRECTORY': program.folder}
    done = subprocess.run([INFO, *args], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, (args, done)
    assert status == 2 or not done.stderr, done
    return done.stderr if status == 2 else done.stdout


def files(program):
    return sorted(os.listdir(f'{program.folder}/dpdk/{program.prefix}'))


def wait_for(condition, what):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


# ---- what is told

def of_memory(text):
    """Without the machine's memory, which is another one at each moment."""
    text = re.sub(r'^(pressure \w+), \S+ \S+ available$', r'\1', text, flags=re.M)
    return re.sub(r'^(fastmem_available_bytes) \d+$', r'\1', text, flags=re.M)


def each_verb_says_what_telemetry_says():
    with running() as program:
        program.do('init')
        program.do('work')
        for verb in ('status', 'classes', 'map', 'audit', 'prometheus'):
            by_telemetry = of_memory(info(program, verb))
            attached = of_memory(info(program, verb, '--secondary'))
            if verb == 'status':
                attached = attached.removesuffix(FROM_HERE)
            if verb == 'prometheus':
                attached = attached.removeprefix(f'# {FROM_HERE}')
            assert attached == by_telemetry, (verb, attached, by_telemetry)


def without_telemetry_it_is_the_way():
    with running('--no-telemetry') as program:
        program.do('init')
        program.do('work')
        before, told = files(program), program.tell()
        assert 'Without telemetry, for --secondary: watched' in info(program, 'status', status=2)
        assert 'attach to it with --secondary' in \
            info(program, 'status', '--file-prefix', 'watched', status=2)
        text = info(program, 'status', '--secondary')
        assert text.startswith(f'watched, process {program.process.pid}\n') and text.endswith(FROM_HERE)
        metrics = info(program, 'prometheus', '--secondary', '--file-prefix', 'watched')
        in_use = f'fastmem_in_use_bytes{{node="{told["node"]}"}} {sum(size for _, size in told["blocks"])}\n'
        assert in_use in metrics
        # It allocates nothing: no cache, and no call that was counted.
        assert info(program, 'prometheus', '--secondary').count('lcore="127"') == 0
        assert info(program, 'status', '--secondary').splitlines()[:-2] == text.splitlines()[:-2]
        page = info(program, 'report', '--secondary', '--seconds', '0.2', '--html', '-')
        assert FROM_HERE.strip() in page and 'a profile is of the process that takes it' in page
        assert files(program) == before


def what_it_cannot_attach_to_is_told():
    with running('--no-telemetry') as program:
        assert 'not initialised' in info(program, 'status', '--secondary', status=2)
        told = info(program, 'status', '--secondary', '--file-prefix', 'other', status=2)
        assert 'no DPDK program runs with --file-prefix other' in told and '/other/config' in told, told
        assert 'asks by telemetry alone' in \
            info(program, 'prometheus', '--secondary', '--listen', '127.0.0.1:0', status=2)
        with running('--no-telemetry', folder=program.folder, prefix='second') as second:
            told = info(program, 'status', '--secondary', status=2)
            assert '--file-prefix' in told and 'watched' in told and 'second' in told, told
            second.do('init')
            assert f'process {second.process.pid}' in \
                info(program, 'status', '--secondary', '--file-prefix', 'second')
    with tempfile.TemporaryDirectory() as folder:
        program.folder = folder
        assert 'no DPDK program runs here that a secondary' in info(program, 'status', '--secondary', status=2)


def memory_that_no_secondary_can_map_is_told():
    with running('--no-telemetry', memory=watched.WITHOUT_HUGEPAGES) as program:
        program.do('init')
        told = info(program, 'status', '--secondary', status=2)
        assert 'fastmem-info: watched: ' in told and '--no-huge' in told, told
        program.tell()


# ---- how it ends

@contextlib.contextmanager
def attached(program):
    """fastmem-info that looks at a program for long, and the process of it that is attached."""
    before = files(program)
    with subprocess.Popen([INFO, 'report', '--secondary', '--seconds', '50', '--html', '-'],
                          env={**os.environ, 'RUNTIME_DIRECTORY': program.folder},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            # Its files are there, and then it answers, for the second time at least.
            wait_for(lambda: len(files(program)) > len(before), 'nothing is attached')
            time.sleep(1)
            [child] = {int(name.split('_')[2]) for name in files(program)
                       if re.match(r'mp_socket_\d+_', name)}
            assert child != process.pid
            yield process, child
        finally:
            process.kill()


def is_whole(program):
    """The program goes on, and all of its blocks are there."""
    program.do('work')
    text = info(program, 'audit', '--secondary')
    live = sum(size <= 1 << 20 for _, size in program.tell()['blocks'])
    assert f'= {live} live' in text and '; 0 faults' in text, text


def killed_it_leaves_nothing():
    with running('--no-telemetry') as program:
        program.do('init')
        before = files(program)
        with attached(program) as (process, _):
            process.kill()
            wait_for(lambda: files(program) == before, 'its child did not clean up')
        is_whole(program)
        with attached(program) as (process, child):
            os.kill(child, signal.SIGKILL)
            assert process.wait(timeout=30) == 2
            told = process.stderr.read()
            assert 'it ended' in told, told
            assert files(program) == before
        is_whole(program)


def what_both_leave_when_killed_is_nobodys_burden():
    with running('--no-telemetry') as program:
        program.do('init')
        before = files(program)
        with attached(program) as (process, child):
            os.kill(process.pid, signal.SIGSTOP)
            os.kill(child, signal.SIGKILL)
            process.kill()
            process.wait()
        assert files(program) != before
        # EAL takes such files away: the next process its arrays, and the primary the socket.
        is_whole(program)
        start = time.monotonic()
        program.do('reserve')
        assert time.monotonic() - start < 4
        wait_for(lambda: not [name for name in files(program) if name.startswith('mp_socket_')], files(program))
        is_whole(program)


def a_terminals_signal_ends_it_cleanly():
    with running('--no-telemetry') as program:
        program.do('init')
        before = files(program)
        with attached(program) as (process, child):
            os.kill(child, signal.SIGINT)
            time.sleep(0.2)
            assert files(program) != before
            process.send_signal(signal.SIGINT)
            # A report that is stopped early is written.
            assert process.wait(timeout=30) == 0
            assert files(program) == before
        is_whole(program)


def it_ends_with_the_program():
    with running('--no-telemetry') as program:
        program.do('init')
        with attached(program) as (process, _):
            program.process.stdin.close()
            assert program.process.wait(timeout=50) == 0
            assert process.wait(timeout=30) == 2
            told = process.stderr.read()
            assert 'it ended' in told, told


enter(PAGES)
main([
    each_verb_says_what_telemetry_says,
    without_telemetry_it_is_the_way,
    what_it_cannot_attach_to_is_told,
    memory_that_no_secondary_can_map_is_told,
    killed_it_leaves_nothing,
    what_both_leave_when_killed_is_nobodys_burden,
    a_terminals_signal_ends_it_cleanly,
    it_ends_with_the_program,
])
