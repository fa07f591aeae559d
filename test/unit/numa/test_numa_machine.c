/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of where things are on the machine that they run on, against what others say:
 *       the thread itself, lscpu, other files of the kernel's.
 * Must not: assume anything of that machine but that it has a CPU.
 * Called by: meson test.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <linux/mempolicy.h>
#include <unistd.h>
#include <cmocka.h>

#include "rte_numa_access.h"
#include "rte_numa_where.h"

#define TIER_DIR "/sys/devices/virtual/memory_tiering"

static const struct rte_numa_topology *
self(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();

	assert_non_null(topo);
	return topo;
}

/* The first line of a file without its newline; false if there is none. */
static bool
first_line(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	bool ok;

	if (f == NULL)
		return false;
	ok = fgets(text, size, f) != NULL;
	fclose(f);
	if (ok)
		text[strcspn(text, "\n")] = '\0';
	return ok;
}

struct worker {
	pthread_barrier_t placed, asked;
	int cpu, tid;
	unsigned int node_id; /* As the kernel tells the thread itself. */
	bool pinned;
};

static void *
stay_on_a_cpu(void *arg)
{
	struct worker *worker = arg;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(worker->cpu, &one);
	worker->pinned = sched_setaffinity(0, sizeof(one), &one) == 0 &&
			 syscall(SYS_getcpu, NULL, &worker->node_id, NULL) == 0;
	worker->tid = gettid();
	pthread_barrier_wait(&worker->placed);
	pthread_barrier_wait(&worker->asked);
	return NULL;
}

static void
a_thread_is_where_it_says_itself(void **state)
{
	cpu_set_t allowed;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct worker worker = { .cpu = cpu };
		pthread_t thread;
		int node_id;

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		assert_int_equal(pthread_barrier_init(&worker.placed, NULL, 2), 0);
		assert_int_equal(pthread_barrier_init(&worker.asked, NULL, 2), 0);
		assert_int_equal(pthread_create(&thread, NULL, stay_on_a_cpu, &worker), 0);
		pthread_barrier_wait(&worker.placed);
		node_id = rte_numa_node_of_thread(self(), worker.tid);
		pthread_barrier_wait(&worker.asked);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_true(worker.pinned);
		assert_int_equal(node_id, worker.node_id);
		pthread_barrier_destroy(&worker.placed);
		pthread_barrier_destroy(&worker.asked);
	}
}

/* Bind a page to a node and touch it; NULL if this is refused here. */
static char *
page_on(int node_id)
{
	struct rte_numa_mask mask = { 0 };
	size_t page = sysconf(_SC_PAGESIZE);
	char *addr = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(addr, MAP_FAILED);
	rte_numa_mask_set(&mask, node_id);
	if (syscall(SYS_mbind, addr, page, MPOL_BIND, mask.words, RTE_NUMA_MAX_NODES + 1UL, 0) !=
	    0) {
		munmap(addr, page);
		return NULL;
	}
	addr[0] = 1;
	return addr;
}

/* What /proc/self/numa_maps has of the mapping that starts at an address. */
static void
numa_maps_line(const void *addr, char *found, size_t size)
{
	FILE *f = fopen("/proc/self/numa_maps", "r");
	char line[4096];

	found[0] = '\0';
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strtoul(line, NULL, 16) == (uintptr_t)addr)
			snprintf(found, size, "%s", line);
	fclose(f);
}

static void
a_page_is_where_it_was_bound(void **state)
{
	char line[4096], word[32];
	int id;

	(void)state;
	RTE_NUMA_FOREACH_NODE(id, self(), RTE_NUMA_WITH_MEMORY) {
		char *addr = page_on(id);
		int ret;

		if (addr == NULL) {
			print_message("mbind() is refused here\n");
			skip();
		}
		ret = rte_numa_node_of_address(addr + 7);
		if (ret == -EPERM) {
			print_message("move_pages() is refused here\n");
			skip();
		}
		assert_int_equal(ret, id);
		numa_maps_line(addr, line, sizeof(line));
		snprintf(word, sizeof(word), " N%d=1", id);
		if (line[0] != '\0')
			assert_non_null(strstr(line, word));
		munmap(addr, sysconf(_SC_PAGESIZE));
	}
}

