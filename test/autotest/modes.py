#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Every command in every mode of EAL's of one group, and a table of what came of it.

usage: modes.py PROGRAM no-huge|huge|huge1g

All commands of a mode run at the prompt of one process: EAL's start is what takes time. A command may
be skipped only where it is said here that it may. FASTMEM_TEST_FULL=1: also with one lcore, with many,
and with lcores sharing a CPU in each mode, and with fastmem_perf_autotest.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

SKIPPED = 77
# Processes share what no command before has added to.
COMMANDS = ['fastmem_mp', 'numa', 'membind', 'memregion', 'memalloc', 'reserve', 'fastmem']
LIMIT_S = 120
POOLS = '/sys/kernel/mm/hugepages/hugepages-{}kB/'
# Pages that all of a mode's commands need at the most, EAL's own among them.
NEEDED = {2048: 96, 1048576: 1}
LEGACY_MB = 160

PRIVATE = {'fastmem_mp': 'cannot be shared'}
# With --legacy-mem EAL has in one piece what lies in one piece physically.
SCATTERED = dict.fromkeys(['memalloc', 'reserve', 'fastmem', 'fastmem_mp'], 'can be reserved')


class Mode:
    """EAL's options, the pages that it needs, and commands that may be skipped in it."""

    def __init__(self, name, options, kilobytes=None, may_skip=None, needs_root=False,
                 lcores=('many',)):
        self.name, self.options, self.kilobytes = name, options, kilobytes
        self.may_skip, self.needs_root, self.lcores = may_skip or {}, needs_root, lcores


HIDDEN = {'fastmem_mp': 'nothing that a secondary could find'}
ALL_LCORES = ('one', 'many', 'sharing')
MODES = {
    'no-huge': [
        Mode('no-huge', ['--no-huge', '-m', '256'], None, PRIVATE, lcores=ALL_LCORES),
        Mode('no-huge va', ['--no-huge', '-m', '256', '--iova-mode=va'], None, PRIVATE),
    ],
    'huge': [
        Mode('2M', [], 2048, lcores=ALL_LCORES),
        Mode('2M in-memory', ['--in-memory'], 2048, HIDDEN),
        Mode('2M legacy-mem', ['--legacy-mem', '-m', str(LEGACY_MB)], 2048, SCATTERED),
        Mode('2M pa', ['--iova-mode=pa'], 2048, needs_root=True),
        Mode('2M va', ['--iova-mode=va'], 2048),
        Mode('2M single-file', ['--single-file-segments'], 2048),
    ],
    'huge1g': [
        Mode('1G', [], 1048576),
        Mode('1G single-file', ['--single-file-segments'], 1048576),
    ],
}


def hugetlbfs(kilobytes):
    """A writable mount of pages of that size, or None."""
    with open('/proc/mounts', encoding='utf-8') as mounts:
        for line in mounts:
            _, where, kind, options, *_ = line.split()
            size = re.search(r'pagesize=(\d+)([KMG])', options)
            has = 2048 if not size else int(size[1]) * {'K': 1, 'M': 1024, 'G': 1048576}[size[2]]
            if kind == 'hugetlbfs' and has == kilobytes and os.access(where, os.W_OK):
                return where
    return None


def pages(kilobytes, file):
    try:
        with open(POOLS.format(kilobytes) + file, encoding='utf-8') as count:
            return int(count.read())
    except OSError:
        return 0


def why_not(mode):
    """Why a mode cannot run here, or None."""
    if mode.kilobytes is None:
        return None
    variable = 'FASTMEM_HUGE' if mode.kilobytes == 2048 else 'FASTMEM_HUGE_1G'
    if '0' in (os.environ.get(variable, '1'), os.environ.get('FASTMEM_HUGE', '1')):
        return f'{variable}=0 forbids such hugepages'
    free = pages(mode.kilobytes, 'free_hugepages') - pages(mode.kilobytes, 'resv_hugepages')
    if free < NEEDED[mode.kilobytes]:
        return (f'needs {NEEDED[mode.kilobytes]} free hugepages of {mode.kilobytes} kB, '
                f'there are {free}')
    if not hugetlbfs(mode.kilobytes):
        return f'needs a writable hugetlbfs of {mode.kilobytes} kB pages'
    if mode.needs_root and os.geteuid():
        return 'needs root: physical addresses are hidden from others'
    return None


def lcores(which):
    """EAL's --lcores, over the CPUs that this process may run on."""
    cpus = sorted(os.sched_getaffinity(0))
    if which == 'one':
        return f'0@{cpus[0]}'
    if which == 'many':
        # No more than a machine of any size does quickly, and two also where there is one CPU.
        return ','.join(f'{n}@{cpus[n % len(cpus)]}' for n in range(min(max(len(cpus), 2), 8)))
    return ','.join(f'{n}@{cpus[0]}' for n in range(4))


