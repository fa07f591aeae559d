#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# What is installed is enough: a program builds with libfastmem.pc alone, shared and static, takes a
# plugin in each of the ways there are, and the installed programs start.
#
# usage: install.sh BUILD-FOLDER PREFIX

set -euo pipefail
build=$1 prefix=$2
source=$(dirname "$(readlink -f "$0")")/program.c
dest=$(mktemp -d)
trap 'rm -rf "$dest"' EXIT

DESTDIR=$dest meson install -C "$build" --no-rebuild --quiet
pc=$(find "$dest" -name libfastmem.pc)
libdir=$(dirname "$(dirname "$pc")")
# The package names its final place; here it lies under $dest.
sed -i "s|^prefix=.*|prefix=$dest$prefix|" "$pc"
export PKG_CONFIG_PATH=${pc%/*} LD_LIBRARY_PATH=$libdir

# Words of flags, each an argument.
read -ra cflags < <(pkg-config --cflags libfastmem)
read -ra shared < <(pkg-config --libs libfastmem)
echo "shared: ${shared[*]}"
cc -Wall -Wextra -Werror "${cflags[@]}" "$source" -o "$dest/shared" "${shared[@]}"
# Read to its end: a reader that stops early would make ldd, and so the test, fail.
ldd "$dest/shared" | grep "$dest.*librte_fastmem.so" >/dev/null
"$dest/shared"

# Our archives, with shared libraries below them: --static would ask for DPDK's archives as well,
# and those of Debian 12 need a libsystemd.a that Debian does not have.
mapfile -t private < <(pkg-config --print-requires-private libfastmem | sed 's/ .*//')
read -ra static < <(pkg-config --libs libfastmem "${private[@]}")
for i in "${!static[@]}"; do
    [[ ! -f $libdir/lib${static[i]#-l}.a ]] || static[i]=-l:lib${static[i]#-l}.a
done
echo "static: ${static[*]}"
cc -Wall -Wextra -Werror "${cflags[@]}" "$source" -o "$dest/static" "${static[@]}"
if ldd "$dest/static" | grep "$dest"; then
    echo "the static program needs a shared library of ours"
    exit 1
fi
"$dest/static"

# A plugin loads by its name, by EAL's option, and linked, the archive too.
plugin=$(dirname "$source")/plugin.c
build_plugin() { # PROGRAM FLAG...
    cc -Wall -Wextra -Werror "${cflags[@]}" "$plugin" -o "$dest/$1" "${@:2}" "${shared[@]}"
}
build_plugin loads
"$dest/loads" librte_mempin_cuda.so
"$dest/loads" -d librte_mempin_cuda.so --no-huge -m 16 --no-shconf --no-pci --no-telemetry
build_plugin linked "-L$libdir" -Wl,--no-as-needed -lrte_mempin_cuda -Wl,--as-needed
"$dest/linked"
build_plugin whole "-L$libdir" -Wl,--whole-archive -l:librte_mempin_cuda.a -Wl,--no-whole-archive
"$dest/whole"
if "$dest/loads"; then
    echo "it is there without being asked for"
    exit 1
fi

# EAL finds the mempool driver by itself, and it our libraries: as if it were installed, where a mount
# namespace is to be had. Else at least the link is where EAL looks.
link=$(find "$dest" -name librte_mempool_fastmem.so -path '*/dpdk/*')
[[ -L $link && -f $dest$(readlink "$link") ]]
drivers=$(dirname "${link#"$dest"}")
pool=(env -u LD_LIBRARY_PATH dpdk-testpmd --no-huge -m 256 --no-shconf --no-pci --no-telemetry
    --mbuf-pool-ops-name=fastmem --vdev=net_null0 -- --total-num-mbufs=2048)
# shellcheck disable=SC2016 # the inner shell's
as_installed='mount --bind "$1$2" "$2" && mount -t overlay -o "lowerdir=$1$3:$3" none "$3" || exit 99
    shift 3; "$@"'
if ! command -v dpdk-testpmd >/dev/null; then
    echo "dpdk-testpmd is not installed: EAL's own search for the driver was not tried"
elif unshare -m sh -c "$as_installed" sh "$dest" "$prefix" "$drivers" true 2>/dev/null; then
    if "${pool[@]}" </dev/null >/dev/null 2>&1; then
        echo "the driver is there without having been installed"
        exit 1
    fi
    unshare -m sh -c "$as_installed" sh "$dest" "$prefix" "$drivers" "${pool[@]}" </dev/null
else
    echo "no mount namespace here: EAL's own search for the driver was not tried"
fi

for program in "$dest$prefix"/bin/fastmem-*; do
    echo "$program --help"
    "$program" --help >/dev/null
done
