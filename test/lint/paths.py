#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""No path of the machine that somebody happens to work on gets into the repository."""
import re

from lint import finish, text_of, tracked

# Put together here, so that this file passes its own check.
HOMES = '|'.join(('work', 'root', 'home', 'Users'))
PATH = re.compile(rf'(?<![\w.$}}/*-])/(?:{HOMES})/[\w.-]+')

problems = []
for path in tracked():
    for number, line in enumerate((text_of(path) or '').splitlines(), 1):
        found = PATH.search(line)
        if found:
            problems.append(f'{path}:{number}: "{found[0]}": a path of one machine; make it '
                            'relative, or take it from the environment')
finish(problems)
