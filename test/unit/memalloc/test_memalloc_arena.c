/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of arenas: marks, rewinding, resets, overflow, and that their memory is where and
 *   what their regions say, as the kernel shows it.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_arena.h>

#include "witness.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static const struct rte_memregion_opts small = { .pages = RTE_MEMREGION_PAGES_SMALL };

static struct rte_memalloc_arena *
create(size_t size, size_t max_size, uint32_t flags)
{
	struct rte_memalloc_arena_opts opts = {
		.size = size, .max_size = max_size, .flags = flags, .region = &small
	};
	struct rte_memalloc_arena *arena = NULL;

	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), 0);
	return arena;
}

static void
destroy(struct rte_memalloc_arena *arena)
{
	assert_int_equal(rte_memalloc_destroy(rte_memalloc_arena_base(arena)), 0);
}

static struct rte_memalloc_stats
stats_of(struct rte_memalloc_arena *arena)
{
	struct rte_memalloc_stats stats;

	assert_int_equal(rte_memalloc_stats(rte_memalloc_arena_base(arena), &stats), 0);
	return stats;
}

static unsigned char *
get(struct rte_memalloc_arena *arena, size_t size)
{
	unsigned char *mem = rte_memalloc_arena_alloc(arena, size, 0);

	if (mem == NULL)
		fail_msg("%s", rte_memalloc_error());
	return mem;
}

static unsigned int
nb_regions(const struct rte_memalloc_arena *arena)
{
	unsigned int n = 0;

	while (rte_memalloc_arena_region(arena, n) != NULL)
		n++;
	return n;
}

static bool
lies_in(const struct rte_memregion *region, const void *mem, size_t size)
{
	uintptr_t start = (uintptr_t)rte_memregion_addr(region), at = (uintptr_t)mem;

	return at >= start && at + size <= start + rte_memregion_size(region);
}

static void
the_inlined_call_does_as_the_other(void **state)
{
	static const size_t sizes[] = { 1, 7, 8, 100, 4096 }, aligns[] = { 0, 1, 8, 64, 32768 };
	struct rte_memalloc_arena *arena = create(512 * KIB, 0, 0);
	struct rte_memalloc *alloc = rte_memalloc_arena_base(arena);
	unsigned char *fast, *slow;
	uintptr_t offset;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		for (unsigned int j = 0; j < 5; j++) {
			rte_memalloc_arena_reset(arena);
			get(arena, 3);
			fast = rte_memalloc_arena_alloc(arena, sizes[i], aligns[j]);
			offset = fast - (unsigned char *)rte_memregion_addr(
						rte_memalloc_arena_region(arena, 0));
			assert_int_equal((uintptr_t)fast % (aligns[j] == 0 ? 16 : aligns[j]), 0);
			rte_memalloc_arena_reset(arena);
			get(arena, 3);
			assert_int_equal(
				rte_memalloc_alloc(alloc, sizes[i], aligns[j], (void **)&slow), 0);
			assert_ptr_equal(slow, fast);
			assert_true(offset < 512 * KIB);
			assert_int_equal(rte_memalloc_usable_size(alloc, fast), sizes[i]);
		}
	}
	errno = 0;
	assert_null(rte_memalloc_arena_alloc(arena, 0, 0));
	assert_int_equal(errno, EINVAL);
	assert_null(rte_memalloc_arena_alloc(arena, 1, 24));
	assert_int_equal(errno, EINVAL);
	assert_null(rte_memalloc_arena_alloc(arena, SIZE_MAX, 0));
	assert_int_equal(errno, ENOMEM);
	assert_null(rte_memalloc_arena_alloc(arena, PTRDIFF_MAX, 0));
	assert_int_equal(errno, ENOMEM);
	/* The sum of address and size would run over. */
	assert_null(rte_memalloc_arena_alloc(arena, SIZE_MAX - 4096, 8));
	assert_null(rte_memalloc_arena_alloc(arena, 1, (size_t)1 << 63));
	assert_int_equal(errno, EINVAL);
	destroy(arena);
}

