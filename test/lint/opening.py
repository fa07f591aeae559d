#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Every .c of a library, driver or program opens with what it owns, must not do, who calls it."""
from lint import finish, text_of, tracked

WANTED = ('Owns', 'Must not', 'Called by')

problems = []
for path in tracked('lib/*.c', 'drivers/*.c', 'app/*.c'):
    opening = text_of(path).split('#include', 1)[0]
    lines = [line.strip(' */\t') for line in opening.splitlines()]
    missing = [word for word in WANTED if not any(line.startswith(word) for line in lines)]
    if missing:
        problems.append(f'{path}:1: the opening comment lacks: {", ".join(missing)}')
finish(problems)
