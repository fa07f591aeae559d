#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What fastmem-info tells of a running program is what that program says that it has.

Owns: the tests of the verbs that ask a program. Must not: touch other programs that run here.
Called by: meson test; usage: test_watch.py FASTMEM-INFO PROGRAM DASHBOARD
"""

import contextlib
import json
import os
import pty
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from cases import main, need  # noqa: E402
from spoiler import Spoiler  # noqa: E402
from watched import common, running  # noqa: E402

INFO, PROGRAM, DASHBOARD = sys.argv[1:4]
SLAB = 2 << 20
SVG = '{http://www.w3.org/2000/svg}'


def info(program, *args, status=0, more=None):
    env = {**os.environ, 'RUNTIME_DIRECTORY': program if isinstance(program, str) else program.folder,
           **(more or {})}
    done = subprocess.run([INFO, *args], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, (args, done)
    return done.stderr if status == 2 else done.stdout


def watched():
    return common(PROGRAM)


def numbers(line):
    return [int(word) for word in line.split()]


# ---- classes, map, audit

def classes_of(program):
    """Rows of fastmem-info classes, by class."""
    lines = info(program, 'classes').splitlines()
    assert lines[0] == f'node {program.tell()["node"]}', lines[0]
    rows = [re.sub(r'([0-9.]+) [KM]iB', r'0', line) for line in lines[2:]]
    return {row[0]: row[1:] for row in map(numbers, rows)}


def classes_have_the_programs_blocks():
    program = watched()
    rows = classes_of(program)
    live = {}
    for _, size in program.tell()['blocks']:
        if size <= 1 << 20:
            live[size] = live.get(size, 0) + 1
    # What the program does not know of: objects of its own making alone.
    assert {size: row[2] for size, row in rows.items() if row[2]} == live
    for row in rows.values():
        assert row[1] == sum(row[2:]), row


def the_map_has_the_programs_slabs():
    program = watched()
    told = program.tell()
    text = info(program, 'map')
    assert f'watched, process {program.process.pid};' in text
    assert '\033[' not in text
    drawn = {}
    for address, letters in re.findall(r'^  +(0x[0-9a-f]+) (\S+)$', text, re.M):
        for i, letter in enumerate(letters):
            drawn[int(address, 16) + i * SLAB] = letter
    live = {}
    for address, size in told['blocks']:
        first = address - address % SLAB
        for slab in range(first, address + size, SLAB):
            end = min(slab + SLAB, address + size)
            live[slab] = live.get(slab, 0) + end - max(slab, address)
    assert sum(live.values()) > 13 << 20
    for slab, letter in drawn.items():
        tenths = 10 * live.get(slab, 0) // SLAB
        # Slabs at a piece's edges are smaller, so that as much is more of them.
        want = {'#', '9'} if tenths == 10 else {str(tenths), str(min(tenths + 1, 9))}
        assert letter in want or (slab not in live and letter in '.-'), (hex(slab), letter, tenths)
    assert set(live) <= set(drawn)


def colours_are_for_terminals():
    assert '\033[48;5;' in info(watched(), 'map', '--colour', 'always')
    assert 'always, never or auto' in info(watched(), 'map', '--colour', 'blue', status=2)


def the_picture_has_a_box_a_slab():
    program = watched()
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'map.svg')
        assert info(program, 'map', '--svg', name) == ''
        picture = xml.parse(name).getroot()
    slabs = [group for group in picture.iter(SVG + 'g') if group.get('class') == 'slab']
    letters = ''.join(re.findall(r'^  +0x[0-9a-f]+ (\S+)$', info(program, 'map'), re.M))
    assert len(slabs) == len(letters)
    for slab, letter in zip(slabs, letters):
        full = sum(int(rect.get('height')) for rect in slab.iter(SVG + 'rect')
                   if rect.get('class') in ('used', 'huge'))
        assert (full == 0) == (letter in '.-'), (letter, full)
        assert full == 14 or letter != '#', (letter, full)


def the_audit_proves_the_sum():
    program = watched()
    line = info(program, 'audit')
    slabs, blocks, live, cached, free, faults = map(int, re.search(
        r'(\d+) slabs, (\d+) blocks = (\d+) live \+ (\d+) cached \+ (\d+) free; (\d+) faults',
        line).groups())
    assert slabs > 20 and blocks == live + cached + free and faults == 0, line
    assert live == sum(size <= 1 << 20 for _, size in program.tell()['blocks'])


def an_audit_that_finds_something_says_so():
    # In a debug build, and while a checker watches, a block cannot be freed twice unnoticed.
    with running(PROGRAM, FASTMEM_CHECKER='off') as program:
        program.do('init')
        before = info(program, 'audit')
        program.do('twice')
        done = subprocess.run([INFO, 'audit'], env={**os.environ, 'RUNTIME_DIRECTORY': program.folder},
                              capture_output=True, text=True, timeout=60, check=False)
        if done.returncode == 0:
            assert done.stdout.count(' live') == before.count(' live')
            return
        assert done.returncode == 1 and ' 0 faults' not in done.stdout, done
        address = program.tell()['blocks'][5][0]
        assert hex(address) in done.stdout, done


# ---- status

def status_has_the_programs_figures():
    program = watched()
    told = program.tell()
    lines = info(program, 'status').splitlines()
    assert lines[0] == f'watched, process {program.process.pid}'
    node = next(line for line in lines if re.match(rf'{told["node"]} ', line))
    assert f'{told["backing"] >> 20} MiB' in node, node
    assert re.search(r'^pressure (low|medium|high|critical), \S+ \S+ available$', lines[-1]), lines[-1]
    lcores = lines[lines.index(next(line for line in lines if line.startswith('lcore'))):]
    # Lcore 1 allocated 100 blocks and freed them.
    assert re.match(r'1 +100 +[0-9.]+ % +100 ', lcores[2]), lcores


# ---- top

class Screen:
    """fastmem-info top on a terminal of tmux."""

    def __init__(self, folder, *args, columns=80, lines=24):
        need('tmux')
        self.tmux = ['tmux', '-f', '/dev/null', '-S', os.path.join(folder, 'tmux')]
        command = shlex.join(['env', f'RUNTIME_DIRECTORY={folder}', 'LC_ALL=C.UTF-8', INFO, 'top',
                              '--period', '0.2', *args])
        self.call('new-session', '-d', '-x', str(columns), '-y', str(lines),
                  f'{command}; echo ended with $?; exec sleep 60')

    def call(self, *args):
        return subprocess.run([*self.tmux, *args], check=True, capture_output=True, text=True,
                              env={**os.environ, 'LC_ALL': 'C.UTF-8'}).stdout

    def until(self, wanted, what):
        """Its lines, once they are as wanted."""
        end = time.monotonic() + 30
        while True:
            lines = self.call('capture-pane', '-p').splitlines()
            if wanted(lines):
                return lines
            assert time.monotonic() < end, f'{what}; the screen:\n' + '\n'.join(lines)
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.call('kill-server')


def lcore_row(lines, name):
    return next((line for line in lines if re.match(rf' +{name} .*/s ', line)), '')


def top_shows_what_happens_now():
    with running(PROGRAM) as program:
        program.do('init')
        with Screen(program.folder) as screen:
            lines = screen.until(lambda lines: lcore_row(lines, 0) and lines[-1].strip(), 'a full screen')
            assert len(lines) == 24 and all(len(line) <= 80 for line in lines), lines
            assert f'process {program.process.pid} ' in lines[0] and 'pressure ' in lines[0], lines[0]
            screen.until(lambda lines: re.search(r' 0  ?/s.* 0  ?/s', lcore_row(lines, 0).replace('0/s', '0 /s')),
                         'no rate')
            program.send('churn')
            lines = screen.until(lambda lines: re.search(r'[0-9.]+ [kMG]/s +[0-9.]+% .*[0-9.]+ [kMG]/s',
                                                         lcore_row(lines, 0)), 'a rate')
            program.until('done')
            # How it went, in blocks of eighths, the latest to the right.
            screen.until(lambda lines: '\u2588' in lcore_row(lines, 0), 'a spark line')


def top_fits_a_terminal_that_changes():
    program = watched()
    with Screen(program.folder) as screen:
        screen.until(lambda lines: lcore_row(lines, 0), 'a screen')
        screen.call('resize-window', '-x', '40', '-y', '10')
        # What does not fit is cut off, and does not go on in the line below.
        screen.until(lambda now: len(now) == 10 and 'node    reserved' in now[2] and not now[4] and
                     not now[7], 'a small screen')
        for columns, lines in ((132, 40), (60, 12), (20, 4), (80, 24)):
            screen.call('resize-window', '-x', str(columns), '-y', str(lines))
            screen.until(lambda now, lines=lines: len(now) == lines and 'watched' in now[0], 'that size')
        lines = screen.until(lambda lines: lcore_row(lines, 0) and lines[-1].strip(), 'a full screen')
        screen.call('send-keys', 'q')
        lines = screen.until(lambda lines: any('ended with' in line for line in lines), 'its end')
        assert any('ended with 0' in line for line in lines), lines
        # What was on the screen before is back.
        assert not any('/s' in line for line in lines), lines


def a_size_that_changes_while_it_asks_is_no_end():
    def slowly(_, answer):
        time.sleep(0.1)
        return answer
    program = watched()
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Spoiler(program, folder, slowly)), Screen(folder) as screen:
        screen.until(lambda lines: lcore_row(lines, 0), 'a screen')
        screen.call('resize-window', '-x', '70', '-y', '24')
        # What a terminal sends then; tmux waits until there is no further change.
        group = int(screen.call('list-panes', '-F', '#{pane_pid}'))
        for _ in range(10):
            os.killpg(group, signal.SIGWINCH)
            time.sleep(0.05)
        screen.call('send-keys', 'q')
        lines = screen.until(lambda lines: 'ended with' in ' '.join(lines), 'its end')
        assert 'ended with 0' in ' '.join(lines), lines


def top_ends_with_the_program():
    with running(PROGRAM) as program:
        program.do('init')
        with Screen(program.folder) as screen:
            screen.until(lambda lines: lcore_row(lines, 0), 'a screen')
            program.process.stdin.close()
            program.process.wait(timeout=50)
            lines = ' '.join(screen.until(lambda lines: any('ended with' in line for line in lines), 'its end'))
            assert 'does not tell' in lines and 'ended with 2' in lines, lines


def top_ends_by_a_signal_as_by_its_key():
    program = watched()
    with Screen(program.folder) as screen:
        screen.until(lambda lines: lcore_row(lines, 0), 'a screen')
        screen.call('send-keys', 'C-c')
        lines = ' '.join(screen.until(lambda lines: any('ended with' in line for line in lines), 'its end'))
        assert 'ended with 0' in lines and 'lcore' not in lines, lines


def top_ends_with_its_terminal():
    program = watched()
    terminal, end = pty.openpty()
    with subprocess.Popen([INFO, 'top', '--period', '60'], stdin=end, stdout=end, stderr=end,
                          env={**os.environ, 'RUNTIME_DIRECTORY': program.folder, 'TERM': 'xterm'}) as top:
        try:
            os.close(end)
            os.read(terminal, 1)
            os.close(terminal)
            assert top.wait(timeout=30) == 0
        finally:
            top.kill()


def top_needs_a_terminal():
    assert 'top needs a terminal' in info(watched(), 'top', status=2)
    assert '0.1 to 60 seconds' in info(watched(), 'top', '--period', '0', status=2)


# ---- prometheus

def metrics_of(text):
    return {name: float(value) for name, value in
            re.findall(r'^(\w+(?:\{[^}]*\})?) (\S+)$', text, re.M)}


def metrics_have_the_programs_figures():
    program = watched()
    told = program.tell()
    metrics = metrics_of(info(program, 'prometheus'))
    node = told['node']
    assert metrics[f'fastmem_backing_bytes{{node="{node}"}}'] == told['backing']
    assert metrics[f'fastmem_cached_bytes{{node="{node}"}}'] == told['cached']
    assert metrics[f'fastmem_in_use_bytes{{node="{node}"}}'] == sum(size for _, size in told['blocks'])
    assert metrics['fastmem_allocations_total{lcore="1",result="hit"}'] + \
        metrics['fastmem_allocations_total{lcore="1",result="miss"}'] == 100
    assert 0 <= metrics['fastmem_pressure_level{node="all"}'] <= 3
    # Each says what it is, once.
    text = info(program, 'prometheus')
    for name in {re.match(r'\w+', metric)[0] for metric in metrics}:
        assert text.count(f'# HELP {name} ') == text.count(f'# TYPE {name} ') == 1, name


def promtool_finds_nothing_wrong():
    need('promtool')
    done = subprocess.run(['promtool', 'check', 'metrics'], input=info(watched(), 'prometheus'),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done


def a_file_is_replaced_whole():
    program = watched()
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'fastmem.prom')
        for _ in range(2):
            assert info(program, 'prometheus', '--write', name) == ''
            with open(name, encoding='utf-8') as file:
                assert 'fastmem_backing_bytes' in file.read()
        assert os.listdir(folder) == ['fastmem.prom']
        assert 'could not be written' in info(program, 'prometheus', '--write', folder + '/no/file', status=2)


def what_is_no_file_is_written_to():
    program = watched()
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, 'pipe')
        os.mkfifo(name)
        with subprocess.Popen(['cat', name], stdout=subprocess.PIPE, text=True) as reader:
            assert info(program, 'prometheus', '--write', name) == ''
            assert 'fastmem_backing_bytes' in reader.communicate(timeout=30)[0]
        assert os.listdir(folder) == ['pipe'] and stat.S_ISFIFO(os.stat(name).st_mode)
        # A link, as /dev/stdout is one.
        file, link = os.path.join(folder, 'file'), os.path.join(folder, 'link')
        with open(file, 'w', encoding='utf-8'):
            os.symlink(file, link)
        assert info(program, 'prometheus', '--write', link) == ''
        assert os.path.islink(link)
        with open(file, encoding='utf-8') as written:
            assert 'fastmem_backing_bytes' in written.read()


def the_dashboard_asks_for_what_there_is():
    names = {re.match(r'\w+', metric)[0] for metric in metrics_of(info(watched(), 'prometheus'))}
    with open(DASHBOARD, encoding='utf-8') as file:
        panels = json.load(file)['panels']
    asked = [target['expr'] for panel in panels for target in panel['targets']]
    assert len(asked) > 8
    for expression in asked:
        assert set(re.findall(r'\bfastmem_\w+', expression)) <= names, expression


class Listener:
    """fastmem-info prometheus --listen, at a port that is free."""

    def __init__(self, folder, address='127.0.0.1:0'):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([INFO, 'prometheus', '--listen', address], text=True,
                                        env={**os.environ, 'RUNTIME_DIRECTORY': folder},
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.port = int(re.search(r'port (\d+)', self.process.stdout.readline())[1])

    def get(self, path='/metrics'):
        with urllib.request.urlopen(f'http://127.0.0.1:{self.port}{path}', timeout=30) as reply:
            return reply.headers['Content-Type'], reply.read().decode()

    def status_of(self, path, **more):
        try:
            with urllib.request.urlopen(urllib.request.Request(
                    f'http://127.0.0.1:{self.port}{path}', **more), timeout=30) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0


def a_server_tells_the_same():
    program = watched()
    with Listener(program.folder) as server:
        kind, text = server.get()
        assert kind.startswith('text/plain; version=0.0.4')
        assert metrics_of(text).keys() == metrics_of(info(program, 'prometheus')).keys()
        assert server.status_of('/') == 404
        assert server.status_of('/metrics', data=b'x', method='POST') == 405


def a_server_outlives_the_program():
    with running(PROGRAM) as program:
        program.do('init')
        with Listener(program.folder) as server:
            assert server.status_of('/metrics') == 200
            program.process.stdin.close()
            program.process.wait(timeout=50)
            assert server.status_of('/metrics') == 503


def wrong_addresses_are_told():
    for address in ('here', '127.0.0.1', '127.0.0.1:port', ':9464', 'localhost:9464', '127.0.0.1:65536'):
        assert 'is no address to listen at' in info(watched(), 'prometheus', '--listen', address, status=2)


def prometheus_itself_scrapes_it():
    need('prometheus')
    program = watched()
    with tempfile.TemporaryDirectory() as folder, Listener(program.folder) as server:
        with open(os.path.join(folder, 'prometheus.yml'), 'w', encoding='utf-8') as file:
            json.dump({'scrape_configs': [{'job_name': 'fastmem', 'scrape_interval': '1s',
                                           'static_configs': [{'targets': [f'127.0.0.1:{server.port}']}]}]}, file)
        port = free_port()
        with subprocess.Popen(['prometheus', f'--config.file={folder}/prometheus.yml',
                               f'--storage.tsdb.path={folder}/data', f'--web.listen-address=127.0.0.1:{port}'],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as prometheus:
            try:
                value = first_answer(f'http://127.0.0.1:{port}/api/v1/query?query=sum(fastmem_backing_bytes)')
            finally:
                prometheus.terminate()
    assert int(value) == program.tell()['backing'], value


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def first_answer(query):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(query, timeout=10) as reply:
                result = json.load(reply)['data']['result']
            if result:
                return result[0]['value'][1]
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.2)
    raise AssertionError('Prometheus never had an answer')


# ---- finding the program

def without_a_program_it_says_so():
    with tempfile.TemporaryDirectory() as folder:
        for verb in ('status', 'classes', 'map', 'audit', 'top', 'prometheus'):
            assert 'no DPDK program with telemetry runs here' in info(folder, verb, status=2)
            assert 'no answer from a program at' in info(folder, verb, '--file-prefix', 'x', status=2)


def one_of_several_has_to_be_named():
    program = watched()
    with running(PROGRAM, folder=program.folder, prefix='other') as other:
        other.do('init')
        told = info(program, 'status', status=2)
        assert '--file-prefix' in told and 'watched' in told and 'other' in told, told
        assert f'process {other.process.pid}' in info(program, 'status', '--file-prefix', 'other')


def an_answer_that_comes_late_is_not_taken_for_another():
    program = watched()
    last = ['/fastmem/info', {}]

    def with_the_last(command, answer):
        late, last[:] = list(last), [command.split(',')[0], answer]
        return late
    with tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Spoiler(program, folder, late=with_the_last)):
        for verb in ('status', 'classes', 'map', 'audit'):
            assert re.sub(', .* available', '', info(folder, verb)) == \
                re.sub(', .* available', '', info(program, verb)), verb


def a_telemetry_that_has_all_its_clients_is_told():
    with running(PROGRAM) as program, contextlib.ExitStack() as stack:
        for _ in range(10):
            one = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            one.connect(f'{program.folder}/dpdk/watched/dpdk_telemetry.v2')
            assert one.recv(1 << 16)
        assert 'ten at a time' in info(program, 'status', '--file-prefix', 'watched', status=2)


def before_init_it_says_so():
    with running(PROGRAM) as program:
        assert 'not initialised' in info(program, 'status', status=2)


def a_recorded_machine_is_no_program():
    assert '--sysfs stands for a machine' in info(watched(), 'status', '--sysfs', '/tmp', status=2)


main([
    classes_have_the_programs_blocks,
    the_map_has_the_programs_slabs,
    colours_are_for_terminals,
    the_picture_has_a_box_a_slab,
    the_audit_proves_the_sum,
    an_audit_that_finds_something_says_so,
    status_has_the_programs_figures,
    top_shows_what_happens_now,
    top_fits_a_terminal_that_changes,
    a_size_that_changes_while_it_asks_is_no_end,
    top_ends_with_the_program,
    top_ends_by_a_signal_as_by_its_key,
    top_ends_with_its_terminal,
    top_needs_a_terminal,
    metrics_have_the_programs_figures,
    promtool_finds_nothing_wrong,
    a_file_is_replaced_whole,
    what_is_no_file_is_written_to,
    the_dashboard_asks_for_what_there_is,
    a_server_tells_the_same,
    a_server_outlives_the_program,
    wrong_addresses_are_told,
    prometheus_itself_scrapes_it,
    without_a_program_it_says_so,
    one_of_several_has_to_be_named,
    an_answer_that_comes_late_is_not_taken_for_another,
    a_telemetry_that_has_all_its_clients_is_told,
    before_init_it_says_so,
    a_recorded_machine_is_no_program,
])
