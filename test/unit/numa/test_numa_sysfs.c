/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of faults: files that cannot be opened or read, memory that runs out. Whatever
 *       fails, its errno comes back, nothing is leaked and nothing is handed out.
 * Must not: depend on the machine that it runs on.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_numa_access.h"
#include "rte_numa_where.h"
#include "numa_tree.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static struct {
	bool armed;
	long nb_live;			    /* Allocated less freed while armed. */
	unsigned int nb_allocs, fail_alloc; /* Fail the one of this number, from 1. */
	unsigned int nb_reads, fail_read;
	bool end_of_file; /* The read to fail finds an empty file instead. */
	bool interrupt;	  /* Each read is interrupted once. */
	size_t read_max;
} faults;

void *
__real_malloc(size_t size);
void *
__real_calloc(size_t n, size_t size);
void *
__real_realloc(void *ptr, size_t size);
char *
__real_strdup(const char *s);
void
__real_free(void *ptr);
ssize_t
__real_read(int fd, void *buf, size_t size);

void *
__wrap_malloc(size_t size);
void *
__wrap_calloc(size_t n, size_t size);
void *
__wrap_realloc(void *ptr, size_t size);
char *
__wrap_strdup(const char *s);
void
__wrap_free(void *ptr);
ssize_t
__wrap_read(int fd, void *buf, size_t size);

static bool
alloc_fails(void)
{
	if (!faults.armed)
		return false;
	if (++faults.nb_allocs == faults.fail_alloc) {
		errno = ENOMEM;
		return true;
	}
	faults.nb_live++;
	return false;
}

void *
__wrap_malloc(size_t size)
{
	return alloc_fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *ptr, size_t size)
{
	if (alloc_fails())
		return NULL;
	if (faults.armed && ptr != NULL)
		faults.nb_live--;
	return __real_realloc(ptr, size);
}

char *
__wrap_strdup(const char *s)
{
	return alloc_fails() ? NULL : __real_strdup(s);
}

void
__wrap_free(void *ptr)
{
	if (faults.armed && ptr != NULL)
		faults.nb_live--;
	__real_free(ptr);
}

ssize_t
__wrap_read(int fd, void *buf, size_t size)
{
	if (!faults.armed)
		return __real_read(fd, buf, size);
	faults.nb_reads++;
	if (faults.nb_reads == faults.fail_read && faults.end_of_file)
		return 0;
	if (faults.nb_reads == faults.fail_read) {
		errno = EIO;
		return -1;
	}
	if (faults.interrupt && faults.nb_reads % 2 == 1) {
		errno = EINTR;
		return -1;
	}
	if (faults.read_max != 0 && size > faults.read_max)
		size = faults.read_max;
	return __real_read(fd, buf, size);
}

static void
arm(void)
{
	memset(&faults, 0, sizeof(faults));
	faults.armed = true;
}

/* The lowest free file descriptor: grows if one is leaked. */
static int
next_fd(void)
{
	int fd = dup(0);

	assert_true(fd >= 0);
	close(fd);
	return fd;
}

/* Load, ask everything that reads, release; the first errno of any. */
static int
load_and_read(const char *root)
{
	struct rte_numa_hugepages pools[4];
	struct rte_numa_topology *topo = NULL;
	struct rte_numa_memory mem;
	struct rte_numa_mask nodes;
	int ret;

	ret = rte_numa_topology_load(root, &topo);
	if (ret < 0) {
		faults.armed = false;
		assert_null(topo);
		return ret;
	}
	ret = rte_numa_memory(topo, 2, &mem);
	if (ret == 0)
		ret = rte_numa_hugepages(topo, 2, pools, 4);
	if (ret >= 0)
		ret = rte_numa_machine_hugepages(topo, pools, 4);
	if (ret >= 0)
		ret = rte_numa_package_of_node(topo, 2);
	if (ret >= 0)
		ret = rte_numa_nodes_of_package(topo, 0, &nodes);
	if (ret >= 0)
		ret = rte_numa_packages(topo, NULL, 0);
	rte_numa_topology_free(topo);
	faults.armed = false;
	return ret < 0 ? ret : 0;
}

/* Questions whose files only some machines have: each reads some, and has an answer here. */
static int
access_of_memory(const struct rte_numa_topology *topo)
{
	struct rte_numa_access access;

	return rte_numa_access(topo, 2, RTE_NUMA_INITIATORS_CPU, &access);
}

