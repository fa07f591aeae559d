#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Every tracked file belongs to a section of MAINTAINERS, and every pattern there to a file."""
import fnmatch

from lint import finish, text_of, tracked

patterns = {}
for number, line in enumerate(text_of('MAINTAINERS').splitlines(), 1):
    # Indented ones explain the format.
    if line.startswith('F:'):
        patterns[line[2:].strip()] = number


def covers(pattern, path):
    # "folder/" is all that lies below it; anything else is a shell pattern.
    return path.startswith(pattern) if pattern.endswith('/') else fnmatch.fnmatch(path, pattern)


files = tracked()
problems = [f'{path}:1: in no section of MAINTAINERS: add an F: line'
            for path in files if not any(covers(pattern, path) for pattern in patterns)]
problems += [f'MAINTAINERS:{number}: F: {pattern} matches no tracked file: remove or mend it'
             for pattern, number in patterns.items()
             if not any(covers(pattern, path) for path in files)]
finish(problems)
