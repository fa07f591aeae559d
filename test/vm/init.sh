#!/bin/busybox sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The fastmem authors
#
# The first process of a guest: sets it up, runs what /tests lists, says on the second serial line
# what came of it, and switches the guest off. The first serial line is the kernel's.
#
# A line of /tests: name, seconds that it may take, command for the shell; tabs between them.
# shellcheck shell=dash

/bin/busybox --install -s /bin 2>/dev/null
export PATH=/bin HOME=/ LC_ALL=C
mkdir -p /proc /sys /dev /tmp /run /var
# EAL loads no drivers from below a folder that anybody may write to.
chmod 755 /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/hugepages /dev/shm
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
ln -sf /run /var/run
mount -t hugetlbfs -o pagesize=2M none /dev/hugepages
mount -t cgroup2 none /sys/fs/cgroup
ip link set lo up 2>/dev/null
exec 3<>/dev/ttyS1
stty raw -echo <&3

pools='/sys/devices/system/node/node*/hugepages/hugepages-2048kB'
node=0
sed -n 's/.*fastmem.hugepages=\([0-9,]*\).*/\1/p' /proc/cmdline | tr ',' '\n' | while read -r pages; do
    echo "$pages" >"/sys/devices/system/node/node$node/hugepages/hugepages-2048kB/nr_hugepages"
    node=$((node + 1))
done

# All that begins with | is a test's own.
say() { echo "$*" >&3; }

uptime() { cut -d ' ' -f 1 /proc/uptime; }

# Free hugepages of each node, in the order of their ids.
free_pages() {
    # shellcheck disable=SC2086  # a pattern
    cat $pools/free_hugepages | tr '\n' ' '
}

for file in /sys/devices/system/node/node*/cpulist /sys/devices/system/node/node*/distance; do
    say "machine ${file#/sys/devices/system/node/} $(cat "$file")"
done
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
    say "machine ${cpu##*/}/package $(cat "$cpu/topology/physical_package_id")"
done
say "machine hugepages $(free_pages)"

# The tree may lie there itself.
kept=$(ls -A /tmp)
clean_tmp() {
    for file in /tmp/*; do
        echo "$kept" | grep -qxF "${file##*/}" || rm -rf "$file"
    done
}

while IFS=$(printf '\t') read -r name seconds command; do
    say "begin $name"
    from=$(uptime)
    cd /tmp || exit
    timeout -s KILL "$seconds" sh -c "$command" >/run/out 2>&1 </dev/null
    status=$?
    tail -c 60000 /run/out | sed 's/^/|/' >&3
    say
    # EAL leaves files there, for its next start to remove.
    clean_tmp
    rm -rf /run/* /dev/hugepages/*
    say "end $status $from $(uptime) $(free_pages)"
done </tests
say "done"
sleep 0.1
poweroff -f
