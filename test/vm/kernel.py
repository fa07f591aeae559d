# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Finds a kernel for guests: Debian's package, fetched and unpacked, never installed."""

import fcntl
import glob
import os
import shutil
import subprocess
import time

PACKAGE = 'linux-image-cloud-amd64'
RETRY = 600  # seconds in which a failure is not tried again: all shapes ask at once
PATIENCE = ['-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Retries=2']


class NoKernel(Exception):
    """Says why."""


def run(command, **more):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            **more)
    if result.returncode != 0:
        said = (result.stderr.strip() or result.stdout.strip()).splitlines()
        raise NoKernel(f'{command[0]}: {said[0] if said else "failed silently"}')
    return result.stdout


def fetch(folder, options):
    """Download the package that PACKAGE stands for; apt finds it with these options."""
    name = None
    for line in run(['apt-cache', *options, 'depends', PACKAGE]).splitlines():
        words = line.split()
        if words[:1] == ['Depends:'] and words[1].startswith('linux-image-'):
            name = words[1]
    if name is None:
        raise NoKernel(f'apt knows no package {PACKAGE}')
    run(['apt-get', *options, *PATIENCE, '-q', 'download', name], cwd=folder, timeout=300)
    return glob.glob(os.path.join(folder, f'{name}_*.deb'))[0]


def own_lists(folder):
    """Options for package lists of our own, fetched now: anybody may, and they are not old."""
    for part in ('lists/partial', 'archives/partial'):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    options = ['-o', f'Dir::State::lists={folder}/lists', '-o', f'Dir::Cache={folder}',
               '-o', 'APT::Sandbox::User=root']
    run(['apt-get', *options, *PATIENCE, '-q', '-o', 'APT::Update::Error-Mode=any', 'update'],
        timeout=300)
    return options


def unpack(folder):
    apt = os.path.join(folder, 'apt')
    shutil.rmtree(apt, ignore_errors=True)
    os.makedirs(apt)
    try:
        try:
            package = fetch(apt, [])
        except NoKernel:
            package = fetch(apt, own_lists(apt))
        run(['dpkg-deb', '-x', package, os.path.join(apt, 'unpacked')])
        found = glob.glob(os.path.join(apt, 'unpacked', 'boot', 'vmlinuz-*'))
        if not found:
            raise NoKernel(f'{package} holds no kernel')
        os.replace(found[0], os.path.join(folder, 'vmlinuz'))
    finally:
        shutil.rmtree(apt, ignore_errors=True)


def find(folder):
    """Path of a kernel image, fetched into the folder by the first who asks."""
    kernel, failed = os.path.join(folder, 'vmlinuz'), os.path.join(folder, 'failed')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(kernel):
            return kernel
        if os.path.exists(failed) and time.time() - os.path.getmtime(failed) < RETRY:
            with open(failed, encoding='utf-8') as file:
                raise NoKernel(file.read())
        try:
            unpack(folder)
        except (NoKernel, OSError, subprocess.TimeoutExpired) as error:
            with open(failed, 'w', encoding='utf-8') as file:
                file.write(str(error))
            raise NoKernel(str(error)) from error
    return kernel
