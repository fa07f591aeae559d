#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# What every fuzz.sh begins with: a folder $work, which goes when it ends, and a clang that has the
# fuzzer, without which it is skipped.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v clang >/dev/null; then
	echo "clang is not installed"
	exit 77
fi
echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' \
	>"$work/try.c"
if ! clang -fsanitize=fuzzer,address,undefined "$work/try.c" -o "$work/try" 2>/dev/null; then
	echo "clang has no fuzzer (Debian: libclang-rt-14-dev)"
	exit 77
fi