static void
the_newest_can_be_freed_and_resized_in_place(void **state)
{
	struct rte_memalloc_arena *arena = create(64 * KIB, 0, 0);
	struct rte_memalloc *alloc = rte_memalloc_arena_base(arena);
	unsigned char *a = get(arena, 100), *b = get(arena, 100);
	uint64_t both = stats_of(arena).allocated;
	void *moved;

	(void)state;
	assert_int_equal(rte_memalloc_realloc(alloc, b, 5000, 0, &moved), 0);
	assert_ptr_equal(moved, b);
	assert_int_equal(stats_of(arena).allocated, both + 4900);
	assert_int_equal(rte_memalloc_realloc(alloc, b, 100, 0, &moved), 0);
	assert_ptr_equal(moved, b);
	assert_int_equal(stats_of(arena).allocated, both);
	assert_int_equal(stats_of(arena).peak, both + 4900);
	/* The older one has no room to grow. */
	memset(a, 0x31, 100);
	assert_int_equal(rte_memalloc_realloc(alloc, a, 200, 0, &moved), 0);
	assert_ptr_not_equal(moved, a);
	assert_memory_equal(moved, a, 100);
	assert_int_equal(rte_memalloc_free(alloc, moved), 0);
	assert_int_equal(rte_memalloc_free(alloc, b), 0);
	assert_ptr_equal(get(arena, 100), b);
	/* That one that is not the newest is freed does nothing. */
	both = stats_of(arena).allocated;
	assert_int_equal(rte_memalloc_free(alloc, a), 0);
	assert_int_equal(stats_of(arena).allocated, both);
	/* One after the other, as from a stack, but none that another lies behind. */
	rte_memalloc_arena_reset(arena);
	for (size_t size = 1; size < 64; size++) {
		a = get(arena, size);
		b = rte_memalloc_arena_alloc(arena, 1, 1);
		*b = 0x2a;
		assert_int_equal(rte_memalloc_free(alloc, a), 0);
		assert_true(get(arena, 1) > b);
		assert_int_equal(*b, 0x2a);
		rte_memalloc_arena_reset(arena);
		a = get(arena, size);
		b = get(arena, size);
		assert_int_equal(rte_memalloc_free(alloc, get(arena, 1)), 0);
		assert_int_equal(rte_memalloc_free(alloc, b), 0);
		assert_int_equal(rte_memalloc_free(alloc, b), 0);
		assert_int_equal(rte_memalloc_free(alloc, a), 0);
		assert_true(stats_of(arena).allocated < 16);
	}
	destroy(arena);
}

static void
rewinding_frees_what_came_after_the_mark(void **state)
{
	struct rte_memalloc_arena *arena = create(64 * KIB, 0, 0);
	struct rte_memalloc_arena_mark outer, inner, stale;
	unsigned char *kept = get(arena, 1000), *a, *b;
	uint64_t at_outer, at_inner;

	(void)state;
	memset(kept, 0x11, 1000);
	assert_int_equal(rte_memalloc_arena_mark(arena, &outer), 0);
	at_outer = stats_of(arena).allocated;
	a = get(arena, 2000);
	assert_int_equal(rte_memalloc_arena_mark(arena, &inner), 0);
	at_inner = stats_of(arena).allocated;
	b = get(arena, 3000);
	memset(a, 0x22, 2000);
	memset(b, 0x33, 3000);

	assert_int_equal(rte_memalloc_arena_rewind(arena, &inner), 0);
	assert_int_equal(stats_of(arena).allocated, at_inner);
	assert_ptr_equal(get(arena, 3000), b);
	/* Again and again. */
	assert_int_equal(rte_memalloc_arena_rewind(arena, &inner), 0);
	assert_ptr_equal(get(arena, 3000), b);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &outer), 0);
	assert_int_equal(stats_of(arena).allocated, at_outer);
	assert_ptr_equal(get(arena, 2000), a);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(kept[i], 0x11);

	/* The inner mark is no more, though there is again something where it was. */
	stale = inner;
	assert_int_equal(rte_memalloc_arena_mark(arena, &inner), 0);
	assert_ptr_equal(inner.at, stale.at);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &stale), -EINVAL);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &inner), 0);
	rte_memalloc_arena_reset(arena);
	assert_int_equal(stats_of(arena).allocated, 0);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &inner), -EINVAL);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &outer), -EINVAL);
	assert_int_equal(rte_memalloc_arena_rewind(arena, NULL), -EINVAL);
	assert_int_equal(rte_memalloc_arena_mark(arena, NULL), -EINVAL);
	assert_non_null(strstr(rte_memalloc_error(), "mark"));
	assert_true(stats_of(arena).peak >= 6000);
	assert_true(stats_of(arena).total > stats_of(arena).peak);
	destroy(arena);
}

