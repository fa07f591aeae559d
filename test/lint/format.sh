#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# All tracked C is formatted as .clang-format says.

cd "$(dirname "$0")/../.." || exit 1
command -v clang-format >/dev/null || {
    echo "skipped: clang-format is not installed"
    exit 77
}
./dev fmt --check || {
    echo "mend it with: ./dev fmt"
    exit 1
}
