# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Frames and capture files made by hand, for what real traffic does not show."""

import socket
import struct

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET = 1


def ether(payload, ether_type=0x0800, vlans=()):
    tags = b"".join(struct.pack(">HH", tpid, tag) for tpid, tag in vlans)
    return bytes(12) + tags + struct.pack(">H", ether_type) + payload


def ipv4(payload, src="192.0.2.1", dst="192.0.2.2", proto=6, fragment=0, length=None, ihl=5,
         version=4):
    if length is None:
        length = 20 + len(payload)
    return struct.pack(">BBHHHBBH4s4s", version << 4 | ihl, 0, length, 1, fragment, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst)) + payload


def ipv6(payload, src="2001:db8::1", dst="2001:db8::2", proto=6, length=None, version=6):
    if length is None:
        length = len(payload)
    return struct.pack(">IHBB16s16s", version << 28, length, proto, 64,
                       socket.inet_pton(socket.AF_INET6, src),
                       socket.inet_pton(socket.AF_INET6, dst)) + payload


def tcp(data=b"", seq=1, flags=ACK, sport=1000, dport=80, offset=5):
    return struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 0, offset << 4, flags, 1024,
                       0, 0) + data


def udp(data=b"", sport=1000, dport=53):
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def icmp(kind=8):
    return struct.pack(">BBHHH", kind, 0, 0, 1, 1)


def tcp_frame(*args, src="192.0.2.1", dst="192.0.2.2", **kwargs):
    return ether(ipv4(tcp(*args, **kwargs), src, dst))


def pcap_header(linktype=ETHERNET, magic=0xA1B2C3D4, order="<", snaplen=262144):
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, linktype)


def pcap_record(frame, time_us=0, original=None, order="<", unit=1):
    original = len(frame) if original is None else original
    return struct.pack(order + "IIII", time_us // 1000000, time_us % 1000000 * unit, len(frame),
                       original) + frame


def write_pcap(path, frames, order="<", nanoseconds=False, **kwargs):
    """Frames, or (time in microseconds, frame), into a file; one a millisecond by default."""
    magic, unit = (0xA1B23C4D, 1000) if nanoseconds else (0xA1B2C3D4, 1)
    with open(path, "wb") as file:
        file.write(pcap_header(magic=magic, order=order, **kwargs))
        for i, frame in enumerate(frames):
            time_us, frame = frame if isinstance(frame, tuple) else (i * 1000, frame)
            file.write(pcap_record(frame, 1700000000000000 + time_us, order=order, unit=unit))


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order="<"):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(linktype=ETHERNET, snaplen=262144, order="<"):
    return block(1, struct.pack(order + "HHI", linktype, 0, snaplen), order)


def enhanced(frame, number=0, order="<"):
    return block(6, struct.pack(order + "IIIII", number, 0, 0, len(frame), len(frame)) + frame,
                 order)


def simple(frame, order="<"):
    return block(3, struct.pack(order + "I", len(frame)) + frame, order)
