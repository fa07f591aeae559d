# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A running program that is watched: test/unit/memwatch_telemetry/watched.c, told what to do."""

import atexit
import contextlib
import json
import os
import subprocess
import tempfile

WITHOUT_HUGEPAGES = ('--no-huge', '-m', '420')
LIMIT = 16 << 10  # of telemetry's answers


class Program:
    """A program under test, that does what it is told."""

    def __init__(self, folder, prefix, program, options, memory, env):
        cpus = sorted(os.sched_getaffinity(0))
        self.env = {**os.environ, **env, 'RUNTIME_DIRECTORY': folder}
        self.folder = folder
        self.prefix = prefix
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [program, *memory, '--no-pci', '--log-level', 'error',
             f'--lcores=0@{cpus[0]},1@{cpus[-1]}', f'--file-prefix={prefix}', *options],
            env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        assert self.until('ready') == []

    def until(self, word):
        lines = []
        for line in self.process.stdout:
            if line.strip() == word:
                return lines
            if not line.startswith('EAL:'):
                lines.append(line)
        raise AssertionError(f'the program ended before it said {word}')

    def send(self, what):
        self.process.stdin.write(what + '\n')
        self.process.stdin.flush()

    def do(self, what):
        self.send(what)
        return self.until('done')

    def tell(self):
        [line] = self.do('tell')
        return json.loads(line)

    def raw(self, *commands):
        """What dpdk-telemetry.py prints: a line a command."""
        return subprocess.run(
            ['dpdk-telemetry.py', '-f', self.prefix], input='\n'.join(commands) + '\n',
            env=self.env, check=True, stdout=subprocess.PIPE, text=True,
            timeout=50).stdout.splitlines()

    def ask(self, command):
        [line] = self.raw(command)
        # dpdk-telemetry.py makes the line longer: it puts spaces in.
        assert len(json.dumps(json.loads(line), separators=(',', ':'))) < LIMIT
        [(name, answer)] = json.loads(line).items()
        assert name == command.split(',', maxsplit=1)[0]
        return answer


@contextlib.contextmanager
def running(program, *options, folder=None, prefix='watched', memory=WITHOUT_HUGEPAGES, **env):
    """A program of one's own, in a runtime folder of its own unless one is given."""
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
        started = Program(folder, prefix, program, options, memory, env)
        try:
            yield started
            started.process.stdin.close()
            status = started.process.wait(timeout=50)
            assert status == 0, status
        finally:
            started.process.kill()
            started.process.wait()


shared = []


def common(program, stack=contextlib.ExitStack()):
    """One program that has memory, for all who only look at it; it ends with this one."""
    if not shared:
        atexit.register(stack.close)
        shared.append(stack.enter_context(running(program)))
        shared[0].do('init')
        shared[0].do('work')
    return shared[0]
