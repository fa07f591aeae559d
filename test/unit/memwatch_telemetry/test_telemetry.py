#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What dpdk-telemetry.py reads of a program is what the program says that it has.

usage: test_telemetry.py PROGRAM PROGRAM-WITHOUT-THE-LIBRARY LIBRARY
"""

import json
import os
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'app'))
import watched  # noqa: E402
from cases import main, need  # noqa: E402
from watched import LIMIT  # noqa: E402

MIB = 1 << 20
SLAB = 2 * MIB
LARGEST = MIB


def running(*options, program=None):
    need('dpdk-telemetry.py')
    return watched.running(program or sys.argv[1], *options)


def common():
    need('dpdk-telemetry.py')
    return watched.common(sys.argv[1])


def rows(answer, columns):
    """A table's rows, as dictionaries."""
    return [dict(zip(columns, row)) for row in zip(*(answer[name] for name in columns))]


CLASS = ['class_size', 'runs', 'pages', 'blocks', 'live', 'in_caches', 'in_transit', 'free']
SLABS = ['addr', 'chunk', 'live', 'large', 'cached', 'free', 'unused', 'other', 'classes',
         'main_class']
LCORE = ['lcore', 'caches', 'blocks', 'bytes', 'alloc_hits', 'alloc_misses', 'alloc_nomem',
         'free_hits', 'free_misses']


def test_info_has_the_sums():
    with running() as program:
        assert program.ask('/fastmem/info') == {'process': 'primary', 'initialised': 0}
        program.do('init')
        told, info = program.tell(), program.ask('/fastmem/info')
        assert info['initialised'] == 1
        assert info['bytes_reserved'] == 48 * MIB
        assert info['bytes_backing'] == told['backing']
        assert info['bytes_in_use'] == sum(size for _, size in told['blocks'])
        assert info['alloc_total'] == 2 * len(told['blocks'])
        assert info['free_total'] == len(told['blocks'])
        assert info['alloc_nomem'] == 0
        assert info['max_class_size'] == LARGEST


def test_nodes_have_what_was_reserved():
    program = common()
    told, nodes = program.tell(), program.ask('/fastmem/nodes')
    node = nodes[str(told['node'])]
    assert node['bytes_reserved'] == 48 * MIB
    assert node['bytes_backing'] == told['backing']
    assert node['bytes_cached'] == told['cached']
    assert node['bytes_in_use'] == sum(size for _, size in told['blocks'])
    assert node['bytes_limit'] == (1 << 64) - 1


def test_classes_have_the_blocks_that_are_held():
    program = common()
    told = program.tell()
    answer = program.ask(f'/fastmem/classes,{told["node"]}')
    assert answer['node'] == told['node']
    classes = rows(answer, CLASS)
    held = Counter(size for _, size in told['blocks'] if size <= LARGEST)
    assert {c['class_size']: c['live'] for c in classes if c['live']} == held
    for c in classes:
        assert c['blocks'] == c['live'] + c['in_caches'] + c['in_transit'] + c['free']
    assert sum((c['in_caches'] + c['in_transit']) * c['class_size'] for c in classes) == \
        told['cached']


def test_lcores_have_done_what_they_did():
    program = common()
    answer = program.ask('/fastmem/lcores')
    lcores = {row['lcore']: row for row in rows(answer, LCORE)}
    assert set(lcores) == {0, 1}
    assert lcores[1]['alloc_hits'] + lcores[1]['alloc_misses'] == 100
    assert lcores[1]['free_hits'] + lcores[1]['free_misses'] == 100
    assert lcores[1]['caches'] == 1
    assert answer['other_threads']['caches'] == 0
    assert 'next' not in answer
    assert [row['lcore'] for row in rows(program.ask('/fastmem/lcores,1'), LCORE)] == [1]
    assert not rows(program.ask('/fastmem/lcores,100000'), LCORE)


