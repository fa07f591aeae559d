#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Fuzz what flowtrack reads from outside: fuzz.sh SOURCE_ROOT [SECONDS]

set -eu

root=$1
app=$root/app/flowtrack
stub=$root/test/unit/flowtrack/stub
# shellcheck source=test/fuzz/fuzzer.sh
. "$root/test/fuzz/fuzzer.sh"

# DPDK's flags are several words.
# shellcheck disable=SC2046
clang -std=gnu11 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all $(pkg-config --cflags libdpdk) -I"$stub" -I"$app" -I"$root/config/dpdk" \
	"$root/test/fuzz/flowtrack/fuzz_packets.c" "$stub/stub_fastmem.c" "$app/capture.c" \
	"$app/mem.c" "$app/parse.c" "$app/reassembly.c" $(pkg-config --libs libdpdk) \
	-o "$work/fuzz"

# Seeds: the captures' beginnings, and frames behind lengths as the target reads them.
mkdir "$work/corpus"
python3 - "$root/test/data" "$work/corpus" <<'END'
import struct
import sys

data, corpus = sys.argv[1:]
for name in ("web.pcap", "alexa-app.pcapng"):
    with open(f"{data}/{name}", "rb") as file:
        content = file.read()
    with open(f"{corpus}/{name}", "wb") as seed:
        seed.write(content[:4000])
    if name != "web.pcap":
        continue
    at, frames, number = 24, b"", 0
    while at < len(content):
        (length,) = struct.unpack_from("<I", content, at + 8)
        frames += struct.pack("<H", length) + content[at + 16:at + 16 + length]
        at += 16 + length
        if len(frames) > 8000:
            with open(f"{corpus}/frames{number}", "wb") as seed:
                seed.write(b"\xff" + frames)
            frames, number = b"", number + 1
END

cd "$work"
"$work/fuzz" -max_total_time="${2:-8}" -max_len=16384 -seed=1 -print_final_stats=1 corpus 2>log ||
	{ cat log; exit 1; }
grep -E 'number_of_executed_units|DONE' log
