#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# Readies a machine without udev or systemd for a packet service: the hugepages of its plan, and network
# cards bound to vfio-pci. Done again, it changes nothing.
#
# usage: setup.sh [-u USER] PLAN [PCI-ADDRESS ...]
#
# SYSFS and DEV name other folders than /sys and /dev, for tests.

set -eu
sysfs=${SYSFS:-/sys}
dev=${DEV:-/dev}
user=

die() {
    echo "setup.sh: $*" >&2
    exit 1
}

while getopts u: option; do
    case $option in
    u) user=$OPTARG ;;
    *) die "usage: setup.sh [-u USER] PLAN [PCI-ADDRESS ...]" ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || die "usage: setup.sh [-u USER] PLAN [PCI-ADDRESS ...]"
plan=$1
shift

# All are looked for before anything is changed.
for address; do
    [ -d "$sysfs/bus/pci/devices/$address" ] ||
        die "there is no PCI device $address; an address is such as 0000:3b:00.0"
    [ -L "$sysfs/bus/pci/devices/$address/iommu_group" ] ||
        die "$address is in no IOMMU group: add intel_iommu=on or amd_iommu=on to the kernel's command line"
done

if [ "$sysfs" = /sys ]; then
    fastmem-reserve apply ${user:+--owner "$user"} "$plan"
else
    fastmem-reserve apply --sysfs "$sysfs" --state "$dev" "$plan"
fi

[ $# -eq 0 ] || [ -d "$sysfs/bus/pci/drivers/vfio-pci" ] || modprobe vfio-pci ||
    die "this kernel has no driver vfio-pci"
for address; do
    device=$sysfs/bus/pci/devices/$address
    driver=$(basename "$(readlink "$device/driver" || echo none)")
    if [ "$driver" != vfio-pci ]; then
        echo vfio-pci >"$device/driver_override"
        [ "$driver" = none ] || echo "$address" >"$device/driver/unbind"
        echo "$address" >"$sysfs/bus/pci/drivers_probe"
    fi
    group=$dev/vfio/$(basename "$(readlink "$device/iommu_group")")
    [ -z "$user" ] || chown "$user" "$group"
    echo "$address: $group"
done
