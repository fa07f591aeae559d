# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Debian's own DPDK programs, run with the plugin and without: what the judges share."""

import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "app"))
from cases import Skip, main, need  # noqa: E402,F401

CAPTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "web.pcap")
HUGE = os.environ.get("FASTMEM_HUGE") == "1"
FULL = bool(os.environ.get("FASTMEM_TEST_FULL"))
OURS, DEFAULT = "fastmem", "DPDK's own"

_serial = 0


def plugin():
    """The plugin by its name alone: EAL loads by a path only what lies below no world-writable folder."""
    folder, name = os.path.split(os.path.abspath(sys.argv[1]))
    os.environ["LD_LIBRARY_PATH"] = f'{folder}:{os.environ.get("LD_LIBRARY_PATH", "")}'
    return name


PLUGIN = plugin()


def need_huge():
    if not HUGE:
        raise Skip("secondaries need hugepages: --no-huge memory cannot be shared")


def cpus(n):
    """Lcores 0 to n - 1, on the CPUs that there are in turn."""
    there = sorted(os.sched_getaffinity(0))
    return ",".join(f"{i}@{there[i % len(there)]}" for i in range(n))


def load(ops):
    """EAL's options for a program whose packet buffers come from pools with these operations."""
    return ["-d", PLUGIN, "--mbuf-pool-ops-name=fastmem"] if ops == OURS else []


def prefix():
    """A name for one primary and its secondaries."""
    global _serial  # pylint: disable=global-statement
    _serial += 1
    return f"fastmem-plugin-{os.getpid()}-{_serial}"


def memory(shared=None, megabytes=512):
    """EAL's options for memory; `shared` is the prefix() of a primary that secondaries join."""
    if not HUGE:
        return ["--no-huge", "-m", str(megabytes), "--no-shconf"]
    return ["--file-prefix", shared, "--huge-unlink=never"] if shared else ["--in-memory"]


def eal(ops, n=2, shared=None, megabytes=512):
    return ["--no-pci", "--no-telemetry", "--lcores", cpus(n), *memory(shared, megabytes),
            *load(ops)]


def without_devices(command):
    """
    The command in a mount namespace without PCI devices: EAL's secondaries that a test starts by
    itself look for them, whatever the primary was told.
    """
    if os.geteuid() != 0:
        raise Skip("only root can hide PCI devices from secondaries")
    script = "mount -t tmpfs none /sys/bus/pci/devices && exec \"$@\""
    probe = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", "true"],
                           capture_output=True, check=False)
    if probe.returncode:
        raise Skip("no mount namespace is to be had here")
    return ["unshare", "-m", "sh", "-c", script, "sh", *command]


def text(done):
    return done.stdout.decode(errors="replace")


def run(command, stdin=None, timeout=120, **env):
    """Run to its end; both outputs as one."""
    return subprocess.run(command, input=stdin.encode() if stdin else None,
                          stdin=None if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout, check=False,
                          env={**os.environ, **env})


def cpu_seconds(pid):
    """Of all its threads, by the scheduler's clock: those that wait for work sleep."""
    nanoseconds = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            nanoseconds += int(file.read().split()[0])
    return nanoseconds / 1e9


def forget(shared):
    """Remove what a primary that was not told to be in memory only leaves."""
    subprocess.run(f"rm -rf /var/run/dpdk/{shared} /dev/hugepages/{shared}map_*", shell=True,
                   check=False)


class Testpmd:
    """dpdk-testpmd at its prompt; leaves when the block ends."""

    def __init__(self, ops, devices, args, shared=None, lcores=2, plan=None):
        need("dpdk-testpmd")
        self.log = tempfile.TemporaryFile()
        self.shared = shared
        env = dict(os.environ)
        if plan:
            env["FASTMEM_PLAN"] = plan
        # What commands print goes by stdio, and the prompt does not.
        command = ["stdbuf", "-o0", "dpdk-testpmd", *eal(ops, lcores, shared),
                   *(f"--vdev={device}" for device in devices), "--", "-i", "--no-flush-rx",
                   "--total-num-mbufs=8192", *args]
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self.log,
                                        stderr=subprocess.STDOUT, env=env)
        self.wait_for("testpmd> ")

    def __enter__(self):
        return self

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def wait_for(self, what, seconds=30, after=0):
        end = time.monotonic() + seconds
        while what not in self.output()[after:]:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no {what!r} in:\n{self.output()[-3000:]}")
            time.sleep(0.05)

    def say(self, command):
        """A command, and what it prints until the next prompt."""
        after = len(self.output())
        self.process.stdin.write((command + "\n").encode())
        self.process.stdin.flush()
        # It prints the prompt anew for the line itself, too: until it has fallen silent.
        length = -1
        while length != len(self.output()) or not self.output().endswith("testpmd> "):
            length = len(self.output())
            time.sleep(0.1)
            self.wait_for("testpmd> ", after=after)
        return self.output()[after:]

    def __exit__(self, *error):
        if self.process.poll() is None:
            try:
                self.process.communicate(b"quit\n", timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.shared:
            forget(self.shared)
        if error[0] is None:
            assert self.process.returncode == 0, self.output()[-3000:]
        self.log.close()
