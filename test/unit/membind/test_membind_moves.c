/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of moving pages over a machine of four nodes that is not there: move_pages() is
 *     replaced by one that refuses as the kernel does.
 * Must not: move a page.
 * Called by: meson test.
 */

#include <numaif.h>

#include "membind_priv.h"
#include "test_witness.h"

#define NB_NODES 4
#define NB_PAGES 600 /* More than a batch. */

/* What a page does when it is asked to move. */
enum manner { WILLING, PINNED, SHARED, ABSENT };

static struct {
	char *base;
	int node[NB_PAGES];
	enum manner manner[NB_PAGES];
	int room[NB_NODES]; /* Pages that still fit. */
	int refuse_moves;   /* An errno. */
	int refuse_queries; /* An errno, from the nth query on. */
	int nb_queries;
	int nb_moves;
	int offline, forbidden; /* A node, or 0 for none: that one is always there. */
} kernel;

long
__wrap_move_pages(int pid, unsigned long n, void **pages, const int *nodes, int *status, int flags);
long
__wrap_get_mempolicy(int *mode, unsigned long *mask, unsigned long maxnode, void *addr,
		     unsigned int flags);
const struct rte_numa_topology *
__wrap_rte_numa_topology_self(void);
void
__wrap_rte_numa_nodes(const struct rte_numa_topology *topo, unsigned int with,
		      struct rte_numa_mask *mask);

long
__wrap_get_mempolicy(int *mode, unsigned long *mask, unsigned long maxnode, void *addr,
		     unsigned int flags)
{
	(void)mode;
	(void)maxnode;
	(void)addr;
	assert_int_equal(flags, MPOL_F_MEMS_ALLOWED);
	mask[0] = (1 << NB_NODES) - 1;
	mask[0] &= ~((1UL << kernel.offline | 1UL << kernel.forbidden) & ~1UL);
	return 0;
}

const struct rte_numa_topology *
__wrap_rte_numa_topology_self(void)
{
	return (const struct rte_numa_topology *)&kernel;
}

void
__wrap_rte_numa_nodes(const struct rte_numa_topology *topo, unsigned int with,
		      struct rte_numa_mask *mask)
{
	(void)with;
	*mask = mask_of("0-3");
	/* What was there at first is remembered; what is read later is as it is then. */
	if (topo != (const struct rte_numa_topology *)&kernel && kernel.offline != 0)
		rte_numa_mask_clear(mask, kernel.offline);
}

static long
query(unsigned long n, void **pages, int *status)
{
	if (kernel.refuse_queries != 0 && --kernel.nb_queries < 0) {
		errno = kernel.refuse_queries;
		return -1;
	}
	for (unsigned long i = 0; i < n; i++) {
		size_t page = ((char *)pages[i] - kernel.base) / PAGE;

		assert_in_range(page, 0, NB_PAGES - 1);
		status[i] = kernel.manner[page] == ABSENT ? -ENOENT : kernel.node[page];
	}
	return 0;
}

/*
 * As Linux 6 does: pages are taken a run of the same target at a time; a run that cannot be moved
 * as a whole ends the call, which returns how many pages it did not get to or could not move, and
 * the status of these is left as it was. What cannot even be taken has its errno in the status.
 */
long
__wrap_move_pages(int pid, unsigned long n, void **pages, const int *nodes, int *status, int flags)
{
	assert_int_equal(pid, 0);
	if (nodes == NULL)
		return query(n, pages, status);
	assert_int_equal(flags, MPOL_MF_MOVE);
	kernel.nb_moves++;
	if (kernel.refuse_moves != 0) {
		errno = kernel.refuse_moves;
		return -1;
	}
	for (unsigned long i = 0; i < n; i++) {
		size_t page = ((char *)pages[i] - kernel.base) / PAGE;

		if (kernel.manner[page] == SHARED) {
			status[i] = -EACCES;
		} else if (kernel.manner[page] == PINNED) {
			return n - i;
		} else if (kernel.node[page] != nodes[i]) {
			if (kernel.room[nodes[i]] == 0) {
				errno = ENOMEM;
				return -1;
			}
			kernel.room[nodes[i]]--;
			kernel.node[page] = nodes[i];
			status[i] = nodes[i];
		} else {
			status[i] = nodes[i];
		}
	}
	return 0;
}

static int
set_up(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.base = map(NB_PAGES * PAGE);
	for (int i = 0; i < NB_NODES; i++)
		kernel.room[i] = NB_PAGES;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	return munmap(kernel.base, NB_PAGES * PAGE);
}

static struct rte_membind_page pages[NB_PAGES];

static struct rte_membind_migration
migrate(const char *list)
{
	struct rte_membind_migration result;
	struct rte_numa_mask nodes = mask_of(list);

	assert_ret(rte_membind_migrate(kernel.base, NB_PAGES * PAGE, &nodes, 0, &result, pages,
				       NB_PAGES),
		   0);
	assert_int_equal(result.nb_pages, NB_PAGES);
	assert_int_equal(result.moved + result.in_place + result.not_moved + result.absent,
			 NB_PAGES * PAGE);
	for (int i = 0; i < NB_PAGES; i++) {
		if (kernel.manner[i] != ABSENT)
			assert_int_equal(pages[i].node_id, kernel.node[i]);
	}
	return result;
}

