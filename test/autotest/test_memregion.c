/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * memregion_autotest: regions are where and what was wished, or are not made. */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memregion.h>

#include "test.h"
#include "test_pages.h"

#define SIZE	 ((size_t)1 << 20)
#define NODE_NOT 1000 /* no machine has as many nodes */

/* Whether the kernel can read from an address on this process's behalf. */
static bool
is_readable(const void *addr)
{
	int fd[2];
	bool can;

	if (pipe(fd) != 0)
		return false;
	can = write(fd[1], addr, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return can;
}

/* A figure of the mapping that an address lies in, from smaps, in kB; -1: there is none. */
static long
smaps_kb(const void *addr, const char *key)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	char line[4096];
	long kb = -1;
	bool in = false;

	while (file != NULL && kb < 0 && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			in = (uintptr_t)addr >= start && (uintptr_t)addr < end;
		else if (in && strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			kb = strtol(line + strlen(key) + 1, NULL, 10);
	}
	if (file != NULL)
		fclose(file);
	return kb;
}

/* Each byte can be written; what another region has is not touched by it. */
static int
test_default(void)
{
	struct rte_memregion *region[8];
	int ret;

	for (unsigned int i = 0; i < RTE_DIM(region); i++) {
		ret = rte_memregion_create(SIZE + i * 100, NULL, &region[i]);
		TEST_ASSERT_SUCCESS(ret, "%d: %s", ret, rte_memregion_error());
		TEST_ASSERT(rte_memregion_size(region[i]) >= SIZE + i * 100, "too small");
		TEST_ASSERT_EQUAL((uintptr_t)rte_memregion_addr(region[i]) %
					  rte_memregion_page_size(region[i]),
				  0, "not aligned to its pages");
		memset(rte_memregion_addr(region[i]), (int)i, rte_memregion_size(region[i]));
	}
	for (unsigned int i = 0; i < RTE_DIM(region); i++) {
		unsigned char *mem = rte_memregion_addr(region[i]);

		for (size_t at = 0; at < rte_memregion_size(region[i]); at++)
			TEST_ASSERT_EQUAL(mem[at], i, "byte %zu of region %u", at, i);
		TEST_ASSERT_SUCCESS(rte_memregion_destroy(region[i]), "destroy");
		TEST_ASSERT(!is_readable(mem), "memory of region %u is still there", i);
	}
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(NULL), "destroy nothing");
	return TEST_SUCCESS;
}

/* Strict, on each node there is, in small pages: all of them exist there. */
static int
test_strict_on_nodes(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT,
	};
	struct rte_memregion_enforcement done;
	struct rte_membind_location location;
	struct rte_memregion *region;
	struct rte_numa_mask nodes;
	int node, ret;

	if (rte_membind_allowed_nodes(&nodes) != 0 || rte_membind_caps() == NULL ||
	    rte_membind_caps()->policy[RTE_MEMBIND_BIND] != 0) {
		printf("skipped: no policies here: %s\n", rte_membind_error());
		return TEST_SKIPPED;
	}
	RTE_NUMA_MASK_FOREACH(node, &nodes) {
		rte_numa_mask_only(&opts.nodes, node);
		ret = rte_memregion_create(SIZE, &opts, &region);
		TEST_ASSERT_SUCCESS(ret, "node %d: %d: %s", node, ret, rte_memregion_error());
		TEST_ASSERT(test_pages_on(rte_memregion_addr(region), SIZE, node),
			    "pages are not on node %d", node);
		TEST_ASSERT_EQUAL(smaps_kb(rte_memregion_addr(region), "AnonHugePages"), 0,
				  "huge pages");
		TEST_ASSERT_SUCCESS(rte_memregion_enforcement(region, &done), "enforcement");
		TEST_ASSERT(done.level == RTE_MEMREGION_ENFORCED, "%s",
			    rte_memregion_level_name(done.level));
		TEST_ASSERT_SUCCESS(rte_memregion_location(region, &location), "location");
		TEST_ASSERT_EQUAL(location.on_node[node], SIZE, "%ju bytes on node %d",
				  (uintmax_t)location.on_node[node], node);
		TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	}
	return TEST_SUCCESS;
}

