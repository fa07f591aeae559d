/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the automatic allocator: each allocation lies where it says, as the kernel shows
 *   it, what has nothing left is replaced, and all goes back.
 * Must not: repeat what test_memalloc_conform.c checks for every kind, or test_memalloc_choose.c of
 *   the rules.
 * Called by: meson test; with "huge" for explicit hugepages.
 */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>
#include <rte_memalloc_auto.h>
#include <rte_memalloc_region.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

#define NB_THREADS 4

static const struct rte_memalloc_facts poor = { .nb_nodes = 1 };
static const struct rte_memalloc_facts nodes = { .nb_nodes = 2 };
static const struct rte_memalloc_hints temporary = { .lifetime = RTE_MEMALLOC_LIFETIME_TEMPORARY };
static const struct rte_memalloc_hints remote = { .scope = RTE_MEMALLOC_SCOPE_REMOTE };

static struct rte_memalloc *
create(const struct rte_memalloc_auto_opts *opts)
{
	struct rte_memalloc *alloc;

	if (rte_memalloc_auto_create(opts, &alloc) != 0)
		fail_msg("%s", rte_memalloc_error());
	return alloc;
}

/* Allocate, write it all, and see that the allocator says of it later what it said at once. */
static void *
get(struct rte_memalloc *alloc, size_t size, const struct rte_memalloc_hints *hints,
    struct rte_memalloc_choice *choice)
{
	enum rte_memalloc_choice_kind kind;
	void *mem;

	if (rte_memalloc_auto_alloc(alloc, size, 0, hints, choice, &mem) != 0)
		fail_msg("%zu: %s", size, rte_memalloc_error());
	memset(mem, 0x5c, size);
	assert_int_equal(rte_memalloc_auto_kind_of(alloc, mem, &kind), 0);
	assert_int_equal(kind, choice->kind);
	return mem;
}

static void
is(const struct rte_memalloc_choice *choice, const char *text)
{
	char words[512];

	assert_true(rte_memalloc_choice_text(choice, words, sizeof(words)) < sizeof(words));
	assert_string_equal(words, text);
}

static void
give(struct rte_memalloc *alloc, void *mem)
{
	enum rte_memalloc_choice_kind kind;

	if (rte_memalloc_free(alloc, mem) != 0)
		fail_msg("%s", rte_memalloc_error());
	assert_int_equal(rte_memalloc_auto_kind_of(alloc, mem, &kind), -EINVAL);
	assert_int_equal(rte_memalloc_free(alloc, mem), -EINVAL);
}

static void
numa_is_on_its_node(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &nodes };
	struct rte_memalloc *alloc = create(&opts);
	int ids[64], nb_ids = witness_nodes(ids, 64);
	struct rte_memalloc_choice choice;
	struct witness_pages pages;
	char policy[16];
	void *mem;

	(void)state;
	for (int i = 0; i < nb_ids; i++) {
		struct rte_memalloc_hints hints = { .scope = RTE_MEMALLOC_SCOPE_NODE,
						    .node_id = ids[i] };

		mem = get(alloc, 5 * MIB, &hints, &choice);
		assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_NUMA);
		assert_int_equal(choice.node_id, ids[i]);
		witness_pages(mem, 5 * MIB, &pages);
		assert_int_equal(pages.on_node[ids[i]], 5 * MIB);
		snprintf(policy, sizeof(policy), "bind:%d", ids[i]);
		assert_string_equal(witness_policy(mem), policy);
		/* Changing its size keeps it there. */
		assert_int_equal(rte_memalloc_realloc(alloc, mem, 9 * MIB, 0, &mem), 0);
		witness_pages(mem, 9 * MIB, &pages);
		assert_int_equal(pages.on_node[ids[i]], 9 * MIB);
		give(alloc, mem);
		assert_string_equal(witness_access(mem), "");
	}
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
a_node_that_is_none_is_passed_over(void **state)
{
	struct rte_memalloc_hints hints = { .scope = RTE_MEMALLOC_SCOPE_NODE, .node_id = 900 };
	struct rte_memalloc_auto_opts opts = { .facts = &nodes };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_choice choice;
	void *mem = get(alloc, 8 * KIB, &hints, &choice);

	(void)state;
	is(&choice, "standard, as nothing asks for another kind; not NUMA (it is used on another "
		    "node): it cannot be had here");
	give(alloc, mem);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
standard_is_mallocs(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &poor };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_choice choice;
	void *mem = get(alloc, 4 * KIB, NULL, &choice);

	(void)state;
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_STANDARD);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_true(witness_name(mem, 1, "[heap]"));
#endif
	give(alloc, mem);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
