/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of numa_device.c: the node of devices, of recorded machines and of descriptors
 *       that any machine has.
 * Must not: depend on the devices of the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_numa_where.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

#define BRIDGE "devices/pci0000:3a/0000:3a:00.0"
#define NIC    BRIDGE "/0000:3b:00.0"
#define DM     "devices/virtual/block/"
#define SSD    "devices/pci0000:ae/0000:ae:00.0/0000:af:00.0"

static void
a_pci_device_has_the_node_that_the_kernel_says(void **state)
{
	static const struct {
		const char *address;
		int node_id;
	} cases[] = {
		{ "0000:3b:00.0", 1 },	      { "3b:00.0", 1 },
		{ "0000:3B:00.0", 1 },	      { "00000000:3b:00.0", 1 },
		{ "0000:3b:02.1", 1 },	      { "af:00.0", 3 },
		{ "10000:01:00.0", 1 }, /* Behind a controller that makes a domain of its own. */
		{ "0000:00:1f.6", -ENODATA }, { "01:00.0", -ENOENT },
		{ "0001:3b:00.0", -ENOENT },  { "ffffffff:ff:1f.7", -ENOENT },
	};
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		print_message("%s\n", cases[i].address);
		assert_int_equal(rte_numa_node_of_pci(topo, cases[i].address), cases[i].node_id);
	}
	rte_numa_topology_free(topo);

	topo = tree_load("vm-one-node"); /* It has no PCI bus. */
	assert_int_equal(rte_numa_node_of_pci(topo, "3b:00.0"), -ENOENT);
	rte_numa_topology_free(topo);
}

static void
what_is_no_pci_address_is_refused(void **state)
{
	static const char *const addresses[] = {
		"",
		":",
		"::",
		"3b",
		"3b:00",
		"3b:00.",
		"3b:00.8",
		"3b:20.0",
		"3b:00.0 ",
		" 3b:00.0",
		"3b:00.0\n",
		"3b:00.00",
		"3b:0.0",
		"b:00.0",
		"3b.00.0",
		"3g:00.0",
		"000:3b:00.0",
		"000000000:3b:00.0",
		":3b:00.0",
		"-001:3b:00.0",
		"0x00:3b:00.0",
		"0000:3b:00.0/../0000:3b:00.0",
		"..",
		"0000:0000:3b:00.0",
		"eth0",
	};
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	assert_int_equal(rte_numa_node_of_pci(topo, NULL), -EINVAL);
	for (size_t i = 0; i < NB_ELEMS(addresses); i++) {
		print_message("\"%s\"\n", addresses[i]);
		assert_int_equal(rte_numa_node_of_pci(topo, addresses[i]), -EINVAL);
	}
	rte_numa_topology_free(topo);
}

static void
an_interface_is_where_its_device_is(void **state)
{
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), 1);
	assert_int_equal(rte_numa_node_of_interface(topo, "eno1"), -ENODATA);
	assert_int_equal(rte_numa_node_of_interface(topo, "lo"), -ENODEV);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth1"), -ENOENT);
	assert_int_equal(rte_numa_node_of_interface(topo, "fifteen-letters"), -ENOENT);
	/* Beside the interfaces, and none. */
	assert_int_equal(rte_numa_node_of_interface(topo, "bonding_masters"), -ENOENT);
	rte_numa_topology_free(topo);
}

static void
what_cannot_name_an_interface_is_refused(void **state)
{
	static const char *const names[] = { "",
					     ".",
					     "..",
					     "/",
					     "eth0/",
					     "../net/eth0",
					     "a b",
					     "eth0\n",
					     "eth0:1",
					     "\t",
					     "sixteen--letters",
					     "eth0\v" };
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	assert_int_equal(rte_numa_node_of_interface(topo, NULL), -EINVAL);
	for (size_t i = 0; i < NB_ELEMS(names); i++) {
		print_message("\"%s\"\n", names[i]);
		assert_int_equal(rte_numa_node_of_interface(topo, names[i]), -EINVAL);
	}
	rte_numa_topology_free(topo);
}

/* The first file on the way up decides, as the kernel gives it to devices of some kinds only. */
static void
the_nearest_folder_that_says_a_node_decides(void **state)
{
	char *root = tree_copy("sub-numa-2x2");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	tree_delete(root, NIC "/numa_node");
	tree_write(root, BRIDGE "/numa_node", "2\n", 2);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), 2);
	assert_int_equal(rte_numa_node_of_pci(topo, "3b:00.0"), 2);
	tree_write(root, NIC "/numa_node", "-1\n", 3);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ENODATA);
	tree_delete(root, NIC "/numa_node");
	tree_delete(root, BRIDGE "/numa_node");
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ENODEV);
	/* Files above the devices are not theirs. */
	tree_write(root, "devices/numa_node", "2\n", 2);
	tree_write(root, "numa_node", "2\n", 2);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ENODEV);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
