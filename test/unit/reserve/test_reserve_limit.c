/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what cgroups leave a plan, over made trees.
 * Must not: look at the cgroups that it runs in.
 * Called by: meson test.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "numa_tree.h"
#include "reserve_priv.h"

#define MIB (UINT64_C(1) << 20)
#define CG  "sys/fs/cgroup"

static void
write_text(const char *root, const char *file, const char *text)
{
	tree_write(root, file, text, strlen(text));
}

/* A tree in which the caller is in a cgroup of version 2 without limits. */
static char *
make_tree(void)
{
	char *root = tree_copy(NULL);

	write_text(root, "proc/self/cgroup", "0::/kubepods.slice/pod7/box\n");
	write_text(root, "proc/self/mountinfo",
		   "8 7 0:6 / /proc rw,nosuid - proc proc rw\n"
		   "9 7 0:7 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
	return root;
}

/* What a plan finds within its limits, on a machine whose node 0 has 1000 pages of 2M, 8 of 1G. */
static struct rte_reserve_report *
check_from(const char *root, int self, const char *line, bool asked)
{
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");
	char *proc = tree_path(root, "proc");
	struct rte_reserve_report *report;
	struct rte_reserve_plan *plan;

	assert_int_equal(rte_reserve_parse(NULL, line, &plan), 0);
	assert_int_equal(rsv_check_within(plan, topo, self, asked, proc, root, &report), 0);
	rte_reserve_plan_free(plan);
	rte_numa_topology_free(topo);
	free(proc);
	return report;
}

static struct rte_reserve_report *
check(const char *root, const char *line, bool asked)
{
	return check_from(root, 0, line, asked);
}

static void
assert_fits(const char *root, const char *line)
{
	struct rte_reserve_report *report = check(root, line, false);

	assert_true(report->fits);
	assert_int_equal(report->nb_limits, 0);
	rte_reserve_report_free(report);
}

/* That a plan is refused for one limit, which leaves so many bytes. */
static void
assert_refused(const char *root, const char *line, const char *file, uint64_t max, uint64_t used)
{
	struct rte_reserve_report *report = check(root, line, false);

	assert_false(report->fits);
	assert_int_equal(report->nb_limits, 1);
	assert_string_equal(report->limit[0].file, file);
	assert_int_equal(report->limit[0].max, max);
	assert_int_equal(report->limit[0].used, used);
	rte_reserve_report_free(report);
}

static void
without_limits_a_plan_fits(void **state)
{
	char *root = make_tree();

	(void)state;
	assert_fits(root, "0=1G@2M,1=512M@2M");
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "max\n");
	/* As newer kernels write it. */
	write_text(root, CG "/kubepods.slice/pod7/hugetlb.2MB.max", "9223372036854771712\n");
	assert_fits(root, "0=1G@2M,1=512M@2M");
	write_text(root, "proc/self/cgroup", "");
	assert_fits(root, "0=1G@2M,1=512M@2M");
	tree_remove(root);
}

static void
the_least_of_all_on_the_way_up_counts(void **state)
{
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "268435456\n");
	/* 100 MiB take 52 pages: 104 MiB. */
	assert_fits(root, "0=100M@2M");
	assert_refused(root, "0=300M@2M", "/sys/fs/cgroup/kubepods.slice/pod7/box/hugetlb.2MB.max",
		       256 * MIB, 0);
	write_text(root, CG "/kubepods.slice/hugetlb.2MB.max", "209715200\n");
	write_text(root, CG "/kubepods.slice/hugetlb.2MB.current", "104857600\n");
	assert_refused(root, "0=100M@2M", "/sys/fs/cgroup/kubepods.slice/hugetlb.2MB.max",
		       200 * MIB, 100 * MIB);
	assert_fits(root, "0=90M@2M");
	/* A container sees its own cgroup as the root. */
	write_text(root, "proc/self/cgroup", "0::/\n");
	assert_fits(root, "0=100M@2M");
	write_text(root, CG "/hugetlb.2MB.max", "2097152\n");
	assert_refused(root, "0=100M@2M", "/sys/fs/cgroup/hugetlb.2MB.max", 2 * MIB, 0);
	tree_remove(root);
}

static void
promised_pages_have_a_limit_too(void **state)
{
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/hugetlb.2MB.rsvd.max", "104857600\n");
	write_text(root, CG "/kubepods.slice/pod7/hugetlb.2MB.rsvd.current", "104857600\n");
	assert_refused(root, "0=2M@2M", "/sys/fs/cgroup/kubepods.slice/pod7/hugetlb.2MB.rsvd.max",
		       100 * MIB, 100 * MIB);
	tree_remove(root);
}

