/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the node of a device, by what it is known as: a descriptor, a PCI address, an interface.
 * Must not: take a device of which nothing is said for one near to node 0.
 * Called by: applications.
 */

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numa_priv.h"
#include "rte_numa_where.h"

/* What a file numa_node says, as a return value of this library's. */
static int
node_in(const struct rte_numa_topology *topo, const char *text)
{
	int node_id, ret = numa_parse_id(text, &node_id);

	if (ret < 0)
		return ret;
	if (node_id < 0)
		return -ENODATA;
	return numa_index(topo, node_id) >= 0 ? node_id : -ERANGE;
}

/* More devices on top of each other than anybody stacks. */
#define MAX_STACKED 8

/* What the devices that one is made of have in common. */
struct parts {
	const struct rte_numa_topology *topo;
	const char *folder; /* Of the device that is made of them. */
	unsigned int left;  /* How many more may be stacked. */
	bool any;
	int node_id; /* Or an errno, negative. */
};

static int
node_behind(const struct rte_numa_topology *topo, const char *root, const char *link,
	    unsigned int left);

static void
add_part(const char *name, void *arg)
{
	struct parts *parts = arg;
	char link[NUMA_PATH_MAX];
	int ret = -ELOOP;

	if (name[0] == '.')
		return;
	snprintf(link, sizeof(link), "slaves/%s", name);
	if (parts->left > 0)
		ret = node_behind(parts->topo, parts->folder, link, parts->left - 1);
	if (!parts->any || (parts->node_id >= 0 && ret < 0))
		parts->node_id = ret;
	else if (parts->node_id >= 0 && parts->node_id != ret)
		parts->node_id = -ENOTUNIQ;
	parts->any = true;
}

/* The node of what a virtual block device is made of, such as a logical volume of disks. */
static int
node_of_parts(const struct rte_numa_topology *topo, const char *folder, unsigned int left)
{
	struct parts parts = { .topo = topo, .folder = folder, .left = left, .node_id = -ENODEV };
	int ret = numa_sysfs_list(folder, "slaves", add_part, &parts);

	if (ret == -ENOENT || ret == -ENOTDIR)
		return -ENODEV;
	return ret < 0 ? ret : parts.node_id;
}

/*
 * On the way from a device's folder up to the first top characters, which are the folder of all
 * devices: what the first file numa_node says, or where the first is that is made of others.
 */
static int
walk_up(const struct rte_numa_topology *topo, char *folder, size_t top, unsigned int left)
{
	char *text;
	int ret;

	while (strlen(folder) > top) {
		ret = numa_sysfs_read(&text, folder, "numa_node");
		if (ret == 0) {
			ret = node_in(topo, text);
			free(text);
			return ret;
		}
		if (ret != -ENOENT && ret != -ENOTDIR)
			return ret;
		ret = node_of_parts(topo, folder, left);
		if (ret != -ENODEV)
			return ret;
		*strrchr(folder, '/') = '\0';
	}
	return -ENODEV;
}

/* link: below root, to a device's folder; -ENOENT if there is none. */
static int
node_behind(const struct rte_numa_topology *topo, const char *root, const char *link,
	    unsigned int left)
{
	char folder[PATH_MAX], devices[PATH_MAX];
	size_t top;
	int ret;

	ret = numa_sysfs_resolve(folder, root, link);
	if (ret < 0)
		return ret;
	ret = numa_sysfs_resolve(devices, topo->root, "devices");
	if (ret < 0)
		return ret;
	top = strlen(devices);
	if (strncmp(folder, devices, top) != 0 || folder[top] != '/')
		return -ENOENT;
	return walk_up(topo, folder, top, left);
}

/* The same for one of the links in sysfs that lead to devices. */
static int
node_of_link(const struct rte_numa_topology *topo, const char *link)
{
	return node_behind(topo, topo->root, link, MAX_STACKED);
}

int
rte_numa_node_of_fd(const struct rte_numa_topology *topo, int fd)
{
	unsigned int major, minor;
	char link[NUMA_PATH_MAX];
	bool block;
	int ret;

	ret = numa_sysfs_device(fd, &block, &major, &minor);
	if (ret < 0)
		return ret;
	/* File systems without a device have numbers too, and no such link. */
	snprintf(link, sizeof(link), "dev/%s/%u:%u", block ? "block" : "char", major, minor);
	ret = node_of_link(topo, link);
	return ret == -ENOENT ? -ENODEV : ret;
}

int
rte_numa_node_of_pci(const struct rte_numa_topology *topo, const char *address)
{
	char link[NUMA_PATH_MAX];
	struct numa_pci pci;

	if (address == NULL || numa_parse_pci(address, &pci) < 0)
		return -EINVAL;
	snprintf(link, sizeof(link), "bus/pci/devices/%04x:%02x:%02x.%x", pci.domain, pci.bus,
		 pci.device, pci.function);
	return node_of_link(topo, link);
}

/* What the kernel lets an interface be called. */
static bool
may_name_interface(const char *name)
{
	size_t len = strnlen(name, IFNAMSIZ);

	return len > 0 && len < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strpbrk(name, "/: \t\n\v\f\r") == NULL;
}

int
rte_numa_node_of_interface(const struct rte_numa_topology *topo, const char *name)
{
	char link[NUMA_PATH_MAX];

	if (name == NULL || !may_name_interface(name))
		return -EINVAL;
	snprintf(link, sizeof(link), "class/net/%s", name);
	return node_of_link(topo, link);
}