broken_files_are_refused(void **state)
{
	static const struct {
		const char *text;
		int ret;
	} cases[] = {
		{ "", -EINVAL },       { "one\n", -EINVAL },	     { "-2\n", -EINVAL },
		{ "1 2\n", -EINVAL },  { "99999999999\n", -EINVAL }, { "4\n", -ERANGE },
		{ "1024\n", -ERANGE },
	};
	char *root = tree_copy("sub-numa-2x2"), *file = tree_path(root, NIC "/numa_node");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	for (size_t i = 0; i < NB_ELEMS(cases); i++) {
		print_message("\"%s\"\n", cases[i].text);
		tree_write(root, NIC "/numa_node", cases[i].text, strlen(cases[i].text));
		assert_int_equal(rte_numa_node_of_pci(topo, "3b:00.0"), cases[i].ret);
		assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), cases[i].ret);
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink(file, file), 0);
	assert_int_equal(rte_numa_node_of_pci(topo, "3b:00.0"), -ELOOP);
	/* Links that lead nowhere, in a circle, and out of the devices. */
	assert_int_equal(unlink(file), 0);
	tree_delete(root, NIC);
	assert_int_equal(rte_numa_node_of_pci(topo, "3b:00.0"), -ENOENT);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ENOENT);
	free(file);
	file = tree_path(root, "class/net/eth0");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("eth0", file), 0);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ELOOP);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("/proc/self", file), 0);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), -ENOENT);
	free(file);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
a_root_that_is_reached_by_a_link(void **state)
{
	char *root = tree_copy("sub-numa-2x2"), *link = tree_path(root, "link");
	struct rte_numa_topology *topo;

	(void)state;
	assert_int_equal(symlink(".", link), 0);
	assert_int_equal(rte_numa_topology_load(link, &topo), 0);
	assert_int_equal(rte_numa_node_of_interface(topo, "eth0"), 1);
	assert_int_equal(rte_numa_node_of_interface(topo, "lo"), -ENODEV);
	rte_numa_topology_free(topo);
	free(link);
	tree_remove(root);
}

/* Say in a tree that a device, by its numbers here, is one of the tree's. */
static void
pretend(const char *root, bool block, dev_t device, const char *folder)
{
	char link[64], *path, *target;

	snprintf(link, sizeof(link), "dev/%s/%u:%u", block ? "block" : "char", major(device),
		 minor(device));
	path = tree_path(root, link);
	unlink(path);
	assert_true(asprintf(&target, "../../%s", folder) > 0);
	assert_int_equal(symlink(target, path), 0);
	free(target);
	free(path);
}

static void
a_descriptor_of_a_character_device(void **state)
{
	char *root = tree_copy("sub-numa-2x2");
	int fd = open("/dev/null", O_RDONLY);
	struct rte_numa_topology *topo;
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	assert_int_equal(rte_numa_node_of_fd(topo, fd), -ENODEV); /* Recorded as what it is. */
	pretend(root, false, st.st_rdev, BRIDGE "/0000:3b:02.1/uio/uio0");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), 1);
	pretend(root, false, st.st_rdev, "devices/pci0000:00/0000:00:1f.6/net/eno1");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), -ENODATA);
	pretend(root, false, st.st_rdev, "devices/gone");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), -ENODEV);
	close(fd);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

/* A file on a partition: its device is the one that the tree has by the file system's numbers. */
static void
a_descriptor_of_a_file_on_a_disk(void **state)
{
	char *root = tree_copy("sub-numa-2x2"), *path;
	struct rte_numa_topology *topo;
	struct stat st;
	int fd;

	(void)state;
	tree_write(root, "file", "", 0);
	path = tree_path(root, "file");
	fd = open(path, O_RDONLY);
	free(path);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	pretend(root, true, st.st_dev, SSD "/nvme/nvme0/nvme0n1/nvme0n1p1");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), 3);
	pretend(root, true, st.st_dev, DM "loop0");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), -ENODEV);
	pretend(root, true, st.st_dev, "devices/gone");
	assert_int_equal(rte_numa_node_of_fd(topo, fd), -ENODEV);
	close(fd);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

/* A part by its path in the tree, or anywhere. */
static void
make_part(const char *root, const char *device, const char *name, const char *part)
{
	char *dir, *path, *target;

	assert_true(asprintf(&dir, DM "%s/slaves/made", device) > 0);
	tree_write(root, dir, "", 0);
	tree_delete(root, dir);
	free(dir);
	assert_true(asprintf(&path, "%s/" DM "%s/slaves/%s", root, device, name) > 0);
	target = part[0] == '/' ? strdup(part) : tree_path(root, part);
	assert_int_equal(symlink(target, path), 0);
	free(target);
	free(path);
}

