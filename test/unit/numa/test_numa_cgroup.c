/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of cgroups: which one a process is in, where that is mounted, and which of all
 *   limits on the way up is the tightest, over made trees.
 * Must not: depend on the cgroups that it runs in, but for asking where that is.
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
#include <unistd.h>
#include <cmocka.h>

#include "numa_priv.h"
#include "numa_tree.h"

#define CG "/sys/fs/cgroup"
#define V2 "30 20 0:26 / " CG " rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

static void
put(const char *root, const char *file, const char *text)
{
	tree_write(root, file, text, strlen(text));
}

static char *
make_tree(const char *cgroup, const char *mountinfo)
{
	char *root = tree_copy(NULL);

	put(root, "proc/self/cgroup", cgroup);
	put(root, "proc/self/mountinfo", mountinfo);
	return root;
}

static int
find(const char *root, const char *controller, struct rte_numa_cgroup *cgroup)
{
	char *proc = tree_path(root, "proc");
	int ret = rte_numa_cgroup_find(proc, controller, cgroup);

	free(proc);
	return ret;
}

static struct rte_numa_cgroup_limit
memory(const char *root, enum rte_numa_cgroup_kind kind)
{
	struct rte_numa_cgroup_limit limit;
	struct rte_numa_cgroup cgroup;

	assert_int_equal(find(root, "memory", &cgroup), 0);
	assert_int_equal(rte_numa_cgroup_memory(root, &cgroup, kind, &limit), 0);
	return limit;
}

static void
a_cgroup_is_found_in_both_versions(void **state)
{
	static const struct {
		const char *cgroup, *mountinfo, *controller, *dir;
		bool v1;
	} cases[] = {
		{ "0::/a.slice/b.service\n", V2, "memory", CG "/a.slice/b.service", false },
		{ "0::/\n", V2, "memory", CG, false },
		{ "0::/x", V2, "memory", CG "/x", false },
		/* A container's root may be further up than what is mounted. */
		{ "0::/../other\n", "1 2 0:1 /../box " CG " rw - cgroup2 c rw\n", "memory", CG,
		  false },
		/* Only a part is mounted, without a namespace of its own. */
		{ "4:memory:/docker/12ab/deep\n",
		  "1 2 0:1 /docker/12ab " CG "/memory ro - cgroup c rw,memory\n", "memory",
		  CG "/memory/deep", true },
		{ "4:memory:/docker/12ab\n",
		  "1 2 0:1 /docker/12 " CG "/wrong ro - cgroup c rw,memory\n"
		  "1 2 0:1 /docker/12ab " CG "/right ro - cgroup c rw,memory\n",
		  "memory", CG "/right", true },
		/* Hybrid: the controller is in version 1, whatever stands first. */
		{ "0::/y\n7:cpuset,memory:/x:1\n",
		  V2 "1 2 0:1 / /cg/cpu rw - cgroup c rw,cpu,cpuacct\n"
		     "1 2 0:1 / /cg/both rw master:3 - cgroup c rw,cpuset,memory\n",
		  "memory", "/cg/both/x:1", true },
		{ "7:cpuset:/x\n0::/y\n", "1 2 0:1 / /cg/cpuset rw - cgroup c rw,cpuset\n" V2,
		  "memory", CG "/y", false },
		/* Names that are part of others. */
		{ "3:xmemory:/a\n4:memory2:/b\n5:name=memory:/c\n0::/d\n", V2, "memory", CG "/d",
		  false },
		{ "3:cpu,cpuacct:/a\n", "1 2 0:1 / /cg rw - cgroup c rw,cpuacct,cpu\n", "cpu",
		  "/cg/a", true },
		/* A folder with a blank. */
		{ "0::/a\n", "1 2 0:1 / /my\\040cgroups rw - cgroup2 c rw\n", "memory",
		  "/my cgroups/a", false },
		{ "0::/a\n", "1 2 0:1 / / rw - cgroup2 c rw\n", "memory", "/a", false },
	};
	struct rte_numa_cgroup cgroup;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *root = make_tree(cases[i].cgroup, cases[i].mountinfo);

		print_message("%s", cases[i].cgroup);
		assert_int_equal(find(root, cases[i].controller, &cgroup), 0);
		assert_string_equal(cgroup.dir, cases[i].dir);
		assert_int_equal(cgroup.v1, cases[i].v1);
		tree_remove(root);
	}
}