/* Soft of a region without prefault: nothing is claimed of pages that nobody has touched. */
static int
test_not_yet(void)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL };
	struct rte_membind_location location;
	struct rte_memregion *region;
	char *mem;

	TEST_ASSERT_SUCCESS(rte_memregion_create(SIZE, &opts, &region), "create");
	mem = rte_memregion_addr(region);
	TEST_ASSERT_SUCCESS(rte_memregion_location(region, &location), "location");
	TEST_ASSERT_EQUAL(location.present, 0, "%ju bytes", (uintmax_t)location.present);
	for (size_t at = 0; at < SIZE / 4; at += 4096)
		mem[at] = 1;
	TEST_ASSERT_SUCCESS(rte_memregion_location(region, &location), "location");
	TEST_ASSERT_EQUAL(location.present, SIZE / 4, "%ju bytes", (uintmax_t)location.present);
	TEST_ASSERT_EQUAL(smaps_kb(mem, "Rss"), (long)(SIZE / 4 >> 10), "Rss");
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	return TEST_SUCCESS;
}

static int
test_refused(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.flags = RTE_MEMREGION_F_STRICT,
	};
	struct rte_memregion *region = (void *)&opts;

	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE, &opts, &region), -EINVAL, "no node");
	rte_numa_mask_only(&opts.nodes, NODE_NOT);
	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE, &opts, &region), -ENODEV, "no such node");
	TEST_ASSERT(strstr(rte_memregion_error(), RTE_STR(NODE_NOT)) != NULL,
		    "does not say which: %s", rte_memregion_error());
	TEST_ASSERT_EQUAL(rte_memregion_create(0, NULL, &region), -EINVAL, "no byte");
	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE, NULL, NULL), -EINVAL, "nowhere to");
	opts = (struct rte_memregion_opts){ .flags = 1u << 31 };
	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE, &opts, &region), -EINVAL, "flag");
	opts = (struct rte_memregion_opts){ .name = "a/b" };
	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE, &opts, &region), -EINVAL, "name");
	TEST_ASSERT_EQUAL(rte_memregion_create(SIZE_MAX / 2, NULL, &region), -ENOMEM, "too large");
	TEST_ASSERT(region == (void *)&opts, "a failure wrote to its output");
	return TEST_SUCCESS;
}

/* Pages of 2 MiB of the pools: had wholly, or refused, whatever the machine has. */
static int
test_hugepages(void)
{
	struct rte_memregion_opts opts = {
		.pages = RTE_MEMREGION_PAGES_2M,
		.flags = RTE_MEMREGION_F_STRICT,
	};
	struct rte_memregion *region;
	int ret = rte_memregion_create(SIZE, &opts, &region);

	if (ret != 0) {
		printf("skipped: no hugepage of 2 MiB is free: %s\n", rte_memregion_error());
		TEST_ASSERT(ret == -ENOMEM || ret == -EPERM || ret == -ENOTSUP, "%d", ret);
		return TEST_SKIPPED;
	}
	TEST_ASSERT_EQUAL(rte_memregion_size(region), (size_t)2 << 20, "size");
	TEST_ASSERT_EQUAL(rte_memregion_page_size(region), (size_t)2 << 20, "page size");
	TEST_ASSERT_EQUAL(smaps_kb(rte_memregion_addr(region), "KernelPageSize"), 2048, "smaps");
	memset(rte_memregion_addr(region), 1, rte_memregion_size(region));
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	return TEST_SUCCESS;
}

static int
check_guards(const struct rte_memregion_opts *opts)
{
	struct rte_memregion *region;
	char *mem;
	size_t size;

	TEST_ASSERT_SUCCESS(rte_memregion_create(SIZE, opts, &region), "%s", rte_memregion_error());
	mem = rte_memregion_addr(region);
	size = rte_memregion_size(region);
	TEST_ASSERT(is_readable(mem) && is_readable(mem + size - 1), "the region itself");
	TEST_ASSERT(!is_readable(mem - 1) && !is_readable(mem - 8192), "before it");
	TEST_ASSERT(!is_readable(mem + size) && !is_readable(mem + size + 8191), "behind it");
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	return TEST_SUCCESS;
}

/* A name may make guards mappings of another kind. */
static int
test_guards(void)
{
	struct rte_memregion_opts opts = { .guard_size = 8192 };
	struct rte_memregion_opts named = { .guard_size = 8192, .name = "guarded" };

	TEST_ASSERT_SUCCESS(check_guards(&opts), "without a name");
	TEST_ASSERT_SUCCESS(check_guards(&named), "with a name");
	return TEST_SUCCESS;
}