/* Of a PCI device the kernel also lists the CPUs that are local to it. */
static void
a_pci_devices_local_cpus_are_its_nodes(void **state)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	char path[PATH_MAX], local[4096], cpus[4096];
	unsigned int nb_devices = 0;
	struct dirent *entry;

	(void)state;
	if (dir == NULL) {
		print_message("no PCI here\n");
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		int node_id;

		if (entry->d_name[0] == '.')
			continue;
		nb_devices++;
		node_id = rte_numa_node_of_pci(self(), entry->d_name);
		if (strncmp(entry->d_name, "0000:", 5) == 0)
			assert_int_equal(rte_numa_node_of_pci(self(), entry->d_name + 5), node_id);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/numa_node", entry->d_name);
		if (access(path, R_OK) != 0) {
			assert_int_equal(node_id, -ENODEV);
			continue;
		}
		if (node_id == -ENODATA)
			continue;
		assert_true(node_id >= 0);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/local_cpulist",
			 entry->d_name);
		assert_true(first_line(path, local, sizeof(local)));
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpulist", node_id);
		assert_true(first_line(path, cpus, sizeof(cpus)));
		assert_string_equal(local, cpus);
	}
	closedir(dir);
	print_message("%u PCI devices\n", nb_devices);
}

/* What sysfs has a link to: the node of the last PCI device on the way there, or -ENODEV. */
static int
node_on_the_way(const char *link)
{
	char path[PATH_MAX], address[16];
	const char *at;
	int node_id = -ENODEV;
	ssize_t len = readlink(link, path, sizeof(path) - 1);

	assert_true(len > 0);
	path[len] = '\0';
	for (at = strchr(path, '/'); at != NULL; at = strchr(at + 1, '/'))
		if (sscanf(at, "/%15[0-9a-f:.]", address) == 1 && strlen(address) >= 12)
			node_id = rte_numa_node_of_pci(self(), address);
	return node_id;
}

static void
an_interface_is_where_its_pci_device_is(void **state)
{
	DIR *dir = opendir("/sys/class/net");
	struct dirent *entry;
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	if (dir == NULL) {
		print_message("no network here\n");
		skip();
	}
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/sys/class/net/%s", entry->d_name);
		assert_int_equal(lstat(path, &st), 0);
		if (S_ISLNK(st.st_mode))
			assert_int_equal(rte_numa_node_of_interface(self(), entry->d_name),
					 node_on_the_way(path));
	}
	closedir(dir);
}

static void
a_file_is_where_its_disk_is(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY), expected = -ENODEV;
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	print_message("its device: %u:%u\n", major(st.st_dev), minor(st.st_dev));
	if (access(path, F_OK) == 0)
		expected = node_on_the_way(path);
	if (access(path, F_OK) != 0 || expected != -ENODEV) /* Else it may be made of others. */
		assert_int_equal(rte_numa_node_of_fd(self(), fd), expected);
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(rte_numa_node_of_fd(self(), fd), -ENODEV);
	close(fd);
}

#define MAX_PACKAGES 1024

static int
package_of_cpu(int cpu)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/physical_package_id",
		 cpu);
	return first_line(path, text, sizeof(text)) ? atoi(text) : -1;
}

