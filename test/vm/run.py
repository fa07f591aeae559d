#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Boot a guest of a shape, and run there the tests of all libraries that a build has.

usage: run.py SHAPE SOURCE-FOLDER BUILD-FOLDER [PATTERN]

The guest is emulated in software, so it needs no right and no hardware. What is run there is what
meson knows as tests of certain suites: those that are also of suite "nodes" in each shape, of those
that place memory each in one; with FASTMEM_TEST_FULL all in each; with PATTERN those that match it.
Prints a line for each; the file that the line "results:" names has their output, in the format of
meson's own log, for test/summary.py to count.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import image
import kernel
from shapes import FEATURES, SHAPES

SKIPPED = 77
FULL = bool(os.environ.get('FASTMEM_TEST_FULL'))
SUITES = {'fast', 'huge', 'multiproc', 'nodes'}
# In full only: EAL's other modes, but for the subject that shows most of what they do with nodes;
# subjects that do not care whose memory it is; failures of single calls, and what all allocators
# have in common, which take minutes here.
SELDOM = re.compile(
    r'fastmem/(?!reserve/)\w+/(no-huge|pa|va|legacy|legacy-cut)$'
    r'|fastmem/(audit_storm|before_init|capacity|foreign|reuse|rfc_names|shuffle|storm|threads)/memory-only$'
    r'|\w+_faults(/\w+)?$|memalloc_conform$|memregion_threads$')
# Of the others those that place memory have their turn in one shape each, but for: subjects that do
# not care, once more; what the same with memory-only nodes shows too.
PLACING = {'huge', 'numa', 'multiproc'}
NO_TURN = re.compile(r'fastmem/(audit_storm|reuse|shuffle|storm|threads)/huge$|multiproc/secondaries$')
# Long, and seen in the other shapes.
SELDOM_HERE = {
    'memory-only': [re.compile('nodes/(drift|supply)$')],
    'no-hugepages': [re.compile('nodes/(doctor|drift)$')],
    'runs-out': [re.compile('nodes/(doctor|drift)$')],
}
SLOWER = 3           # than here, tests are in a guest: their time limits grow by this
DEADLINE = 600 if not FULL else 3600
# An emulated machine may lose an interrupt while it starts, and then waits for it for ever.
BOOT_DEADLINE, BOOT_TRIES = 60, 3
KILLED = 128 + 9     # by timeout(1)
PCI_SLOT = 16        # the first that no device of the machine's own has
# What a kernel says when something is wrong with it, or with what we have it do.
TROUBLE = re.compile(r'BUG:|WARNING:|Oops|Kernel panic|general protection|Out of memory|oom-kill'
                     r'|soft lockup|blocked for more than')
# Drivers that programs load; without bus_pci EAL does not start with net_pcap.
DRIVERS = ('bus_pci', 'bus_vdev', 'mempool_ring', 'net_pcap', 'net_ring')
# What tests call by name with options that busybox does not know, and a shell that does so:
# busybox's own shell would take its own tools.
TOOLS = ('sh', 'cp', 'lscpu')


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIPPED)


def known_tests(build):
    """The tests that are programs, as meson describes them, and their suites."""
    out = subprocess.run(['meson', 'introspect', '--tests', build], check=True,
                         capture_output=True, text=True).stdout
    for test in json.loads(out):
        suites = {suite.split(':')[-1] for suite in test['suite']}  # "project:suite"
        # A script is run by a program too, which a guest does not have.
        if SUITES & suites and image.is_program(test['cmd'][0]) and \
                not os.path.basename(test['cmd'][0]).startswith('python'):
            yield test, suites


