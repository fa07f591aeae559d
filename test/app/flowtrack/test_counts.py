#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""The counts of fastmem-flowtrack against those of capinfos, tshark and tcpdump.

usage: test_counts.py PROGRAM
"""

import collections
import functools
import re
import subprocess

from flowtrack import (CAPTURES, LONG, crc32c, data, flow_key, main, memory_modes, need, run,
                       tshark)

TOP = ["--top", "100000"]


@functools.lru_cache(maxsize=None)
def reports(*args):
    """A capture and its report, of each capture and each way to run."""
    return [(capture, run(["--capture", data(capture), *args], eal, lcores).report)
            for capture in CAPTURES for eal in memory_modes() for lcores in (1, 2)]


@functools.lru_cache(maxsize=None)
def tcpdump(path, wanted):
    return subprocess.run(["tcpdump", "-n", "-r", path, wanted], check=True, capture_output=True,
                          text=True).stdout.splitlines()


def conversations(path, protocol):
    """[packets, bytes] of each direction, by (address, port) of the two ends, from tshark."""
    fields = []
    for field in ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", f"{protocol}.srcport",
                  f"{protocol}.dstport", "frame.cap_len"):
        fields += ["-e", field]
    # ICMP errors quote the packet that they are about: the first one of each field is outermost.
    lines = tshark(path, "-Y", f"{protocol} and not icmp and not icmpv6", "-T", "fields",
                   "-E", "occurrence=f", *fields)
    counts = collections.defaultdict(lambda: [0, 0])
    for line in lines:
        src4, dst4, src6, dst6, srcport, dstport, length = line.split("\t")
        count = counts[((src4 or src6, int(srcport)), (dst4 or dst6, int(dstport)))]
        count[0] += 1
        count[1] += int(length)
    return dict(counts)


def flow_conversations(report, protocol):
    counts = collections.defaultdict(lambda: [0, 0])
    for flow in report["top"]:
        if flow["protocol"] != protocol:
            continue
        a, b = flow["initiator"], flow["responder"]
        for src, dst in ((a, b), (b, a)):
            if src["packets"] > 0:
                count = counts[((src["address"], src["port"]), (dst["address"], dst["port"]))]
                count[0] += src["packets"]
                count[1] += src["bytes"]
    return dict(counts)


def test_totals_are_those_of_capinfos():
    need("capinfos")
    for capture, report in reports():
        out = subprocess.run(["capinfos", "-M", "-c", "-d", data(capture)], check=True,
                             capture_output=True, text=True).stdout
        packets = int(re.search(r"Number of packets: *(\d+)", out)[1])
        size = int(re.search(r"Data size: *(\d+)", out)[1])
        assert report["packets"]["count"] == packets, (capture, packets)
        assert report["packets"]["bytes"] == size, (capture, size)
        assert report["capture"]["packets"] == packets


def test_protocols_are_those_of_tcpdump():
    need("tcpdump")
    # What tcpdump's filters call "proto" is the next header of IPv6, so fragments of IPv6 are
    # not found by them; the VLAN's packets are asked for by themselves, since "vlan" shifts all.
    first = "(ip and (ip[6:2] & 0x1fff = 0))"
    filters = {
        "tcp": f"({first} and ip proto 6) or (ip6 proto 6)",
        "icmp": f"{first} and ip proto 1",
    }
    for capture, report in reports():
        for protocol, wanted in filters.items():
            lines = tcpdump(data(capture), f"({wanted}) or (vlan and ({wanted}))")
            assert report["flows"]["protocols"][protocol]["packets"] == len(lines), (
                capture, protocol)


def test_skipped_and_marked_packets_are_those_of_tshark():
    filters = {
        "ARP": "arp",
        "802.3 frame": "eth.len",
        "other ethertype": "eth.type and not arp and not ip and not ipv6",
    }
    for capture, report in reports():
        for name, wanted in filters.items():
            count = len(tshark(data(capture), "-Y", wanted))
            assert report["packets"]["skipped"][name] == count, (capture, name, count)
        assert sum(report["packets"]["malformed"].values()) == 0
        assert report["packets"]["vlan"] == len(tshark(data(capture), "-Y", "vlan"))
        fragments = "ip.flags.mf == 1 or ip.frag_offset > 0 or ipv6.fraghdr"
        assert report["packets"]["fragments"] == len(tshark(data(capture), "-Y", fragments))


def test_conversations_are_those_of_tshark():
    for capture, report in reports(*TOP):
        for protocol in ("tcp", "udp"):
            theirs = conversations(data(capture), protocol)
            ours = flow_conversations(report, protocol)
            assert theirs and ours == theirs, (capture, protocol)


def test_conversations_do_not_depend_on_the_timeout():
    """Flows that end and begin anew add up to the same."""
    for capture, report in reports(*TOP, "--flow-timeout", "1"):
        for protocol in ("tcp", "udp"):
            assert flow_conversations(report, protocol) == conversations(data(capture), protocol)
        assert report["flows"]["ended"]["timeout"] > 0


def test_flows_are_as_many_as_tsharks_conversations():
    for capture, report in reports("--flow-timeout", LONG):
        for protocol in ("tcp", "udp"):
            lines = tshark(data(capture), "-q", "-z", f"conv,{protocol}")
            count = sum("<->" in line for line in lines)
            assert report["flows"]["protocols"][protocol]["flows"] == count, (capture, protocol)


def test_conversation_totals_are_those_of_tsharks_table():
    """The table prints bytes rounded, but packets as they are."""
    for capture, report in reports(*TOP, "--flow-timeout", LONG):
        for protocol in ("tcp", "udp"):
            theirs = []
            for line in tshark(data(capture), "-q", "-z", f"conv,{protocol}"):
                match = re.match(r"(\S+) +<-> (\S+) +(\d+) +[\d.]+ \w+ +(\d+) ", line)
                if match:
                    theirs.append((sorted(match.group(1, 2)), sorted(map(int, match.group(3, 4)))))
            ours = []
            for flow in report["top"]:
                if flow["protocol"] == protocol:
                    a, b = flow["initiator"], flow["responder"]
                    ours.append((sorted(f'{e["address"]}:{e["port"]}' for e in (a, b)),
                                 sorted((a["packets"], b["packets"]))))
            assert theirs and sorted(ours) == sorted(theirs), (capture, protocol)


def followed(path):
    """Each TCP stream as tshark reassembles it: (address, port) of the sender, its content."""
    streams = set(tshark(path, "-Y", "tcp and not icmp", "-T", "fields", "-e", "tcp.stream"))
    follow = []
    for stream in streams:
        follow += ["-z", f"follow,tcp,raw,{stream}"]
    ends, found = [], []
    for line in tshark(path, "-q", *follow):
        match = re.match(r"Node ([01]): (\S+):(\d+)$", line)
        if match:
            ends = [] if match[1] == "0" else ends
            ends.append(((match[2].strip("[]"), int(match[3])), bytearray()))
            found.append(ends[-1])
        elif re.match(r"\t?[0-9a-f]+$", line):
            # What the second end sends is indented.
            ends[line[0] == "\t"][1].extend(bytes.fromhex(line.strip()))
    assert len(found) == 2 * len(streams)
    return found


def test_streams_are_those_of_tshark():
    """The bytes themselves: each direction's length, and a checksum of its content."""
    for capture in CAPTURES:
        theirs = collections.Counter((end, len(content), crc32c(content))
                                     for end, content in followed(data(capture)))
        for eal in memory_modes():
            report = run(["--capture", data(capture), *TOP, "--flow-timeout", LONG], eal).report
            ours = collections.Counter()
            for flow in report["top"]:
                if flow["protocol"] == "tcp":
                    for end in (flow["initiator"], flow["responder"]):
                        ours[((end["address"], end["port"]), end["reassembled_bytes"],
                              end["crc32c"])] += 1
            assert theirs == ours, (capture, theirs - ours, ours - theirs)
            total = sum(length * n for (_, length, _), n in theirs.items())
            assert report["tcp"]["reassembled_bytes"] == total