static void
willing_pages_move_in_few_calls(void **state)
{
	(void)state;
	assert_int_equal(migrate("2").moved, NB_PAGES * PAGE);
	assert_int_equal(kernel.nb_moves, 2);
	assert_int_equal(migrate("2").in_place, NB_PAGES * PAGE);
	assert_int_equal(kernel.nb_moves, 2);
}

static void
targets_take_turns(void **state)
{
	int on[NB_NODES] = { 0 };

	(void)state;
	assert_int_equal(migrate("1-3").moved, NB_PAGES * PAGE);
	for (int i = 0; i < NB_PAGES; i++)
		on[kernel.node[i]]++;
	assert_true(on[0] == 0 && on[1] == 200 && on[2] == 200 && on[3] == 200);
}

/* One page that cannot move ends the kernel's work on all behind it; those move all the same. */
static void
a_stuck_page_holds_up_no_other(void **state)
{
	struct rte_membind_migration result;

	(void)state;
	kernel.manner[10] = PINNED;
	kernel.manner[20] = SHARED;
	kernel.manner[30] = ABSENT;
	kernel.manner[520] = PINNED;
	kernel.node[40] = 1;
	result = migrate("1");
	assert_int_equal(result.not_moved, 3 * PAGE);
	assert_int_equal(result.absent, PAGE);
	assert_int_equal(result.in_place, PAGE);
	assert_int_equal(result.moved, (NB_PAGES - 5) * PAGE);
	assert_int_equal(pages[10].why, -EBUSY);
	assert_int_equal(pages[10].from_node, 0);
	assert_int_equal(pages[20].why, -EACCES);
	assert_int_equal(pages[30].why, -ENOENT);
	assert_int_equal(pages[30].node_id, -1);
	assert_int_equal(pages[40].from_node, 1);
	assert_int_equal(pages[520].why, -EBUSY);
	assert_int_equal(pages[521].why, 0);
}

static void
a_full_node_gives_way_to_the_next(void **state)
{
	int on[NB_NODES] = { 0 };

	(void)state;
	kernel.room[1] = 50;
	assert_int_equal(migrate("1-2").moved, NB_PAGES * PAGE);
	for (int i = 0; i < NB_PAGES; i++)
		on[kernel.node[i]]++;
	assert_true(on[1] == 50 && on[2] == NB_PAGES - 50);
}

static void
full_nodes_say_so(void **state)
{
	struct rte_membind_migration result;

	(void)state;
	kernel.room[1] = 100;
	kernel.room[3] = 7;
	result = migrate("1,3");
	assert_int_equal(result.moved, 107 * PAGE);
	assert_int_equal(result.not_moved, (NB_PAGES - 107) * PAGE);
	assert_int_equal(pages[NB_PAGES - 1].why, -ENOMEM);
	assert_int_equal(pages[NB_PAGES - 1].node_id, 0);
}

static void
refusals_are_errors(void **state)
{
	struct rte_membind_migration result = { .moved = 77 };
	struct rte_numa_mask nodes = mask_of("1");

	(void)state;
	pages[0].why = 77;
	kernel.refuse_moves = EPERM;
	assert_refused(rte_membind_migrate(kernel.base, PAGE, &nodes, 0, &result, pages, 1), -EPERM,
		       "refused");
	kernel.refuse_moves = 0;
	/* The first query of the second batch fails, when the first has moved already. */
	kernel.refuse_queries = ENOMEM;
	kernel.nb_queries = 2;
	assert_ret(rte_membind_migrate(kernel.base, NB_PAGES * PAGE, &nodes, 0, &result, pages,
				       NB_PAGES),
		   -ENOMEM);
	assert_int_equal(kernel.node[0], 1);
	assert_int_equal(result.moved, 77);
	assert_int_equal(pages[0].why, 77);
	kernel.refuse_queries = EPERM;
	kernel.nb_queries = 0;
	assert_refused(rte_membind_verify(kernel.base, PAGE, &nodes), -EPERM, "seccomp");
}

static void
a_node_that_went_offline_is_no_cpusets_doing(void **state)
{
	struct rte_numa_mask nodes = mask_of("2"), both = mask_of("1-2");

	(void)state;
	kernel.forbidden = 2;
	assert_refused(rte_membind_migrate(kernel.base, PAGE, &nodes, 0, NULL, NULL, 0), -EXDEV,
		       "cpuset forbids memory of nodes 2, and allows 0-1,3");
	kernel.forbidden = 0;
	kernel.offline = 2;
	assert_refused(rte_membind_migrate(kernel.base, PAGE, &nodes, 0, NULL, NULL, 0), -ENODEV,
		       "offline or have no memory: 2; nodes with memory are 0-1,3");
	assert_refused(rte_membind_migrate(kernel.base, PAGE, &both, 0, NULL, NULL, 0), -ENODEV,
		       "offline or have no memory: 2");
	assert_int_equal(kernel.nb_moves, 0);
	kernel.offline = 0;
	assert_ret(rte_membind_migrate(kernel.base, PAGE, &nodes, 0, NULL, NULL, 0), 0);
	assert_int_equal(kernel.node[0], 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(willing_pages_move_in_few_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(targets_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stuck_page_holds_up_no_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_node_gives_way_to_the_next, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(full_nodes_say_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals_are_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_node_that_went_offline_is_no_cpusets_doing,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
