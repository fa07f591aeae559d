/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * On a machine with several nodes: pages of a region that the kernel moves because the cpuset of the
 * process excludes their node are seen and told of by an audit; a repair says why it cannot help
 * yet, and brings them back once it can. Where pages are is asked of the kernel. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <numaif.h>
#include <rte_memregion.h>

#include "cpuset.h"
#include "machine.h"

#define SIZE ((size_t)8 << 20)
#define PAGE ((size_t)4096)

/* A region, and the node that it is bound to. */
struct subject {
	struct rte_memregion *region;
	int node_id;
	char others[256]; /* The other nodes, in the kernel's format. */
};

/* Bytes of the region that are on a node, by move_pages(). */
static size_t
bytes_on(const struct subject *subject, int node_id)
{
	char *addr = rte_memregion_addr(subject->region);
	size_t found = 0;

	for (size_t at = 0; at < SIZE; at += PAGE) {
		void *page = addr + at;
		int status = -1;

		assert_int_equal(move_pages(0, 1, &page, NULL, &status, 0), 0);
		found += status == node_id ? PAGE : 0;
	}
	return found;
}

static void
fill(const struct subject *subject)
{
	uint64_t *words = rte_memregion_addr(subject->region);

	for (size_t i = 0; i < SIZE / sizeof(*words); i++)
		words[i] = i * 0x9e3779b97f4a7c15;
}

static void
assert_filled(const struct subject *subject)
{
	const uint64_t *words = rte_memregion_addr(subject->region);

	for (size_t i = 0; i < SIZE / sizeof(*words); i++)
		if (words[i] != i * 0x9e3779b97f4a7c15)
			fail_msg("word %zu has changed", i);
}

static void
name_nodes(struct subject *subject, unsigned int at)
{
	size_t used = 0;

	memset(subject, 0, sizeof(*subject));
	subject->node_id = machine()->node[at].id;
	for (unsigned int i = 0; i < machine()->n; i++)
		if (i != at)
			used += snprintf(subject->others + used, sizeof(subject->others) - used,
					 "%s%d", used > 0 ? "," : "", machine()->node[i].id);
}

static void
make(struct subject *subject, unsigned int at, enum rte_memregion_pages pages)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_BIND,
		.pages = pages,
		.flags = RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_PREFAULT,
	};

	name_nodes(subject, at);
	rte_numa_mask_only(&opts.nodes, subject->node_id);
	if (rte_memregion_create(SIZE, &opts, &subject->region) != 0)
		fail_msg("%s", rte_memregion_error());
	fill(subject);
	assert_int_equal(bytes_on(subject, subject->node_id), SIZE);
}

static void
assert_drifted(const struct subject *subject, const char *why)
{
	struct rte_memregion_audit audit;
	char who[64];

	assert_int_equal(bytes_on(subject, subject->node_id), 0);
	assert_int_equal(rte_memregion_audit(subject->region, &audit), 0);
	assert_int_equal(audit.in_place, 0);
	assert_int_equal(audit.drifted, SIZE);
	assert_int_equal(audit.absent, 0);
	assert_ptr_equal(audit.first_drifted, rte_memregion_addr(subject->region));
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_int_equal(rte_numa_mask_test(&audit.drifted_to, machine()->node[i].id),
				 bytes_on(subject, machine()->node[i].id) > 0);
	snprintf(who, sizeof(who), "%zu of %zu bytes have left node %d", SIZE, SIZE,
		 subject->node_id);
	if (strstr(audit.text, who) == NULL || strstr(audit.text, why) == NULL)
		fail_msg("it says neither \"%s\" nor \"%s\", but: %s", who, why, audit.text);
}

static void
assert_in_place(const struct subject *subject)
{
	struct rte_memregion_audit audit;

	assert_int_equal(bytes_on(subject, subject->node_id), SIZE);
	assert_int_equal(rte_memregion_audit(subject->region, &audit), 0);
	assert_string_equal(audit.text, "");
	assert_int_equal(audit.in_place, SIZE);
	assert_int_equal(audit.drifted, 0);
	assert_false(audit.policy_changed);
	assert_null(audit.first_drifted);
}

/* Nothing is moved, and it says what forbids it. */
static void
assert_cannot_repair(const struct subject *subject)
{
	struct rte_memregion_audit audit;

	assert_int_equal(rte_memregion_repair(subject->region, &audit), -EPERM);
	if (strstr(rte_memregion_error(), "cpuset") == NULL)
		fail_msg("it does not name the cpuset: %s", rte_memregion_error());
	assert_int_equal(bytes_on(subject, subject->node_id), 0);
}

