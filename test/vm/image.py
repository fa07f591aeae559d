# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
"""Makes a guest's initramfs: files at the paths that they have here, as a cpio archive."""

import functools
import os
import stat
import subprocess

ALIGN = 4


@functools.lru_cache(maxsize=None)
def libraries(program):
    """Paths of the shared libraries that a program loads, and of the loader."""
    # It asks the program's own loader, so it finds what the program would.
    out = subprocess.run(['ldd', program], capture_output=True, text=True).stdout
    paths = []
    for line in out.splitlines():
        paths += [word for word in line.split() if word.startswith('/')][:1]
    # The C library opens this one by itself, when a thread is cancelled.
    for path in list(paths):
        beside = os.path.join(os.path.dirname(path), 'libgcc_s.so.1')
        if os.path.basename(path).startswith('libc.so') and os.path.exists(beside):
            paths.append(beside)
    return paths


def is_program(path):
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


class Image:
    """What is to be in the archive; add() everything, then write()."""

    def __init__(self):
        self.entries = {}  # path in the guest: (mode, content or path of it here)

    def add_folder(self, path):
        """A folder and those above it; where one is a link, the link and what it leads to."""
        path = os.path.normpath(path)
        if path == '/':
            return path
        above = self.add_folder(os.path.dirname(path))
        path = os.path.join(above, os.path.basename(path))
        if os.path.islink(path):
            return self.add_folder(self.add_link(path))
        self.entries.setdefault(path, (stat.S_IFDIR | 0o755, b''))
        return path

    def add_link(self, path):
        """A link as it is; returns what it leads to."""
        target = os.readlink(path)
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())
        return os.path.join(os.path.dirname(path), target)

    def add_bytes(self, path, content, mode=0o755):
        self.add_folder(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, content)

    def add_file(self, path, at=None):
        """A file, and what it needs to run if it is a program. It may be elsewhere in the guest."""
        moved = at is not None
        at = at or os.path.normpath(path)
        at = os.path.join(self.add_folder(os.path.dirname(at)), os.path.basename(at))
        if at in self.entries:
            return
        if not moved and os.path.islink(at):
            # A copy of what it leads to would be another library to who loads both.
            self.add_file(self.add_link(at))
            return
        self.entries[at] = (stat.S_IFREG | (os.stat(path).st_mode & 0o777), path)
        if is_program(path):
            for library in libraries(path):
                self.add_file(library)

    def add_tree(self, folder):
        for where, folders, names in os.walk(folder):
            self.add_folder(where)
            for name in folders:
                if os.path.islink(os.path.join(where, name)):
                    self.add_link(os.path.join(where, name))
            for name in names:
                self.add_file(os.path.join(where, name))

    def write(self, path):
        with open(path, 'wb') as out:
            for number, (name, (mode, what)) in enumerate(self.entries.items(), 1):
                if isinstance(what, str):
                    with open(what, 'rb') as file:
                        what = file.read()
                put(out, number, name.lstrip('/'), mode, what)
            put(out, 0, 'TRAILER!!!', 0, b'')


def put(out, number, name, mode, content):
    """One member in the "newc" format: all numbers in hexadecimal, all parts padded."""
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    out.write(b'070701' + b''.join(b'%08X' % field for field in fields))
    out.write(name.encode() + b'\0')
    out.write(b'\0' * (-out.tell() % ALIGN))
    out.write(content)
    out.write(b'\0' * (-out.tell() % ALIGN))
