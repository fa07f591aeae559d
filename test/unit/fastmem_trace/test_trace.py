#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What babeltrace2 reads of a program's trace is what the program says that it did.

usage: test_trace.py PROGRAM
"""

import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'app'))
from cases import main, need  # noqa: E402

EVENT = re.compile(r'(lib\.fastmem\.\S+): \{[^}]*\}, \{ (.*) \}$')
MEANS = {'drain': 0, 'flush': 1, 'pack': 2, 'grow': 3}


def run(folder, *options):
    """The program's own lines."""
    return subprocess.run(
        [sys.argv[1], '--no-huge', '-m', '64', '--no-pci', '--no-telemetry', '--no-shconf',
         '--lcores', f'0@{min(os.sched_getaffinity(0))}', '--log-level', 'error', *options,
         f'--trace-dir={folder}'],
        check=True, stdout=subprocess.PIPE, text=True, timeout=50).stdout.splitlines()


def parse(name, fields):
    return name, {key: int(value, 0) for key, value in (field.split('=') for field in fields)}


def events(folder):
    text = subprocess.run(['babeltrace2', folder], check=True, stdout=subprocess.PIPE, text=True,
                          timeout=50).stdout
    found = (EVENT.search(line) for line in text.splitlines())
    return [parse(match[1], match[2].replace(' = ', '=').split(', ')) for match in found if match]


def traced():
    """What the program says that it did, and the events: from where it begins to where it ends."""
    need('babeltrace2')
    with tempfile.TemporaryDirectory() as folder:
        told = [line.split() for line in run(folder, '--trace=lib.fastmem.*')]
        told = told[told.index(['begin']) + 1:told.index(['end'])]
        told = [parse(words[0], words[1:]) for words in told]
        seen = events(folder)
    # What comes before the first reservation is of no account.
    begin = [name for name, _ in seen].index('lib.fastmem.reserve')
    return told, seen[begin:]


def test_each_event_is_what_the_program_did():
    told, seen = traced()
    # Runs that caches take and give back are not foreseen: of others all are there, in order.
    known = {'lib.fastmem.reserve', 'lib.fastmem.trim', 'lib.fastmem.nomem', 'lib.fastmem.grow'}
    own_runs = (0, 1 << 20)
    for name, fields in told:
        print(name, fields)
    assert [event for event in told if event[0] != 'magazines'] == [
        (name, fields) for name, fields in seen if name in known or
        name.startswith('lib.fastmem.slab.') and fields['class_size'] in own_runs]


def test_magazines_hold_what_was_pushed_and_not_popped():
    told, seen = traced()
    in_transit = [fields['blocks'] for name, fields in told if name == 'magazines']
    pushed = [fields['blocks'] for name, fields in seen
              if name == 'lib.fastmem.magazine.push' and fields['class_size'] == 64]
    popped = [fields['blocks'] for name, fields in seen
              if name == 'lib.fastmem.magazine.pop' and fields['class_size'] == 64]
    if not in_transit:
        print('this build caches nothing')
        assert not pushed
        return
    assert len(pushed) > 1
    assert in_transit[0] == sum(pushed) - sum(popped)


def test_small_runs_come_back_as_they_were_taken():
    _, seen = traced()
    taken, returned = ([fields for name, fields in seen if name == f'lib.fastmem.slab.{way}' and
                        fields['class_size'] == 64] for way in ('take', 'return'))
    # Side by side they are taken at once, and come back one by one.
    pages = [fields['addr'] + 4096 * i for fields in taken for i in range(fields['pages'])]
    assert len(pages) >= 3000 // 64
    assert sorted(pages) == sorted(fields['addr'] for fields in returned)


def test_shortage_shows_what_was_tried():
    _, seen = traced()
    names = [name for name, _ in seen]
    first = names.index('lib.fastmem.nomem')
    before = [fields for name, fields in seen[:first] if name == 'lib.fastmem.reclaim']
    assert [fields['means'] for fields in before[-4:]] == list(MEANS.values())
    assert before[-1]['helped'] == 0
    assert all(fields['size'] == 1 << 20 for fields in before[-4:])
    # And later growth helped.
    assert any(fields['means'] == MEANS['grow'] and fields['helped'] == 1
               for name, fields in seen[first:] if name == 'lib.fastmem.reclaim')


def test_one_event_alone_can_be_had():
    need('babeltrace2')
    with tempfile.TemporaryDirectory() as folder:
        run(folder, '--trace=lib.fastmem.nomem')
        assert {name for name, _ in events(folder)} == {'lib.fastmem.nomem'}


main([value for name, value in list(globals().items()) if name.startswith('test_')])