pools_give_the_same_block_again(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &poor, .pool_blocks = 4 };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_auto_stats stats;
	struct rte_memalloc_choice choice;
	void *mem[5];

	(void)state;
	for (int i = 0; i < 4; i++) {
		mem[i] = get(alloc, 100, NULL, &choice);
		assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_POOL);
		assert_int_equal((uintptr_t)mem[i] % 128, 0);
		assert_int_equal(rte_memalloc_usable_size(alloc, mem[i]), 128);
	}
	assert_int_equal(rte_memalloc_free(alloc, (char *)mem[1] + 64), -EINVAL);
	mem[4] = get(alloc, 100, NULL, &choice);
	is(&choice, "standard, as nothing asks for another kind; not pool (it is below the pool's "
		    "threshold): nothing is left of it");
	give(alloc, mem[2]);
	assert_ptr_equal(get(alloc, 128, NULL, &choice), mem[2]);
	assert_int_equal(rte_memalloc_auto_kinds(alloc, &stats), 0);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_POOL].allocated, 4 * 128);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_POOL].nb_allocs, 5);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_POOL].nb_frees, 1);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_POOL].nb_passed, 1);
	assert_int_equal(stats.kind[RTE_MEMALLOC_CHOICE_STANDARD].nb_allocs, 1);
	assert_int_equal(rte_memalloc_destroy(alloc), -EBUSY);
	for (int i = 0; i < 5; i++)
		give(alloc, mem[i]);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
arenas_go_back_when_all_in_them_is_freed(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &poor, .arena_size = 2 * MIB };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_choice choice;
	struct rte_memalloc_stats stats;
	enum rte_memalloc_choice_kind kind;
	char *mem[4], *first;

	(void)state;
	mem[0] = get(alloc, 1000, &temporary, &choice);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_ARENA);
	mem[1] = get(alloc, 1000, &temporary, &choice);
	/* Side by side, but for what holds the size. */
	assert_in_range(mem[1] - mem[0], 1000, 1024);
	/* It is full with the third one, and the fourth one has another. */
	mem[2] = get(alloc, 3 * MIB, &temporary, &choice);
	mem[3] = get(alloc, 1000, &temporary, &choice);
	first = mem[3];
	assert_int_equal(rte_memalloc_realloc(alloc, mem[3], 3000, 0, (void **)&mem[3]), 0);
	assert_int_equal(rte_memalloc_auto_kind_of(alloc, mem[3], &kind), 0);
	assert_int_equal(kind, RTE_MEMALLOC_CHOICE_ARENA);
	give(alloc, mem[2]);
	give(alloc, mem[0]);
	assert_string_equal(witness_access(mem[1]), "rw-p");
	give(alloc, mem[1]);
	assert_string_equal(witness_access(mem[1]), "");
	assert_string_equal(witness_access(mem[2]), "");
	assert_int_equal(mem[3][999], 0x5c);
	assert_string_equal(witness_access(mem[3]), "rw-p");
	give(alloc, mem[3]);
	/* The current one stays, and its room is used again. */
	assert_ptr_equal(get(alloc, 1000, &temporary, &choice), first);
	give(alloc, first);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.allocated, 0);
	assert_true(stats.held >= 2 * MIB);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_string_equal(witness_access(mem[3]), "");
}

