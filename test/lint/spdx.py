#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Every source says its license and whose it is, at its top."""
import re

from lint import finish, text_of, tracked

SOURCES = ('*.c', '*.h', '*.cpp', '*.hpp', '*.py', '*.sh', '*.pml', 'dev', '.ci/run', '*meson.build',
           'meson_options.txt', '.clang-format', '.editorconfig')

problems = []
for path in tracked(*SOURCES):
    head = '\n'.join((text_of(path) or '').splitlines()[:5])
    for line, wanted in (('SPDX-License-Identifier: BSD-3-Clause', 'SPDX line'),
                         (r'Copyright \(c\) 20\d\d The fastmem authors', 'copyright line')):
        if not re.search(line, head):
            problems.append(f'{path}:1: no {wanted}: add "{line}" to the first lines'
                            .replace('\\', '').replace('20dd', '2026'))
finish(problems)