static void
where_there_is_none_it_says_so(void **state)
{
	static const struct {
		const char *cgroup, *mountinfo;
	} cases[] = {
		{ "", V2 },
		{ "4:memory:\n", V2 },
		{ "4:cpu:/a\n", V2 },
		{ "nonsense\n:\n::\n0:\n", V2 },
		{ "0::/a\n", "" },
		{ "0::/a\n", "1 2 0:1 / /cg rw - cgroup c rw,memory\n" },
		{ "4:memory:/a\n", V2 },
		{ "4:memory:/a\n", "1 2 0:1 / /cg rw - cgroup c rw,memory2\n" },
		{ "0::/a\n", "1 2 0:1 / /cg rw\n-\n - \n1 2 3\n1 2 0:1 / /cg rw -\n" },
	};
	struct rte_numa_cgroup cgroup = { .top = 77 };
	char *root;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		root = make_tree(cases[i].cgroup, cases[i].mountinfo);
		assert_int_equal(find(root, "memory", &cgroup), -ENOENT);
		tree_remove(root);
	}
	root = tree_copy(NULL);
	assert_int_equal(find(root, "memory", &cgroup), -ENOENT);
	tree_remove(root);
	assert_int_equal(rte_numa_cgroup_find(NULL, "memory", &cgroup), -EINVAL);
	assert_int_equal(rte_numa_cgroup_find("/proc", NULL, &cgroup), -EINVAL);
	assert_int_equal(rte_numa_cgroup_find("/proc", "memory", NULL), -EINVAL);
	assert_int_equal(cgroup.top, 77);
}

static void
the_way_up_ends_where_it_is_mounted(void **state)
{
	char *root = make_tree("0::/a/b\n", V2);
	struct rte_numa_cgroup cgroup;

	(void)state;
	assert_int_equal(find(root, "memory", &cgroup), 0);
	assert_true(rte_numa_cgroup_up(&cgroup));
	assert_string_equal(cgroup.dir, CG "/a");
	assert_true(rte_numa_cgroup_up(&cgroup));
	assert_string_equal(cgroup.dir, CG);
	assert_false(rte_numa_cgroup_up(&cgroup));
	assert_string_equal(cgroup.dir, CG);
	tree_remove(root);
}

static void
numbers_are_read_as_the_kernel_writes_them(void **state)
{
	static const struct {
		const char *text, *name;
		int ret;
		uint64_t value;
	} cases[] = {
		{ "17\n", NULL, 0, 17 },
		{ "0", NULL, 0, 0 },
		{ "max\n", NULL, 0, UINT64_MAX },
		{ "9223372036854771712\n", NULL, 0, UINT64_MAX },
		{ "", NULL, -EINVAL, 0 },
		{ "12 kB\n", NULL, -EINVAL, 0 },
		{ "-1\n", NULL, -EINVAL, 0 },
		{ "maximum\n", NULL, -EINVAL, 0 },
		{ "oom 1\noom_kill 2\n", "oom_kill", 0, 2 },
		{ "oom 1\noom_kill 2\n", "oom", 0, 1 },
		{ "total_file 8\nfile 9", "file", 0, 9 },
		{ "oom 1\n", "high", -ENOENT, 0 },
		{ "", "high", -ENOENT, 0 },
		{ "high x\n", "high", -EINVAL, 0 },
	};
	struct rte_numa_cgroup cgroup = { .dir = "/cg" };
	char *root = tree_copy(NULL);
	uint64_t value = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t before = value;

		put(root, "cg/file", cases[i].text);
		assert_int_equal(rte_numa_cgroup_number(root, &cgroup, "file", cases[i].name,
							&value),
				 cases[i].ret);
		assert_int_equal(value, cases[i].ret == 0 ? cases[i].value : before);
	}
	assert_int_equal(rte_numa_cgroup_number(root, &cgroup, "none", NULL, &value), -ENOENT);
	assert_int_equal(rte_numa_cgroup_number(NULL, &cgroup, "file", NULL, &value), -EINVAL);
	tree_remove(root);
}

