#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Words that have no place in a library, and includes that go round the build's borders."""
import os
import re

from lint import finish, text_of, tracked, without_comments

WORDS = (
    (re.compile(r'(?<![\w])(?:v?f?printf|puts|perror)\s*\('),
     'a library does not print: log, or return the error'),
    (re.compile(r'\brte_panic\b|\brte_exit\b|\babort\s*\(|(?<!\w)exit\s*\('),
     'a library does not end the process: return an error'),
    (re.compile(r'\bvolatile\b'), 'use an atomic, and label its ordering'),
    (re.compile(r'\b__sync_\w+'), 'use __atomic_*, with an ordering that says why'),
    (re.compile(r'"/(?!sys\b|proc\b|dev\b)\w[\w.-]*/'), 'no absolute path but /sys, /proc and /dev'),
)
# EAL's word for a node is legitimate where EAL is called, and in the fields of its structures.
SOCKET = re.compile(r'\bsocket_?(?:id)?\b')
EAL_LINE = re.compile(r'rte_\w*socket|SOCKET_ID|->socket_id|\.socket_id|/\* EAL \*/')
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)

problems = []
for path in tracked('lib/*.c', 'lib/*.h'):
    original = text_of(path).splitlines()
    for number, line in enumerate(without_comments(text_of(path)).splitlines(), 1):
        # An asm statement's own volatile is not a variable's.
        code = re.sub(r'\b(?:asm|__asm__|__asm)\s+volatile\b', 'asm', line)
        for word, advice in WORDS:
            found = word.search(code)
            # A format attribute names printf, and does not call it.
            if found and 'format' not in code[:found.start()]:
                problems.append(f'{path}:{number}: "{found[0].strip()}": {advice}')
        if SOCKET.search(code) and not EAL_LINE.search(original[number - 1]) and \
                not INCLUDE.match(code):
            problems.append(f'{path}:{number}: "socket": it is node_id; where EAL is called, '
                            'end the line with /* EAL */')

for path in tracked('lib/*.c', 'lib/*.h', 'app/*.c', 'app/*.h', 'drivers/*.c', 'drivers/*.h'):
    text = text_of(path)
    for match in INCLUDE.finditer(text):
        number = text[:match.start()].count('\n') + 1
        name = match[1]
        here = os.path.dirname(path)
        if '..' in name:
            problems.append(f'{path}:{number}: include "{name}": by its name, not by a path '
                            'out of the folder')
        elif name.endswith('_priv.h') and not tracked(f'{here}/{name}'):
            problems.append(f"{path}:{number}: include \"{name}\": another folder's private header")
finish(problems)
