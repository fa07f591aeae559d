#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What a profile says is what the program did, also as other programs read it.

usage: test_profile.py PROGRAM PROGRAM-IN-ONE-FILE PROGRAM-WITHOUT-THE-LIBRARY LIBRARY
"""

import os
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'app'))
import watched  # noqa: E402
from cases import main, need  # noqa: E402

PROGRAM, STATIC, UNAWARE, LIBRARY = sys.argv[1:]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'profiled.c')
DEFAULT = 524288
# For who is not asked by telemetry.
ALONE = ['--no-huge', '-m', '200', '--no-pci', '--no-telemetry', '--no-shconf', '--lcores',
         f'0@{min(os.sched_getaffinity(0))}']
# What a block of 100 and of 3000 bytes has.
SMALL, LARGE = 128, 3072


def line_of(text):
    with open(SOURCE, encoding='utf-8') as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


def at(profile, function):
    """The one call site whose innermost function that is."""
    [site] = [site for site in profile['at'] if site['stack'] and
              site['stack'][0][0] == function]
    return site


def running(*options, program=PROGRAM, **env):
    return watched.running(program, *options, **env)


def known(program):
    """Do what is known: 300 blocks of 100 bytes, 200 of 3000, 50 by a handle; 150 are freed."""
    program.do('init')
    program.do('start 1')
    program.do('parse 300')
    program.do('table 200')
    program.do('buffers 50')
    program.do('free 150')
    program.do('stop')


def test_figures_are_exact_if_all_is_looked_at():
    with running() as program:
        known(program)
        told = program.tell()
    assert told['samples'] == told['allocations'] == told['sampled_blocks'] == 550
    assert told['lost'] == 0 and told['running'] == 0
    assert told['frees'] == 150
    given = 300 * SMALL + 200 * LARGE + 50 * 2048
    assert told['bytes'] == told['sampled_bytes'] == told['peak'] == given
    live = 300 * SMALL + 100 * LARGE
    assert told['live_blocks'] == 400 and told['live_bytes'] == live
    assert told['start'] == 0 and told['end'] == live
    assert told['open'] == 400 and sum(told['lifetimes']) == 150
    assert told['sizes'][6] == 300 and told['sizes'][11] == 250 and sum(told['sizes']) == 550
    asked = (300 * 100 + 200 * 3000) * 1000 // (300 * SMALL + 200 * LARGE)
    assert told['efficiency'] == asked
    assert told['classes'] == [[SMALL, 300], [2048, 50], [LARGE, 200]]


def test_call_sites_are_named_with_their_lines():
    for path in (PROGRAM, STATIC):
        with running(program=path) as program:
            known(program)
            told = program.tell()
        assert told['sites'] == len(told['at']) == 3
        for function, allocations, live, line in (
                ('parse_headers', 300, 300, 'rte_fastmem_alloc(100, '),
                ('grow_table', 200, 100, 'rte_fastmem_alloc(3000, '),
                ('make_buffers', 50, 0, 'keep(rte_fastmem_halloc(')):
            site = at(told, function)
            assert site['allocations'] == allocations and site['live'] == live
            name, file, number = site['stack'][0]
            assert os.path.basename(file) == 'profiled.c', file
            assert number == line_of(line), (name, number)
            assert [frame[0] for frame in site['stack'][1:3]] == ['do_it', 'main']
        assert told['at'][0] is at(told, 'grow_table')


def test_inlined_functions_are_named():
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('churn 10')
        program.do('stop')
        [site] = program.tell()['at']
    assert [frame[0] for frame in site['stack'][:3]] == ['make_one', 'churn_of', 'churn']
    assert site['stack'][0][2] == line_of('return rte_fastmem_alloc(size, 0, 0)')
    assert site['stack'][1][2] == line_of('void *ptr = make_one(size)')


def test_threads_that_allocate_have_stacks_of_their_own():
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('elsewhere 1000')
        program.do('churn 500')
        program.do('stop')
        told = program.tell()
    assert [(site['allocations'], 'elsewhere' in str(site['stack'])) for site in told['at']] == [
        (1000, True), (500, False)]
    assert sum(told['lifetimes']) == 1500 and told['open'] == 0


def test_short_work_is_profiled_right():
    """It ends before anything was looked at: what is counted is right all the same."""
    with running() as program:
        program.do('init')
        program.do('parse 10')
        for _ in range(3):
            program.do('start 0')
            program.do('stop')
            told = program.tell()
            assert told['allocations'] == told['frees'] == told['bytes'] == 0
            assert told['start'] == told['end'] == told['peak'] == told['average'] == 10 * SMALL
            assert not told['at'] and not told['advice']
        program.do('start 0')
        program.do('table 5')
        program.do('stop')
        told = program.tell()
        assert told['allocations'] == 5 and told['bytes'] == 5 * LARGE
        assert told['end'] == told['start'] + 5 * LARGE == told['peak']


def test_statistics_that_begin_anew_do_no_harm():
    with running() as program:
        program.do('init')
        program.do('parse 100')
        program.do('start 1')
        program.do('parse 50')
        program.do('reset')
        program.do('parse 70')
        program.do('stop')
        told = program.tell()
    assert told['sampled_blocks'] == 120
    assert 70 <= told['allocations'] <= 120


def test_samples_stand_for_what_was_not_looked_at():
    """All that is unknown at the end is what came after the last look: much less than a quarter."""
    with running() as program:
        program.do('init')
        program.do('start 0')
        program.do('mix 200000')
        program.do('churn 100000000')
        program.do('stop')
        told = program.tell()
    counted = 200000 * 300 + 100000000
    assert told['allocations'] == counted
    assert told['bytes'] == 200000 * (100 * 1024 + 200 * 256) + 100000000 * 64
    assert 20 <= told['samples'] < counted / 10000, told
    assert abs(told['sampled_bytes'] / told['bytes'] - 1) < 0.25, told
    assert abs(at(told, 'mix')['bytes'] / (200000 * 300 * 512) - 1) < 0.25, told
    # All is free, also what was freed just before the end.
    assert told['live_blocks'] == told['live_bytes'] == 0, told


def test_samples_are_shared_out_by_who_asks():
    """A share of 3/4 of 20 samples or more: three standard deviations are 0.29."""
    with running() as program:
        program.do('init')
        program.do('start 0')
        program.do('blend 2000000')
        program.do('stop')
        told = program.tell()
    often = sum(site['allocations'] for site in told['at'] if 'ask_often' in str(site['stack']))
    assert told['samples'] >= 20, told
    assert 0.46 < often / told['sampled_blocks'] < 0.99, told


def test_no_more_is_live_than_there_is():
    """Blocks that are freed and have the next owner at once are hardly ever seen to end."""
    with running() as program:
        program.do('init')
        program.do('start 0')
        program.do('parse 20000')
        program.do('swap 20000000')
        program.do('stop')
        told = program.tell()
    assert told['samples'] > 1, told
    assert told['end'] == 20000 * SMALL
    assert 0.9 * told['end'] < told['live_bytes'] <= told['end'], told
    assert sum(site['live'] for site in told['at']) <= 20000, told['at']


def test_nothing_is_advised_where_nothing_is_wrong():
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('buffers 1000')
        program.do('stop')
        assert program.tell()['advice'] == []


def test_advice_names_who_and_what():
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('churn 20000')
        program.do('stop')
        [[kind, text]] = program.tell()['advice']
    assert kind == 1 and 'arena' in text
    assert f'make_one (profiled.c:{line_of("return rte_fastmem_alloc(size, 0, 0)")})' in text
    assert '20000 blocks of up to 64 bytes' in text


def test_memory_that_nobody_has_is_fragmentation():
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('parse 100000')
        program.do('thin 64')
        # It is an average over time, also over what it took to get there.
        for _ in range(60):
            time.sleep(0.5)
            told = program.tell()
            if told['advice'] and told['fragmentation'] > 800:
                break
        assert told['fragmentation'] > 800, told
    [[kind, text]] = told['advice']
    assert kind == 0 and 'pool' in text and 'blocks of 128 bytes' in text
    assert f'allocated most by parse_headers (profiled.c:{line_of("rte_fastmem_alloc(100, ")})' in text
    with running() as program:
        program.do('init')
        program.do('start 1')
        program.do('parse 100000')
        program.do('stop')
        told = program.tell()
    assert told['fragmentation'] < 50 and not told['advice'], told


def pprof(path, profile, *options):
    """What google-pprof reads: bytes or blocks of each function, with its callees."""
    need('google-pprof')
    text = subprocess.run(['google-pprof', '--text', *options, path, profile], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          timeout=100).stdout
    rows = (line.split() for line in text.splitlines() if line.count('%') == 3)
    return {row[5]: float(row[3]) for row in rows}


def test_pprof_reads_it():
    for path in (PROGRAM, STATIC):
        with running(program=path) as program, tempfile.TemporaryDirectory() as folder:
            known(program)
            file = f'{folder}/heap'
            program.do(f'pprof {file}')
            blocks = pprof(path, file, '--alloc_objects')
            assert blocks['parse_headers'] == 300
            assert blocks['grow_table'] == 200
            assert blocks['make_buffers'] == 50
            assert blocks['do_it'] == 550 == blocks['main']
            # No frame of what took the stack, nor of fastmem but for what is inlined.
            assert not [name for name in blocks if re.match('mp_|fm_|rte_fastmem_.*slow', name)]
            if path == STATIC:
                continue
            live = pprof(path, file, '--inuse_objects')
            assert live['parse_headers'] == 300 and live['grow_table'] == 100
            assert 'make_buffers' not in live
            size = pprof(path, file, '--show_bytes', '--alloc_space')
            assert size['grow_table'] == 200 * LARGE
            with open(file, encoding='utf-8') as text:
                assert re.match(r'heap profile: +400: +\d+ \[ +550: +\d+\] @ heapprofile\n',
                                text.readline())


def test_folded_stacks_are_lines_of_frames():
    with running() as program, tempfile.TemporaryDirectory() as folder:
        known(program)
        program.do(f'folded {folder}/folded')
        with open(f'{folder}/folded', encoding='utf-8') as file:
            lines = file.read().splitlines()
    assert len(lines) == 3
    found = {}
    for line in lines:
        # What flamegraph.pl takes.
        stack, value = re.fullmatch(r'(.+) (\d+)', line).groups()
        found[stack.split(';')[-1]] = int(value)
        assert stack.split(';')[-3:-1] == ['main', 'do_it']
    assert found == {'parse_headers': 300 * SMALL, 'grow_table': 200 * LARGE,
                     'make_buffers': 50 * 2048}


def test_a_text_has_all_of_it():
    with running() as program, tempfile.TemporaryDirectory() as folder:
        known(program)
        program.do(f'text {folder}/text')
        with open(f'{folder}/text', encoding='utf-8') as file:
            text = file.read()
    for words in ('550 samples (of each allocation: all is exact)', '550 blocks, ', 'lifetime',
                  'fragmentation', 'size classes', 'node ', '128          300 blocks',
                  'parse_headers', 'make_buffers', 'profiled.c'):
        assert words in text, text


def test_a_full_disk_is_told():
    with running() as program:
        known(program)
        [line] = program.do('full')
        assert int(line) == -5


LEAK = re.compile(r'(\d+) bytes in (\d+) blocks, allocated by\n    (\w+) ')


def leaks(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    return text, [(where, int(blocks), int(size)) for size, blocks, where in LEAK.findall(text)]


def test_what_leaks_is_told_at_deinit():
    with tempfile.TemporaryDirectory() as folder:
        file = f'{folder}/leaks'
        with running(FASTMEM_MEMPROF=f'interval=1,leaks={file}') as program:
            program.do('init')
            program.do('table 37')
            program.do('free 30')
            program.do('churn 1000')
            program.do('parse 5')
            program.do('deinit')
            text, found = leaks(file)
        assert 'exact' in text and 'live: ' in text
        assert found == [('grow_table', 7, 7 * LARGE), ('parse_headers', 5, 5 * SMALL)]


def all_files(folder):
    """FASTMEM_MEMPROF for exact figures in files of each kind."""
    return ','.join(['interval=1'] + [f'{kind}={folder}/{kind}' for kind in
                                      ('leaks', 'text', 'pprof', 'folded')])


def assert_files(folder, why):
    """All of them, of what parses 3 headers and churns 10 blocks."""
    assert leaks(f'{folder}/leaks')[1] == [('parse_headers', 3, 3 * SMALL)], why
    for kind, words in (('text', '13 samples'), ('pprof', '13: '), ('folded', 'make_one')):
        with open(f'{folder}/{kind}', encoding='utf-8') as file:
            assert words in file.read(), (why, kind)


def test_an_unaware_program_is_profiled_by_its_environment():
    folder, name = os.path.split(os.path.abspath(LIBRARY))
    path = f'{folder}:{os.environ.get("LD_LIBRARY_PATH", "")}'
    with tempfile.TemporaryDirectory() as out:
        with running('-d', name, program=UNAWARE, LD_LIBRARY_PATH=path,
                     FASTMEM_MEMPROF=all_files(out)) as program:
            program.do('init')
            program.do('parse 3')
            program.do('churn 10')
            program.do('deinit')
            assert_files(out, 'deinit')
            # And again, for what comes after.
            program.do('init')
            program.do('deinit')
            assert leaks(f'{out}/leaks')[1] == []


def test_a_program_that_does_not_end_fastmem_is_profiled():
    for ends in (['exit'], ['cleanup', 'exit']):
        with tempfile.TemporaryDirectory() as out:
            subprocess.run([PROGRAM, *ALONE], check=True, text=True, timeout=50,
                           input=''.join(f'{do}\n' for do in ('init', 'parse 3', 'churn 10', *ends)),
                           env={**os.environ, 'FASTMEM_MEMPROF': all_files(out), 'RUNTIME_DIRECTORY': out},
                           stdout=subprocess.DEVNULL)
            assert_files(out, ends)


def test_without_all_samples_leaks_are_called_an_estimate():
    with running() as program, tempfile.TemporaryDirectory() as folder:
        program.do('init')
        program.do('start 65536')
        program.do('mix 1000')
        program.do('stop')
        program.do(f'leaks {folder}/leaks')
        text, _ = leaks(f'{folder}/leaks')
        assert 'estimated' in text and '64.0 KiB' in text


def test_telemetry_starts_and_ends_it():
    need('dpdk-telemetry.py')
    with running() as program:
        for name in ('show', 'nodes', 'classes', 'sites', 'advice'):
            assert 'no profile' in program.ask(f'/fastmem/profile/{name}')['error']
        assert 'not initialised' in program.ask('/fastmem/profile/start')['error']
        program.do('init')
        assert program.ask('/fastmem/profile/start,1') == {'interval': 1}
        assert 'runs already' in program.ask('/fastmem/profile/start')['error']
        program.do('parse 300')
        program.do('table 200')
        program.do('churn 20000')
        show = program.ask('/fastmem/profile/show')
        assert show['running'] == 1 and show['allocations'] == 20500
        program.do('free 50')
        stop = program.ask('/fastmem/profile/stop')
        assert 'no profile runs' in program.ask('/fastmem/profile/stop')['error']
        told = program.tell()
        assert program.ask('/fastmem/profile/show') == stop
        for name, same in (('allocations', 'allocations'), ('allocated_bytes', 'bytes'),
                           ('peak_bytes', 'peak'), ('live_bytes_end', 'end'),
                           ('lifetimes_open', 'open'), ('efficiency_permille', 'efficiency')):
            assert stop[name] == told[same], name
        for name in ('sizes', 'lifetimes'):
            assert stop[name] == told[name][:len(stop[name])]
            assert sum(stop[name]) == sum(told[name])
        assert stop['advice'] == len(told['advice']) == 1
        [pieces] = program.ask('/fastmem/profile/advice').values()
        assert ''.join(pieces) == told['advice'][0][1]
        nodes = program.ask('/fastmem/profile/nodes')
        assert sum(nodes['allocations']) == 20500
        assert sum(nodes['allocated_bytes']) == stop['allocated_bytes']
        classes = program.ask('/fastmem/profile/classes')
        assert [list(pair) for pair in zip(classes['class_size'], classes['allocations'])] == \
            told['classes']
        sites = program.ask('/fastmem/profile/sites')
        assert sites['sites'] == 3 and 'next' not in sites
        for index, site in enumerate(told['at']):
            assert sites[str(index)]['stack'] == [frame[0] for frame in site['stack']]
            assert sites[str(index)]['allocations'] == site['allocations']
        assert set(program.ask('/fastmem/profile/sites,2')) == {'2', 'sites', 'first'}
        assert 'first call site' in program.ask('/fastmem/profile/sites,x')['error']
        assert 'no parameters' in program.ask('/fastmem/profile/stop,1')['error']
        for wrong in ('0', 'x', '1,2', '-1'):
            assert 'say ' in program.ask(f'/fastmem/profile/start,{wrong}')['error']


def test_a_program_that_leaves_ends_its_profile():
    need('dpdk-telemetry.py')
    with running() as program:
        program.do('init')
        program.ask('/fastmem/profile/start')
        program.do('parse 10')
        program.do('deinit')
        show = program.ask('/fastmem/profile/show')
        assert show['running'] == 0 and show['allocations'] == 10


def test_a_wrong_environment_is_told_and_harmless():
    with tempfile.TemporaryDirectory() as folder:
        told = subprocess.run(
            [PROGRAM, *ALONE], input='init\n', check=True,
            env={**os.environ, 'FASTMEM_MEMPROF': 'intervall=1', 'RUNTIME_DIRECTORY': folder},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=50).stdout
    assert 'FASTMEM_MEMPROF has "intervall=1"' in told, told


main([value for name, value in list(globals().items()) if name.startswith('test_')])