static int
tier_of_memory(const struct rte_numa_topology *topo)
{
	return rte_numa_memory_tier(topo, 2);
}

static int
node_of_interface(const struct rte_numa_topology *topo)
{
	return rte_numa_node_of_interface(topo, "eth0");
}

static int
node_of_pci(const struct rte_numa_topology *topo)
{
	return rte_numa_node_of_pci(topo, "af:00.0");
}

static int
node_of_thread(const struct rte_numa_topology *topo)
{
	int ret = rte_numa_node_of_thread(topo, getpid());

	return ret == -ERANGE ? 0 : ret; /* The machines are not this one. */
}

static void
questions_that_fail(void **state)
{
	static const struct {
		const char *machine;
		int (*ask)(const struct rte_numa_topology *topo);
	} questions[] = {
		{ "memory-only", access_of_memory },   { "memory-only", tier_of_memory },
		{ "sub-numa-2x2", node_of_interface }, { "sub-numa-2x2", node_of_pci },
		{ "sub-numa-2x2", node_of_thread },
	};
	int fd = next_fd();

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(questions); i++) {
		struct rte_numa_topology *topo = tree_load(questions[i].machine);
		unsigned int nb_allocs, nb_reads;

		arm();
		assert_true(questions[i].ask(topo) >= 0);
		faults.armed = false;
		assert_int_equal(faults.nb_live, 0);
		nb_allocs = faults.nb_allocs;
		nb_reads = faults.nb_reads;
		assert_true(nb_allocs > 0 && nb_reads > 0);
		for (unsigned int n = 1; n <= nb_allocs + nb_reads; n++) {
			arm();
			if (n <= nb_allocs)
				faults.fail_alloc = n;
			else
				faults.fail_read = n - nb_allocs;
			assert_int_equal(questions[i].ask(topo), n <= nb_allocs ? -ENOMEM : -EIO);
			faults.armed = false;
			assert_int_equal(faults.nb_live, 0);
			assert_int_equal(next_fd(), fd);
		}
		rte_numa_topology_free(topo);
	}
}

static void
memory_that_runs_out(void **state)
{
	char *root = tree_copy("gap-0-2");
	unsigned int nb_allocs, n;
	int fd = next_fd();

	(void)state;
	arm();
	assert_int_equal(load_and_read(root), 0);
	assert_int_equal(faults.nb_live, 0);
	nb_allocs = faults.nb_allocs;
	assert_true(nb_allocs > 10);
	for (n = 1; n <= nb_allocs; n++) {
		arm();
		faults.fail_alloc = n;
		assert_int_equal(load_and_read(root), -ENOMEM);
		assert_int_equal(faults.nb_live, 0);
		assert_int_equal(next_fd(), fd);
	}
	tree_remove(root);
}

static void
reads_that_fail(void **state)
{
	char *root = tree_copy("gap-0-2");
	unsigned int nb_reads, n;
	int fd = next_fd();

	(void)state;
	arm();
	assert_int_equal(load_and_read(root), 0);
	nb_reads = faults.nb_reads;
	assert_true(nb_reads > 10);
	for (n = 1; n <= nb_reads; n++) {
		arm();
		faults.fail_read = n;
		assert_int_equal(load_and_read(root), -EIO);
		assert_int_equal(faults.nb_live, 0);
		assert_int_equal(next_fd(), fd);
	}
	tree_remove(root);
}

static void
reads_that_are_short_or_interrupted(void **state)
{
	char *root = tree_copy("gap-0-2");

	(void)state;
	arm();
	faults.read_max = 1;
	faults.interrupt = true;
	assert_int_equal(load_and_read(root), 0);
	assert_int_equal(faults.nb_live, 0);
	tree_remove(root);
}

/* A list of CPUs cut at each length around multiples of a page, which it is read by. */
static void
files_of_any_length(void **state)
{
	static char text[16384];
	char *root = tree_copy("gap-0-2");
	struct rte_numa_topology *topo;
	size_t len = 0;

	(void)state;
	for (int cpu = 4; len < sizeof(text) - 8; cpu += 2) {
		len += sprintf(text + len, "%s%d", len > 0 ? "," : "", cpu);
		if (len % 4096 > 16 && len % 4096 < 4080)
			continue;
		tree_write(root, NODE_DIR "/node2/cpulist", text, len);
		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		assert_int_equal(rte_numa_node_of_cpu(topo, cpu), 2);
		assert_int_equal(rte_numa_node_of_cpu(topo, cpu + 1), -EINVAL);
		rte_numa_topology_free(topo);
	}
	tree_remove(root);
}

