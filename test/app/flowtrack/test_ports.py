#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Ports other than a capture's, several workers, signals, reports in between, wrong options.

usage: test_ports.py PROGRAM
"""

import os
import shutil
import signal
import stat
import subprocess
import tempfile

from flowtrack import (EAL_NO_HUGE, LONG, command, data, main, memory_modes, need, run, run_until,
                       tshark)

FOLDER = tempfile.mkdtemp()


def split_by_flow(name):
    """The capture in two files, both directions of a flow in the same one."""
    need("editcap")
    tcp = [line.split("\t") for line in
           tshark(data(name), "-T", "fields", "-e", "frame.number", "-e", "tcp.stream", "-E",
                  "occurrence=f")]
    odd = [number for number, stream in tcp if stream and int(stream) % 2]
    paths = [os.path.join(FOLDER, f"{half}.pcap") for half in (0, 1)]
    subprocess.run(["editcap", "-F", "pcap", "-r", data(name), paths[1], *odd], check=True)
    subprocess.run(["editcap", "-F", "pcap", data(name), paths[0], *odd], check=True)
    return paths


def sums(report):
    """What has to be the same however the flows are spread over workers."""
    packets = {k: v for k, v in report["packets"].items() if not isinstance(v, dict)}
    protocols = {k: v["packets"] for k, v in report["flows"]["protocols"].items()}
    tcp_flows = report["flows"]["protocols"]["tcp"]["flows"]
    tcp = {k: report["tcp"][k] for k in ("reassembled_bytes", "repeated_bytes", "segments")}
    return packets, protocols, tcp_flows, tcp


def test_two_workers_count_what_one_does():
    args = ["--flow-timeout", LONG, "--top", "1000"]
    one = run(["--capture", data("web.pcap"), *args]).report
    halves = split_by_flow("web.pcap")
    for eal in memory_modes():
        vdev = ["--vdev", f"net_pcap0,rx_pcap={halves[0]},rx_pcap={halves[1]}"]
        two = run_until(args, eal + vdev, 3, 2).report
        assert two["workers"] == 2 and two["capture"] is None
        assert sums(two) == sums(one)
        assert not two["memory"]["peaks_exact"]
        # One worker that polls both queues.
        both = run_until(args, eal + vdev, 1, 1).report
        assert both["workers"] == 1 and sums(both) == sums(one)


def test_two_ports_share_a_worker():
    halves = split_by_flow("web.pcap")
    vdevs = []
    for i, half in enumerate(halves):
        vdevs += ["--vdev", f"net_pcap{i},rx_pcap={half}"]
    one = run(["--capture", data("web.pcap"), "--flow-timeout", LONG]).report
    report = run_until(["--flow-timeout", LONG], EAL_NO_HUGE + vdevs, 1, 1).report
    assert sums(report) == sums(one)


def test_a_port_without_end_runs_until_a_signal():
    for number in (signal.SIGINT, signal.SIGTERM):
        result = run_until([], EAL_NO_HUGE + ["--vdev", "net_null0"], 2, 1, number)
        report = result.report
        # Frames of zeros: a length of 0, so they are 802.3.
        assert report["packets"]["count"] == report["packets"]["skipped"]["802.3 frame"] > 1000


def test_reports_in_between():
    for lcores in (1, 2):
        result = run_until(["--interval", "1"], EAL_NO_HUGE + ["--vdev", "net_null0"], lcores, 3.5)
        assert 2 <= result.out.count("---- interim report after") <= 3, result
        assert result.out.count("---- report after") == 1, result
        assert result.report["final"]


def test_lcores_without_a_queue_stay_idle():
    result = run(["--capture", data("web.pcap")], lcores=3)
    assert "1 receive queue in all: 1 of 2 worker lcores stay idle" in result.out, result
    assert result.report["workers"] == 1


def test_no_port_is_said():
    result = run([], code=1)
    assert "no port: give --capture FILE" in result.err, result


def test_a_report_that_cannot_be_written_is_said():
    path = os.path.join(FOLDER, "no-such-folder", "report.json")
    result = run(["--capture", data("web.pcap"), "--json", path], code=1, json_report=False)
    assert path in result.err and "No such file" in result.err, result
    result = run(["--capture", data("web.pcap"), "--json", "/dev/full"], code=1,
                 json_report=False)
    assert "/dev/full" in result.err and stat.S_ISCHR(os.stat("/dev/full").st_mode), result


def test_wrong_options_are_said():
    for args, says in (
            (["--capture"], "--capture: needs a value"),
            (["--no-such"], "--no-such: no such option"),
            (["--top", "many"], "--top: expected"),
            (["--reserve", "0=64M,64M"], "--reserve: expected"),
            (["--fastmem-reserve"], "--fastmem-reserve: needs a value"),
            (["--fastmem-reserve", "0=4M", "--reserve", "4M"], "--reserve: not with a plan"),
            (["stray"], "stray: not an option"),
    ):
        result = run(args, code=1, json_report=False)
        assert says in result.err and "usage: fastmem-flowtrack" in result.err, result


def test_help_needs_no_machine():
    done = subprocess.run(command(["--help"]), capture_output=True, text=True, check=True)
    assert "--capture FILE" in done.stdout and done.stderr == ""


try:
    main([
        test_two_workers_count_what_one_does,
        test_two_ports_share_a_worker,
        test_a_port_without_end_runs_until_a_signal,
        test_reports_in_between,
        test_lcores_without_a_queue_stay_idle,
        test_no_port_is_said,
        test_a_report_that_cannot_be_written_is_said,
        test_wrong_options_are_said,
        test_help_needs_no_machine,
    ])
finally:
    shutil.rmtree(FOLDER)