static int
node_on(const char *root, const struct rte_numa_topology *topo, int fd, const char *device)
{
	char *folder = tree_path("devices/virtual/block", device);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	pretend(root, true, st.st_dev, folder);
	free(folder);
	return rte_numa_node_of_fd(topo, fd);
}

/* dm-0 is recorded on the SSD; others are put on top of it and beside it. */
static void
a_device_that_is_made_of_others(void **state)
{
	static const char disk[] = SSD "/nvme/nvme0/nvme0n1", other[] = BRIDGE "/0000:3b:02.1/uio";
	int fd = open("/proc/self/exe", O_RDONLY), next_fd;
	char *root = tree_copy("sub-numa-2x2");
	struct rte_numa_topology *topo;

	(void)state;
	assert_true(fd >= 0);
	next_fd = dup(fd);
	close(next_fd);
	assert_int_equal(rte_numa_topology_load(root, &topo), 0);
	assert_int_equal(node_on(root, topo, fd, "dm-0"), 3);
	/* A partition of one, on one on one. */
	make_part(root, "dm-1", "a", DM "dm-0");
	make_part(root, "dm-2", "b", DM "dm-1");
	tree_write(root, DM "dm-2/part/dev", "", 0);
	assert_int_equal(node_on(root, topo, fd, "dm-2/part"), 3);
	/* Two parts: of one node, of two. */
	make_part(root, "dm-1", "c", disk);
	assert_int_equal(node_on(root, topo, fd, "dm-2"), 3);
	make_part(root, "dm-1", "d", other);
	assert_int_equal(node_on(root, topo, fd, "dm-2"), -ENOTUNIQ);
	/* One whose node nobody knows, listed first or last: that is by age, or a name's hash. */
	tree_write(root, BRIDGE "/0000:3b:02.1/numa_node", "-1\n", 3);
	for (int i = 0; i < 16; i++) {
		char device[16], names[2][16];

		snprintf(device, sizeof(device), "order-%d", i);
		snprintf(names[0], sizeof(names[0]), "first-%d", i);
		snprintf(names[1], sizeof(names[1]), "second-%d", i);
		make_part(root, device, names[0], i % 2 ? disk : other);
		make_part(root, device, names[1], i % 2 ? other : disk);
		assert_int_equal(node_on(root, topo, fd, device), -ENODATA);
	}
	/* On itself, which the kernel does not let be; on what is gone, or is no device. */
	make_part(root, "dm-5", "e", DM "dm-5");
	assert_int_equal(node_on(root, topo, fd, "dm-5"), -ELOOP);
	make_part(root, "dm-6", "f", DM "gone");
	assert_int_equal(node_on(root, topo, fd, "dm-6"), -ENODEV);
	make_part(root, "dm-7", "g", "/proc/self");
	assert_int_equal(node_on(root, topo, fd, "dm-7"), -ENODEV);
	assert_int_equal(dup(fd), next_fd); /* None is left open. */
	close(next_fd);
	close(fd);
	rte_numa_topology_free(topo);
	tree_remove(root);
}

static void
descriptors_without_a_device(void **state)
{
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	int fds[5], closed;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	fds[2] = socket(AF_UNIX, SOCK_STREAM, 0);
	fds[3] = memfd_create("numa", 0);
	fds[4] = open("/proc/self/stat", O_RDONLY);
	for (size_t i = 0; i < NB_ELEMS(fds); i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(rte_numa_node_of_fd(topo, fds[i]), -ENODEV);
	}
	closed = fds[4];
	for (size_t i = 0; i < NB_ELEMS(fds); i++)
		close(fds[i]);
	assert_int_equal(rte_numa_node_of_fd(topo, closed), -EBADF);
	assert_int_equal(rte_numa_node_of_fd(topo, -1), -EBADF);
	rte_numa_topology_free(topo);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pci_device_has_the_node_that_the_kernel_says),
		cmocka_unit_test(what_is_no_pci_address_is_refused),
		cmocka_unit_test(an_interface_is_where_its_device_is),
		cmocka_unit_test(what_cannot_name_an_interface_is_refused),
		cmocka_unit_test(the_nearest_folder_that_says_a_node_decides),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(a_root_that_is_reached_by_a_link),
		cmocka_unit_test(a_descriptor_of_a_character_device),
		cmocka_unit_test(a_descriptor_of_a_file_on_a_disk),
		cmocka_unit_test(a_device_that_is_made_of_others),
		cmocka_unit_test(descriptors_without_a_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