static void
another_arenas_mark_is_refused(void **state)
{
	struct rte_memalloc_arena *one = create(64 * KIB, 0, 0), *other = create(64 * KIB, 0, 0);
	struct rte_memalloc_arena_mark mark, own;

	(void)state;
	assert_int_equal(rte_memalloc_arena_mark(one, &mark), 0);
	assert_int_equal(rte_memalloc_arena_rewind(other, &mark), -EINVAL);
	assert_int_equal(rte_memalloc_arena_mark(other, &own), 0);
	get(other, 10);
	assert_int_equal(rte_memalloc_arena_rewind(other, &mark), -EINVAL);
	assert_int_equal(stats_of(other).nb_allocs, 1);
	destroy(one);
	destroy(other);
}

static void
a_full_arena_says_so(void **state)
{
	struct rte_memalloc_arena *arena = create(16 * KIB, 0, 0);
	struct rte_memalloc_arena_mark mark = { .at = arena };
	struct rte_memalloc_stats before;
	void *mem = arena;

	(void)state;
	get(arena, 16 * KIB - 16);
	before = stats_of(arena);
	assert_int_equal(before.held, 16 * KIB);
	assert_int_equal(rte_memalloc_alloc(rte_memalloc_arena_base(arena), 1, 1, &mem), -ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "an arena of 16 KiB"));
	assert_ptr_equal(mem, arena);
	assert_int_equal(rte_memalloc_arena_mark(arena, &mark), -ENOMEM);
	assert_ptr_equal(mark.at, arena);
	assert_int_equal(stats_of(arena).nb_failed, 2);
	assert_int_equal(stats_of(arena).allocated, before.allocated);
	assert_int_equal(nb_regions(arena), 1);
	rte_memalloc_arena_reset(arena);
	get(arena, 16 * KIB - 16);
	destroy(arena);
}

static void
it_overflows_into_blocks_that_it_keeps(void **state)
{
	struct rte_memalloc_arena *arena = create(16 * KIB, 0, RTE_MEMALLOC_ARENA_F_OVERFLOW);
	struct rte_memalloc_arena_mark mark;
	unsigned char *first = get(arena, 10 * KIB), *mem;
	char *before;
	uint64_t held;

	(void)state;
	memset(first, 1, 10 * KIB);
	assert_int_equal(rte_memalloc_arena_mark(arena, &mark), 0);
	for (int i = 0; i < 100; i++) {
		mem = get(arena, 10 * KIB);
		memset(mem, 2, 10 * KIB);
	}
	mem = get(arena, 3 * MIB);
	memset(mem, 3, 3 * MIB);
	assert_true(nb_regions(arena) >= 6 && nb_regions(arena) <= 9);
	held = stats_of(arena).held;
	assert_true(stats_of(arena).allocated > 3 * MIB + 1000 * KIB &&
		    stats_of(arena).allocated <= held);
	for (size_t i = 0; i < 10 * KIB; i++)
		assert_int_equal(first[i], 1);

	/* The same work again maps nothing. */
	before = strdup(witness_all());
	assert_non_null(before);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(rte_memalloc_arena_rewind(arena, &mark), 0);
		assert_true(stats_of(arena).allocated < 11 * KIB);
		for (int i = 0; i < 100; i++)
			get(arena, 10 * KIB);
		get(arena, 3 * MIB);
		assert_int_equal(stats_of(arena).held, held);
	}
	assert_string_equal(witness_all(), before);
	free(before);
	assert_int_equal(rte_memalloc_arena_rewind(arena, &mark), 0);
	assert_int_equal(rte_memalloc_arena_trim(arena), 0);
	assert_int_equal(nb_regions(arena), 1);
	assert_string_equal(witness_access(mem), "");
	for (size_t i = 0; i < 10 * KIB; i++)
		assert_int_equal(first[i], 1);
	assert_int_equal(stats_of(arena).held, 16 * KIB);
	get(arena, 10 * KIB);
	destroy(arena);
}