static void
the_tightest_limit_on_the_way_up_counts(void **state)
{
	char *root = make_tree("0::/a/b/c\n", V2);
	struct rte_numa_cgroup_limit limit;

	(void)state;
	limit = memory(root, RTE_NUMA_CGROUP_MAX);
	assert_true(limit.left == RTE_NUMA_CGROUP_NO_LIMIT && limit.file[0] == '\0');
	put(root, "sys/fs/cgroup/a/b/c/memory.max", "max\n");
	put(root, "sys/fs/cgroup/a/b/c/memory.current", "400\n");
	put(root, "sys/fs/cgroup/a/b/memory.max", "1000\n");
	put(root, "sys/fs/cgroup/a/b/memory.current", "400\n");
	limit = memory(root, RTE_NUMA_CGROUP_MAX);
	assert_int_equal(limit.max, 1000);
	assert_int_equal(limit.used, 400);
	assert_int_equal(limit.left, 600);
	assert_string_equal(limit.file, CG "/a/b/memory.max");
	/* Half of the files of it and what is below it can come back. */
	put(root, "sys/fs/cgroup/a/b/memory.stat",
	    "anon 9000\nfile 7\ninactive_file 300\nactive_file 100\ntotal_active_file 5000\n");
	limit = memory(root, RTE_NUMA_CGROUP_MAX);
	assert_int_equal(limit.reclaimable, 400);
	assert_int_equal(limit.left, 800);
	/* A larger limit above leaves less, as others take their share of it. */
	put(root, "sys/fs/cgroup/a/memory.max", "5000\n");
	put(root, "sys/fs/cgroup/a/memory.current", "4990\n");
	limit = memory(root, RTE_NUMA_CGROUP_MAX);
	assert_int_equal(limit.left, 10);
	assert_string_equal(limit.file, CG "/a/memory.max");
	put(root, "sys/fs/cgroup/a/memory.current", "6000\n");
	assert_int_equal(memory(root, RTE_NUMA_CGROUP_MAX).left, 0);
	/* The other kind is another file. */
	assert_true(memory(root, RTE_NUMA_CGROUP_HIGH).left == RTE_NUMA_CGROUP_NO_LIMIT);
	put(root, "sys/fs/cgroup/a/b/c/memory.high", "500\n");
	limit = memory(root, RTE_NUMA_CGROUP_HIGH);
	assert_int_equal(limit.left, 100);
	assert_string_equal(limit.file, CG "/a/b/c/memory.high");
	tree_remove(root);
}

