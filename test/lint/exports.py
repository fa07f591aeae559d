#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A library exports exactly what its public headers declare and its version.map names.

usage: exports.py SHARED-OBJECT VERSION.MAP HEADER...
"""
import os
import re
import subprocess
import sys

from lint import ROOT, finish, text_of, without_comments

ATTRIBUTE = re.compile(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)')


def declared(text):
    """name → line of each function and variable that a header declares and does not define."""
    text = without_comments(text, strings=False)
    # Blank, so that line numbers stay: the preprocessor's lines, attributes, extern "C" braces.
    text = re.sub(r'^\s*#(?:[^\n]*\\\n)*[^\n]*', lambda m: re.sub(r'[^\n]', ' ', m[0]), text,
                  flags=re.M)
    text = ATTRIBUTE.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]), text)
    text = re.sub(r'extern\s+("C"|\s{3})\s*\{', lambda m: re.sub(r'[^\n]', ' ', m[0]), text)
    names, depth, start = {}, 0, 0
    for i, char in enumerate(text):
        if char == '{':
            depth += 1
        elif char == '}':
            # extern "C"'s own closing brace has lost its partner.
            depth = max(0, depth - 1)
            if depth == 0 and not re.match(r'\s*(typedef|struct|enum|union|extern)\b',
                                           text[start:i]):
                start = i + 1
        elif char == ';' and depth == 0:
            statement = text[start:i]
            line = text[:start + len(statement) - len(statement.lstrip())].count('\n') + 1
            start = i + 1
            if re.match(r'\s*(typedef|static|_Static_assert)\b', statement) or '{' in statement:
                continue
            function = re.match(r'[\w\s*]*?\b(\w+)\s*\(', statement)
            variable = re.match(r'\s*extern\b[\w\s*]*?\b(\w+)\s*(?:\[[^;]*\])?\s*$', statement)
            if function:
                names[function[1]] = line
            elif variable:
                names[variable[1]] = line
    return names


def mapped(text):
    """name → line of what a version script has under global:."""
    names, public = {}, True
    for number, line in enumerate(re.sub(r'/\*.*?\*/', '', text, flags=re.S).splitlines(), 1):
        for word in re.findall(r'\b(global|local):|([\w*]+);', line):
            if word[0]:
                public = word[0] == 'global'
            elif public:
                names[word[1]] = number
    return names


shared, version_map, *headers = sys.argv[1:]
version_map = os.path.relpath(version_map, ROOT)
in_map = mapped(text_of(version_map))
in_headers = {}
for header in headers:
    path = os.path.relpath(header, ROOT)
    for name, line in declared(text_of(path)).items():
        in_headers[name] = f'{path}:{line}'

out = subprocess.run(['nm', '-D', '--defined-only', '--format=posix', shared], check=True,
                     capture_output=True, text=True).stdout
exported = {fields[0].split('@')[0] for fields in map(str.split, out.splitlines())
            if fields[1] != 'A'}

problems = [f'{where}: {name} is declared, and not exported: add it to {version_map}'
            for name, where in in_headers.items() if name not in in_map]
problems += [f'{version_map}:{line}: {name} is in no public header: remove it here, or declare it'
             for name, line in in_map.items() if name not in in_headers]
problems += [f'{version_map}:{line}: {name} is not defined by {os.path.basename(shared)}: '
             'write it, or remove it here' for name, line in in_map.items() if name not in exported]
problems += [f'{version_map}:1: {name} is exported by {os.path.basename(shared)} without being '
             'named here: add it, or end the map with "local: *;"'
             for name in sorted(exported - set(in_map))]
print(f'{len(exported)} exported')
finish(problems)
