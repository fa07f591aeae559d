/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of what figures mean: of texts of the kernel's, and of readings that are made up.
 * Must not: look at the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "memwatch_priv.h"

#define MIB	   (UINT64_C(1) << 20)
#define OF(source) figures[RTE_MEMWATCH_SOURCE_##source]

static struct rte_memwatch_figure figures[RTE_MEMWATCH_NB_SOURCES];
static struct mw_node_reading nodes[2];

/* Two nodes of 1000 MiB, half of which is free; no limits, no hugepages. */
static struct mw_reading
plenty(void)
{
	struct mw_reading r = {
		.meminfo = true,
		.total = 2000 * MIB,
		.available = 1000 * MIB,
		.pressure = true,
		.nb_nodes = 2,
		.node = nodes,
	};

	r.cgroup.max = r.cgroup.left = RTE_NUMA_CGROUP_NO_LIMIT;
	r.cgroup_high = r.cgroup_huge = r.cgroup;
	memset(nodes, 0, sizeof(nodes));
	for (int i = 0; i < 2; i++) {
		nodes[i].node_id = 3 * i;
		nodes[i].memory.total = 1000 * MIB;
		nodes[i].memory.free = 400 * MIB;
		nodes[i].memory.reclaimable = 200 * MIB;
		nodes[i].fastmem.limit = UINT64_MAX;
	}
	return r;
}

static void
texts_of_the_kernel_are_read(void **state)
{
	static const char meminfo[] = "MemTotal:       24684084 kB\nMemFree:        5 kB\n"
				      "MemAvailable:   24170088 kB\nHugepagesize:       2048 kB\n"
				      "Hugetlb:          4096 kB\n";
	static const char *const bad[] = {
		"",
		"MemTotal: 1 kB\n",
		"MemTotal: 1 kB\nMemAvailable: x kB\n",
		"MemTotal: 1 kB\nMemAvailable: -1 kB\n",
		"MemTotal: 1 MB\nMemAvailable: 1 MB\n",
		"XMemTotal: 1 kB\nMemAvailable: 1 kB\n",
		"MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n",
	};
	static const char *const no_pressure[] = {
		"",
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=0.00\n",
		"some avg10=200.00 avg60=0.00 avg300=0.00 total=1\n",
		"some avg10=x avg60=0.00 avg300=0.00 total=1\n",
	};
	uint64_t total = 7, available = 7, huge = 7;
	unsigned int stall = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mw_parse_meminfo(bad[i], &total, &available, &huge), -EINVAL);
	for (size_t i = 0; i < sizeof(no_pressure) / sizeof(no_pressure[0]); i++)
		assert_int_equal(mw_parse_pressure(no_pressure[i], &stall), -EINVAL);
	assert_true(total == 7 && available == 7 && huge == 7 && stall == 7);
	assert_int_equal(mw_parse_meminfo(meminfo, &total, &available, &huge), 0);
	assert_true(total == UINT64_C(24684084) * 1024);
	assert_true(available == UINT64_C(24170088) * 1024);
	assert_true(huge == 4096 * 1024);
	assert_int_equal(mw_parse_pressure("some avg10=12.34 avg60=0.50 avg300=0.00 total=1744723\n"
					   "full avg10=99.00 avg60=0.00 avg300=0.00 total=1\n",
					   &stall),
			 0);
	assert_int_equal(stall, 123);
}

static void
memory_is_a_share_of_what_is_no_hugepage(void **state)
{
	struct mw_reading r = plenty();

	(void)state;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(MEMORY).shortage, 500);
	assert_true(OF(MEMORY).free == 1000 * MIB && OF(MEMORY).total == 2000 * MIB);
	assert_int_equal(OF(HUGEPAGES).known, 0);
	assert_int_equal(OF(FASTMEM).known, 0);
	assert_int_equal(OF(CGROUP).known, 0);
	/* Most of it went to pools when the machine started, as it should. */
	r.huge = 900 * MIB;
	r.available = 1000 * MIB;
	nodes[1].pool_total = nodes[1].pool_free = 900 * MIB;
	nodes[1].memory.free = 60 * MIB;
	nodes[1].memory.reclaimable = 0;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(MEMORY).shortage, 90);
	mw_figures_of_node(&r, 1, figures);
	assert_int_equal(OF(MEMORY).shortage, 400);
	/* Without the file it is not known. */
	r.meminfo = false;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(MEMORY).known, 0);
}

