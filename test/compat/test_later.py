#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Sources compile with headers of DPDK's in which what is used here is as later releases have it: folder
later/, which stands before DPDK's own. It knows the differences that dpdk_compat.h levels and no others;
what else a release may change only a build with that release tells.

usage: test_later.py BUILD-FOLDER

Compiled is what includes dpdk_compat.h, and all public headers; FASTMEM_TEST_FULL=1: every source that
sees a header of DPDK's.
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'test', 'app'))
from cases import main  # pylint: disable=wrong-import-position

BUILD = sys.argv[1]
FULL = os.environ.get('FASTMEM_TEST_FULL')
with open(os.path.join(BUILD, 'compile_commands.json'), encoding='utf-8') as file:
    COMMANDS = {os.path.relpath(os.path.join(entry['directory'], entry['file']), ROOT): entry
                for entry in json.load(file)}


def compiled(entry, source, *flags):
    """What the compiler says of a source with the flags that another has in the build."""
    words = shlex.split(entry['command'])
    keep = [word for before, word in zip(words, words[1:])
            if word not in ('-MD', '-c', '-o', '-MQ', '-MF') and before not in ('-o', '-MQ', '-MF', '-c')]
    return subprocess.run([words[0], '-I' + os.path.join(HERE, 'later'), *keep, *flags, '-w',
                           '-fsyntax-only', source], cwd=entry['directory'], check=False,
                          capture_output=True, text=True)


def text_of(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as source:
        return source.read()


def check(paths, *flags):
    assert paths, 'nothing to compile'
    wrong = []
    for path in paths:
        done = compiled(COMMANDS[path], os.path.join(ROOT, path), *flags)
        if done.returncode:
            wrong.append(f'{path}\n{done.stderr}')
    assert not wrong, '\n'.join(wrong)
    print(f'{len(paths)} sources')


def users():
    return [path for path in COMMANDS if path.endswith('.c') and '<dpdk_compat.h>' in text_of(path)]


def sources_compile():
    paths = users()
    if FULL:
        paths = [path for path, entry in COMMANDS.items()
                 if path.endswith('.c') and 'rte_config.h' in entry['command']]
    check(paths)


def public_headers_compile():
    """All of them together, as C."""
    names = sorted(name for lib in os.listdir(os.path.join(ROOT, 'lib'))
                   if os.path.isdir(os.path.join(ROOT, 'lib', lib))
                   for name in os.listdir(os.path.join(ROOT, 'lib', lib))
                   if name.startswith('rte_') and name.endswith('.h'))
    # That of a program that sees the headers of all libraries.
    entry = next(entry for path, entry in COMMANDS.items() if path.endswith('autotest/main.c'))
    folders = [f'-I{os.path.join(ROOT, "lib", lib)}' for lib in os.listdir(os.path.join(ROOT, 'lib'))]
    with tempfile.NamedTemporaryFile('w', suffix='.c') as source:
        source.write(''.join(f'#include <{name}>\n' for name in names))
        source.flush()
        done = compiled(entry, source.name, *folders)
    assert done.returncode == 0, done.stderr
    print(f'{len(names)} headers')


def what_is_gone_is_found():
    """The stand-ins stand before DPDK's headers: the way of 22.11 does not compile with them."""
    entry = COMMANDS['lib/fastmem/external_peer.c']
    for text in ('#include <rte_lcore.h>\nvoid *f(void) { return (void *)rte_ctrl_thread_create; }\n',
                 '#include <string.h>\n#include <rte_ip.h>\n'
                 'void f(const struct rte_ipv6_hdr *hdr, void *to) { memcpy(to, hdr->src_addr, 16); }\n',
                 '#include <rte_telemetry.h>\n'
                 'int f(struct rte_tel_data *d) { return rte_tel_data_add_array_u64(d, 1); }\n'):
        with tempfile.NamedTemporaryFile('w', suffix='.c') as source:
            source.write(text)
            source.flush()
            assert compiled(entry, source.name).returncode != 0, f'compiles:\n{text}'


main([sources_compile, public_headers_compile, what_is_gone_is_found])
