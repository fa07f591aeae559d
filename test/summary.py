#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Count the results of several meson test runs, and close with one line.

usage: summary.py [--broken=BUILD ...] BUILD:TESTLOG.json ...

A cmocka program counts for each of its cases, any other test for one; a build that failed counts
as one failure. A test that ran tests of its own names a log of them in a line "results:"; they
count instead. Says why each skipped test was skipped. The exit status is 1 when anything failed.
"""
import json
import os
import re
import sys

# ERROR with a name is a case whose setup failed.
CASE = re.compile(r'^\[ *(OK|FAILED|ERROR|SKIPPED) *\] (?:\S+: )?(\w+)$', re.M)
INNER = re.compile(r'^results: (.+)$', re.M)
PASSED = {'OK', 'EXPECTEDFAIL'}
NOT_FAILED = PASSED | {'SKIP'}


def tests_of(log):
    """The tests that a log tells of; none where meson wrote no log, since no test was selected."""
    if not os.path.exists(log):
        return
    with open(log, encoding='utf-8') as file:
        for test in map(json.loads, file):
            inner = INNER.search(test.get('stdout', ''))
            found = list(tests_of(inner[1])) if inner else []
            yield from found
            # What went wrong outside of all that it ran is its own failure.
            if not found or (test['result'] not in NOT_FAILED and
                             all(t['result'] in NOT_FAILED for t in found)):
                yield test


def cases(test):
    """(kind, name, reason) of each case of a test; the test itself where it has none."""
    out = test.get('stdout', '') + test.get('stderr', '')
    result = test['result']
    found = {}
    if result != 'SKIP':
        for match in CASE.finditer(out):
            before = out[:match.start()].rstrip().rsplit('\n', 1)[-1]
            # cmocka lists those that were not passed again at the end: a name counts once.
            kind = 'FAILED' if match[1] == 'ERROR' else match[1]
            found.setdefault(match[2], (kind, match[2], before))
    kinds = {kind for kind, _, _ in found.values()}
    # A program that died, or complained after its last case, has failed besides.
    if not found or (result not in PASSED and 'FAILED' not in kinds):
        kind = 'OK' if result in PASSED else 'SKIPPED' if result == 'SKIP' else 'FAILED'
        said = test.get('stdout', '').strip() or out.strip()
        # A bracket begins a line of cmocka's own, which follows what it says.
        lines = [line for line in said.splitlines() if not line.startswith('[')]
        reason = (lines or ['it does not say why'])[-1] if kind == 'SKIPPED' else result.lower()
        found[''] = (kind, '', reason)
    return found.values()


def main(args):
    count = {'OK': 0, 'FAILED': 0, 'SKIPPED': 0}
    for arg in args:
        if arg.startswith('--broken='):
            print(f'FAILED   {arg[9:]}: the build')
            count['FAILED'] += 1
            continue
        build, log = arg.split(':', 1)
        for test in tests_of(log):
            for kind, name, reason in cases(test):
                count[kind] += 1
                if kind != 'OK':
                    where = f'{build}: {test["name"]}' + (f': {name}' if name else '')
                    # A bracket begins a line of cmocka's own.
                    if reason.startswith('['):
                        reason = 'it does not say why' if kind == 'SKIPPED' else 'see above'
                    print(f'{kind:8} {where} ({reason})')
    print('{OK} passed, {FAILED} failed, {SKIPPED} skipped'.format(**count))
    return 1 if count['FAILED'] else 0


sys.exit(main(sys.argv[1:]))