static void
of_a_node_it_is_its_own(void **state)
{
	struct mw_reading r = plenty();

	(void)state;
	nodes[0].memory.free = 0;
	nodes[0].memory.reclaimable = 2 * MIB;
	r.cgroup.max = 10;
	r.stall = 700;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(MEMORY).shortage, 999);
	assert_true(OF(MEMORY).free == MIB);
	for (int i = RTE_MEMWATCH_SOURCE_CGROUP; i < RTE_MEMWATCH_NB_SOURCES; i++)
		assert_int_equal(figures[i].known, 0);
	mw_figures_of_node(&r, 1, figures);
	assert_int_equal(OF(MEMORY).shortage, 500);
}

static void
pools_are_added_up_and_promises_count(void **state)
{
	struct mw_reading r = plenty();

	(void)state;
	nodes[0].pool_total = nodes[1].pool_total = 100 * MIB;
	nodes[0].pool_free = 50 * MIB;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(HUGEPAGES).shortage, 750);
	r.promised = 40 * MIB;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(HUGEPAGES).shortage, 950);
	r.promised = 60 * MIB;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(HUGEPAGES).shortage, 1000);
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(HUGEPAGES).shortage, 500);
	mw_figures_of_node(&r, 1, figures);
	assert_int_equal(OF(HUGEPAGES).shortage, 1000);
}

/* Without growth it is what it has; with growth also what it can still get. */
static void
fastmem_counts_what_it_can_still_get(void **state)
{
	struct mw_reading r = plenty();
	struct mw_fastmem *f = &nodes[0].fastmem;

	(void)state;
	*f = (struct mw_fastmem){
		.known = true,
		.backing = 100 * MIB,
		.in_use = 100 * MIB,
		.limit = UINT64_MAX,
	};
	nodes[0].pool_total = 400 * MIB;
	nodes[0].pool_free = 200 * MIB;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(FASTMEM).shortage, 1000);
	/* What the pool lacks is in use by it. */
	assert_int_equal(OF(HUGEPAGES).known, 0);
	f->growth = true;
	f->heap = 100 * MIB;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(FASTMEM).shortage, 250);
	f->limit = 200 * MIB;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(FASTMEM).shortage, 500);
	/* A limit below what it has takes nothing away. */
	f->limit = 10 * MIB;
	f->in_use = 90 * MIB;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(FASTMEM).shortage, 900);
	f->limit = UINT64_MAX;
	f->heap = 0;
	f->in_use = 100 * MIB;
	r.cgroup_huge.max = 500 * MIB;
	r.cgroup_huge.left = 25 * MIB;
	mw_figures_of_node(&r, 0, figures);
	assert_int_equal(OF(FASTMEM).shortage, 800);
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(FASTMEM).shortage, 800);
	/* Its own limit of hugepages is for where it has none yet. */
	assert_int_equal(OF(CGROUP_HUGEPAGES).known, 0);
	f->known = false;
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(CGROUP_HUGEPAGES).shortage, 950);
}

static void
events_are_what_was_counted_since(void **state)
{
	struct mw_reading r = plenty(), before = r;

	(void)state;
	r.events = before.events = true;
	r.reclaims = before.reclaims = 7;
	r.kills = before.kills = 3;
	mw_figures_of_machine(&r, &before, figures);
	assert_int_equal(OF(CGROUP_EVENTS).shortage, 0);
	assert_int_equal(OF(CGROUP_EVENTS).known, 1);
	r.reclaims++;
	mw_figures_of_machine(&r, &before, figures);
	assert_int_equal(OF(CGROUP_EVENTS).shortage, 500);
	r.kills++;
	mw_figures_of_machine(&r, &before, figures);
	assert_int_equal(OF(CGROUP_EVENTS).shortage, 1000);
	/* What was before the first look, nobody knows when. */
	mw_figures_of_machine(&r, NULL, figures);
	assert_int_equal(OF(CGROUP_EVENTS).shortage, 0);
	before.events = false;
	mw_figures_of_machine(&r, &before, figures);
	assert_int_equal(OF(CGROUP_EVENTS).shortage, 0);
}

