#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# run.sh packs what can be carried, runs it, and says why it cannot: over the stand-in for CUDA's
# library, which has the kernels in C. Where there is NVIDIA's assembler it has a look at the real ones.
#
# usage: check.sh BUILD-FOLDER STANDIN

set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
build=$1 standin=$(dirname "$2")
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT
# Meson adds the folders of what is built: what was packed has to do without.
unset LD_LIBRARY_PATH

fail() {
    cat "$dest/out"
    echo "failed: $*"
    exit 1
}

# expect STATUS WORDS [VARIABLE=VALUE]...: run it, over the stand-in, and see how it ends.
expect() {
    local status=0
    env LD_LIBRARY_PATH="$standin" "${@:3}" "$dest/gpu/run.sh" quick >"$dest/out" 2>&1 || status=$?
    ((status == $1)) || fail "${*:3}: it ended with $status, not $1"
    grep -q -- "$2" "$dest/out" || fail "${*:3}: it does not say: $2"
}

"$here/run.sh" pack "$build" "$dest/gpu"
# All that is not of glibc comes from there.
if LD_LIBRARY_PATH=$dest/gpu/lib ldd "$dest/gpu/test_gpu" "$dest/gpu/librte_mempin_cuda.so" |
    grep '=>' | grep -v -e "=> $dest/gpu/lib/" -E -e '^[[:space:]]*(libc|libm)\.so\.6 =>'; then
    echo "failed: it needs what was not packed"
    exit 1
fi

expect 0 "all sums are right"
cat "$dest/out"
for batch in 32 256 1024; do
    for size in 64 256 1500; do
        grep -q -E "^ +$batch +$size " "$dest/out" || fail "no batch of $batch packets of $size"
    done
done
expect 0 "without hugepages" FASTMEM_HUGE=0
expect 77 "skipped: cuda: .*CUDA_ERROR_NO_DEVICE" STANDIN_DEVICES=0
expect 77 "skipped: cuda: .*DRIVER_MISMATCH" STANDIN_FAIL=cuInit:1:803
expect 1 "pinning a region: cuda: cuMemHostRegister .*OUT_OF_MEMORY" STANDIN_FAIL=cuMemHostRegister_v2:1:2
expect 1 "pinning the reservation: .*NOT_PERMITTED" STANDIN_FAIL=cuMemHostRegister_v2:2:800
expect 1 "CUDA_ERROR_ILLEGAL_ADDRESS (700)" STANDIN_FAIL=cuLaunchKernel:5:700

# Without the stand-in: there is a GPU, or it says that there is none.
status=0
"$dest/gpu/run.sh" quick >"$dest/out" 2>&1 || status=$?
tail -n 1 "$dest/out"
((status == 0)) || { ((status == 77)) && grep -q "^skipped: cuda: " "$dest/out"; } ||
    fail "it ended with $status"

if command -v ptxas >/dev/null; then
    LD_LIBRARY_PATH=$dest/gpu/lib "$dest/gpu/test_gpu" --kernels >"$dest/kernels.ptx"
    ptxas --gpu-name sm_90 -o "$dest/kernels.cubin" "$dest/kernels.ptx" || fail "the assembler refuses the kernels"
fi
