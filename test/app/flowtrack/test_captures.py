#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Captures that are cut, broken, of another kind, or full of malformed packets.

usage: test_captures.py PROGRAM
"""

import os
import random
import shutil
import struct
import subprocess
import tempfile

import frames
from flowtrack import CAPTURES, LONG, crc32c, data, main, need, run

FOLDER = tempfile.mkdtemp()


def file_of(content):
    path = os.path.join(FOLDER, "capture")
    with open(path, "wb") as file:
        file.write(content)
    return path


def content_of(name):
    with open(data(name), "rb") as file:
        return file.read()


def refuse(content, *says):
    """The capture has to be refused with these words."""
    result = run(["--capture", file_of(content)], code=1)
    for text in says:
        assert text in result.err, f"expected '{text}': {result}"
    assert result.report is None


def run_frames(made, *args, code=0, **kwargs):
    path = os.path.join(FOLDER, "made.pcap")
    frames.write_pcap(path, made, **kwargs)
    return run(["--capture", path, *args], code=code)


def test_no_capture_is_refused():
    refuse(b"", "it is empty")
    refuse(b"abc", "3 bytes")
    refuse(b"This is a text and no capture at all.", "neither pcap nor pcapng")
    refuse(b"\x1f\x8b\x08\x00" + bytes(100), "compressed")
    refuse(frames.pcap_header()[:20], "ends inside the file header")
    refuse(frames.section()[:20], "ends inside the section header")
    result = run(["--capture", os.path.join(FOLDER, "nothing-there")], code=1)
    assert "No such file" in result.err
    result = run(["--capture", FOLDER], code=1)
    assert "no regular file" in result.err


def test_other_link_types_are_refused():
    for linktype, name in ((101, "raw IP"), (113, "Linux cooked"), (276, "Linux cooked"),
                           (105, "802.11"), (9999, "not known")):
        refuse(frames.pcap_header(linktype), str(linktype), name, "tcpdump -i eth0")
        refuse(frames.section() + frames.interface(linktype), str(linktype), name)
    good = frames.interface() + frames.enhanced(frames.tcp_frame())
    refuse(frames.section() + good + frames.interface(113), "113")


def test_corrupt_captures_are_refused():
    good = frames.pcap_record(frames.tcp_frame())
    header = frames.pcap_header()
    refuse(header + good + struct.pack("<IIII", 0, 0, 300000, 300000) + bytes(64), "corrupt",
           "packet 2", "300000")
    refuse(struct.pack("<IHHiIII", 0xA1B2C3D4, 7, 1, 0, 0, 65535, 1), "version is 7.1")
    start = frames.section() + frames.interface()
    packet = frames.enhanced(frames.tcp_frame())
    refuse(start + packet[:-4] + struct.pack("<I", 99), "corrupt", "ends with 99")
    refuse(start + struct.pack("<II", 6, 13) + bytes(64), "corrupt", "13 bytes")
    refuse(start + frames.block(6, bytes(8)), "corrupt")
    refuse(frames.section() + packet, "corrupt", "interface 0")
    refuse(frames.section(), "no interface")
    refuse(start + frames.enhanced(frames.tcp_frame(), number=1), "interface 1")
    refuse(start + frames.interface(snaplen=100), "snapshot lengths", "editcap")
    refuse(start + frames.section(">"), "byte order")


def test_every_form_of_capture_is_read():
    made = [frames.tcp_frame(b"x" * i, seq=1) for i in range(5)]
    for order in "<>":
        for nanoseconds in (False, True):
            report = run_frames(made, order=order, nanoseconds=nanoseconds).report
            assert report["packets"]["count"] == 5
            assert report["top"][0]["first_us"] == 1700000000000000, report["top"]
            assert report["top"][0]["last_us"] == 1700000000004000, report["top"]
            assert ("nanoseconds" in report["capture"]["format"]) == nanoseconds
        start = frames.section(order) + frames.interface(order=order)
        content = start + b"".join(frames.enhanced(f, order=order) for f in made)
        content += b"".join(frames.simple(f, order=order) for f in made)
        # Statistics, and a second section with an interface of its own.
        content += frames.block(5, bytes(12), order) + start + frames.enhanced(made[0],
                                                                               order=order)
        report = run(["--capture", file_of(content)]).report
        assert report["packets"]["count"] == 11 and report["capture"]["format"] == "pcapng"


def test_a_capture_without_packets_is_read():
    for content in (frames.pcap_header(), frames.section() + frames.interface()):
        report = run(["--capture", file_of(content)]).report
        assert report["packets"]["count"] == 0 and report["top"] == []
        assert report["cost"]["cycles_per_packet"] == 0


def test_a_capture_of_any_length_is_read_whole():
    """Lengths around those of bursts."""
    for n in (1, 2, 31, 32, 33, 63, 64, 65):
        assert run_frames([frames.tcp_frame()] * n).report["packets"]["count"] == n


def test_truncated_captures_are_read_to_the_last_whole_packet():
    for name in CAPTURES:
        whole = content_of(name)
        full = run(["--capture", data(name)]).report
        for size in (len(whole) - 1, len(whole) // 2, len(whole) // 2 + 7, len(whole) // 3):
            result = run(["--capture", file_of(whole[:size])])
            report = result.report
            assert 0 < report["packets"]["count"] < full["packets"]["count"]
            assert report["packets"]["count"] == report["capture"]["packets"]
            assert report["capture"]["truncated"]
            assert "skipped: 1 record, in the middle of which the file ends" in result.out
        assert not full["capture"]["truncated"]


def test_a_name_that_confuses_is_read():
    path = os.path.join(FOLDER, 'a,b=c "d" \u00e9\n.pcap')
    shutil.copy(data("web.pcap"), path)
    report = run(["--capture", path]).report
    assert report["capture"]["file"] == path and report["packets"]["count"] > 0


def test_cut_packets_are_counted_as_captured():
    """A capture of the first 96 bytes of each packet: flows are the same, content is missing."""
    need("editcap")
    path = os.path.join(FOLDER, "cut.pcap")
    subprocess.run(["editcap", "-F", "pcap", "-s", "96", data("web.pcap"), path], check=True)
    full = run(["--capture", data("web.pcap"), "--flow-timeout", LONG]).report
    report = run(["--capture", path, "--flow-timeout", LONG]).report
    assert report["packets"]["count"] == full["packets"]["count"]
    assert 0 < report["packets"]["bytes"] < full["packets"]["bytes"]
    assert report["capture"]["packets_cut"] > 0
    for protocol, counts in report["flows"]["protocols"].items():
        assert counts["flows"] == full["flows"]["protocols"][protocol]["flows"], protocol
    tcp = report["tcp"]
    assert tcp["reassembled_bytes"] + tcp["missing_bytes"] == full["tcp"]["reassembled_bytes"]
    assert tcp["missing_bytes"] > 0 and tcp["repeated_bytes"] == full["tcp"]["repeated_bytes"]


def test_malformed_packets_are_counted():
    good = frames.tcp()
    made = {
        "Ethernet header cut": [b"", b"x", bytes(13)],
        "VLAN tag cut": [frames.ether(b"", 0x8100), frames.ether(b"abc", 0x88A8),
                         frames.ether(b"", 0x8100, [(0x88A8, 1)])],
        "bad IPv4 header": [
            frames.ether(b""), frames.ether(frames.ipv4(good)[:19]),
            frames.ether(frames.ipv4(good, version=6)), frames.ether(frames.ipv4(good, ihl=4)),
            frames.ether(frames.ipv4(b"", ihl=15)), frames.ether(frames.ipv4(good, length=19)),
        ],
        "bad IPv6 header": [
            frames.ether(b"", 0x86DD), frames.ether(frames.ipv6(good)[:39], 0x86DD),
            frames.ether(frames.ipv6(good, version=4), 0x86DD),
        ],
        "bad IPv6 extension header": [
            frames.ether(frames.ipv6(b"", proto=0), 0x86DD),
            frames.ether(frames.ipv6(b"\x06", proto=60), 0x86DD),
            frames.ether(frames.ipv6(b"\x06\xff" + bytes(100), proto=43), 0x86DD),
            frames.ether(frames.ipv6(b"\x06\x00" + bytes(5), proto=44), 0x86DD),
            frames.ether(frames.ipv6(b"\x06\x02" + bytes(10), proto=51), 0x86DD),
        ],
        "bad TCP header": [
            frames.ether(frames.ipv4(good[:19])), frames.tcp_frame(offset=4),
            frames.tcp_frame(offset=15), frames.ether(frames.ipv6(good[:8]), 0x86DD),
        ],
        "UDP header cut": [frames.ether(frames.ipv4(b"1234567", proto=17))],
        "ICMP header cut": [frames.ether(frames.ipv4(b"123", proto=1)),
                            frames.ether(frames.ipv6(b"", proto=58, length=0), 0x86DD)],
    }
    for reason, bad in made.items():
        report = run_frames([frames.tcp_frame(), *bad, frames.tcp_frame()]).report
        malformed = {k: v for k, v in report["packets"]["malformed"].items() if v > 0}
        assert malformed == {reason: len(bad)}, malformed
        assert report["packets"]["tracked"] == 2
        assert len(report["top"]) == 1


def test_unusual_packets_are_tracked():
    extensions = (b"\x3c\x00" + bytes(6)) + (b"\x2b\x01" + bytes(14)) + (b"\x06\x00" + bytes(6))
    made = [
        # Stacked VLANs, options of IPv4, extension headers, ports and addresses alike.
        frames.ether(frames.ipv4(frames.tcp()), vlans=[(0x88A8, 1), (0x8100, 2)]),
        frames.ether(frames.ipv4(bytes(4) + frames.tcp(), ihl=6)),
        frames.ether(frames.ipv6(extensions + frames.tcp(), proto=0), 0x86DD),
        frames.ether(frames.ipv6(frames.tcp(), src="::1", dst="::1"), 0x86DD),
        frames.ether(frames.ipv4(frames.udp(), proto=17) + b"padding"),
        # A segment that the card was to cut up has no length.
        frames.ether(frames.ipv4(frames.tcp(b"x" * 100), length=0)),
        frames.ether(frames.ipv4(b"", proto=47)),
        frames.ether(frames.ipv6(b"", proto=59), 0x86DD),
    ]
    report = run_frames(made).report
    assert report["packets"]["tracked"] == len(made), report["packets"]
    protocols = {k: v["packets"] for k, v in report["flows"]["protocols"].items()}
    assert protocols == {"tcp": 5, "udp": 1, "icmp": 0, "icmpv6": 0, "other": 2, "fragment": 0}
    assert report["packets"]["vlan"] == 1


def test_long_packets_are_tracked():
    """Of many mbufs, as captures of an interface that offloads segmentation have them."""
    start = frames.tcp_frame(b"s", seq=1)
    for size in (2048, 2049, 3000, 30000, 65535):
        payload = bytes(i * 7 & 0xFF for i in range(size - 54))
        long = frames.ether(frames.ipv4(frames.tcp(payload, seq=2), length=0))
        report = run_frames([start, long]).report
        assert report["packets"]["bytes"] == len(start) + size
        assert report["tcp"]["reassembled_bytes"] == 1 + size - 54
        assert report["tcp"]["missing_bytes"] == report["packets"]["cut"] == 0
        assert report["top"][0]["initiator"]["crc32c"] == crc32c(b"s" + payload)
    assert run_frames([long] * 1000).report["packets"]["count"] == 1000


def test_packets_that_are_too_long_are_refused():
    """What the driver would cut without a word."""
    long = frames.ether(frames.ipv4(frames.tcp(bytes(65536 - 54)), length=0))
    result = run_frames([frames.tcp_frame(), long], code=1)
    assert "packet 2 has 65536 bytes" in result.err and "editcap -s 65535" in result.err


def test_noise_is_survived():
    """Real packets with bytes changed at random: any result, but no crash and a right sum."""
    whole = bytearray(content_of("web.pcap"))
    noise = random.Random(1)
    at, made = 24, []
    while at < len(whole):
        (length,) = struct.unpack_from("<I", whole, at + 8)
        frame = whole[at + 16:at + 16 + length]
        for _ in range(noise.randrange(1, 6)):
            frame[noise.randrange(min(length, 80))] = noise.randrange(256)
        made.append(bytes(frame[:noise.randrange(length + 1)] if noise.random() < 0.3 else frame))
        at += 16 + length
    report = run_frames(made).report
    packets = report["packets"]
    assert packets["count"] == len(made)
    assert packets["tracked"] + sum(packets["skipped"].values()) + sum(
        packets["malformed"].values()) == len(made)
    assert packets["bytes"] == sum(map(len, made))


try:
    main([
        test_no_capture_is_refused,
        test_other_link_types_are_refused,
        test_corrupt_captures_are_refused,
        test_every_form_of_capture_is_read,
        test_a_capture_without_packets_is_read,
        test_a_capture_of_any_length_is_read_whole,
        test_truncated_captures_are_read_to_the_last_whole_packet,
        test_a_name_that_confuses_is_read,
        test_cut_packets_are_counted_as_captured,
        test_malformed_packets_are_counted,
        test_unusual_packets_are_tracked,
        test_long_packets_are_tracked,
        test_packets_that_are_too_long_are_refused,
        test_noise_is_survived,
    ])
finally:
    shutil.rmtree(FOLDER)
