#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# The README's C example compiles without a warning, runs, and prints what it says it does.
# Usage: readme.sh README BUILD_DIR SOURCE_DIR

set -euo pipefail

readme=$1 build=$2 source=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# shellcheck disable=SC2016 # these backquotes are the fence of the code
sed -n '/^```c$/,/^```$/p' "$readme" | sed '1d;$d' >"$tmp/hello.c"
# shellcheck disable=SC2046
${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -O2 -o "$tmp/hello" \
    "$tmp/hello.c" -I"$source/lib/fastmem" -I"$source/lib/numa" \
    $(pkg-config --cflags libdpdk) -L"$build/lib" -lrte_fastmem -lrte_numa \
    $(pkg-config --libs libdpdk)
LD_LIBRARY_PATH=$build/lib "$tmp/hello" --no-huge -m 64 --no-pci --no-telemetry --no-shconf \
    2>/dev/null | tee "$tmp/out"
grep -Eq '^1536 bytes at IO address 0x[0-9a-f]+ on node [0-9]+$' "$tmp/out"