static void
pinned_is_what_the_given_allocator_pins(void **state)
{
	struct rte_memregion_opts locked = { .pages = RTE_MEMREGION_PAGES_SMALL,
					     .flags = RTE_MEMREGION_F_LOCK };
	struct rte_memalloc_hints gpu = { .flags = RTE_MEMALLOC_HINT_F_GPU };
	struct rte_memalloc_auto_opts opts = { .facts = &poor };
	struct rte_memalloc_choice choice;
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_region_create(&locked, &opts.pinned), 0);
	alloc = create(&opts);
	mem = get(alloc, 16 * KIB, &gpu, &choice);
	is(&choice, "pinned, as a GPU accesses it");
	assert_true(witness_flag(mem, "lo"));
	assert_int_equal(rte_memalloc_destroy(opts.pinned), -EBUSY);
	give(alloc, mem);
	assert_string_equal(witness_access(mem), "");
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(opts.pinned), 0);
	/* Without one there is none, whatever is said. */
	opts.pinned = NULL;
	opts.facts = &(const struct rte_memalloc_facts){ .nb_nodes = 1, .can_pin = 1 };
	alloc = create(&opts);
	mem = get(alloc, 16 * KIB, &gpu, &choice);
	is(&choice,
	   "standard, as nothing asks for another kind; not pinned (a GPU accesses it): no "
	   "pin driver has found a device");
	assert_false(witness_flag(mem, "lo"));
	give(alloc, mem);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
facts_may_change(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &poor };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_facts facts = poor;
	struct rte_memalloc_choice choice;
	void *one = get(alloc, 100, NULL, &choice), *other;

	(void)state;
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_POOL);
	facts.pressure = RTE_MEMALLOC_PRESSURE_CRITICAL;
	assert_int_equal(rte_memalloc_auto_inform(alloc, &facts), 0);
	other = get(alloc, 100, NULL, &choice);
	assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_STANDARD);
	assert_int_equal(choice.passed[0].why_not, RTE_MEMALLOC_WHY_NOT_PRESSURE);
	assert_int_equal(rte_memalloc_auto_inform(alloc, NULL), 0);
	give(alloc, one);
	give(alloc, other);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
standard_begins_a_line(void **state)
{
	const struct rte_memalloc_hints lasting = { .lifetime = RTE_MEMALLOC_LIFETIME_LASTING };
	struct rte_memalloc_facts one = { .nb_nodes = 1 };
	struct rte_memalloc_auto_opts opts = { .facts = &one, .hints = lasting };
	struct rte_memalloc *alloc = create(&opts);
	struct rte_memalloc_choice choice;
	void *mem[32];

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(rte_memalloc_auto_alloc(alloc, 4096 + 40 * i * i, 0, NULL, &choice,
							 &mem[i]),
				 0);
		assert_int_equal(choice.kind, RTE_MEMALLOC_CHOICE_STANDARD);
		assert_int_equal((uintptr_t)mem[i] % 64, 0);
	}
	for (size_t i = 0; i < 32; i++)
		give(alloc, mem[i]);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
