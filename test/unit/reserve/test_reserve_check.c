/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what a plan finds on a machine, over recorded machines and copies of them.
 * Must not: look at the machine that it runs on.
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
#include <cmocka.h>

#include "numa_tree.h"
#include "reserve_priv.h"

#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))
#define MIB		(UINT64_C(1) << 20)
#define GIB		(UINT64_C(1) << 30)

/* The report of a plan for a caller on a node, as a text of one line a row. */
static int
check(const struct rte_numa_topology *topo, int self, const char *line, char *text, size_t size)
{
	struct rte_reserve_report *report = NULL;
	const struct rte_reserve_row *row;
	struct rte_reserve_plan *plan;
	size_t len = 0;
	int ret;

	assert_int_equal(rte_reserve_parse(NULL, line, &plan), 0);
	ret = rsv_check(plan, topo, self, &report);
	rte_reserve_plan_free(plan);
	if (ret < 0) {
		assert_null(report);
		return ret;
	}
	len += (size_t)snprintf(text, size, "%s", report->fits ? "fits" : "does not fit");
	for (unsigned int i = 0; i < report->nb_rows; i++) {
		row = &report->row[i];
		len += (size_t)snprintf(text + len, size - len, "; %s on %d:", row->nodes,
					row->node_id);
		if (row->pages != 0)
			len += (size_t)snprintf(text + len, size - len,
						" %zuM in %zu of %zu of %zuM", row->bytes / MIB,
						row->pages, row->free, row->page_size / MIB);
		if (row->missing_bytes != 0)
			len += (size_t)snprintf(text + len, size - len, " lacks %zuM, %zu of %zuM",
						row->missing_bytes / MIB, row->missing,
						row->page_size / MIB);
		assert_true(len < size);
	}
	rte_reserve_report_free(report);
	return 0;
}

static void
assert_check(const char *machine, int self, const char *line, const char *expected)
{
	struct rte_numa_topology *topo = tree_load(machine);
	char text[4096];

	if (check(topo, self, line, text, sizeof(text)) != 0)
		fail_msg("%s: %s", line, rte_reserve_error());
	if (strcmp(text, expected) != 0)
		fail_msg("%s on %s:\n%s\ninstead of\n%s", line, machine, text, expected);
	rte_numa_topology_free(topo);
}

/*
 * Free pages of 2M and of 1G a node. sub-numa-2x2: 1000, 8; 512, 0; none; none. gap-0-2: 100, 0 on
 * node 0 and 200, 1 on node 2. memory-only: 256, 0; 128, 0; 4095, 31 on node 2, which is at 14 and
 * 24 from nodes 0 and 1. vm-one-node: 8, 0.
 */
static void
each_line_gets_what_its_nodes_have(void **state)
{
	static const struct {
		const char *machine;
		int self;
		const char *line, *expected;
	} cases[] = {
		{ "vm-one-node", 0, "", "fits" },
		{ "vm-one-node", 0, "0=12M", "fits; 0 on 0: 12M in 8 of 8 of 2M" },
		{ "vm-one-node", 0, "local=1024K", "fits; local on 0: 2M in 3 of 8 of 2M" },
		{ "vm-one-node", 0, "0=14M",
		  "does not fit; 0 on 0: 12M in 8 of 8 of 2M; 0 on 0: lacks 2M, 1 of 2M" },
		{ "vm-one-node", 0, "0=100%", "fits; 0 on 0: 12M in 8 of 8 of 2M" },
		{ "vm-one-node", 0, "0=50%", "fits; 0 on 0: 4M in 4 of 8 of 2M" },
		{ "vm-one-node", 0, "0=1%", "fits; 0 on 0: 2M in 3 of 8 of 2M" },
		{ "vm-one-node", 0, "local=4M,0=6M,any=2M",
		  "does not fit; local on 0: 4M in 4 of 8 of 2M; 0 on 0: 4M in 4 of 8 of 2M; 0 on 0: "
		  "lacks 2M, 1 of 2M; any on 0: lacks 2M, 3 of 2M" },
		/* 1 GiB pages hold 1008 MiB each, 2 MiB less in all. */
		{ "sub-numa-2x2", 0, "0=2G@1G", "fits; 0 on 0: 2048M in 3 of 8 of 1024M" },
		{ "sub-numa-2x2", 0, "0=2014M@1G", "fits; 0 on 0: 2014M in 2 of 8 of 1024M" },
		{ "sub-numa-2x2", 0, "0=512M@1G", "fits; 0 on 0: 512M in 1 of 8 of 1024M" },
		{ "sub-numa-2x2", 0, "0=512M@2M", "fits; 0 on 0: 512M in 261 of 1000 of 2M" },
		/* Large pages for what fills them. */
		{ "sub-numa-2x2", 0, "0=512M", "fits; 0 on 0: 512M in 261 of 1000 of 2M" },
		{ "sub-numa-2x2", 0, "0=2G",
		  "fits; 0 on 0: 2014M in 2 of 8 of 1024M; 0 on 0: 34M in 19 of 1000 of 2M" },
		/* And for the rest, where the small ones do not do. */
		{ "memory-only", 0, "2=100%",
		  "fits; 2 on 2: 31246M in 31 of 31 of 1024M; 2 on 2: "
		  "8062M in 4095 of 4095 of 2M" },
		{ "sub-numa-2x2", 0, "0=1900M/shortage=fail,1=1900M",
		  "does not fit; 0 on 0: 1006M in 1 of 8 of 1024M; 0 on 0: 894M in 455 of 1000 of 2M; "
		  "1 on 1: 1006M in 512 of 512 of 2M; 1 on 1: lacks 894M, 454 of 2M" },
		{ "sub-numa-2x2", 0, "each=128M/shortage=less",
		  "does not fit; each on 0: 128M in 66 of 1000 of 2M; each on 1: 128M in 66 of 512 of "
		  "2M; each on 2: lacks 128M, 66 of 2M; each on 3: lacks 128M, 66 of 2M" },
		{ "memory-only", 0, "cpu-nodes=64M,memory-nodes=1G@1G",
		  "fits; cpu-nodes on 0: 64M in 34 of 256 of 2M; cpu-nodes on 1: 64M in 34 of 128 of "
		  "2M; memory-nodes on 2: 1024M in 2 of 31 of 1024M" },
		{ "vm-one-node", 0, "0=512M@512M", "does not fit; 0 on 0: lacks 512M, 2 of 512M" },
	};

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(cases); i++)
		assert_check(cases[i].machine, cases[i].self, cases[i].line, cases[i].expected);
}

