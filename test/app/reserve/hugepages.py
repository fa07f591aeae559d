# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Real hugepages for a test, with a hugetlbfs that nobody else sees."""
import os
import subprocess
import sys
import tempfile

SKIPPED = 77
INSIDE = 'FASTMEM_TEST_MOUNT'
POOL = '/sys/kernel/mm/hugepages/hugepages-2048kB'


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIPPED)


def free_pages():
    def read(name):
        with open(f'{POOL}/{name}_hugepages', encoding='utf-8') as file:
            return int(file.read())
    return read('free') - read('resv')


def enter(pages):
    """Start this program anew where the only hugetlbfs is its own; there, return its folder."""
    if INSIDE in os.environ:
        return os.environ[INSIDE]
    if os.geteuid() != 0:
        skip('only root may mount')
    if os.environ.get('FASTMEM_HUGE') == '0' or not os.path.isdir(POOL):
        skip('there are no hugepages')
    if free_pages() < pages:
        skip(f'{free_pages()} hugepages are free, and {pages} are needed')
    with open('/proc/self/mounts', encoding='utf-8') as file:
        mounts = [line.split()[1] for line in file if line.split()[2] == 'hugetlbfs']
    with tempfile.TemporaryDirectory() as folder:
        script = ''.join(f'umount -l {mount} && ' for mount in reversed(mounts)) + \
            'mount -t hugetlbfs -o pagesize=2M none "$0" && exec "$@"'
        done = subprocess.run(['unshare', '--mount', 'sh', '-c', script, folder, sys.executable,
                               *sys.argv], env={**os.environ, INSIDE: folder}, check=False)
    sys.exit(done.returncode)
