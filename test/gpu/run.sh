#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# What pinning by drivers/pin/cuda gives, measured on a machine with a GPU of NVIDIA's, where nothing is built.
#
#   test/gpu/run.sh pack BUILD FOLDER    where it was built: gathers in FOLDER what has to be carried
#   FOLDER/run.sh [quick]                where the GPU is; quick: little memory, few rounds
#
# FOLDER then holds this script, the program test_gpu, the driver librte_mempin_cuda.so, and under lib/ all
# shared libraries that they need (ours, DPDK's, libnuma and so on; some 3 MB), but for those of glibc: that of
# the other machine serves, of version 2.36 (Debian 12) or later. CUDA's libcuda.so.1 comes with NVIDIA's driver.
#
# Measured are copies between host and GPU, pinned against pageable, with the ratio; a kernel that reads the
# host's memory where it lies; batches of small packets out of a pinned rte_fastmem reservation. Hugepages are
# taken where there are some or root may add some, and given back; else the reservation is without. All that the
# GPU reads is checked. Ends with 0; with 1 if something is wrong; with 77 and a line that says why where
# there is no GPU.

set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

pack() { # BUILD FOLDER
    local build=$1 folder=$2 driver library
    driver=$(find "$build/drivers" -name 'librte_mempin_cuda.so.*' -type f | head -n 1)
    [[ -x $build/test/gpu/test_gpu && $driver ]] || {
        echo "$build has no test/gpu/test_gpu, or no driver: build it first: ninja -C $build" >&2
        exit 2
    }
    mkdir -p "$folder/lib"
    cp "$here/run.sh" "$build/test/gpu/test_gpu" "$folder/"
    cp "$driver" "$folder/librte_mempin_cuda.so"
    # Of "NAME => PATH (ADDRESS)" what is not of glibc.
    ldd "$build/test/gpu/test_gpu" "$driver" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u |
        grep -v -E '/(libc|libm|libdl|librt|libpthread|libresolv|ld-linux[^/]*)\.so\.[0-9]+$' |
        while read -r library; do
            cp -L "$library" "$folder/lib/"
        done
    echo "$folder: $(du -sh "$folder" | cut -f 1), to be carried; there: $(basename "$folder")/run.sh"
}

pool=/sys/kernel/mm/hugepages/hugepages-2048kB
added=0

of_pool() { # FILE
    cat "$pool/$1"
}

give_back() {
    ((added == 0)) || echo $(($(of_pool nr_hugepages) - added)) >"$pool/nr_hugepages"
    added=0
}

# Says in FASTMEM_HUGE whether enough hugepages are free, and adds them where it may.
hugepages() { # PAGES
    local free before missing
    [[ ! ${FASTMEM_HUGE:-} ]] || return 0
    export FASTMEM_HUGE=0
    [[ -r $pool/nr_hugepages ]] || return 0
    free=$(($(of_pool free_hugepages) - $(of_pool resv_hugepages)))
    missing=$(($1 - free))
    if ((missing > 0)) && [[ -w $pool/nr_hugepages ]]; then
        before=$(of_pool nr_hugepages)
        trap give_back EXIT
        { echo $((before + missing)) >"$pool/nr_hugepages"; } 2>/dev/null || true
        added=$(($(of_pool nr_hugepages) - before))
        free=$(($(of_pool free_hugepages) - $(of_pool resv_hugepages)))
    fi
    ((free < $1)) || FASTMEM_HUGE=1
}

if [[ ${1:-} == pack ]]; then
    (($# == 3)) || {
        echo "usage: $0 pack BUILD FOLDER" >&2
        exit 2
    }
    pack "$2" "$3"
    exit
fi
[[ -x $here/test_gpu ]] || {
    echo "usage: $0 pack BUILD FOLDER, and on the machine with the GPU: FOLDER/run.sh [quick]" >&2
    exit 2
}
hugepages 96
# Ours first; whoever has CUDA's library elsewhere says so in LD_LIBRARY_PATH.
status=0
LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} \
    "$here/test_gpu" "$here/librte_mempin_cuda.so" "$@" || status=$?
give_back
exit $status
