#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Names of DPDK 22.11 that later releases do not have are for config/dpdk alone, which says what stands in
their place; and so is asking for DPDK's version."""
import re

from lint import finish, text_of, tracked, without_comments

# (name, release that removed it or warns of it, what to use)
GONE = (
    ('rte_ctrl_thread_create', '23.11', 'dpdk_ctrl_thread_create() of dpdk_compat.h'),
    ('rte_thread_setname', '23.11', 'pthread_setname_np()'),
    ('rte_tel_data_add_(?:array|dict)_u64|RTE_TEL_U64_VAL', '23.07', 'DPDK_TEL_* of dpdk_compat.h'),
    ('__rte_packed', '25.11', 'fields that need none'),
    ('__rte_weak', '25.11', '__attribute__((weak))'),
    ('RTE_VERSION(?:_NUM)?', None, 'dpdk_compat.h, and level the difference there'),
)

problems = []
for path in tracked('*.c', '*.h', '*.cpp', '*.hpp'):
    if path.startswith(('config/dpdk/', 'test/compat/')):
        continue
    code = without_comments(text_of(path), strings=False)
    for name, release, instead in GONE:
        for found in re.finditer(rf'(?<!\w)(?:{name})(?!\w)', code):
            line = code[:found.start()].count('\n') + 1
            why = f'gone with DPDK {release}' if release else "asks for DPDK's version"
            problems.append(f'{path}:{line}: "{found[0]}": {why}: use {instead}')
finish(problems)
