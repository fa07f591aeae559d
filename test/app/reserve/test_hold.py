#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""fastmem-reserve hold has the memory that secondaries use, whoever of them dies.

usage: test_hold.py FASTMEM-RESERVE WORKER
"""
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from hugepages import enter

PROGRAM, WORKER = sys.argv[1:3]
MOUNT = enter(64)
PLAN = 'any=32M,seal=yes'
PREFIX = f'fastmem-hold-{os.getpid()}'
PATIENCE = 60
with open(PROGRAM, 'rb') as binary:
    # AddressSanitizer has memory where secondaries would need it.
    EAL = ('--', '--no-pci', '--base-virtaddr=0x200000000000') \
        if b'__asan_init' in binary.read() else ()
STARTED = []


def until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f'{what} did not happen'
        time.sleep(0.02)


def files():
    return glob.glob(f'{MOUNT}/{PREFIX}map_*')


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, abstract=False):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.name = f'@{PREFIX}' if abstract else f'{self.folder.name}/notify'
        self.socket.bind(self.name.replace('@', '\0'))
        self.socket.settimeout(PATIENCE)

    def hears(self):
        return self.socket.recv(4096).decode()

    def close(self):
        self.socket.close()
        self.folder.cleanup()


class Holder:

    def __init__(self, *args, plan=PLAN, abstract=False):
        self.manager = Manager(abstract)
        self.process = subprocess.Popen(
            [PROGRAM, 'hold', plan, '--prefix', PREFIX, *args, *EAL], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, 'NOTIFY_SOCKET': self.manager.name})
        STARTED.append(self.process)
        self.pid = self.process.pid

    def ready(self):
        said = self.manager.hears()
        assert 'READY=1' in said.split('\n'), said
        return self

    def end(self, number=signal.SIGTERM):
        """What it exits with, and what it said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        self.manager.close()
        return self.process.returncode, out, err


