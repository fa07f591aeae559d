#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""No file grows past 900 lines, no function past 100: split it by noun."""
from lint import finish, text_of, tracked

FILE, FUNCTION = 900, 100

problems = []
for path in tracked('*.c', '*.h', '*.cpp', '*.hpp', '*.py', '*.sh', '*.pml', 'dev'):
    lines = text_of(path).splitlines()
    if len(lines) > FILE:
        problems.append(f'{path}:{FILE + 1}: {len(lines)} lines in this file, at most {FILE}: '
                        'split it by noun')
    if not path.endswith(('.c', '.h', '.cpp', '.hpp')):
        continue
    # The format puts a function's braces, and nothing else with a ")" above, in the first column.
    start = None
    for number, line in enumerate(lines, 1):
        if line == '{' and number > 1 and lines[number - 2].rstrip().endswith(')'):
            start = number
        elif line == '}' and start:
            if number - start - 1 > FUNCTION:
                problems.append(f'{path}:{start}: this function has {number - start - 1} lines, '
                                f'at most {FUNCTION}: take steps out of it')
            start = None
finish(problems)
