/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the kind "system", and of an allocator that an application writes itself.
 * Must not: repeat what test_memalloc_conform.c checks for every kind.
 * Called by: meson test.
 */

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rte_memalloc_system.h>

static bool no_memory;

void *
__real_malloc(size_t size);
void *
__wrap_malloc(size_t size);
int
__real_posix_memalign(void **mem, size_t align, size_t size);
int
__wrap_posix_memalign(void **mem, size_t align, size_t size);
void *
__real_realloc(void *mem, size_t size);
void *
__wrap_realloc(void *mem, size_t size);
void *
__real_calloc(size_t n, size_t size);
void *
__wrap_calloc(size_t n, size_t size);

void *
__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

int
__wrap_posix_memalign(void **mem, size_t align, size_t size)
{
	return no_memory ? ENOMEM : __real_posix_memalign(mem, align, size);
}

void *
__wrap_realloc(void *mem, size_t size)
{
	return no_memory ? NULL : __real_realloc(mem, size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

static void
it_is_malloc(void **state)
{
	struct rte_memalloc *alloc;
	void *mem;

	(void)state;
	assert_int_equal(rte_memalloc_system_create(NULL), -EINVAL);
	assert_int_equal(rte_memalloc_system_create(&alloc), 0);
	assert_string_equal(rte_memalloc_kind(alloc), "system");
	assert_int_equal(rte_memalloc_alloc(alloc, 1000, 4096, &mem), 0);
	assert_int_equal((uintptr_t)mem % 4096, 0);
	/* By malloc's own word. */
	assert_int_equal(rte_memalloc_usable_size(alloc, mem), malloc_usable_size(mem));
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
out_of_memory_changes_nothing(void **state)
{
	struct rte_memalloc *alloc, *none = NULL;
	struct rte_memalloc_stats stats;
	void *mem, *other = NULL, *was;

	(void)state;
	assert_int_equal(rte_memalloc_system_create(&alloc), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 100, 0, &mem), 0);
	was = mem;
	memset(mem, 1, 100);
	no_memory = true;
	assert_int_equal(rte_memalloc_system_create(&none), -ENOMEM);
	assert_int_equal(rte_memalloc_alloc(alloc, 100, 0, &other), -ENOMEM);
	assert_int_equal(rte_memalloc_alloc(alloc, 100, 64, &other), -ENOMEM);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 200, 0, &mem), -ENOMEM);
	assert_int_equal(rte_memalloc_realloc(alloc, mem, 200, 64, &mem), -ENOMEM);
	no_memory = false;
	assert_null(none);
	assert_null(other);
	assert_ptr_equal(mem, was);
	assert_non_null(strstr(rte_memalloc_error(), "200 bytes at alignment 64"));
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.nb_failed, 4);
	assert_int_equal(stats.nb_allocs, 1);
	assert_int_equal(rte_memalloc_free(alloc, mem), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

static void
the_peak_is_the_most_at_once(void **state)
{
	struct rte_memalloc_stats stats;
	struct rte_memalloc *alloc;
	void *a, *b;
	size_t one;

	(void)state;
	assert_int_equal(rte_memalloc_system_create(&alloc), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 1 << 20, 0, &a), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 1 << 20, 0, &b), 0);
	one = malloc_usable_size(a);
	assert_int_equal(rte_memalloc_free(alloc, b), 0);
	assert_int_equal(rte_memalloc_alloc(alloc, 1 << 10, 0, &b), 0);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.peak, 2 * one);
	assert_int_equal(rte_memalloc_reset_peak(alloc), 0);
	assert_int_equal(rte_memalloc_stats(alloc, &stats), 0);
	assert_int_equal(stats.peak, one + malloc_usable_size(b));
	assert_int_equal(rte_memalloc_free(alloc, a), 0);
	assert_int_equal(rte_memalloc_free(alloc, b), 0);
	assert_int_equal(rte_memalloc_destroy(alloc), 0);
}

/* An application's own kind: eight places of 64 bytes, without a way to change sizes in place. */
struct own {
	struct rte_memalloc base;
	unsigned int used;
	_Alignas(64) unsigned char places[8][64];
};

static int
own_alloc(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct own *own = (struct own *)alloc;
	unsigned int i;

	if (size > 64 || align > 64)
		return rte_memalloc_fail(-EINVAL, "places have 64 bytes, not %zu", size);
	for (i = 0; i < 8; i++) {
		if ((own->used & 1u << i) == 0) {
			own->used |= 1u << i;
			*mem = own->places[i];
			return 0;
		}
	}
	return rte_memalloc_fail(-ENOMEM, "all 8 places are taken");
}

static int
own_free(struct rte_memalloc *alloc, void *mem)
{
	struct own *own = (struct own *)alloc;

	own->used &= ~(1u << ((unsigned char *)mem - own->places[0]) / 64);
	return 0;
}

static size_t
own_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	(void)alloc;
	(void)mem;
	return 64;
}

static void
own_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	*stats = (struct rte_memalloc_stats){
		.allocated = 64 * (uint64_t)__builtin_popcount(((struct own *)alloc)->used)
	};
}

static void
own_reset_peak(struct rte_memalloc *alloc)
{
	(void)alloc;
}

static int
own_destroy(struct rte_memalloc *alloc)
{
	(void)alloc;
	return 0;
}

static void
an_application_can_write_one(void **state)
{
	static const struct rte_memalloc_ops ops = {
		.kind = "own",
		.alloc = own_alloc,
		.free = own_free,
		.usable_size = own_usable_size,
		.stats = own_stats,
		.reset_peak = own_reset_peak,
		.destroy = own_destroy,
	};
	struct own own = { .base = { .ops = &ops, .flags = RTE_MEMALLOC_F_REUSES } };
	struct rte_memalloc_stats stats;
	void *mem, *was;

	(void)state;
	assert_int_equal(rte_memalloc_alloc(&own.base, 60, 0, &mem), 0);
	memset(mem, 0x42, 60);
	was = mem;
	/* It has no way to change sizes: moved by a copy. */
	assert_int_equal(rte_memalloc_realloc(&own.base, mem, 64, 64, &mem), 0);
	assert_ptr_not_equal(mem, was);
	for (int i = 0; i < 60; i++)
		assert_int_equal(((unsigned char *)mem)[i], 0x42);
	assert_int_equal(rte_memalloc_realloc(&own.base, mem, 65, 0, &mem), -EINVAL);
	assert_string_equal(rte_memalloc_error(), "places have 64 bytes, not 65");
	assert_int_equal(rte_memalloc_stats(&own.base, &stats), 0);
	assert_int_equal(stats.allocated, 64);
	assert_int_equal(rte_memalloc_free(&own.base, mem), 0);
	assert_int_equal(own.used, 0);
	assert_int_equal(rte_memalloc_destroy(&own.base), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_malloc),
		cmocka_unit_test(out_of_memory_changes_nothing),
		cmocka_unit_test(the_peak_is_the_most_at_once),
		cmocka_unit_test(an_application_can_write_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