nonsense_is_refused(void **state)
{
	struct rte_memalloc_auto_opts opts = { .hints = { .flags = 64 } }, bounds;
	struct rte_memalloc_hints bad = { .scope = 9 };
	struct rte_memalloc_auto_stats stats;
	struct rte_memalloc_arena *arena;
	enum rte_memalloc_choice_kind kind;
	struct rte_memalloc *alloc;
	void *mem = &opts;

	(void)state;
	assert_int_equal(rte_memalloc_auto_create(NULL, NULL), -EINVAL);
	assert_int_equal(rte_memalloc_auto_create(&opts, &alloc), -EINVAL);
	assert_int_equal(rte_memalloc_arena_create(NULL, &arena), 0);
	opts = (struct rte_memalloc_auto_opts){ .pinned = rte_memalloc_arena_base(arena) };
	assert_int_equal(rte_memalloc_auto_create(&opts, &alloc), -EINVAL);
	assert_non_null(strstr(rte_memalloc_error(), "rte_memalloc_locked_create"));
	bounds = (struct rte_memalloc_auto_opts){ .pool_blocks = UINT32_MAX };
	assert_int_equal(rte_memalloc_auto_create(&bounds, &alloc), -EINVAL);
	bounds = (struct rte_memalloc_auto_opts){ .arena_size = SIZE_MAX };
	assert_int_equal(rte_memalloc_auto_create(&bounds, &alloc), -EINVAL);
	alloc = create(NULL);
	assert_int_equal(rte_memalloc_auto_alloc(alloc, 1, 0, &bad, NULL, &mem), -EINVAL);
	assert_int_equal(rte_memalloc_auto_alloc(alloc, 0, 0, NULL, NULL, &mem), -EINVAL);
	assert_int_equal(rte_memalloc_auto_alloc(alloc, 1, 3, NULL, NULL, &mem), -EINVAL);
	assert_int_equal(rte_memalloc_auto_alloc(opts.pinned, 1, 0, NULL, NULL, &mem), -EINVAL);
	assert_int_equal(rte_memalloc_auto_kinds(opts.pinned, &stats), -EINVAL);
	assert_int_equal(rte_memalloc_auto_kinds(alloc, NULL), -EINVAL);
	assert_int_equal(rte_memalloc_auto_inform(NULL, NULL), -EINVAL);
	assert_int_equal(rte_memalloc_auto_kind_of(alloc, &opts, &kind), -EINVAL);
	assert_int_equal(rte_memalloc_auto_kind_of(alloc, NULL, &kind), -EINVAL);
	assert_ptr_equal(mem, &opts);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
	assert_int_equal(rte_memalloc_destroy(opts.pinned), 0);
}

/* Each thread hands what it allocates to the next one, which frees it. */
struct worker {
	pthread_t thread;
	struct rte_memalloc *alloc;
	void *_Atomic *hand;
	unsigned int seed;
	const char *wrong;
};

static void *
work(void *arg)
{
	static const size_t sizes[] = { 40, 700, 3000, 6000, 40000, 1500000 };
	struct rte_memalloc_hints hints;
	struct worker *self = arg;
	unsigned char *mem, *given;
	size_t size;

	for (unsigned int i = 0; i < 400 && self->wrong == NULL; i++) {
		self->seed = self->seed * 1664525 + 1013904223;
		/* Rarely the largest: each of these is a mapping. */
		size = sizes[(self->seed >> 16) % (i % 50 == 0 ? 6 : 5)];
		hints = (self->seed >> 8) % 3 == 0 ? temporary : (struct rte_memalloc_hints){ 0 };
		if (rte_memalloc_auto_alloc(self->alloc, size, 0, &hints, NULL, (void **)&mem) != 0)
			self->wrong = "no memory";
		else
			memset(mem, (int)(size & 0xff), size);
		given = atomic_exchange_explicit(self->hand, self->wrong != NULL ? NULL : mem,
						 memory_order_acq_rel);
		size = rte_memalloc_usable_size(self->alloc, given);
		for (size_t at = 1; given != NULL && at < 40; at++) {
			if (given[at] != given[0])
				self->wrong = "overwritten";
		}
		if (given != NULL && (size < 40 || rte_memalloc_free(self->alloc, given) != 0))
			self->wrong = "not freed";
	}
	return NULL;
}