static void
version_1_has_names_of_its_own(void **state)
{
	char *root = make_tree("4:memory:/box\n0::/\n",
			       "1 2 0:1 / /cg/memory rw - cgroup c rw,memory\n" V2);
	struct rte_numa_cgroup_limit limit;

	(void)state;
	put(root, "cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put(root, "cg/memory/box/memory.limit_in_bytes", "1000\n");
	put(root, "cg/memory/box/memory.usage_in_bytes", "900\n");
	put(root, "cg/memory/box/memory.stat",
	    "inactive_file 8\nactive_file 8\ntotal_inactive_file 300\ntotal_active_file 100\n");
	/* What is mounted of version 2 does not have the controller. */
	put(root, "sys/fs/cgroup/memory.max", "1\n");
	limit = memory(root, RTE_NUMA_CGROUP_MAX);
	assert_int_equal(limit.max, 1000);
	assert_int_equal(limit.reclaimable, 400);
	assert_int_equal(limit.left, 300);
	assert_string_equal(limit.file, "/cg/memory/box/memory.limit_in_bytes");
	assert_true(memory(root, RTE_NUMA_CGROUP_HIGH).left == RTE_NUMA_CGROUP_NO_LIMIT);
	tree_remove(root);
}

static void
hugepages_of_each_size_have_limits_of_their_own(void **state)
{
	char *root = make_tree("0::/a\n", V2);
	struct rte_numa_cgroup_limit limit;
	struct rte_numa_cgroup cgroup;

	(void)state;
	put(root, "sys/fs/cgroup/a/hugetlb.2MB.max", "4194304\n");
	put(root, "sys/fs/cgroup/hugetlb.2MB.rsvd.max", "6291456\n");
	put(root, "sys/fs/cgroup/hugetlb.2MB.rsvd.current", "4194304\n");
	put(root, "sys/fs/cgroup/a/hugetlb.1GB.max", "0\n");
	put(root, "sys/fs/cgroup/a/hugetlb.64KB.max", "65536\n");
	assert_int_equal(find(root, "hugetlb", &cgroup), 0);
	assert_int_equal(rte_numa_cgroup_hugepages(root, &cgroup, 2 << 20, &limit), 0);
	assert_int_equal(limit.left, 2 << 20);
	assert_string_equal(limit.file, CG "/hugetlb.2MB.rsvd.max");
	assert_int_equal(rte_numa_cgroup_hugepages(root, &cgroup, 1 << 30, &limit), 0);
	assert_int_equal(limit.left, 0);
	assert_int_equal(rte_numa_cgroup_hugepages(root, &cgroup, 65536, &limit), 0);
	assert_int_equal(limit.left, 65536);
	assert_int_equal(rte_numa_cgroup_hugepages(root, &cgroup, 32 << 20, &limit), 0);
	assert_true(limit.left == RTE_NUMA_CGROUP_NO_LIMIT);
	assert_int_equal(rte_numa_cgroup_hugepages(root, &cgroup, 0, &limit), -EINVAL);
	assert_int_equal(rte_numa_cgroup_hugepages(NULL, &cgroup, 2 << 20, &limit), -EINVAL);
	tree_remove(root);
}

/* The kernel's own word: the folder that was found names this process among its own. */
static void
this_process_is_in_the_cgroup_that_is_found(void **state)
{
	struct rte_numa_cgroup cgroup;
	char path[RTE_NUMA_CGROUP_PATH_MAX + 32];
	bool there = false;
	long pid;
	FILE *f;

	(void)state;
	if (rte_numa_cgroup_find("/proc", "memory", &cgroup) < 0) {
		print_message("no cgroups are mounted here\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup.dir);
	f = fopen(path, "r");
	if (f == NULL) {
		print_message("%s is not there to be read\n", path);
		skip();
	}
	while (!there && fscanf(f, "%ld", &pid) == 1)
		there = pid == getpid();
	fclose(f);
	assert_true(there);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cgroup_is_found_in_both_versions),
		cmocka_unit_test(where_there_is_none_it_says_so),
		cmocka_unit_test(the_way_up_ends_where_it_is_mounted),
		cmocka_unit_test(numbers_are_read_as_the_kernel_writes_them),
		cmocka_unit_test(the_tightest_limit_on_the_way_up_counts),
		cmocka_unit_test(version_1_has_names_of_its_own),
		cmocka_unit_test(hugepages_of_each_size_have_limits_of_their_own),
		cmocka_unit_test(this_process_is_in_the_cgroup_that_is_found),
	};

	return cmocka_run_group_tests_name("numa/cgroup", tests, NULL, NULL);
}