def chosen_tests(shape, build, pattern):
    foreign = FEATURES - set(SHAPES[shape].features.split())
    here = [SELDOM, *SELDOM_HERE.get(shape, ())]
    number = list(SHAPES).index(shape)
    turn = 0
    for test, suites in known_tests(build):
        if 'nodes' in suites and test['name'].split('/')[-1] in foreign:
            continue
        if pattern:
            if re.search(pattern, test['name']):
                yield test
        elif not FULL and any(seldom.match(test['name']) for seldom in here):
            continue
        elif FULL or 'nodes' in suites:
            yield test
        else:
            turn += 1
            if turn % len(SHAPES) == number and suites & PLACING and \
                    not NO_TURN.match(test['name']):
                yield test


def driver_files():
    libdir = subprocess.run(['pkg-config', '--variable=libdir', 'libdpdk'], check=True,
                            capture_output=True, text=True).stdout.strip()
    for where, _, names in os.walk(os.path.join(libdir, 'dpdk')):
        for name in names:
            if re.fullmatch(r'librte_(.*)\.so\.[0-9.]+', name) and \
                    name.split('librte_')[1].split('.so')[0] in DRIVERS:
                yield os.path.join(where, name)


def told_to_tests(shape):
    """What tests may know of the machine, but from its kernel."""
    told = {'FASTMEM_HUGE': '1', 'FASTMEM_MACHINE': shape.features}
    if shape.access:
        told['FASTMEM_ACCESS'] = ';'.join(
            f'{near.target} {near.initiator} {near.read_bandwidth} {near.write_bandwidth} '
            f'{near.read_latency} {near.write_latency}' for near in shape.nearest.values())
    if shape.pci:
        told['FASTMEM_PCI'] = ';'.join(
            f'{bus + 1:02x}:{PCI_SLOT:02x}.0 {node}' for node, bus in shape.buses.items())
    return told


def make_image(tests, shape, source, build, path):
    """Write the initramfs with these tests and all that they need."""
    lines = []
    guest = image.Image()
    guest.add_file(shutil.which('busybox'), '/bin/busybox')
    guest.add_file(os.path.join(source, 'test', 'vm', 'init.sh'), '/init')
    guest.add_bytes('/etc/passwd', b'root:x:0:0::/:/bin/sh\n', 0o644)
    for tool in TOOLS:
        guest.add_file(shutil.which(tool), f'/bin/{tool}')
    for driver in driver_files():
        guest.add_file(driver)
    for test in tests:
        workdir = test['workdir'] or build
        for word in [*test['cmd'], *test['env'].values()]:
            word = os.path.join(workdir, word)
            if os.path.isfile(word):
                guest.add_file(word)
            elif os.path.isdir(word) and word.startswith(os.path.join(source, 'test')):
                guest.add_tree(word)
        environment = {**test['env'], **told_to_tests(shape)}
        words = [f'{key}={value}' for key, value in environment.items()] + test['cmd']
        lines.append('\t'.join((test['name'], str(int(test['timeout']) * SLOWER),
                                f'cd {shlex.quote(workdir)} && exec env {shlex.join(words)}')))
    guest.add_folder(build)
    guest.add_bytes('/tests', ('\n'.join(lines) + '\n').encode(), 0o644)
    guest.write(path)


def qemu_access(shape):
    """The table HMAT; without one a memory-only node has no initiator."""
    if not shape.access:
        return []
    options = ['-machine', 'hmat=on']
    for access in shape.access:
        of = f'hmat-lb,initiator={access.initiator},target={access.target},hierarchy=memory'
        for kind in ('read', 'write'):
            latency = getattr(access, f'{kind}_latency')
            bandwidth = getattr(access, f'{kind}_bandwidth')
            if latency:
                options += ['-numa', f'{of},data-type={kind}-latency,latency={latency}']
            if bandwidth:
                options += ['-numa', f'{of},data-type={kind}-bandwidth,bandwidth={bandwidth}M']
    return options


def qemu_pci(shape):
    options = []
    for i, (node, bus) in enumerate(shape.buses.items()):
        options += ['-device', f'pxb,id=bus{node},bus_nr={bus},numa_node={node},bus=pci.0,'
                               f'addr={PCI_SLOT + i:x}',
                    '-device', f'pci-testdev,bus=bus{node},addr={PCI_SLOT:x}']
    return options