static void
threads_share_it(void **state)
{
	struct rte_memalloc_auto_opts opts = { .facts = &nodes,
					       .pool_blocks = 512,
					       .arena_size = 256 * KIB };
	struct rte_memalloc *alloc = create(&opts);
	void *_Atomic hands[NB_THREADS / 2] = { NULL };
	struct rte_memalloc_auto_stats stats;
	struct worker workers[NB_THREADS];

	(void)state;
	for (unsigned int i = 0; i < NB_THREADS; i++) {
		workers[i] = (struct worker){ .alloc = alloc,
					      .hand = &hands[i % (NB_THREADS / 2)],
					      .seed = i + 1 };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned int i = 0; i < NB_THREADS; i++) {
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
		if (workers[i].wrong != NULL)
			fail_msg("thread %u: %s", i, workers[i].wrong);
	}
	for (unsigned int i = 0; i < NB_THREADS / 2; i++)
		give(alloc, hands[i]);
	assert_int_equal(rte_memalloc_auto_kinds(alloc, &stats), 0);
	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_CHOICES; i++) {
		assert_int_equal(stats.kind[i].allocated, 0);
		assert_int_equal(stats.kind[i].nb_allocs, stats.kind[i].nb_frees);
	}
	assert_true(stats.kind[RTE_MEMALLOC_CHOICE_POOL].nb_allocs > 0);
	assert_true(stats.kind[RTE_MEMALLOC_CHOICE_ARENA].nb_allocs > 0);
	assert_true(stats.kind[RTE_MEMALLOC_CHOICE_STANDARD].nb_allocs > 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

/* Whatever the machine has: what it says of the pages is what the kernel says. */
static void
hugepages_that_are_not_there_are_replaced(void **state)
{
	struct rte_memalloc_facts lie = { .nb_nodes = 1,
					  .huge = { { .page_size = 2 * MIB, .free = 1 << 30 } } };
	struct rte_memalloc_auto_opts opts = { .facts = &lie };
	struct rte_memalloc *alloc = create(&opts);
	size_t size = 3 * MIB;
	struct rte_memalloc_choice choice;
	void *mem = get(alloc, size, &remote, &choice);

	(void)state;
	if (choice.kind == RTE_MEMALLOC_CHOICE_HUGE) {
		assert_int_equal(witness_smaps(mem, "KernelPageSize"), 2 * MIB);
	} else {
		is(&choice, "arena, as it is above the arena's threshold; not huge pages (it goes "
			    "over a network): nothing is left of it");
		assert_int_not_equal(witness_smaps(mem, "KernelPageSize"), 2 * MIB);
	}
	give(alloc, mem);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

/* Wherever the thread runs: a node that has none gets them from another. */
static void
hugepages_are_explicit(void **state)
{
	struct rte_memalloc *alloc = create(NULL);
	struct rte_memalloc_choice choice;
	cpu_set_t before, one;
	void *mem;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		mem = get(alloc, 3 * MIB, &remote, &choice);
		is(&choice, "huge pages of 2 MiB, as it goes over a network");
		assert_int_equal(witness_smaps(mem, "KernelPageSize"), 2 * MIB);
		assert_int_equal(witness_smaps(mem, "Private_Hugetlb") +
					 witness_smaps(mem, "Shared_Hugetlb"),
				 4 * MIB);
		/* Changing its size keeps it in them. */
		assert_int_equal(rte_memalloc_realloc(alloc, mem, 100, 0, &mem), 0);
		assert_int_equal(witness_smaps(mem, "KernelPageSize"), 2 * MIB);
		give(alloc, mem);
		assert_string_equal(witness_access(mem), "");
	}
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest huge[] = {
		cmocka_unit_test(hugepages_are_explicit),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numa_is_on_its_node),
		cmocka_unit_test(a_node_that_is_none_is_passed_over),
		cmocka_unit_test(standard_is_mallocs),
		cmocka_unit_test(pools_give_the_same_block_again),
		cmocka_unit_test(arenas_go_back_when_all_in_them_is_freed),
		cmocka_unit_test(pinned_is_what_the_given_allocator_pins),
		cmocka_unit_test(facts_may_change),
		cmocka_unit_test(standard_begins_a_line),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(threads_share_it),
		cmocka_unit_test(hugepages_that_are_not_there_are_replaced),
	};

	if (argc > 1 && strcmp(argv[1], "huge") == 0) {
		if (!witness_hugepages(4))
			return 77;
		return cmocka_run_group_tests(huge, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
