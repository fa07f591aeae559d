#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Fuzz the reading of plans: fuzz.sh SOURCE_ROOT [SECONDS]

set -eu

root=$1
lib=$root/lib/reserve
# shellcheck source=test/fuzz/fuzzer.sh
. "$root/test/fuzz/fuzzer.sh"

# DPDK's flags are several words.
# shellcheck disable=SC2046
clang -std=gnu11 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all $(pkg-config --cflags libdpdk) -I"$lib" -I"$root/lib/numa" \
	"$root/test/fuzz/reserve/fuzz_plan.c" "$lib/reserve_error.c" "$lib/reserve_file.c" \
	"$lib/reserve_key.c" "$lib/reserve_line.c" "$lib/reserve_os.c" "$lib/reserve_plan.c" \
	"$lib/reserve_value.c" $(pkg-config --libs libdpdk) -o "$work/fuzz"

# Seeds behind the byte that says what they are, and the words that a plan is made of.
mkdir "$work/corpus"
printf '0%s' '0=2G@1G/warm=64x10000+2048x4096,1=50%,any=64M/shortage=other-node<=20,seal=yes' \
	>"$work/corpus/line"
printf '0%s' 'near:0000:3b:00.0=1G/limit=4G/growth=off,each=64M/shortage=less>=2M' \
	>"$work/corpus/near"
printf '1[0]\nsize = 2G ; two\npage = 1G\nwarm = 64x1, 128x2\n\n[each]\nsize=25%%\nseal=yes' \
	>"$work/corpus/file"
for word in '0=' '[0]' 'size=' 'page=' 'limit=' 'growth=' 'threads=' 'warm=' 'shortage=' 'seal=' 'any' \
	'each' 'local' 'cpu-nodes' 'memory-nodes' 'near:' 'other-node<=' 'less>=' 'smaller-pages' \
	'fail' 'none' '64x1' '2M' '1G' '50%' '\x0a'; do
	echo "\"$word\""
done >"$work/words"

cd "$work"
"$work/fuzz" -max_total_time="${2:-8}" -max_len=1024 -seed=1 -dict=words -print_final_stats=1 \
	corpus 2>log || { cat log; exit 1; }
grep -E 'number_of_executed_units|DONE' log
