#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Every public header compiles alone, as C11 and as C++, with each compiler that is there; those
for C++ alone as C++17.

usage: headers.py HEADER...
"""
import os
import shutil
import subprocess
import sys
import tempfile

from lint import ROOT, finish, skip, text_of, without_comments

COMPILERS = (('gcc', 'c', 'gnu11'), ('g++', 'cpp', 'gnu++11'),
             ('clang', 'c', 'gnu11'), ('clang++', 'cpp', 'gnu++11'))


def flags():
    """DPDK's flags, its headers being system headers as in the build; our folders."""
    out = subprocess.run(['pkg-config', '--cflags', 'libdpdk'], check=True, capture_output=True,
                         text=True).stdout.split()
    ours = sorted({os.path.dirname(header) for header in sys.argv[1:]})
    return [flag.replace('-I', '-isystem', 1) if flag.startswith('-I') else flag
            for flag in out] + ['-I' + folder for folder in ours]


compilers = [c for c in COMPILERS if shutil.which(c[0])]
if not any(language == 'cpp' for _, language, _ in compilers):
    skip('no C++ compiler is installed')

problems = []
with tempfile.TemporaryDirectory() as folder:
    for header in sys.argv[1:]:
        path = os.path.relpath(header, ROOT)
        for number, line in enumerate(without_comments(text_of(path)).splitlines(), 1):
            if '_Atomic' in line:
                problems.append(f'{path}:{number}: "_Atomic": C++ does not know it; a plain '
                                'integer and __atomic_*')
        for compiler, language, standard in compilers:
            if header.endswith('.hpp'):
                if language == 'c':
                    continue
                standard = 'gnu++17'
            source = os.path.join(folder, f'alone.{language}')
            with open(source, 'w', encoding='utf-8') as file:
                file.write(f'#include <{os.path.basename(header)}>\n')
            done = subprocess.run(
                [compiler, f'-std={standard}', '-Wall', '-Wextra', '-Wundef', '-Werror',
                 '-fsyntax-only', *flags(), source], capture_output=True, text=True)
            if done.returncode:
                problems.append(f'{path}:1: does not compile alone with {compiler} '
                                f'-std={standard}: include what it uses\n{done.stderr}')
print('with', ', '.join(c[0] for c in compilers))
finish(problems)
