# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What the lints share: the tracked files, C without its comments, and how to end."""
import fnmatch
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIP = 77


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIP)


def tracked(*patterns):
    """Paths, relative to ROOT, of tracked files that are there and match one of the patterns."""
    try:
        # The checkout may belong to another user than the one who tests it.
        out = subprocess.run(['git', '-c', f'safe.directory={ROOT}', 'ls-files', '-z'],
                             cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        skip(f'git does not list the files of this tree: {error}')
    return [path for path in out.split('\0')
            if path and os.path.isfile(os.path.join(ROOT, path))
            and any(fnmatch.fnmatch(path, pattern) for pattern in patterns or ['*'])]


def text_of(path):
    """The text of a file; None when it is not text."""
    try:
        with open(os.path.join(ROOT, path), encoding='utf-8') as file:
            return file.read()
    except UnicodeDecodeError:
        return None


def without_comments(text, strings=True):
    """C text, its comments blanked and its lines where they were; strings too when not wanted."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        if match[0][0] in '"\'' and strings:
            return match[0]
        return re.sub(r'[^\n]', ' ', match[0])
    return token.sub(blank, text)


def public_headers():
    return [path for path in tracked('lib/*/*.h', 'drivers/*.h')
            if not path.endswith('_priv.h') and os.path.basename(path).startswith('rte_')]


def finish(problems):
    """Print what was found, one problem a line, and exit accordingly."""
    for problem in problems:
        print(problem)
    print(f'{len(problems)} found')
    sys.exit(1 if problems else 0)