static void
go_and_come_back(unsigned int at, enum rte_memregion_pages pages)
{
	struct rte_memregion_audit audit;
	struct subject subject;

	make(&subject, at, pages);
	assert_in_place(&subject);

	cpuset_allow(CPUSET_OUTER, subject.others);
	assert_drifted(&subject, "the cpuset allows only node");
	assert_cannot_repair(&subject);
	assert_drifted(&subject, "the cpuset allows only node");

	/* What moved them moves nothing back. */
	cpuset_allow(CPUSET_OUTER, NULL);
	assert_drifted(&subject, "a cpuset");
	if (rte_memregion_repair(subject.region, &audit) != 0)
		fail_msg("%s", rte_memregion_error());
	assert_int_equal(audit.in_place, SIZE);
	assert_in_place(&subject);
	assert_filled(&subject);
	assert_int_equal(rte_memregion_destroy(subject.region), 0);
}

/* What was the node's share is on the others now. */
static void
assert_crowded(const struct subject *subject, size_t share, const char *why)
{
	struct rte_memregion_audit audit;

	assert_int_equal(bytes_on(subject, subject->node_id), 0);
	assert_int_equal(rte_memregion_audit(subject->region, &audit), 0);
	assert_in_range(audit.drifted, share - share / 8, share + share / 8);
	assert_int_equal(audit.in_place + audit.drifted, SIZE);
	assert_false(rte_numa_mask_test(&audit.drifted_to, subject->node_id));
	assert_false(rte_numa_mask_empty(&audit.drifted_to));
	if (strstr(audit.text, why) == NULL)
		fail_msg("it does not say \"%s\", but: %s", why, audit.text);
}

/* Pages that are spread over all nodes, of which one is excluded for a while. */
static void
spread_again(unsigned int at)
{
	struct rte_memregion_opts opts = {
		.policy = RTE_MEMBIND_INTERLEAVE,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT | RTE_MEMREGION_F_PREFAULT,
	};
	size_t share = SIZE / machine()->n;
	struct rte_memregion_audit audit;
	struct subject subject;

	name_nodes(&subject, at);
	for (unsigned int i = 0; i < machine()->n; i++)
		rte_numa_mask_set(&opts.nodes, machine()->node[i].id);
	if (rte_memregion_create(SIZE, &opts, &subject.region) != 0)
		fail_msg("%s", rte_memregion_error());
	fill(&subject);
	assert_in_range(bytes_on(&subject, subject.node_id), share - share / 8, share + share / 8);

	cpuset_allow(CPUSET_OUTER, subject.others);
	assert_crowded(&subject, share, "the cpuset allows only node");
	assert_cannot_repair(&subject);
	cpuset_allow(CPUSET_OUTER, NULL);
	assert_crowded(&subject, share, "a cpuset");
	if (rte_memregion_repair(subject.region, &audit) != 0)
		fail_msg("%s", rte_memregion_error());
	assert_int_equal(audit.drifted, 0);
	for (unsigned int i = 0; i < machine()->n; i++)
		assert_in_range(bytes_on(&subject, machine()->node[i].id), share - share / 8,
				share + share / 8);
	assert_filled(&subject);
	assert_int_equal(rte_memregion_destroy(subject.region), 0);
}

static void
enter(void)
{
	machine_needs("several", machine()->n >= 2);
	cpuset_enter();
}

static int
leave(void **state)
{
	(void)state;
	cpuset_leave();
	return 0;
}

static void
small_pages_go_and_come_back(void **state)
{
	(void)state;
	enter();
	for (unsigned int i = 0; i < machine()->n; i++)
		go_and_come_back(i, RTE_MEMREGION_PAGES_SMALL);
}

static void
transparent_hugepages_go_and_come_back(void **state)
{
	(void)state;
	enter();
	go_and_come_back(machine()->n - 1, RTE_MEMREGION_PAGES_TRANSPARENT);
}

static void
explicit_hugepages_go_and_come_back(void **state)
{
	unsigned int last = machine()->n - 1;
	size_t pools[MACHINE_MAX_NODES];

	(void)state;
	enter();
	machine_needs("hugepages", machine_free_pages(machine()->node[0].id) > 8 &&
					   machine_free_pages(machine()->node[last].id) > 8);
	machine_pools(pools);
	go_and_come_back(last, RTE_MEMREGION_PAGES_2M);
	assert_same_pools(pools);
}

static void
interleaved_pages_are_spread_again(void **state)
{
	(void)state;
	enter();
	spread_again(machine()->n - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(small_pages_go_and_come_back, leave),
		cmocka_unit_test_teardown(transparent_hugepages_go_and_come_back, leave),
		cmocka_unit_test_teardown(explicit_hugepages_go_and_come_back, leave),
		cmocka_unit_test_teardown(interleaved_pages_are_spread_again, leave),
	};

	return cmocka_run_group_tests_name("nodes/drift", tests, NULL, NULL);
}