static void
any_is_the_nearest_node_that_has_all_of_it(void **state)
{
	(void)state;
	assert_check("sub-numa-2x2", 2, "any=64M", "fits; any on 0: 64M in 34 of 1000 of 2M");
	assert_check("sub-numa-2x2", 1, "any=64M", "fits; any on 1: 64M in 34 of 512 of 2M");
	assert_check("sub-numa-2x2", 1, "any=1G@1G", "fits; any on 0: 1024M in 2 of 8 of 1024M");
	/* Behind those that name the node, though it stands before them. */
	assert_check("sub-numa-2x2", 1, "any=64M,1=1000M",
		     "fits; any on 0: 64M in 34 of 1000 of 2M; 1 on 1: 1000M in 509 of 512 of 2M");
	assert_check("gap-0-2", 0, "any=600M",
		     "fits; any on 2: 390M in 200 of 200 of 2M; any on 2: 210M in 1 of 1 of 1024M");
	assert_check(
		"gap-0-2", 0, "any=2G",
		"does not fit; any on 0: 194M in 100 of 100 of 2M; any on 0: lacks 1854M, 941 of "
		"2M");
}

static void
shortage_is_met_as_the_line_says(void **state)
{
	(void)state;
	/* Node 2 of gap-0-2 is at 32 from node 0. */
	assert_check("gap-0-2", 0, "0=300M/shortage=other-node",
		     "fits; 0 on 0: 194M in 100 of 100 of 2M; 0 on 2: 106M in 55 of 200 of 2M");
	assert_check("gap-0-2", 0, "0=300M/shortage=other-node<=32",
		     "fits; 0 on 0: 194M in 100 of 100 of 2M; 0 on 2: 106M in 55 of 200 of 2M");
	assert_check(
		"gap-0-2", 0, "0=300M/shortage=other-node<=31",
		"does not fit; 0 on 0: 194M in 100 of 100 of 2M; 0 on 0: lacks 106M, 54 of 2M");
	/* No line's substitute is what another asked for by name. */
	assert_check(
		"gap-0-2", 0, "0=300M@2M/shortage=other-node,2=390M@2M",
		"does not fit; 0 on 0: 194M in 100 of 100 of 2M; 0 on 0: lacks 106M, 54 of 2M; "
		"2 on 2: 390M in 200 of 200 of 2M");
	assert_check(
		"gap-0-2", 0, "2=1300M@1G",
		"does not fit; 2 on 2: 1006M in 1 of 1 of 1024M; 2 on 2: lacks 294M, 1 of 1024M");
	assert_check("gap-0-2", 0, "2=1300M@1G/shortage=smaller-pages",
		     "fits; 2 on 2: 1006M in 1 of 1 of 1024M; 2 on 2: 294M in 151 of 200 of 2M");
	assert_check("gap-0-2", 0, "0=300M/shortage=less",
		     "fits; 0 on 0: 194M in 100 of 100 of 2M");
	assert_check("gap-0-2", 0, "0=300M/shortage=less>=194M",
		     "fits; 0 on 0: 194M in 100 of 100 of 2M");
	assert_check(
		"gap-0-2", 0, "0=300M/shortage=less>=196M",
		"does not fit; 0 on 0: 194M in 100 of 100 of 2M; 0 on 0: lacks 106M, 54 of 2M");
}