def qemu(shape, vmlinuz, initramfs, console, results):
    hugepages = ','.join(str(node.hugepages) for node in shape.nodes)
    # Whoever kills us kills the guest.
    command = ['setpriv', '--pdeathsig', 'KILL',
               'qemu-system-x86_64', '-accel', 'tcg,thread=multi',
               # Of this vendor a die's cores share a cache, of the default one a package's. Strings
               # that are said to be fast are stored by the byte: each page is cleared so.
               '-cpu', 'max,la57=off,vendor=GenuineIntel,erms=off',
               '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot',
               '-smp', f'{shape.cpus},sockets={shape.packages},dies={shape.dies}',
               '-m', f'{sum(node.mib for node in shape.nodes)}M',
               '-serial', f'file:{console}', '-serial', f'file:{results}',
               '-kernel', vmlinuz, '-initrd', initramfs,
               # A panic ends it; clearing memory twice and mitigations only take time.
               '-append', 'console=ttyS0 quiet loglevel=4 panic=-1 irqaffinity=0 '
                          'no_timer_check init_on_alloc=0 mitigations=off '
                          f'fastmem.hugepages={hugepages}']
    for i, node in enumerate(shape.nodes):
        cpus = f',cpus={node.cpus[0]}-{node.cpus[-1]}' if node.cpus else ''
        if i in shape.nearest:
            cpus += f',initiator={shape.nearest[i].initiator}'
        command += ['-object', f'memory-backend-ram,id=m{i},size={node.mib}M,reserve=off',
                    '-numa', f'node,nodeid={i},memdev=m{i}{cpus}']
    for i, row in enumerate(shape.distances):
        for k, distance in enumerate(row):
            command += ['-numa', f'dist,src={i},dst={k},val={distance}']
    return command + qemu_access(shape) + qemu_pci(shape)


def boot(command, results):
    """Run a guest to its end; why it did not end well, or None."""
    for _ in range(BOOT_TRIES):
        if os.path.exists(results):
            os.unlink(results)
        started = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as guest:
            try:
                while guest.poll() is None:
                    time.sleep(0.1)
                    took = time.monotonic() - started
                    if took > DEADLINE:
                        return f'it was not done after {DEADLINE} s'
                    if took > BOOT_DEADLINE and not read(results):
                        break
                else:
                    return f'qemu failed: {guest.stderr.read()}' if guest.returncode else None
            finally:
                guest.kill()
    return f'it said nothing within {BOOT_DEADLINE} s, {BOOT_TRIES} times'


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8', errors='replace') as file:
        return [line.rstrip('\r\n') for line in file]


class Record:
    """What became of a test, as meson would log it."""

    def __init__(self, name):
        self.name = name
        self.out = []
        self.result = 'FAIL'
        self.duration = 0.0

    def fail(self, why):
        self.result = 'FAIL'
        self.out.append(why)

    def log(self, shape):
        return {'name': f'vm/{shape}: {self.name}', 'result': self.result,
                'stdout': '\n'.join(self.out) + '\n', 'stderr': '', 'duration': self.duration}


def parse(lines):
    """What the guest said of the machine, what of each test, and whether it came to its end."""
    machine, records, ended = {}, [], False
    free = None
    for line in lines:
        word, _, rest = line.partition(' ')
        if word == 'machine':
            key, _, value = rest.partition(' ')
            machine[key] = value
            free = machine.get('hugepages')
        elif word == 'begin':
            records.append(Record(rest))
        elif word == 'end':
            status, since, until, left = rest.split(' ', 3)
            record = records[-1]
            record.duration = float(until) - float(since)
            record.result = {'0': 'OK', str(SKIPPED): 'SKIP', str(KILLED): 'TIMEOUT'}.get(
                status, 'FAIL')
            if record.result in ('FAIL', 'TIMEOUT'):
                record.out.append(f'exit status {status}')
            if left != free:
                record.fail(f'it left other hugepages free than before: {left}, not {free}')
                free = left
        elif word == 'done':
            ended = True
        elif line.startswith('|') and records:
            records[-1].out.append(line[1:])
    if not ended and records and records[-1].result == 'FAIL':
        records[-1].out.append('the guest ended, or was ended, within this test or after it')
    return machine, records, ended


