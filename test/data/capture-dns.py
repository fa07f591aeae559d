#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""A name server that knows one address, and a client that asks it.

Called by capture-web.sh:  capture-dns.py serve | capture-dns.py ask ADDRESS NAME [PADDING]
With PADDING, so many bytes follow the question, to make datagrams that have to be fragmented.
"""

import socket
import struct
import sys

PORT = 53


def encode_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def serve():
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", PORT))
    while True:
        query, client = server.recvfrom(65535)
        end = query.index(b"\0", 12) + 5
        reply = query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + query[12:end]
        reply += b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([10, 9, 0, 1])
        server.sendto(reply + query[end:], client)


def ask(address, name, padding):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.settimeout(0.3)
    query = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + encode_name(name)
    query += struct.pack(">HH", 1, 1) + bytes(padding)
    for _ in range(5):
        client.sendto(query, (address, PORT))
        try:
            client.recv(65535)
            return
        except socket.timeout:
            continue


if sys.argv[1] == "serve":
    serve()
else:
    ask(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 0)