static void
a_device_is_near_to_its_node(void **state)
{
	char text[256];
	struct rte_numa_topology *topo = tree_load("sub-numa-2x2");

	(void)state;
	assert_int_equal(check(topo, 0, "near:0000:3b:00.0=2M", text, sizeof(text)), 0);
	assert_string_equal(text, "fits; near:0000:3b:00.0 on 1: 2M in 3 of 512 of 2M");
	assert_int_equal(check(topo, 0, "near:eth0=2M", text, sizeof(text)), 0);
	assert_non_null(strstr(text, "near:eth0 on "));
	/* Near to none. */
	assert_int_equal(check(topo, 0, "near:lo=2M", text, sizeof(text)), 0);
	assert_string_equal(text, "fits; near:lo on 0: 2M in 3 of 1000 of 2M");
	assert_int_equal(check(topo, 0, "0=2M,near:eth7=2M", text, sizeof(text)), -ENOENT);
	assert_string_equal(rte_reserve_error(),
			    "command line:1:6: cannot find the node of \"eth7\": "
			    "there is no such device");
	rte_numa_topology_free(topo);
}

static void
nodes_that_are_not_there_are_named(void **state)
{
	struct rte_numa_topology *topo = tree_load("gap-0-2");
	char text[256];

	(void)state;
	assert_int_equal(check(topo, 0, "0=2M,1=2M", text, sizeof(text)), -ENODEV);
	assert_string_equal(rte_reserve_error(),
			    "command line:1:6: node 1 does not exist or has no "
			    "memory; nodes with memory: 0,2");
	assert_int_equal(check(topo, 0, "memory-nodes=2M", text, sizeof(text)), -ENODEV);
	assert_string_equal(rte_reserve_error(),
			    "command line:1:1: no node of this machine has memory alone");
	rte_numa_topology_free(topo);
}

#define POOL_2M "devices/system/node/node0/hugepages/hugepages-2048kB/"

static void
set_pool(const char *root, const char *file, unsigned long long n)
{
	char path[256], text[32];

	snprintf(path, sizeof(path), POOL_2M "%s", file);
	snprintf(text, sizeof(text), "%llu\n", n);
	tree_write(root, path, text, strlen(text));
}

/* Done what the report says, on a copy of the machine, nothing is missing any more. */
static void
the_command_supplies_what_is_missing(void **state)
{
	static const char *const lines[] = {
		"0=14M",
		"0=1G",
		"local=4M,0=6M,any=2M",
		"0=100M,any=5G@2M",
		"0=2M,local=2M,any=2M,each=2M",
	};
	struct rte_reserve_report *report;
	struct rte_numa_topology *topo;
	struct rte_reserve_plan *plan;
	const char *command;
	unsigned long long n;
	char *root, tail[128];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(lines); i++) {
		root = tree_copy("vm-one-node");
		assert_int_equal(rte_numa_topology_load(root, &topo), 0);
		assert_int_equal(rte_reserve_parse(NULL, lines[i], &plan), 0);
		assert_int_equal(rte_reserve_check(plan, topo, &report), 0);
		assert_false(report->fits);
		/* Any row that lacks something has the one command for all. */
		command = NULL;
		for (unsigned int k = 0; k < report->nb_rows; k++) {
			if (report->row[k].missing == 0)
				assert_string_equal(report->row[k].command, "");
			else if (command != NULL)
				assert_string_equal(report->row[k].command, command);
			else
				command = report->row[k].command;
		}
		assert_non_null(command);
		assert_int_equal(sscanf(command, "echo %llu > %127s", &n, tail), 2);
		assert_string_equal(tail, "/sys/" POOL_2M "nr_hugepages");
		set_pool(root, "nr_hugepages", n);
		set_pool(root, "free_hugepages", n);
		rte_reserve_report_free(report);
		assert_int_equal(rte_reserve_check(plan, topo, &report), 0);
		assert_true(report->fits);
		rte_reserve_report_free(report);
		/* And no more than that. */
		set_pool(root, "free_hugepages", n - 1);
		assert_int_equal(rte_reserve_check(plan, topo, &report), 0);
		assert_false(report->fits);
		rte_reserve_report_free(report);
		rte_reserve_plan_free(plan);
		rte_numa_topology_free(topo);
		tree_remove(root);
	}
}