def run(program, mode, which, commands):
    """What a process printed at its prompt, and its end."""
    prefix = f'fastmem-autotest-{os.getpid()}'
    args = [program, '--lcores', lcores(which), f'--file-prefix={prefix}', '--no-pci',
            '--no-telemetry', '--log-level=error', *mode.options]
    where = mode.kilobytes and hugetlbfs(mode.kilobytes)
    if where and '--in-memory' not in args:
        args += ['--huge-dir', where]
    typed = ''.join(f'{command}_autotest\n' for command in commands) + 'quit\n'
    try:
        done = subprocess.run(args, input=typed, timeout=LIMIT_S, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        end = 'died of signal' if done.returncode < 0 else 'ended with status'
        return done.stdout, f'{end} {abs(done.returncode)}'
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b'').decode(), f'hung for {LIMIT_S} s'
    finally:
        # EAL leaves its pages to the next process of the same name, which there is none of.
        for left in glob.glob(f'{where}/{prefix}map_*') if where else []:
            os.unlink(left)
        for folder in ('/var/run/dpdk', os.environ.get('XDG_RUNTIME_DIR', '/tmp') + '/dpdk',
                       '/tmp/dpdk'):
            shutil.rmtree(f'{folder}/{prefix}', ignore_errors=True)


def verdict(mode, command, output, end):
    """A command's verdict, its reason where it was skipped, and what it printed."""
    found = re.search(rf'^RTE>>{command}_autotest\n(.*?)^Test (OK|Skipped|Failed)$', output,
                      re.M | re.S)
    if not found:
        # What it printed up to its end is shown once.
        began = output.rpartition('RTE>>')[2]
        return 'FAILED', f'no verdict, the process {end}', began if began.startswith(command) else ''
    why = '; '.join(dict.fromkeys(re.findall(r'^skipped: (.*)$', found[1], re.M)))
    if found[2] == 'Skipped' and command in mode.may_skip and mode.may_skip[command] in why:
        return 'skipped', why, ''
    if found[2] == 'OK':
        return 'OK', why, ''
    return 'FAILED', 'skipped, and may not be' if found[2] == 'Skipped' else '', found[1]


def show(rows, commands):
    """The table of mode against command, and below it why something, or a part, was skipped."""
    width = max(len(name) for name, _ in rows)
    print(f'{"":{width}} ', *(f'{command:>10}' for command in commands))
    notes = {}
    for name, cells in rows:
        print(f'{name:{width}} ', *(f'{cells[command][0]:>10}' for command in commands))
        for command in commands:
            if cells[command][0] != 'FAILED' and cells[command][1]:
                notes.setdefault((cells[command][0], command, cells[command][1]), []).append(name)
    for (result, command, why), names in notes.items():
        what = 'skipped' if result == 'skipped' else 'partly skipped'
        print(f'{what}: {command} in {", ".join(names)}: {why}')
    print(flush=True)


def main():
    program, group = sys.argv[1:]
    full = bool(os.environ.get('FASTMEM_TEST_FULL'))
    commands = COMMANDS + (['fastmem_perf'] if full else [])
    rows, printed, left_out = [], [], 0
    for mode in MODES[group]:
        why = why_not(mode)
        for which in ALL_LCORES if full else mode.lcores:
            name = mode.name if which == 'many' else f'{mode.name}, {which} lcore' + \
                ('s' if which == 'sharing' else '')
            output, end = ('', '') if why else run(program, mode, which, commands)
            cells = {command: ('skipped', why, '') if why else
                     verdict(mode, command, output, end) for command in commands}
            rows.append((name, cells))
            left_out += bool(why)
            # A process that does not come to its end has failed, whatever its commands said.
            if not why and not end.startswith('ended') and cells[commands[-1]][0] != 'FAILED':
                cells[commands[-1]] = ('FAILED', end, output[-2000:])
    show(rows, commands)
    for name, cells in rows:
        for command in commands:
            result, why, text = cells[command]
            if result == 'FAILED':
                printed.append(f'--- {command} in {name}: {why}\n{text}')
            tag = {'OK': '[       OK ]', 'FAILED': '[  FAILED  ]'}.get(result, '[  SKIPPED ]')
            print(f'{tag} {command} in {name}')
    print('\n'.join(printed))
    if any(cell[0] == 'FAILED' for _, cells in rows for cell in cells.values()):
        sys.exit(1)
    if left_out == len(rows):
        print(f'skipped: {rows[0][1][commands[0]][1]}')
        sys.exit(SKIPPED)


main()
