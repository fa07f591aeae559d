/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_NUMA_WHERE_H
#define RTE_NUMA_WHERE_H

/**
 * @file
 *
 * The node of things: threads, lcores, devices, addresses.
 *
 * All answers are of the moment of the call and read from the kernel then, but for the nodes
 * themselves, which are those of the topology. Needs no EAL.
 *
 * A device may have no node for two reasons, which are told apart: there is no device of flesh and
 * blood behind it (-ENODEV), or there is one and firmware does not say which node it is near to
 * (-ENODATA; usual on machines with one node and in virtual machines). RTE_NUMA_NODE_ANY is what
 * to use then in either case.
 */

#include <sched.h>
#include <stddef.h>
#include <sys/types.h>

#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The node of a thread, of this process or of another: that of the CPU it runs on, or, while it
 * does not run, ran on last.
 *
 * A thread that may run on CPUs of several nodes can be on another by the time that this returns;
 * of one that is pinned to CPUs of one node the answer stays right, from when it has first run
 * there. For the calling thread rte_numa_node_of_self() is faster.
 *
 * Context: control path, reads a file of /proc; MT-safe.
 *
 * @param topo
 *   The topology of this machine.
 * @param tid
 *   The thread as gettid(2) names it, > 0; the id of a process is that of its first thread.
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EINVAL: @p tid is not above 0, or the file is not in the kernel's format
 *   - -ESRCH: there is no such thread, or /proc hides it from this user (mount option hidepid)
 *   - -ERANGE: its CPU was not online when @p topo was loaded
 *   - -ENOMEM: out of memory
 *   - another errno of open(2) or read(2), such as -EACCES
 */
int
rte_numa_node_of_thread(const struct rte_numa_topology *topo, pid_t tid);

/**
 * The node of a set of CPUs, where they are all of one.
 *
 * For an EAL lcore give what rte_lcore_cpuset() returns; not what rte_lcore_to_cpu_id() does, which is
 * the number of a core within its package, and of the CPU that the lcore has its id from.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param cpus
 *   The CPUs. CPUs that were not online when @p topo was loaded do not count.
 * @param size
 *   Bytes at @p cpus: `sizeof(cpu_set_t)`, or that of a set made by CPU_ALLOC(3).
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EINVAL: @p cpus is NULL, or has no CPU that was online when @p topo was loaded
 *   - -ENOTUNIQ: the CPUs are of several nodes
 */
int
rte_numa_node_of_cpus(const struct rte_numa_topology *topo, const cpu_set_t *cpus, size_t size);

/**
 * All nodes that a set has CPUs of.
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param cpus
 *   The CPUs. CPUs that were not online when @p topo was loaded do not count.
 * @param size
 *   Bytes at @p cpus: `sizeof(cpu_set_t)`, or that of a set made by CPU_ALLOC(3).
 * @param[out] nodes
 *   The nodes, none if there is no such CPU; set on success only.
 *
 * @return
 *   0 on success, otherwise -EINVAL: a pointer is NULL
 */
int
rte_numa_nodes_of_cpus(const struct rte_numa_topology *topo, const cpu_set_t *cpus, size_t size,
		       struct rte_numa_mask *nodes);

/**
 * The CPUs of a node, to pin threads to it by.
 *
 * Those that were online when @p topo was loaded; which of them this process may run on is another
 * question, sched_getaffinity(2).
 *
 * Context: any; MT-safe; no system call.
 *
 * @param topo
 *   The topology.
 * @param node_id
 *   The node.
 * @param[out] cpus
 *   Its CPUs, none if it is of memory alone; set on success only.
 * @param size
 *   Bytes at @p cpus: `sizeof(cpu_set_t)`, or that of a set made by CPU_ALLOC(3).
 *
 * @return
 *   How many CPUs these are, otherwise a negative errno:
 *   - -EINVAL: @p node_id is no online node, or @p cpus is NULL
 *   - -ERANGE: @p cpus has no room for the node's highest CPU
 */