static int
test_resize(void)
{
	struct rte_memregion_opts opts = { .pages = RTE_MEMREGION_PAGES_SMALL };
	struct rte_memregion *region;
	unsigned char *mem;

	TEST_ASSERT_SUCCESS(rte_memregion_create(SIZE, &opts, &region), "create");
	mem = rte_memregion_addr(region);
	for (size_t i = 0; i < SIZE; i++)
		mem[i] = (unsigned char)(i * 13);
	TEST_ASSERT_SUCCESS(rte_memregion_resize(region, 4 * SIZE, RTE_MEMREGION_MAY_MOVE), "%s",
			    rte_memregion_error());
	mem = rte_memregion_addr(region);
	TEST_ASSERT_EQUAL(rte_memregion_size(region), 4 * SIZE, "size");
	memset(mem + SIZE, 1, 3 * SIZE);
	TEST_ASSERT_SUCCESS(rte_memregion_resize(region, SIZE / 2, 0), "smaller");
	TEST_ASSERT_EQUAL(rte_memregion_addr(region), mem, "moved");
	TEST_ASSERT(!is_readable(mem + SIZE / 2), "what was taken away is still there");
	for (size_t i = 0; i < SIZE / 2; i++)
		TEST_ASSERT_EQUAL(mem[i], (unsigned char)(i * 13), "byte %zu was lost", i);
	TEST_ASSERT_EQUAL(rte_memregion_resize(region, 0, 0), -EINVAL, "to nothing");
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	return TEST_SUCCESS;
}

/* Somebody takes the policy away: seen, and mended. */
static int
test_audit(void)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_PREFAULT,
	};
	struct rte_memregion_audit audit;
	struct rte_memregion *region;

	TEST_ASSERT_SUCCESS(rte_membind_allowed_nodes(&opts.nodes), "nodes");
	TEST_ASSERT_SUCCESS(rte_memregion_create(SIZE, &opts, &region), "create");
	TEST_ASSERT_SUCCESS(rte_memregion_audit(region, &audit), "audit");
	TEST_ASSERT(audit.in_place == SIZE && audit.drifted == 0 && audit.absent == 0 &&
			    !audit.policy_changed && audit.text[0] == '\0',
		    "audit: %s", audit.text);
	TEST_ASSERT_SUCCESS(rte_membind_set_range(rte_memregion_addr(region), SIZE,
						  RTE_MEMBIND_DEFAULT, NULL, 0),
			    "set");
	TEST_ASSERT_SUCCESS(madvise(rte_memregion_addr(region), SIZE / 2, MADV_DONTNEED),
			    "madvise");
	TEST_ASSERT_SUCCESS(rte_memregion_audit(region, &audit), "audit");
	TEST_ASSERT(audit.absent == SIZE / 2 && audit.policy_changed && audit.text[0] != '\0',
		    "%ju absent: %s", (uintmax_t)audit.absent, audit.text);
	TEST_ASSERT_SUCCESS(rte_memregion_repair(region, &audit), "repair: %s",
			    rte_memregion_error());
	TEST_ASSERT(!audit.policy_changed, "not repaired");
	TEST_ASSERT_SUCCESS(rte_memregion_destroy(region), "destroy");
	return TEST_SUCCESS;
}

/* Regions come and go on all lcores at once. */
static int
come_and_go(void *arg)
{
	struct rte_memregion_opts opts = {
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_PREFAULT,
	};
	struct rte_memregion *region;
	unsigned char *mem;

	for (unsigned int i = 0; i < 20; i++) {
		if (rte_memregion_create(65536, &opts, &region) != 0)
			return -1;
		mem = rte_memregion_addr(region);
		memset(mem, (int)rte_lcore_id(), 65536);
		for (size_t at = 0; at < 65536; at++)
			if (mem[at] != (unsigned char)rte_lcore_id())
				return -1;
		if (rte_memregion_destroy(region) != 0)
			return -1;
	}
	RTE_SET_USED(arg);
	return 0;
}

static int
test_lcores(void)
{
	TEST_ASSERT_SUCCESS(rte_eal_mp_remote_launch(come_and_go, NULL, CALL_MAIN), "launch");
	for (unsigned int lcore = rte_get_next_lcore(-1, 1, 0); lcore < RTE_MAX_LCORE;
	     lcore = rte_get_next_lcore(lcore, 1, 0))
		TEST_ASSERT_SUCCESS(rte_eal_wait_lcore(lcore), "lcore %u", lcore);
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "memregion",
	.unit_test_cases = {
		TEST_CASE(test_default),
		TEST_CASE(test_strict_on_nodes),
		TEST_CASE(test_not_yet),
		TEST_CASE(test_refused),
		TEST_CASE(test_hugepages),
		TEST_CASE(test_guards),
		TEST_CASE(test_resize),
		TEST_CASE(test_audit),
		TEST_CASE(test_lcores),
		TEST_CASES_END(),
	},
};

static int
test_memregion(void)
{
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(memregion_autotest, test_memregion);
