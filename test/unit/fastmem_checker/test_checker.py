#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What AddressSanitizer and memcheck say of a program that misuses fastmem.

Owns: the look at their reports. Must not: build anything.
Called by: meson test, with misuse.c built with and without AddressSanitizer; '-': without alone.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', '..', 'app'))
import cases  # noqa: E402  pylint: disable=wrong-import-position

PLAIN, WITH_ASAN = sys.argv[1], sys.argv[2]
EAL = ['--no-huge', '-m', '64', '--no-pci', '--no-telemetry', '--no-shconf', '--lcores', '0@{0},1@{0}',
       '--log-level', 'error', '--']
REPORTED = ['use_after_free', 'use_long_after_free', 'use_large_after_free', 'use_after_sized_free',
            'use_after_hfree_bulk', 'use_after_realloc', 'use_after_free_elsewhere']


def run(command, env, ways):
    cpu = min(os.sched_getaffinity(0))
    eal = [part.format(cpu) for part in EAL]
    return subprocess.run([*command, *eal, *ways], env={**os.environ, **env}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)


# ---- AddressSanitizer

def names_by():
    """Clang's library names functions by LLVM's program, which clang does not bring, or by binutils'."""
    program = shutil.which('addr2line')
    if program is None or shutil.which('llvm-symbolizer') is not None:
        return ''
    return f':external_symbolizer_path={program}'


def under_asan(way, checker='on'):
    if WITH_ASAN == '-':
        raise cases.Skip('this build has another sanitizer')
    env = {'ASAN_OPTIONS': 'abort_on_error=0:exitcode=66:detect_leaks=0' + names_by(),
           'FASTMEM_CHECKER': checker}
    return run([WITH_ASAN], env, [way])


def asan_reports(way):
    """Its report; that it ends the program, and where the fault is."""
    done = under_asan(way)
    assert done.returncode == 66, (way, done.returncode, done.stdout)
    assert 'ERROR: AddressSanitizer: use-after-poison' in done.stdout, (way, done.stdout)
    return done.stdout


def names_both_ends(text):
    """Who freed it and who allocated it, in functions of the program."""
    freed = re.search(r'^FASTMEM: freed by thread \d+ here:\n((FASTMEM:  .*\n)+)', text, re.M)
    given = re.search(r'^FASTMEM: previously allocated by thread \d+ here:\n((FASTMEM:  .*\n)+)',
                      text, re.M)
    return bool(freed and given) and ' in ' in freed[1] and ' in ' in given[1]


def asan_tells_use_after_free():
    for way in REPORTED:
        text = asan_reports(way)
        assert re.search(r'READ of size 1 at', text) and 'touch_here' in text, (way, text)
        assert names_both_ends(text), (way, text)


def asan_names_the_block():
    text = asan_reports('use_after_free')
    assert re.search(r' is 8 bytes inside a fastmem block of 100 bytes ', text), text
    freed = text[text.index(' freed by'):text.index(' previously allocated')]
    given = text[text.index(' previously allocated'):]
    assert 'free_here' in freed and 'use_after_free' in freed, text
    assert 'allocate_here' in given and 'use_after_free' in given, text


def asan_shows_as_many_calls_as_of_malloc():
    text = asan_reports('use_after_deep_free')
    freed = text[text.index(' freed by'):text.index(' previously allocated')]
    assert 'in use_after_deep_free' in freed, text


def asan_tells_reads_past_the_end():
    text = asan_reports('read_past_end')
    assert re.search(r' is 4 bytes after a fastmem block of 100 bytes ', text), text
    assert ' allocated by thread' in text and 'allocate_here' in text, text


def asan_tells_a_second_free():
    text = asan_reports('free_twice')
    assert 'refused: it was freed before' in text, text
    assert names_both_ends(text), text


def asan_says_nothing_of_right_use():
    done = under_asan('no_misuse')
    assert done.returncode == 0 and done.stdout.endswith('1 ways\n'), done.stdout
    assert 'AddressSanitizer' not in done.stdout, done.stdout


def asan_is_told_nothing_when_switched_off():
    done = under_asan('use_after_free', 'off')
    assert done.returncode == 0 and 'AddressSanitizer' not in done.stdout, done.stdout


# ---- memcheck

class Error:
    """One of memcheck's: its kind, where, and what it says of the block, with its stacks."""

    def __init__(self, node):
        stacks = [[frame.findtext('fn') or '?' for frame in stack.iter('frame')]
                  for stack in node.iter('stack')]
        self.kind = node.findtext('kind')
        self.where = stacks[0]
        self.about = ' '.join(what.text for what in node.iter('auxwhat'))
        self.others = stacks[1:]

    def __repr__(self):
        return f'{self.kind} {self.where} {self.about} {self.others}'


def memcheck(*ways):
    """Its errors in the program's own doing, by the way of misuse that they happened in."""
    cases.need('valgrind')
    with open(PLAIN, 'rb') as binary:
        if b'__asan_init' in binary.read():
            raise cases.Skip('AddressSanitizer does not run under valgrind')
    with tempfile.NamedTemporaryFile('r', suffix='.xml') as xml:
        done = run(['valgrind', '--xml=yes', f'--xml-file={xml.name}', '--leak-check=no', PLAIN],
                   {'FASTMEM_CHECKER': 'on'}, ways)
        if 'corrupted debuginfo' in done.stdout:
            raise cases.Skip("this valgrind cannot read this compiler's debug information")
        assert f'{len(ways)} ways' in done.stdout, done.stdout
        errors = [Error(node) for node in ElementTree.parse(xml.name).getroot().iter('error')]
    return {way: [e for e in errors if way in e.where] for way in ways}


def memcheck_tells_misuse_as_of_malloc():
    # Of blocks freed at one address it names the first: those that are still in use come before.
    found = memcheck('read_past_end', *REPORTED, 'free_twice', 'no_misuse')
    for way in REPORTED:
        assert len(found[way]) == 1, (way, found[way])
        error = found[way][0]
        assert error.kind == 'InvalidRead' and error.where[0] == 'touch_here', (way, error)
        assert " free'd" in error.about and "alloc'd" in error.about, (way, error)
    error = found['use_after_free'][0]
    assert "8 bytes inside a block of size 100 free'd" in error.about, error
    assert 'free_here' in error.others[0] and 'allocate_here' in error.others[1], error

    assert [e.kind for e in found['read_past_end']] == ['InvalidRead'], found
    assert '4 bytes after a block of size 100' in found['read_past_end'][0].about, found
    assert [e.kind for e in found['free_twice']] == ['InvalidFree'], found
    assert not found['no_misuse'], found


cases.main([
    asan_tells_use_after_free,
    asan_names_the_block,
    asan_shows_as_many_calls_as_of_malloc,
    asan_tells_reads_past_the_end,
    asan_tells_a_second_free,
    asan_says_nothing_of_right_use,
    asan_is_told_nothing_when_switched_off,
    memcheck_tells_misuse_as_of_malloc,
])