int
rte_numa_cpus_of_node(const struct rte_numa_topology *topo, int node_id, cpu_set_t *cpus,
		      size_t size);

/**
 * The node of the page that an address of this process lies in. Touches no page.
 *
 * For many pages, or what holds a page that is not there, see rte_membind_locate().
 *
 * Context: control path, system calls; MT-safe.
 *
 * @param addr
 *   Any address; it need not be aligned.
 *
 * @return
 *   The node's id, of this machine, otherwise a negative errno:
 *   - -ENOENT: mapped, but without a page now: not touched yet by this process, or swapped out
 *   - -EFAULT: not mapped, as NULL
 *   - -ENODATA: there is a page, and the kernel does not tell its node: the page of zeros (private
 *     memory that was read and never written), memory of a device, on Linux 6.1 also memory
 *     that nobody may access. Without /proc/self/pagemap these are -ENOENT.
 *   - -EPERM: move_pages(2) is refused, as by seccomp filters of containers
 *   - -ENOSYS: a kernel without NUMA
 *   - another errno of move_pages(2)
 */
int
rte_numa_node_of_address(const void *addr);

/**
 * The node of the device behind a file descriptor.
 *
 * For a block or character device (NVMe, uio) this is the device itself, for another file the
 * block device that its file system is on. A device that is made of others (device mapper, RAID) is
 * where they are.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param fd
 *   The descriptor.
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EBADF: @p fd is not open
 *   - -ENODEV: no hardware device is behind it, or none that the kernel names: pipes, sockets, file
 *     systems in memory (tmpfs, proc), over others (overlay) or over several devices (btrfs), loop
 *     devices, NVMe with several paths, terminals, VFIO groups
 *   - -ENOTUNIQ: it is made of devices of several nodes
 *   - -ENODATA: the kernel says that the device is near to no node in particular
 *   - -ERANGE: the device's node was not online when @p topo was loaded
 *   - -EINVAL: a file is not in the kernel's format
 *   - another errno of open(2), realpath(3) or read(2), such as -EACCES
 */
int
rte_numa_node_of_fd(const struct rte_numa_topology *topo, int fd);

/**
 * The node of a PCI device, whatever driver it is bound to.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param address
 *   Such as "0000:3b:00.0", or "3b:00.0", which is of domain 0. Digits are hexadecimal.
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EINVAL: @p address is NULL or no PCI address, or a file is not in the kernel's format
 *   - -ENOENT: there is no such device
 *   - -ENODEV: the kernel publishes no node of it, as one without NUMA
 *   - -ENODATA: the kernel says that the device is near to no node in particular
 *   - -ERANGE: the device's node was not online when @p topo was loaded
 *   - another errno of open(2), realpath(3) or read(2), such as -EACCES
 */
int
rte_numa_node_of_pci(const struct rte_numa_topology *topo, const char *address);

/**
 * The node of a network interface's device.
 *
 * Context: control path, reads files; MT-safe.
 *
 * @param topo
 *   The topology.
 * @param name
 *   Such as "eth0". Interfaces of other network namespaces than that of /sys are not found, nor are
 *   devices that a DPDK driver has taken: for those see rte_numa_node_of_pci().
 *
 * @return
 *   The node's id, otherwise a negative errno:
 *   - -EINVAL: @p name is NULL or cannot name an interface, or a file is not in the kernel's format
 *   - -ENOENT: there is no such interface
 *   - -ENODEV: it is virtual ("lo", bridges, bonds, VLANs), or the kernel publishes no node of it
 *   - -ENODATA: the kernel says that the device is near to no node in particular
 *   - -ERANGE: the device's node was not online when @p topo was loaded
 *   - another errno of open(2), realpath(3) or read(2), such as -EACCES
 */
int
rte_numa_node_of_interface(const struct rte_numa_topology *topo, const char *name);

#ifdef __cplusplus
}
#endif

#endif /* RTE_NUMA_WHERE_H */