/* lscpu numbers packages in its own way: each of its numbers must be one of ours. */
static void
lscpu_agrees_on_packages(void **state)
{
	static int ours[MAX_PACKAGES];
	struct rte_numa_mask nodes;
	unsigned int nb_seen = 0;
	char line[256];
	FILE *lscpu;

	(void)state;
	if (system("command -v lscpu >/dev/null") != 0) {
		print_message("no lscpu here\n");
		skip();
	}
	memset(ours, -1, sizeof(ours));
	lscpu = popen("lscpu -p=CPU,SOCKET", "r");
	assert_non_null(lscpu);
	while (fgets(line, sizeof(line), lscpu) != NULL) {
		int cpu, theirs, package, node_id, ret;

		if (line[0] == '#' || sscanf(line, "%d,%d", &cpu, &theirs) != 2)
			continue;
		assert_true(theirs < MAX_PACKAGES);
		node_id = rte_numa_node_of_cpu(self(), cpu);
		ret = rte_numa_package_of_node(self(), node_id);
		package = ret != -ENOTUNIQ ? ret : package_of_cpu(cpu);
		assert_true(package >= 0);
		nb_seen += ours[theirs] < 0;
		assert_true(ours[theirs] < 0 || ours[theirs] == package);
		ours[theirs] = package;
		assert_int_equal(rte_numa_nodes_of_package(self(), package, &nodes), 0);
		assert_true(rte_numa_mask_test(&nodes, node_id));
	}
	assert_int_equal(pclose(lscpu), 0);
	assert_int_equal(rte_numa_packages(self(), NULL, 0), nb_seen);
}

/* What /proc/meminfo has of the default size of hugepages. */
static bool
meminfo_pool(struct rte_numa_hugepages *pool)
{
	FILE *f = fopen("/proc/meminfo", "r");
	unsigned long long value;
	char line[256];

	assert_non_null(f);
	memset(pool, 0, sizeof(*pool));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "HugePages_Total: %llu", &value) == 1)
			pool->total = value;
		else if (sscanf(line, "HugePages_Free: %llu", &value) == 1)
			pool->free = value;
		else if (sscanf(line, "HugePages_Rsvd: %llu", &value) == 1)
			pool->reserved = value;
		else if (sscanf(line, "HugePages_Surp: %llu", &value) == 1)
			pool->surplus = value;
		else if (sscanf(line, "Hugepagesize: %llu kB", &value) == 1)
			pool->page_size = value * 1024;
	}
	fclose(f);
	return pool->page_size != 0;
}

static void
meminfo_agrees_on_hugepages(void **state)
{
	struct rte_numa_hugepages before, after, pools[64];
	bool found = false;
	int n;

	(void)state;
	if (!meminfo_pool(&before)) {
		print_message("a kernel without hugepages\n");
		skip();
	}
	do { /* Until nobody has changed them meanwhile. */
		assert_true(meminfo_pool(&before));
		n = rte_numa_machine_hugepages(self(), pools, 64);
		assert_true(meminfo_pool(&after));
	} while (memcmp(&before, &after, sizeof(before)) != 0);
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		if (pools[i].page_size != before.page_size)
			continue;
		assert_memory_equal(&pools[i], &before, sizeof(before));
		found = true;
	}
	assert_true(found);
}

/* The tier, of all in the folder, whose list has the node. */
static int
tier_listing(int node_id)
{
	DIR *dir = opendir(TIER_DIR);
	int tier, found = -ENODATA;
	char path[PATH_MAX], text[4096];
	struct rte_numa_mask nodes;
	struct dirent *entry;

	if (dir == NULL)
		return -ENODATA;
	while ((entry = readdir(dir)) != NULL) {
		if (sscanf(entry->d_name, "memory_tier%d", &tier) != 1)
			continue;
		snprintf(path, sizeof(path), TIER_DIR "/%s/nodelist", entry->d_name);
		if (first_line(path, text, sizeof(text)) &&
		    rte_numa_mask_parse(text, &nodes) == 0 && rte_numa_mask_test(&nodes, node_id))
			found = tier;
	}
	closedir(dir);
	return found;
}

static void
tiers_are_as_listed(void **state)
{
	int id;

	(void)state;
	RTE_NUMA_FOREACH_NODE(id, self(), 0)
		assert_int_equal(rte_numa_memory_tier(self(), id), tier_listing(id));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_where_it_says_itself),
		cmocka_unit_test(a_page_is_where_it_was_bound),
		cmocka_unit_test(a_pci_devices_local_cpus_are_its_nodes),
		cmocka_unit_test(an_interface_is_where_its_pci_device_is),
		cmocka_unit_test(a_file_is_where_its_disk_is),
		cmocka_unit_test(lscpu_agrees_on_packages),
		cmocka_unit_test(meminfo_agrees_on_hugepages),
		cmocka_unit_test(tiers_are_as_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