static void
available_is_what_both_leave(void **state)
{
	struct mw_reading r = plenty();

	(void)state;
	assert_true(mw_available(&r, NULL) == 1000 * MIB);
	assert_true(mw_available(&r, &nodes[0]) == 500 * MIB);
	r.available = 300 * MIB;
	assert_true(mw_available(&r, NULL) == 300 * MIB);
	assert_true(mw_available(&r, &nodes[0]) == 300 * MIB);
	r.cgroup.max = 900 * MIB;
	r.cgroup.left = 100 * MIB;
	assert_true(mw_available(&r, NULL) == 100 * MIB);
	assert_true(mw_available(&r, &nodes[1]) == 100 * MIB);
	r.cgroup.left = RTE_NUMA_CGROUP_NO_LIMIT;
	r.meminfo = false;
	assert_true(mw_available(&r, NULL) == 1000 * MIB);
}

static int
judge(struct mw_scope *scope, const struct rte_memwatch_config *config, struct mw_reading *r)
{
	mw_figures_of_machine(r, NULL, figures);
	return mw_scope_judge(scope, config, figures, r, 0);
}

static void
a_change_says_which_source_and_its_figures(void **state)
{
	struct rte_memwatch_config config;
	struct mw_scope scope = { .node_id = RTE_NUMA_NODE_ANY };
	struct mw_reading r = plenty();

	(void)state;
	rte_memwatch_config_init(&config);
	config.hold_ms = 0;
	assert_int_equal(judge(&scope, &config, &r), 0);
	r.available = 400 * MIB;
	assert_int_equal(judge(&scope, &config, &r), 1);
	assert_int_equal(scope.level, RTE_MEMWATCH_MEDIUM);
	assert_int_equal(scope.why, RTE_MEMWATCH_SOURCE_MEMORY);
	assert_string_equal(scope.text, "machine: memory: 400 MiB of 2.0 GiB left "
					"(shortage 800, medium from 750)");
	/* Another source that rises higher; the first one stays where it is. */
	r.cgroup.max = 100 * MIB;
	r.cgroup.left = 1 * MIB;
	strcpy(r.cgroup.file, "/sys/fs/cgroup/box/memory.max");
	assert_int_equal(judge(&scope, &config, &r), 1);
	assert_int_equal(scope.level, RTE_MEMWATCH_CRITICAL);
	assert_int_equal(scope.why, RTE_MEMWATCH_SOURCE_CGROUP);
	assert_string_equal(scope.text, "machine: cgroup memory.max: 1.0 MiB of 100 MiB left by "
					"/sys/fs/cgroup/box/memory.max (shortage 990, critical "
					"from 950)");
	/* A fall is by what held it up. */
	r.cgroup.left = 50 * MIB;
	assert_int_equal(judge(&scope, &config, &r), -1);
	assert_int_equal(scope.level, RTE_MEMWATCH_MEDIUM);
	assert_int_equal(scope.why, RTE_MEMWATCH_SOURCE_CGROUP);
	r.available = 2000 * MIB;
	assert_int_equal(judge(&scope, &config, &r), -1);
	assert_int_equal(scope.level, RTE_MEMWATCH_LOW);
	assert_string_equal(scope.text, "machine: memory: 2.0 GiB of 2.0 GiB left (shortage 0)");
	r.stall = 412;
	assert_int_equal(judge(&scope, &config, &r), 1);
	assert_string_equal(scope.text, "machine: stalls: tasks waited for memory 41.2 % of the "
					"time (shortage 412, critical from 400)");
	/* What is gone holds nothing up. */
	r.pressure = false;
	assert_int_equal(judge(&scope, &config, &r), -1);
	assert_non_null(strstr(scope.text, "no such source"));
	/* What does not count either. */
	config.sources = RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_MEMORY);
	r.pressure = true;
	assert_int_equal(judge(&scope, &config, &r), 0);
	assert_int_equal(scope.figures[RTE_MEMWATCH_SOURCE_STALL].known, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_the_kernel_are_read),
		cmocka_unit_test(memory_is_a_share_of_what_is_no_hugepage),
		cmocka_unit_test(of_a_node_it_is_its_own),
		cmocka_unit_test(pools_are_added_up_and_promises_count),
		cmocka_unit_test(fastmem_counts_what_it_can_still_get),
		cmocka_unit_test(events_are_what_was_counted_since),
		cmocka_unit_test(available_is_what_both_leave),
		cmocka_unit_test(a_change_says_which_source_and_its_figures),
	};

	return cmocka_run_group_tests_name("memwatch/judge", tests, NULL, NULL);
}