/* Each file that is read, and the folder of pools. */
static const char *const files[] = {
	NODE_DIR "/online",
	NODE_DIR "/has_memory",
	NODE_DIR "/node0/distance",
	NODE_DIR "/node2/distance",
	NODE_DIR "/node0/cpulist",
	NODE_DIR "/node2/cpulist",
	NODE_DIR "/node2/meminfo",
	NODE_DIR "/node2/hugepages/hugepages-2048kB/nr_hugepages",
	NODE_DIR "/node2/hugepages/hugepages-1048576kB/free_hugepages",
	NODE_DIR "/node2/hugepages",
	"kernel/mm/hugepages/hugepages-2048kB/resv_hugepages",
	"devices/system/cpu/cpu7/topology/physical_package_id",
};

static void
files_that_cannot_be_read(void **state)
{
	int fd = next_fd();

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(files); i++) {
		char *root = tree_copy("gap-0-2"), *path = tree_path(root, files[i]);

		print_message("%s\n", files[i]);
		tree_delete(root, files[i]);
		assert_int_equal(symlink(path, path), 0);
		arm();
		assert_int_equal(load_and_read(root), -ELOOP);
		assert_int_equal(faults.nb_live, 0);
		assert_int_equal(unlink(path), 0);
		if (strstr(files[i], "node2/hugepages") == NULL || strstr(files[i], "kB") != NULL) {
			assert_int_equal(mkdir(path, 0755), 0);
			arm();
			assert_int_equal(load_and_read(root), -EISDIR);
			assert_int_equal(faults.nb_live, 0);
		}
		assert_int_equal(next_fd(), fd);
		free(path);
		tree_remove(root);
	}
}

static void
files_without_permission(void **state)
{
	uid_t uid = geteuid();

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(files); i++) {
		char *root = tree_copy("gap-0-2"), *path = tree_path(root, files[i]);
		int ret;

		print_message("%s\n", files[i]);
		assert_int_equal(chmod(path, 0), 0);
		if (uid == 0) /* Whom permissions do not stop. */
			assert_int_equal(seteuid(65534), 0);
		arm();
		ret = load_and_read(root);
		if (uid == 0)
			assert_int_equal(seteuid(0), 0);
		assert_int_equal(ret, -EACCES);
		assert_int_equal(faults.nb_live, 0);
		assert_int_equal(chmod(path, 0755), 0);
		free(path);
		tree_remove(root);
	}
}

/* A node folder that is a loop is no kernel without NUMA. */
static void
an_unreadable_node_folder_is_an_error(void **state)
{
	char *root = tree_copy(NULL), *path;
	struct rte_numa_topology *topo = NULL;

	(void)state;
	tree_write(root, "devices/system/cpu/online", "0\n", 2);
	path = tree_path(root, NODE_DIR);
	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(rte_numa_topology_load(root, &topo), -ELOOP);
	assert_null(topo);
	free(path);
	tree_remove(root);
}

static void
the_machines_own_topology_can_fail_and_recover(void **state)
{
	const struct rte_numa_topology *topo;

	(void)state;
	if (access("/sys/" NODE_DIR "/online", R_OK) != 0) {
		print_message("a kernel without NUMA: nothing to break\n");
		skip();
	}
	arm();
	faults.fail_read = 1;
	faults.end_of_file = true;
	errno = 0;
	topo = rte_numa_topology_self();
	faults.armed = false;
	assert_null(topo);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(faults.nb_live, 0);
	assert_true(rte_numa_node_of_self() >= 0);
	assert_non_null(rte_numa_topology_self());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_that_fail),
		cmocka_unit_test(memory_that_runs_out),
		cmocka_unit_test(reads_that_fail),
		cmocka_unit_test(reads_that_are_short_or_interrupted),
		cmocka_unit_test(files_of_any_length),
		cmocka_unit_test(files_that_cannot_be_read),
		cmocka_unit_test(files_without_permission),
		cmocka_unit_test(an_unreadable_node_folder_is_an_error),
		cmocka_unit_test(the_machines_own_topology_can_fail_and_recover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