/* Whatever its policy makes do with, that a line asks for is there or missing. */
static void
what_is_asked_for_is_not_made_do_with(void **state)
{
	static const char *const policies[] = { "fail", "less", "other-node", "smaller-pages" };
	struct rte_numa_topology *topo = tree_load("gap-0-2");
	struct rte_reserve_report *report;
	struct rte_reserve_plan *plan;
	char line[64];

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(policies); i++) {
		/* A page of 1 GiB is there, and 200 of 2 MiB; two are needed. */
		snprintf(line, sizeof(line), "2=1300M@1G/shortage=%s", policies[i]);
		assert_int_equal(rte_reserve_parse(NULL, line, &plan), 0);
		assert_int_equal(rsv_ask(plan, topo, 0, &report), 0);
		assert_false(report->fits);
		assert_int_equal(report->nb_rows, 2);
		assert_int_equal(report->row[0].pages, 1);
		assert_int_equal(report->row[1].node_id, 2);
		assert_int_equal(report->row[1].page_size, GIB);
		assert_int_equal(report->row[1].missing, 1);
		assert_int_equal(report->row[1].missing_bytes, 294 * MIB);
		rte_reserve_report_free(report);
		rte_reserve_plan_free(plan);
	}
	assert_int_equal(rte_reserve_parse(NULL, "2=300M", &plan), 0);
	assert_int_equal(rte_reserve_ask(plan, topo, &report), 0);
	assert_true(report->fits);
	rte_reserve_report_free(report);
	assert_int_equal(rte_reserve_ask(NULL, topo, &report), -EINVAL);
	assert_int_equal(rte_reserve_ask(plan, NULL, &report), -EINVAL);
	assert_int_equal(rte_reserve_ask(plan, topo, NULL), -EINVAL);
	rte_reserve_plan_free(plan);
	rte_numa_topology_free(topo);
}

static void
rows_say_where_the_plan_asks(void **state)
{
	struct rte_numa_topology *topo = tree_load("vm-one-node");
	struct rte_reserve_report *report = NULL;
	struct rte_reserve_plan *plan;

	(void)state;
	assert_int_equal(rte_reserve_parse(NULL, "0=2M, any=4M", &plan), 0);
	assert_int_equal(rte_reserve_check(NULL, topo, &report), -EINVAL);
	assert_int_equal(rte_reserve_check(plan, NULL, &report), -EINVAL);
	assert_int_equal(rte_reserve_check(plan, topo, NULL), -EINVAL);
	assert_int_equal(rte_reserve_check(plan, topo, &report), 0);
	assert_int_equal(report->nb_rows, 2);
	assert_string_equal(report->row[0].place, "command line:1:1");
	assert_string_equal(report->row[1].place, "command line:1:7");
	rte_reserve_report_free(report);
	rte_reserve_report_free(NULL);
	rte_reserve_plan_free(plan);
	rte_numa_topology_free(topo);
}

/* The two ways to count agree for every size and number of pages. */
static void
pages_hold_what_they_are_counted_for(void **state)
{
	static const uint64_t sizes[] = { 2 * MIB, GIB, 16 * GIB };
	uint64_t n, bytes;

	(void)state;
	for (size_t i = 0; i < NB_ELEMS(sizes); i++)
		for (n = 0; n < 5000; n++) {
			bytes = rsv_pages_hold(n, sizes[i]);
			assert_true(bytes % (2 * MIB) == 0);
			assert_true(rsv_pages_for(bytes, sizes[i]) <= n);
			assert_true(rsv_pages_for(bytes + 2 * MIB, sizes[i]) > n);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_gets_what_its_nodes_have),
		cmocka_unit_test(any_is_the_nearest_node_that_has_all_of_it),
		cmocka_unit_test(shortage_is_met_as_the_line_says),
		cmocka_unit_test(a_device_is_near_to_its_node),
		cmocka_unit_test(nodes_that_are_not_there_are_named),
		cmocka_unit_test(the_command_supplies_what_is_missing),
		cmocka_unit_test(what_is_asked_for_is_not_made_do_with),
		cmocka_unit_test(rows_say_where_the_plan_asks),
		cmocka_unit_test(pages_hold_what_they_are_counted_for),
	};

	unsetenv(RTE_RESERVE_ENV_CONFIG);
	unsetenv(RTE_RESERVE_ENV_PLAN);
	return cmocka_run_group_tests_name("reserve/check", tests, NULL, NULL);
}