def span(ids):
    return f'{ids[0]}-{ids[-1]}' if len(ids) > 1 else ''.join(str(i) for i in ids)


def check_machine(shape, machine):
    """The guest's kernel sees the machine that the shape describes."""
    record = Record('machine')
    record.result = 'OK'
    expected = {'hugepages': ' '.join(str(node.hugepages) for node in shape.nodes) + ' '}
    for i, node in enumerate(shape.nodes):
        expected[f'node{i}/cpulist'] = span(node.cpus)
        expected[f'node{i}/distance'] = ' '.join(str(d) for d in shape.distances[i])
        for cpu in node.cpus:
            expected[f'cpu{cpu}/package'] = str(cpu * shape.packages // shape.cpus)
    for key, value in expected.items():
        if machine.get(key) != value:
            record.fail(f'{key} is "{machine.get(key)}" and should be "{value}"')
    return record


def check_kernel(console, failure):
    """It ran to its end, and its kernel had nothing to complain about."""
    record = Record('kernel')
    record.result = 'OK'
    for line in console:
        if TROUBLE.search(line):
            record.fail(line)
    if failure:
        record.out += console[-60:]
        record.fail(failure)
    return record


def run(name, source, build, pattern):
    shape = SHAPES[name]
    folder = os.path.join(build, 'vm')
    try:
        vmlinuz = kernel.find(folder)
    except kernel.NoKernel as error:
        skip(f'there is no kernel for a guest: {error}')
    paths = {what: os.path.join(folder, f'{name}.{what}')
             for what in ('initramfs', 'console', 'results', 'json')}
    for path in paths.values():
        if os.path.exists(path):
            os.unlink(path)
    tests = list(chosen_tests(name, build, pattern))
    make_image(tests, shape, source, build, paths['initramfs'])
    command = qemu(shape, vmlinuz, paths['initramfs'], paths['console'], paths['results'])
    failure = boot(command, paths['results'])
    machine, records, ended = parse(read(paths['results']))
    if not ended and failure is None:
        failure = 'it ended before all tests had run'
    names = {record.name for record in records}
    missing = [Record(test['name']) for test in tests if test['name'] not in names]
    for record in missing:
        record.fail('it was not run')
    records = [check_kernel(read(paths['console']), failure), check_machine(shape, machine),
               *records, *missing]
    with open(paths['json'], 'w', encoding='utf-8') as file:
        for record in records:
            file.write(json.dumps(record.log(name)) + '\n')
    return records, paths['json']


def main(args):
    name, source, build = args[0], os.path.realpath(args[1]), os.path.realpath(args[2])
    if os.uname().machine != 'x86_64':
        skip('the guests are x86-64 machines with kernels and programs of this one')
    for tool in ('qemu-system-x86_64', 'busybox', 'ldd', 'setpriv'):
        if shutil.which(tool) is None:
            skip(f'{tool} is not installed')
    started = time.monotonic()
    records, log = run(name, source, build, args[3] if len(args) > 3 else None)
    records.sort(key=lambda record: record.result not in ('OK', 'SKIP'))  # what failed last
    for record in records:
        print(f'{record.result:8} {record.duration:6.2f} s  {record.name}')
        if record.result not in ('OK', 'SKIP'):
            print(*('    ' + line for line in record.out[-60:]), sep='\n')
    print(f'{name}: {time.monotonic() - started:.0f} s')
    print(f'results: {log}')
    return int(any(record.result not in ('OK', 'SKIP') for record in records))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