class Worker:

    def __init__(self):
        self.process = subprocess.Popen(
            [WORKER, f'--file-prefix={PREFIX}', '--proc-type=secondary', '--no-pci',
             '--no-telemetry', '--log-level=error'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        STARTED.append(self.process)
        assert self.answer() == 'up'

    def answer(self):
        for line in self.process.stdout:
            if not line.startswith(('EAL:', 'TELEMETRY:')):
                return line.strip()
        return None

    def ask(self, line):
        self.process.stdin.write(f'{line}\n')
        self.process.stdin.flush()
        return int(self.answer())

    def quit(self):
        self.process.communicate('quit\n', timeout=PATIENCE)
        return self.process.returncode

    def kill(self):
        self.process.kill()
        self.process.communicate()


def clean_up():
    """What a test that failed left, and what EAL always leaves; whether files were."""
    running = [process for process in STARTED if process.poll() is None]
    for process in running:
        process.kill()
        process.wait()
    STARTED.clear()
    left = files()
    for file in left:
        os.unlink(file)
    shutil.rmtree(f'/var/run/dpdk/{PREFIX}', ignore_errors=True)
    return running or left


class Holding(unittest.TestCase):

    def tearDown(self):
        self.assertEqual(clean_up(), [])

    def test_it_is_ready_when_the_memory_is_there_and_leaves_nothing(self):
        for abstract in (False, True):
            holder = Holder(abstract=abstract).ready()
            self.assertGreaterEqual(len(files()), 16)
            worker = Worker()
            self.assertGreaterEqual(worker.ask('fill 1048576'), 32)
            self.assertEqual(worker.quit(), 0)
            status, out, _ = holder.end(signal.SIGTERM if abstract else signal.SIGINT)
            self.assertEqual(status, 0)
            self.assertIn(f'--file-prefix={PREFIX}', out)
            self.assertRegex(out, r'^node \d+: 32 MiB in \d+\.\d\d s, \d+\.\d GB/s\n')
            self.assertEqual(files(), [])

    def test_a_second_one_is_refused_and_told_who_holds_it(self):
        holder = Holder().ready()
        done = subprocess.run([PROGRAM, 'hold', PLAN, '--prefix', PREFIX], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertIn(f'process {holder.pid} (fastmem-reserve) is the primary', done.stderr)
        worker = Worker()
        self.assertGreaterEqual(worker.ask('fill 1048576'), 32)
        worker.quit()
        self.assertEqual(holder.end()[0], 0)

    def test_workers_die_and_return_and_no_memory_is_lost(self):
        holder = Holder().ready()
        worker = Worker()
        there = worker.ask('fill 65536')
        worker.quit()
        for _ in range(4):
            worker = Worker()
            # What a killed one had cached comes back; its blocks would be others'.
            self.assertEqual(worker.ask('fill 65536'), there)
            worker.kill()
        worker = Worker()
        self.assertEqual(worker.ask('fill 65536'), there)
        self.assertEqual(worker.quit(), 0)
        self.assertEqual(holder.end()[0], 0)

    def test_a_holder_that_is_killed_returns_when_its_workers_have_ended(self):
        holder, worker = Holder().ready(), Worker()
        for _ in range(100):
            self.assertEqual(worker.ask('take 100000'), 1)
        self.assertEqual(holder.end(signal.SIGKILL)[0], -signal.SIGKILL)
        # They go on without it.
        self.assertEqual(worker.ask('intact'), 1)
        self.assertEqual(worker.ask('take 100000'), 1)
        second = Holder()
        said = second.manager.hears()
        self.assertTrue(said.startswith('STATUS=Waiting'), said)
        self.assertIn(f'{worker.process.pid} (', said)
        done = subprocess.run([PROGRAM, 'hold', PLAN, '--prefix', PREFIX, '--no-wait'],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f'{worker.process.pid} (', done.stderr)
        self.assertEqual(worker.ask('intact'), 1)
        self.assertEqual(worker.quit(), 0)
        second.ready()
        worker = Worker()
        self.assertGreaterEqual(worker.ask('fill 1048576'), 32)
        worker.quit()
        self.assertEqual(second.end()[0], 0)

    def test_one_that_waits_ends_when_it_is_told_to(self):
        holder, worker = Holder().ready(), Worker()
        holder.end(signal.SIGKILL)
        second = Holder()
        self.assertIn('STATUS=Waiting', second.manager.hears())
        self.assertEqual(second.end()[0], 0)
        self.assertEqual(worker.ask('take 1000'), 1)
        worker.quit()
        self.assertEqual(Holder().ready().end()[0], 0)  # takes away what is left

    def test_one_that_ends_leaves_the_memory_to_those_who_use_it(self):
        holder, worker = Holder().ready(), Worker()
        self.assertEqual(worker.ask('take 1000000'), 1)
        status, out, _ = holder.end()
        self.assertEqual(status, 0)
        self.assertIn(f'stays with the processes that use it: {worker.process.pid} (', out)
        self.assertEqual(worker.ask('intact'), 1)
        self.assertEqual(worker.ask('take 1000000'), 1)
        # Nor does clean take them away, before they have ended.
        for left in (True, False):
            done = subprocess.run([PROGRAM, 'clean'], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(bool(files()), left)
            if left:
                self.assertEqual(worker.ask('intact'), 1)
                worker.quit()

    def test_a_dry_run_tells_whether_it_could(self):
        def dry(plan):
            return subprocess.run([PROGRAM, 'hold', plan, '--prefix', PREFIX, '--dry-run'],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)
        done = dry(PLAN)
        self.assertEqual((done.returncode, files()), (0, []), done.stderr)
        self.assertIn(f'would hold {PLAN}', done.stdout)
        self.assertFalse(os.path.exists(f'/var/run/dpdk/{PREFIX}'))
        self.assertEqual(dry('any=100T').returncode, 1)
        holder = Holder().ready()
        done = dry(PLAN)
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertIn(f'process {holder.pid} ', done.stderr)
        holder.end()

    def test_a_plan_that_is_not_there_is_refused(self):
        holder = Holder(plan='any=100T')
        out, err = holder.process.communicate(timeout=PATIENCE)
        self.assertEqual((holder.process.returncode, out), (1, ''))
        self.assertIn('command line:1:1: "any" asks for', err)
        holder.manager.close()
        self.assertEqual(Holder().ready().end()[0], 0)


class Showing(unittest.TestCase):

    def tearDown(self):
        self.assertEqual(clean_up(), [])

    @staticmethod
    def show():
        done = subprocess.run([PROGRAM, 'show', '--json'], capture_output=True, text=True,
                              timeout=PATIENCE, check=True)
        return json.loads(done.stdout)

    @staticmethod
    def hugetlb(pid):
        """Bytes that the kernel counts for a process."""
        with open(f'/proc/{pid}/smaps', encoding='utf-8') as file:
            return 1024 * sum(int(kib) for kib in re.findall(
                r'(?:Shared|Private)_Hugetlb: +(\d+) kB', file.read()))

    def test_who_has_what(self):
        holder, worker = Holder().ready(), Worker()
        self.assertEqual(worker.ask('take 1000'), 1)
        shown = self.show()
        has = {}
        for use in shown['processes']:
            has[use['pid']] = has.get(use['pid'], 0) + use['page_size'] * use['pages']
        for process in (holder.pid, worker.process.pid):
            self.assertGreater(has[process], 0)
            self.assertEqual(has[process], self.hugetlb(process))
        group, = (group for group in shown['prefixes'] if group['prefix'] == PREFIX)
        self.assertEqual((group['primary'], group['secondaries']),
                         (holder.pid, [worker.process.pid]))
        self.assertEqual({file['path'] for file in shown['files']}, set(files()))
        for file in shown['files']:
            self.assertEqual((file['prefix'], file['owner'], file['bytes'], file['left']),
                             (PREFIX, os.geteuid(), 2 << 20, False))
            self.assertIn(file['process'], (holder.pid, worker.process.pid))
        holder.end(signal.SIGKILL)
        group, = (group for group in self.show()['prefixes'] if group['prefix'] == PREFIX)
        self.assertEqual((group['primary'], group['secondaries']), (0, [worker.process.pid]))
        worker.kill()
        shown = self.show()
        self.assertNotIn(PREFIX, [group['prefix'] for group in shown['prefixes']])
        self.assertTrue(shown['files'])
        for file in shown['files']:
            self.assertEqual((file['process'], file['left']), (0, True))
        subprocess.run([PROGRAM, 'clean'], timeout=PATIENCE, check=True, capture_output=True)
        self.assertEqual(self.show()['files'], [])


class Wrong(unittest.TestCase):

    def test_a_prefix_that_is_no_name(self):
        for prefix in ('a/b', '..', '%d'):
            done = subprocess.run([PROGRAM, 'hold', PLAN, '--prefix', prefix], text=True,
                                  capture_output=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn('is no name', done.stderr)

    def test_options_that_eal_does_not_know(self):
        done = subprocess.run([PROGRAM, 'hold', PLAN, '--prefix', PREFIX, '--', '--no-such'],
                              text=True, capture_output=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('EAL does not start', done.stderr)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=2)