static void
each_page_size_has_its_own(void **state)
{
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "0\n");
	assert_fits(root, "0=2G@1G");
	assert_refused(root, "0=2M@2M", "/sys/fs/cgroup/kubepods.slice/pod7/box/hugetlb.2MB.max", 0,
		       0);
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.1GB.max", "2147483648\n");
	assert_refused(root, "0=3G@1G", "/sys/fs/cgroup/kubepods.slice/pod7/box/hugetlb.1GB.max",
		       2048 * MIB, 0);
	/* Large pages serve where small ones may not be had. */
	assert_fits(root, "0=100M");
	tree_remove(root);
}

static void
it_is_one_of_all_nodes_together(void **state)
{
	struct rte_reserve_report *report;
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "157286400\n");
	assert_fits(root, "0=64M@2M,1=64M@2M");
	report = check(root, "0=100M@2M,1=100M@2M", false);
	assert_false(report->fits);
	/* The first has its 52 pages, the other 23 of 52. */
	assert_int_equal(report->nb_rows, 3);
	assert_int_equal(report->row[0].pages, 52);
	assert_int_equal(report->row[1].pages, 23);
	assert_int_equal(report->row[2].missing, 29);
	/* The pools have enough. */
	assert_string_equal(report->row[2].command, "");
	assert_int_equal(report->limit[0].asked, 104 * 2 * MIB);
	assert_string_equal(
		report->limit[0].command,
		"echo 218103808 > '/sys/fs/cgroup/kubepods.slice/pod7/box/hugetlb.2MB.max'");
	rte_reserve_report_free(report);
	/* What the command says does. */
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "218103808\n");
	assert_fits(root, "0=100M@2M,1=100M@2M");
	tree_remove(root);
}

static void
a_plan_makes_do_with_it(void **state)
{
	struct rte_reserve_report *report;
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "104857600\n");
	report = check(root, "0=200M@2M/shortage=less", false);
	assert_true(report->fits);
	assert_int_equal(report->row[0].pages, 50);
	assert_int_equal(report->nb_limits, 0);
	rte_reserve_report_free(report);
	report = check(root, "0=200M@2M/shortage=less", true);
	assert_false(report->fits);
	assert_int_equal(report->nb_limits, 1);
	rte_reserve_report_free(report);
	tree_remove(root);
}

/* The node of the caller has not all of it, and keeps nothing of the limit. */
static void
a_node_that_is_not_taken_from_costs_nothing(void **state)
{
	struct rte_reserve_report *report;
	char *root = make_tree();

	(void)state;
	/* 750 pages and 13; node 1 has 512, node 0 1000. */
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "1600126976\n");
	report = check_from(root, 1, "any=1500M@2M", false);
	assert_true(report->fits);
	assert_int_equal(report->row[0].node_id, 0);
	assert_int_equal(report->row[0].pages, 763);
	rte_reserve_report_free(report);
	tree_remove(root);
}

static void
both_may_lack(void **state)
{
	struct rte_reserve_report *report;
	char *root = make_tree();

	(void)state;
	write_text(root, CG "/kubepods.slice/pod7/box/hugetlb.2MB.max", "104857600\n");
	report = check(root, "1=1100M@2M", false);
	assert_int_equal(report->nb_limits, 1);
	/* 512 pages are there, 560 are needed. */
	assert_string_equal(
		report->row[1].command,
		"echo 560 > /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages");
	rte_reserve_report_free(report);
	tree_remove(root);
}

static void
version_1_has_other_names(void **state)
{
	char *root = make_tree();

	(void)state;
	write_text(root, "proc/self/cgroup", "7:cpuset:/\n4:hugetlb:/docker/box\n0::/x\n");
	write_text(root, "proc/self/mountinfo",
		   "7 6 0:5 / /sys/fs/cgroup/unified rw - cgroup2 c2 rw\n"
		   "8 6 0:6 / /sys/fs/cgroup/cpuset rw - cgroup c rw,cpuset\n"
		   "9 6 0:7 / /sys/fs/cgroup/hugetlb rw,nosuid - cgroup c rw,hugetlb\n");
	write_text(root, CG "/hugetlb/docker/box/hugetlb.2MB.limit_in_bytes", "104857600\n");
	write_text(root, CG "/hugetlb/docker/box/hugetlb.2MB.usage_in_bytes", "2097152\n");
	assert_refused(root, "0=100M@2M",
		       "/sys/fs/cgroup/hugetlb/docker/box/hugetlb.2MB.limit_in_bytes", 100 * MIB,
		       2 * MIB);
	assert_fits(root, "0=80M@2M");
	tree_remove(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_limits_a_plan_fits),
		cmocka_unit_test(the_least_of_all_on_the_way_up_counts),
		cmocka_unit_test(promised_pages_have_a_limit_too),
		cmocka_unit_test(each_page_size_has_its_own),
		cmocka_unit_test(it_is_one_of_all_nodes_together),
		cmocka_unit_test(a_plan_makes_do_with_it),
		cmocka_unit_test(a_node_that_is_not_taken_from_costs_nothing),
		cmocka_unit_test(both_may_lack),
		cmocka_unit_test(version_1_has_other_names),
	};

	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	return cmocka_run_group_tests_name("reserve/limit", tests, NULL, NULL);
}
