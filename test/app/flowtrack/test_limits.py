#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Full tables, little memory, small windows, time: what gives way, and that it is counted.

usage: test_limits.py PROGRAM
"""

import os
import shutil
import tempfile

import frames
from flowtrack import CAPTURES, LONG, data, main, memory_modes, run

FOLDER = tempfile.mkdtemp()
SECOND = 1000000


def run_frames(made, *args, eal=None):
    path = os.path.join(FOLDER, "made.pcap")
    frames.write_pcap(path, made)
    return run(["--capture", path, "--top", "100000", *args], eal)


def udp_frame(port, time_us):
    return (time_us, frames.ether(frames.ipv4(frames.udp(sport=port), proto=17)))


def created(report):
    return sum(p["flows"] for p in report["flows"]["protocols"].values())


def initiator_ports(report):
    return sorted(flow["initiator"]["port"] for flow in report["top"])


def test_a_full_table_drops_the_oldest_flow():
    for capture in CAPTURES:
        full = run(["--capture", data(capture), "--flow-timeout", LONG]).report
        for most in (1, 2, 7, 30):
            report = run(["--capture", data(capture), "--flow-timeout", LONG, "--max-flows",
                          str(most)]).report
            assert report["flows"]["live_peak"] == most
            ended = report["flows"]["ended"]
            assert ended["program end"] == most
            assert ended["dropped as oldest"] == created(report) - most > 0
            assert report["packets"] == full["packets"], "packets are counted all the same"
            assert report["flows"]["packets_untracked"] == 0
            assert report["memory"]["objects"]["flow records"]["peak"] == most


def test_the_oldest_is_the_one_silent_the_longest():
    # 1 is made first but 2 is silent the longest when 3 comes: 2 gives way, and comes anew.
    made = [udp_frame(port, i) for i, port in enumerate((1, 2, 1, 3, 1, 2))]
    report = run_frames(made, "--max-flows", "2").report
    assert initiator_ports(report) == [1, 2, 2, 3]
    one = next(f for f in report["top"] if f["initiator"]["port"] == 1)
    assert one["initiator"]["packets"] == 3, "it was never dropped"
    assert report["flows"]["ended"]["dropped as oldest"] == 2


def test_flows_end_after_their_timeout():
    # Flow 1 is silent for 11 s and ends, flow 2 never for 10 s.
    made = [udp_frame(1, 0), udp_frame(2, 0), udp_frame(2, 9 * SECOND), udp_frame(1, 11 * SECOND),
            udp_frame(2, 18 * SECOND)]
    report = run_frames(made, "--flow-timeout", "10").report
    assert initiator_ports(report) == [1, 1, 2]
    assert report["flows"]["ended"]["timeout"] == 1
    # A silence of a year ends all; time that goes back does nothing.
    made += [udp_frame(3, 365 * 86400 * SECOND), udp_frame(4, 0)]
    report = run_frames(made, "--flow-timeout", "10").report
    assert report["flows"]["ended"]["timeout"] == 3
    assert report["flows"]["ended"]["program end"] == 2


def test_a_new_connection_is_a_new_flow():
    made = [
        frames.tcp_frame(seq=100, flags=frames.SYN), frames.tcp_frame(b"abc", seq=101),
        # The same SYN once more, then another one.
        frames.tcp_frame(seq=100, flags=frames.SYN), frames.tcp_frame(b"abcd", seq=101),
        frames.tcp_frame(seq=9000, flags=frames.SYN), frames.tcp_frame(b"xy", seq=9001),
    ]
    report = run_frames(made).report
    assert report["flows"]["ended"]["replaced"] == 1
    assert sorted(f["initiator"]["reassembled_bytes"] for f in report["top"]) == [2, 4]


def test_many_flows_in_little_memory_drop_the_oldest():
    """More flows than 2 MiB can hold: some are dropped, none fails, every packet is counted."""
    made = [frames.tcp_frame(b"x" * 100, seq=2 + 200 * (i % 2), sport=i // 2) for i in
            range(60000)]
    for eal in memory_modes():
        report = run_frames(made, "--reserve", "2M", eal=eal).report
        assert report["packets"]["tracked"] == len(made)
        assert created(report) == len(made) // 2
        assert report["flows"]["packets_untracked"] == 0
        assert report["flows"]["ended"]["dropped as oldest"] > 0
        assert report["memory"]["failed_allocations"] > 0
        node = report["memory"]["nodes"][0]
        assert node["reserved"] == node["backing"] == 2 << 20
        assert node["peak"] > node["reserved"] * 0.8, "most of it could be used"


def test_held_segments_give_way_too():
    """Flows that each hold as much as they may, in memory for a few of them."""
    made = []
    for flow in range(50):
        made.append(frames.tcp_frame(b"a", seq=1, sport=flow))
        for i in range(40):
            made.append(frames.tcp_frame(bytes(1400), seq=10000 + 1400 * i, sport=flow))
    report = run_frames(made, "--reserve", "2M", "--flow-timeout", LONG).report
    assert report["flows"]["ended"]["dropped as oldest"] > 0
    assert report["memory"]["objects"]["held segments"]["peak_bytes"] > 1 << 20
    # What was held was delivered when its flow was dropped, and the gap counted.
    assert report["tcp"]["reassembled_bytes"] == 50 * (1 + 40 * 1400)
    assert report["tcp"]["missing_bytes"] == 50 * (10000 - 2)
    assert report["tcp"]["held_bytes"] == 0


def test_one_flow_alone_gives_its_gap_up_when_memory_is_short():
    made = [frames.tcp_frame(b"a", seq=1)]
    made += [frames.tcp_frame(bytes(60000), seq=10000 + 60000 * i) for i in range(50)]
    report = run_frames(made, "--reserve", "2M", "--window", "1G").report
    assert report["tcp"]["no_memory"] > 0
    assert report["tcp"]["reassembled_bytes"] == 1 + 50 * 60000
    assert report["tcp"]["missing_bytes"] == 10000 - 2
    assert report["flows"]["ended"]["dropped as oldest"] == 0


def test_a_window_bounds_what_a_flow_holds():
    made = [frames.tcp_frame(b"a", seq=1)]
    made += [frames.tcp_frame(bytes(100), seq=1000 + 200 * i) for i in range(100)]
    for window in (1000, 5000):
        report = run_frames(made, "--window", str(window)).report
        assert report["memory"]["objects"]["held segments"]["peak"] == window // 100
        assert report["tcp"]["window_full"] > 0
        assert report["tcp"]["reassembled_bytes"] == 1 + 100 * 100
        assert report["tcp"]["missing_bytes"] == 998 + 99 * 100
        assert report["tcp"]["gaps_given_up"] == 100


def test_sequence_numbers_wrap():
    start = 2**32 - 150
    order = [0, 2, 1, 3, 2, 5, 4]
    made = [frames.tcp_frame(seq=start - 1, flags=frames.SYN)]
    made += [frames.tcp_frame(bytes([i]) * 100, seq=start + 100 * i) for i in order]
    report = run_frames(made).report
    assert report["tcp"]["reassembled_bytes"] == 600
    assert report["tcp"]["repeated_bytes"] == 100
    assert report["tcp"]["out_of_order"] == 2
    assert report["tcp"]["missing_bytes"] == 0


def reserved(result):
    return [node["reserved"] for node in result.report["memory"]["nodes"]]


def test_a_plan_says_what_is_reserved():
    capture = ["--capture", data("web.pcap")]
    for eal in memory_modes():
        found = reserved(run([*capture, "--fastmem-reserve", "any=6M,local=4M/warm=64x1000"], eal))
        assert found == [10 << 20], found
    plan = os.path.join(FOLDER, "plan.ini")
    with open(plan, "w", encoding="utf-8") as file:
        file.write("[local]\nsize = 12M\nseal = yes\n")
    found = reserved(run([*capture, "--fastmem-config=" + plan]))
    assert found == [12 << 20], found
    os.environ["FASTMEM_PLAN"] = "local=8M"
    try:
        assert reserved(run(capture)) == [8 << 20]
        assert reserved(run([*capture, "--fastmem-config", plan])) == [8 << 20]
    finally:
        del os.environ["FASTMEM_PLAN"]


def test_what_is_wrong_with_a_plan_is_said():
    capture = ["--capture", data("web.pcap")]
    for plan, says in (("any=4M/sael=yes", '1:8: there is no key "sael"'),
                       ("any=1000G", '1:1: "any" asks for 1024000 MiB on node 0')):
        result = run([*capture, "--fastmem-reserve", plan], code=1)
        assert "command line:" + says in result.err, result


def test_too_little_memory_is_said():
    result = run(["--capture", data("web.pcap"), "--reserve", "1000G"], code=1)
    assert "reserve" in result.err and "node 0" in result.err, result
    result = run(["--capture", data("web.pcap"), "--reserve", "77=4M"], code=1)
    assert "node 77" in result.err, result


try:
    main([
        test_a_full_table_drops_the_oldest_flow,
        test_the_oldest_is_the_one_silent_the_longest,
        test_flows_end_after_their_timeout,
        test_a_new_connection_is_a_new_flow,
        test_many_flows_in_little_memory_drop_the_oldest,
        test_held_segments_give_way_too,
        test_one_flow_alone_gives_its_gap_up_when_memory_is_short,
        test_a_window_bounds_what_a_flow_holds,
        test_sequence_numbers_wrap,
        test_a_plan_says_what_is_reserved,
        test_what_is_wrong_with_a_plan_is_said,
        test_too_little_memory_is_said,
    ])
finally:
    shutil.rmtree(FOLDER)