def test_the_heap_map_has_each_block_in_its_slab():
    program = common()
    told = program.tell()
    answer = program.ask(f'/fastmem/heap_map,{told["node"]}')
    slabs = rows(answer, SLABS)
    live = Counter()
    for addr, size in told['blocks']:
        if size <= LARGEST:
            live[addr // SLAB * SLAB] += size
    assert {s['addr']: s['live'] for s in slabs if s['live']} == live
    assert sum(s['large'] for s in slabs) == 5 * MIB
    assert sum(s['cached'] for s in slabs) == told['cached']
    assert sum(sum(s[name] for name in SLABS[2:8]) for s in slabs) == told['backing']
    assert answer['slabs'] == len(slabs)


def test_a_long_heap_map_comes_in_parts():
    with running() as program:
        program.do('init')
        program.do('reserve')
        told, first, slabs = program.tell(), 0, []
        while first is not None:
            answer = program.ask(f'/fastmem/heap_map,{told["node"]},{first}')
            assert answer['first'] == first
            slabs += rows(answer, SLABS)
            first = answer.get('next')
        assert len(slabs) == answer['slabs'] >= 300 * MIB // SLAB
        assert len({s['addr'] for s in slabs}) == len(slabs)
        assert sum(sum(s[name] for name in SLABS[2:8]) for s in slabs) == told['backing']
        past = program.ask(f'/fastmem/heap_map,{told["node"]},99999999')
        assert not rows(past, SLABS) and past['slabs'] == answer['slabs']


def test_the_audit_adds_up_and_names_a_double_free():
    with running() as program:
        program.do('init')
        told = program.tell()
        audit = program.ask(f'/fastmem/audit,{told["node"]}')
        assert audit['faults'] == audit['moved'] == 0
        assert audit['live'] == sum(size <= LARGEST for _, size in told['blocks'])
        assert audit['blocks'] == audit['live'] + audit['cached'] + audit['free']
        program.do('twice')
        audit = program.ask(f'/fastmem/audit,{told["node"]}')
        if audit['faults'] == 0:
            print('this build refuses a double free')
            return
        fault = audit['which']['0']
        assert fault['block'] == told['blocks'][5][0]
        assert f'{fault["block"]:#x}' in fault['text']


def test_pressure_is_of_the_machine_and_of_a_node():
    program = common()
    machine = program.ask('/fastmem/pressure')
    assert machine['node'] == -1
    levels = ('low', 'medium', 'high', 'critical')
    assert machine['level'] in levels
    with open('/proc/meminfo', encoding='utf-8') as file:
        total = next(int(line.split()[1]) for line in file if line.startswith('MemTotal'))
    assert 0 < machine['available'] <= total << 10
    assert machine['sources']['memory']['total'] <= total << 10
    told = program.tell()
    assert machine['nodes'][str(told['node'])] in levels
    node = program.ask(f'/fastmem/pressure,{told["node"]}')
    # With growth off all that fastmem can hand out is what it has.
    assert node['sources']['fastmem']['total'] == told['backing']
    assert 'nodes' not in node


def test_wrong_arguments_are_answered_with_an_error():
    wanted = {
        '/fastmem/info,0': 'no parameters', '/fastmem/nodes,1': 'no parameters',
        '/fastmem/lcores,x': 'first lcore', '/fastmem/lcores,1,2': 'first lcore'}
    for name in ('classes', 'heap_map', 'audit', 'pressure'):
        for wrong in ('x', '-1', '0x0', ' 0', '0 0', '0,', '0,1,2', ',', '1e3', '0;',
                      '99999999999999999999'):
            wanted[f'/fastmem/{name},{wrong}'] = f'say /fastmem/{name},<node>'
        for far in ('1000', '18446744073709551615'):
            wanted[f'/fastmem/{name},{far}'] = f'node {far} does not exist'
    for name in ('classes', 'heap_map', 'audit'):
        wanted[f'/fastmem/{name}'] = 'nodes with memory'
    program = common()
    for (command, word), line in zip(wanted.items(), program.raw(*wanted), strict=True):
        [answer] = json.loads(line).values()
        assert word in answer['error'], f'{command}: {answer}'


def test_the_same_is_said_without_telemetry():
    program = common()
    node = program.tell()['node']
    for command in ('info', 'nodes', f'classes,{node}', 'lcores', 'lcores,1', f'heap_map,{node}',
                    f'heap_map,{node},3', f'audit,{node}', 'classes,99', 'classes,-1', 'info,x',
                    'lcores,1,2', 'profile/show', 'profile/start,0'):
        [line] = program.do(f'ask /fastmem/{command}')
        [(name, answer)] = json.loads(line).items()
        assert name == f'/fastmem/{command.split(",")[0]}', name
        assert answer == program.ask(f'/fastmem/{command}'), command
    # What moves has the same shape.
    [line] = program.do('ask /fastmem/pressure')
    ours, theirs = json.loads(line)['/fastmem/pressure'], program.ask('/fastmem/pressure')
    assert ours.keys() == theirs.keys() and ours['sources'].keys() == theirs['sources'].keys()
    for command in ('/fastmem/inf', '/fastmem/infos', '/fastmem', '/eal/params', '', ',1'):
        assert program.do(f'ask {command}') == ['-2\n'], command


def test_profiles_are_told_without_telemetry():
    with running() as program:
        program.do('init')
        program.ask('/fastmem/profile/start,1')
        program.do('work')
        program.ask('/fastmem/profile/stop')
        for what in ('show', 'nodes', 'classes', 'sites', 'advice'):
            [line] = program.do(f'ask /fastmem/profile/{what}')
            theirs = program.ask(f'/fastmem/profile/{what}')
            assert json.loads(line)[f'/fastmem/profile/{what}'] == theirs, what
            assert theirs or what == 'advice', what


def test_without_fastmem_there_is_an_answer_too():
    with running() as program:
        node = program.ask('/fastmem/pressure')['nodes'].popitem()[0]
        for command in ('nodes', 'lcores', f'classes,{node}', f'heap_map,{node}', f'audit,{node}'):
            assert 'not initialised' in program.ask(f'/fastmem/{command}')['error']
        program.do('init')
        assert 'error' not in program.ask(f'/fastmem/classes,{node}')
        program.do('deinit')
        assert 'not initialised' in program.ask(f'/fastmem/classes,{node}')['error']


def test_a_program_that_works_can_be_asked():
    with running() as program:
        program.do('init')
        node = program.tell()['node']
        program.send('churn')
        for line in program.raw(*[f'/fastmem/{command},{node}' for command in
                                  ('classes', 'heap_map', 'audit')] * 10):
            [answer] = json.loads(line).values()
            assert 'error' not in answer and answer.get('faults', 0) == 0


def test_a_program_that_leaves_can_be_asked():
    with running() as program:
        program.do('init')
        node = program.tell()['node']
        program.send('come and go')
        commands = [f'/fastmem/{command}' for command in (
            f'heap_map,{node}', 'info', f'classes,{node}', 'lcores', 'nodes', f'audit,{node}',
            f'pressure,{node}')] * 30
        answers = [json.loads(line) for line in program.raw(*commands)]
        assert len(answers) == len(commands)
        program.until('done')


def test_a_program_that_does_not_link_it_loads_it():
    # By its name alone: EAL loads by a path only what lies below no world-writable folder.
    folder, name = os.path.split(os.path.abspath(sys.argv[3]))
    path = f'{folder}:{os.environ.get("LD_LIBRARY_PATH", "")}'
    with watched.running(sys.argv[2], '-d', name, LD_LIBRARY_PATH=path) as program:
        program.do('init')
        assert program.ask('/fastmem/info')['initialised'] == 1
    with running(program=sys.argv[2]) as program:
        assert program.ask('/fastmem/info') is None


def test_help_names_the_parameters():
    program = common()
    for name in ('info', 'nodes', 'classes', 'lcores', 'heap_map', 'audit', 'pressure'):
        [line] = program.raw(f'/help,/fastmem/{name}')
        assert 'arameters' in json.loads(line)['/help'][f'/fastmem/{name}']


main([value for name, value in list(globals().items()) if name.startswith('test_')])
