# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""What the tests of fastmem-flowtrack share: running it, running tshark, being a test program."""

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from cases import main, need  # noqa: E402,F401

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data")
CAPTURES = ["web.pcap", "alexa-app.pcapng"]
LONG = "1000000"  # a timeout that no flow of a capture reaches

EAL = ["--no-telemetry", "--no-pci", "--log-level", "warning"]
EAL_HUGE = ["--in-memory"]
EAL_NO_HUGE = ["--no-huge", "-m", "512", "--no-shconf"]


def data(name):
    return os.path.join(DATA, name)


def program():
    return sys.argv[1]


def memory_modes():
    """EAL's options for each kind of memory that tests may use here."""
    modes = [EAL_NO_HUGE]
    if os.environ.get("FASTMEM_HUGE") == "1":
        modes.append(EAL_HUGE)
    return modes


class Result:
    """What a run left: exit code, output, and the report if there is one."""

    def __init__(self, code, out, err, report):
        self.code = code
        self.out = out
        self.err = err
        self.report = report

    def __str__(self):
        return f"exit code {self.code}\n{self.out}\n{self.err}"


def command(args, eal=None, lcores=1):
    """With so many lcores, on the CPUs that there are in turn."""
    cpus = sorted(os.sched_getaffinity(0))
    at = ",".join(f"{i}@{cpus[i % len(cpus)]}" for i in range(lcores))
    return [program(), *EAL, *(eal or EAL_NO_HUGE), "--lcores", at, "--", *args]


def run(args, eal=None, lcores=1, code=0, json_report=True):
    """Run the program to its end; its exit code has to be as given."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        if json_report:
            args = [*args, "--json", path]
        done = subprocess.run(command(args, eal, lcores), capture_output=True, text=True,
                              errors="replace", timeout=120, check=False)
        report = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        result = Result(done.returncode, done.stdout, done.stderr, report)
    assert result.code == code, f"expected exit code {code}: {result}"
    if code == 0 and report is not None:
        check_memory(result)
    return result


def run_until(args, eal, lcores, seconds, number=signal.SIGINT):
    """Run the program for so long, then end it by a signal."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        process = subprocess.Popen(command([*args, "--json", path], eal, lcores), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(seconds)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        result = Result(process.returncode, out, err, None)
        assert result.code == 0, str(result)
        with open(path, encoding="utf-8") as file:
            result.report = json.load(file)
    check_memory(result)
    return result


def check_memory(result):
    """What has to hold for the memory of every run."""
    memory = result.report["memory"]
    assert memory["growths_after_start"] == 0, memory
    assert memory["left_in_use_at_exit"] == 0, memory
    used = sum(node["used"] for node in memory["nodes"])
    counted = sum(kind["now_bytes"] for kind in memory["objects"].values())
    for node in memory["nodes"]:
        assert 0 < node["used"] <= node["peak"] <= node["reserved"], node
        assert node["failed_growths"] == 0, node
        assert node["backing"] == node["reserved"], node
        # What is cached by class adds up to what is cached.
        cached = sum(c["size"] * c["cached_blocks"] for c in node["classes"])
        assert cached == node["cached"], node
    # fastmem's own count is the program's, and the workers' own states.
    classes = {c["size"]: c["used_blocks"] for c in memory["classes"]}
    assert sum(size * number for size, number in classes.items()) == used, memory
    # So is its count of each class, as workers on each node have it.
    blocks = dict.fromkeys(classes, 0)
    for node in memory["nodes"]:
        for c in node["classes"]:
            assert c["used_blocks"] <= c["peak_blocks"], node
            blocks[c["size"]] += c["used_blocks"]
    assert blocks == classes, memory
    state = (used - counted) // result.report["workers"]
    assert used - counted == state * result.report["workers"] and state in classes, memory
    for kind in memory["objects"].values():
        assert kind["now"] <= kind["peak"] <= kind["allocated"], memory


def flow_key(flow):
    """Names a flow of a report, the same for both directions."""
    ends = sorted((flow[end]["address"], flow[end]["port"]) for end in ("initiator", "responder"))
    return (flow["protocol"], *ends)


@functools.lru_cache(maxsize=None)
def tshark(path, *args):
    """Lines of tshark's output; each datagram for itself, as packets are seen on the way."""
    need("tshark")
    done = subprocess.run(
        ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
         *args], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def crc32c_table():
    table = []
    for i in range(256):
        for _ in range(8):
            i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return table


TABLE = crc32c_table()


def crc32c(content):
    """As reports have it: not inverted, beginning with 0."""
    crc = 0
    for byte in content:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc
