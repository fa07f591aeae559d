# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Telemetry of a program whose answers are changed on the way: one that lacks commands, is slow, or means harm."""

import contextlib
import json
import os
import socket
import threading


class Spoiler:
    """Answers in a folder of its own as the program does, but for what `change` makes of it.

    change(command, answer) returns the answer; None: there is no such command. late(command, answer)
    returns a command's name and its answer, which comes before.
    """

    def __init__(self, program, folder, change=lambda command, answer: answer, late=None):
        self.program = program
        self.change = change
        self.late = late
        self.folder = folder
        where = os.path.join(folder, 'dpdk', program.prefix)
        os.makedirs(where)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(os.path.join(where, 'dpdk_telemetry.v2'))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            # Who only looks whether somebody answers hangs up at once.
            with client, contextlib.suppress(ConnectionError):
                self.answer(client)

    def answer(self, client):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as there:
            there.connect(os.path.join(self.program.folder, 'dpdk', self.program.prefix,
                                       'dpdk_telemetry.v2'))
            client.send(there.recv(1 << 16))
            while command := client.recv(1 << 16):
                there.send(command)
                [(name, answer)] = json.loads(there.recv(1 << 17)).items()
                if self.late:
                    client.send(json.dumps(dict([self.late(command.decode(), answer)])).encode())
                client.send(json.dumps({name: self.change(command.decode(), answer)}).encode())

    def close(self):
        self.listener.close()