static void
overflow_has_a_bound(void **state)
{
	struct rte_memalloc_arena *arena =
		create(16 * KIB, 128 * KIB, RTE_MEMALLOC_ARENA_F_OVERFLOW);
	struct rte_memalloc_arena_opts opts = { .size = 64 * KIB,
						/* One that transparent hugepages exceed. */
						.max_size = 3 * MIB,
						.flags = RTE_MEMALLOC_ARENA_F_OVERFLOW };
	unsigned int n = 0;

	(void)state;
	while (rte_memalloc_arena_alloc(arena, 1000, 0) != NULL)
		n++;
	assert_int_equal(errno, ENOMEM);
	assert_non_null(strstr(rte_memalloc_error(), "bound"));
	assert_true(n > 100);
	assert_int_equal(stats_of(arena).held, 128 * KIB);
	destroy(arena);

	/* Pages that the bound has no room for another of. */
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), 0);
	while (rte_memalloc_arena_alloc(arena, 1000, 0) != NULL)
		;
	assert_true(stats_of(arena).held <= 3 * MIB);
	destroy(arena);
}

static void
its_memory_is_where_its_region_has_to_be(void **state)
{
	struct rte_memregion_opts region = {
		.policy = RTE_MEMBIND_BIND,
		.pages = RTE_MEMREGION_PAGES_SMALL,
		.flags = RTE_MEMREGION_F_STRICT,
		.name = "an arena",
	};
	struct rte_memalloc_arena_opts opts = { .size = 256 * KIB,
						.flags = RTE_MEMALLOC_ARENA_F_OVERFLOW,
						.region = &region };
	struct rte_memalloc_arena *arena;
	struct witness_pages pages;
	unsigned char *mem;
	int nodes[64], nb_nodes = witness_nodes(nodes, 64);

	(void)state;
	for (int i = 0; i < nb_nodes; i++) {
		rte_numa_mask_only(&region.nodes, nodes[i]);
		assert_int_equal(rte_memalloc_arena_create(&opts, &arena), 0);
		/* In the second block too. */
		for (unsigned int n = 0; n < 2; n++) {
			mem = get(arena, 200 * KIB);
			assert_true(lies_in(rte_memalloc_arena_region(arena, n), mem, 200 * KIB));
			mem -= (uintptr_t)mem % 4096;
			witness_pages(mem, 200 * KIB, &pages);
			assert_int_equal(pages.on_node[nodes[i]], 200 * KIB);
			assert_true(witness_name(
				rte_memregion_addr(rte_memalloc_arena_region(arena, n)),
				rte_memregion_size(rte_memalloc_arena_region(arena, n)),
				"an arena"));
		}
		destroy(arena);
		assert_string_equal(witness_access(mem), "");
	}
}

static void
what_its_region_cannot_be_is_an_error(void **state)
{
	struct rte_memregion_opts region = { .policy = RTE_MEMBIND_BIND,
					     .flags = RTE_MEMREGION_F_STRICT };
	struct rte_memalloc_arena_opts opts = { .region = &region };
	struct rte_memalloc_arena *arena = (void *)&opts;
	char name[RTE_MEMREGION_NAME_MAX + 20];

	(void)state;
	/* No such node. */
	rte_numa_mask_only(&region.nodes, 900);
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), -ENODEV);
	assert_non_null(strstr(rte_memalloc_error(), "900"));
	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	region = (struct rte_memregion_opts){ .name = name };
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), -EINVAL);
	assert_int_equal(rte_memalloc_arena_create(NULL, NULL), -EINVAL);
	opts = (struct rte_memalloc_arena_opts){ .flags = 1u << 9 };
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), -EINVAL);
	opts = (struct rte_memalloc_arena_opts){ .max_size = 4 * KIB };
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), -EINVAL);
	opts = (struct rte_memalloc_arena_opts){ .size = (size_t)1 << 60 };
	assert_int_equal(rte_memalloc_arena_create(&opts, &arena), -ENOMEM);
	assert_ptr_equal(arena, &opts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_inlined_call_does_as_the_other),
		cmocka_unit_test(the_newest_can_be_freed_and_resized_in_place),
		cmocka_unit_test(rewinding_frees_what_came_after_the_mark),
		cmocka_unit_test(another_arenas_mark_is_refused),
		cmocka_unit_test(a_full_arena_says_so),
		cmocka_unit_test(it_overflows_into_blocks_that_it_keeps),
		cmocka_unit_test(overflow_has_a_bound),
		cmocka_unit_test(its_memory_is_where_its_region_has_to_be),
		cmocka_unit_test(what_its_region_cannot_be_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