def test_web_files_arrive_whole():
    """The sizes that capture-web.sh asks the web server for, under the server's headers."""
    report = run(["--capture", data("web.pcap"), *TOP]).report
    bodies = collections.Counter()
    for flow in report["top"]:
        if flow["protocol"] == "tcp":
            assert flow["responder"]["missing_bytes"] == 0
            bodies[flow["responder"]["reassembled_bytes"] // 1000 * 1000] += 1
    assert bodies[60000] == 2 and bodies[30000] == 6 and bodies[4000] == 3, bodies
    assert report["tcp"]["out_of_order"] > 50, "the capture is to have segments out of order"
    assert report["memory"]["objects"]["held segments"]["allocated"] > 50


def test_bytes_are_delivered_repeated_or_missing():
    """Each byte of tshark's tcp.len is counted once."""
    for capture, report in reports():
        lengths = tshark(data(capture), "-Y", "tcp and not icmp", "-T", "fields", "-e", "tcp.len",
                         "-E", "occurrence=f")
        tcp = report["tcp"]
        total = tcp["reassembled_bytes"] + tcp["repeated_bytes"]
        assert sum(map(int, lengths)) == total, capture
        assert tcp["held_bytes"] == tcp["missing_bytes"] == 0


def test_memory_of_a_capture():
    for _, report in reports():
        memory = report["memory"]
        assert memory["failed_allocations"] == 0
        assert memory["peaks_exact"] and report["workers"] == 1
        assert memory["nodes"][0]["reserved"] == 64 << 20
        assert report["flows"]["live"] == 0
        ended = report["flows"]["ended"]
        created = sum(p["flows"] for p in report["flows"]["protocols"].values())
        assert sum(ended.values()) == created
        assert memory["objects"]["flow records"]["allocated"] == created
        assert memory["objects"]["timers"]["allocated"] == created
        tcp_flows = report["flows"]["protocols"]["tcp"]["flows"]
        assert memory["objects"]["TCP states"]["allocated"] == tcp_flows
        allocations = sum(kind["allocated"] for kind in memory["objects"].values())
        per_packet = allocations / report["packets"]["count"]
        assert abs(report["cost"]["allocations_per_packet"] - per_packet) < 1e-5
        assert report["cost"]["cycles_per_packet"] > 0 and report["cost"]["ns_per_packet"] > 0


def test_expiry_reuses_memory():
    """A short timeout needs less memory than a long one, for the same flows or more."""
    for capture in CAPTURES:
        args = ["--capture", data(capture), "--flow-timeout"]
        short = run([*args, "1"]).report
        long = run([*args, LONG]).report
        assert short["flows"]["live_peak"] < long["flows"]["live_peak"]
        kind = "flow records"
        assert short["memory"]["objects"][kind]["peak"] == short["flows"]["live_peak"]
        assert short["memory"]["objects"][kind]["allocated"] >= long["memory"]["objects"][kind][
            "allocated"]


def test_top_is_the_biggest_flows_first():
    for _, report in reports("--top", "5", "--flow-timeout", "2"):
        everything = run(["--capture", report["capture"]["file"], *TOP, "--flow-timeout",
                          "2"]).report["top"]
        sizes = [f["initiator"]["bytes"] + f["responder"]["bytes"] for f in everything]
        assert sizes == sorted(sizes, reverse=True)
        assert report["top"] == everything[:5]
        assert len({(flow_key(f), f["first_us"]) for f in everything}) == len(everything)


main([
    test_totals_are_those_of_capinfos,
    test_protocols_are_those_of_tcpdump,
    test_skipped_and_marked_packets_are_those_of_tshark,
    test_conversations_are_those_of_tshark,
    test_conversations_do_not_depend_on_the_timeout,
    test_flows_are_as_many_as_tsharks_conversations,
    test_conversation_totals_are_those_of_tsharks_table,
    test_streams_are_those_of_tshark,
    test_web_files_arrive_whole,
    test_bytes_are_delivered_repeated_or_missing,
    test_memory_of_a_capture,
    test_expiry_reuses_memory,
    test_top_is_the_biggest_flows_first,
])
