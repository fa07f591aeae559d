#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Print what ninja has to build for the tests of some suites, one file a line.

usage: targets.py BUILD-FOLDER SUITE ...
"""
import json
import os
import subprocess
import sys


def ask(folder, what):
    done = subprocess.run(['meson', 'introspect', what, folder], check=True, capture_output=True)
    return json.loads(done.stdout)


def main(folder, *suites):
    needed = set()
    for test in ask(folder, '--tests'):
        # "project:suite"
        if {suite.split(':')[-1] for suite in test['suite']} & set(suites):
            needed.update(test['depends'])
    # Ninja knows them by their paths below the folder.
    above = os.path.realpath(folder)
    for target in ask(folder, '--targets'):
        if target['id'] in needed:
            print(*(os.path.relpath(os.path.realpath(path), above) for path in target['filename']),
                  sep='\n')


main(*sys.argv[1:])
