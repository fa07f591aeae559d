/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The audit: what adds up is left alone, and each thing that is broken on purpose, in the words that
 * the allocator works with, is named with the place where it is. */

#include <inttypes.h>
#include <stdio.h>

#include <rte_fastmem_walk.h>
#include <rte_memzone.h>

#include "fastmem_priv.h"
#include "test_blocks.h"
#include "test_setup.h"

/* ---- what the allocator works with */

static struct fm_state *
the_state(void)
{
	return rte_memzone_lookup("fastmem_state")->addr;
}

static struct fm_node *
the_node(void)
{
	struct fm_state *st = the_state();

	return &st->node[st->node_of_id[test_node()]];
}

static struct fm_slab *
slab_of(const void *block)
{
	struct fm_node *node = the_node();
	uint32_t i, k;

	for (i = 0; i < node->nb_chunks; i++)
		for (k = 0; k < node->chunk[i]->nb_slabs; k++)
			if ((uintptr_t)block - node->chunk[i]->slab[k].base < SLAB)
				return &node->chunk[i]->slab[k];
	fail_msg("no slab has %p", block);
	return NULL;
}

static uint16_t *
entry_of(const void *block)
{
	return (uint16_t *)(uintptr_t)&rte_fastmem_window
		.entry[((uintptr_t)block >> FM_PAGE_SHIFT) - rte_fastmem_window.first];
}

static unsigned int
page_of(const void *block)
{
	return (unsigned int)(((uintptr_t)block - slab_of(block)->base) >> FM_PAGE_SHIFT);
}

/* ---- what the audit says */

struct faults {
	unsigned int n;
	struct rte_fastmem_fault at[8];
	char text[8][256];
};

static int
note(const struct rte_fastmem_fault *fault, void *arg)
{
	struct faults *f = arg;

	if (f->n < RTE_DIM(f->at)) {
		f->at[f->n] = *fault;
		snprintf(f->text[f->n], sizeof(f->text[f->n]), "%s", fault->text);
		print_message("  %s\n", fault->text);
	}
	f->n++;
	return 0;
}

static struct faults
audit_now(struct rte_fastmem_audit *audit)
{
	struct faults f = { 0 };

	assert_int_equal(rte_fastmem_audit(test_node(), note, &f, audit), 0);
	assert_int_equal(audit->faults, f.n);
	assert_int_equal(audit->moved, 0);
	return f;
}

static void
assert_sound(void)
{
	struct rte_fastmem_audit audit;

	assert_int_equal(audit_now(&audit).n, 0);
	assert_int_equal(audit.blocks, audit.live + audit.cached + audit.free);
}

/* The one fault of a kind that there has to be. */
static struct rte_fastmem_fault
only(const struct faults *f, enum rte_fastmem_fault_kind kind)
{
	const struct rte_fastmem_fault *found = NULL;
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (f->at[i].kind == kind) {
			assert_null(found);
			found = &f->at[i];
		}
	assert_non_null(found);
	assert_int_equal(found->node_id, test_node());
	return *found;
}

/* Fail unless the texts of all faults of a kind have that in them. */
static void
assert_text_has(const struct faults *f, enum rte_fastmem_fault_kind kind, const char *what)
{
	unsigned int i;

	for (i = 0; i < f->n; i++)
		if (f->at[i].kind == kind && strstr(f->text[i], what) == NULL)
			fail_msg("'%s' does not say %s", f->text[i], what);
}

/* ---- sound */

static void *
come_and_go(void *arg)
{
	void *blocks[300];
	unsigned int i;

	for (i = 0; i < RTE_DIM(blocks); i++)
		blocks[i] = rte_fastmem_alloc((i + 1) * 64, 0, 0);
	rte_fastmem_free_bulk(blocks, RTE_DIM(blocks));
	return arg;
}

static void
whatever_was_done_adds_up(void **state)
{
	struct test_rand r = test_rand_start(2);
	struct test_blocks blocks = { 0 };
	struct rte_fastmem_audit audit;
	unsigned int i, large = 0;
	pthread_t thread;

	(void)state;
	assert_sound();
	for (i = 0; i < 4000; i++) {
		if (test_rand_below(&r, 3) == 0 && blocks.n != 0)
			rte_fastmem_free(
				test_blocks_take(&blocks, test_rand_below(&r, blocks.n)).ptr);
		else if (!test_blocks_alloc(&blocks, test_rand_size(&r, 40 << 10), 0))
			break;
	}
	assert_true(test_blocks_alloc(&blocks, 2 * MIB + 5000, 0));
	assert_true(test_blocks_alloc(&blocks, 100, 8192));
	assert_int_equal(rte_fastmem_warm(300, 1000, 0, test_node()), 0);
	test_thread_start(&thread, come_and_go, NULL);
	pthread_join(thread, NULL);
	assert_int_equal(audit_now(&audit).n, 0);
	for (i = 0; i < blocks.n; i++)
		large += rte_fastmem_usable_size(blocks.at[i].ptr) > RTE_FASTMEM_MAX_SIZE;
	assert_int_equal(audit.live, blocks.n - large);
	assert_int_equal(audit.blocks, audit.live + audit.cached + audit.free);
	assert_int_equal(audit.slabs, TEST_RESERVED / SLAB);
	assert_int_equal(audit.pages, TEST_RESERVED / 4096);
	test_blocks_free(&blocks);
	assert_sound();
	rte_fastmem_cache_flush();
	assert_true(rte_fastmem_trim(test_node()) >= 0);
	assert_sound();
	/* Also of a node that runs out, and keeps its caches empty. */
	test_blocks_exhaust(&blocks, 3000, 0);
	assert_sound();
	test_blocks_free(&blocks);
	assert_sound();
}

/* ---- broken words */

static void
a_free_block_that_disappears_is_missed(void **state)
{
	struct rte_fastmem_audit audit;
	void *block = rte_fastmem_alloc(12288, 0, 0);
	struct fm_slab *slab = slab_of(block);
	struct rte_fastmem_fault fault;
	struct faults f;
	unsigned int page;
	uint64_t had;

	(void)state;
	rte_fastmem_free(block);
	rte_fastmem_cache_flush();
	assert_int_equal(rte_fastmem_warm(1, 12288, 0, test_node()), 0);
	/* A run of that class with a free block: what was warmed. */
	for (page = 0; page < FM_SLAB_PAGES; page++)
		if (*entry_of((char *)slab->base + page * FM_PAGE_SIZE) != 0 &&
		    slab->word[page] != 0)
			break;
	assert_true(page < FM_SLAB_PAGES);
	had = slab->word[page];
	slab->word[page] = had & (had - 1);
	f = audit_now(&audit);
	slab->word[page] = had;
	fault = only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_int_equal(fault.class_size, 12288);
	assert_int_equal(fault.blocks, fault.live + fault.cached + fault.free + 1);
	assert_int_equal(f.n, 1);
	assert_text_has(&f, fault.kind, "class of 12288 bytes");
	assert_text_has(&f, fault.kind, ": 1 missing");
	assert_sound();
}

static void
a_live_block_that_is_free_as_well_is_one_too_many(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	/* Its run has one block. */
	void *block = rte_fastmem_alloc(1 << 20, 0, 0);
	struct faults f;

	(void)state;
	slab_of(block)->word[page_of(block)] = 1;
	f = audit_now(&audit);
	slab_of(block)->word[page_of(block)] = 0;
	fault = only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_int_equal(fault.class_size, 1 << 20);
	assert_int_equal(fault.live, 1);
	assert_int_equal(fault.blocks + 1, fault.live + fault.cached + fault.free);
	assert_text_has(&f, fault.kind, ": 1 too many");
	rte_fastmem_free(block);
	assert_sound();
}

static void
bits_of_no_block_are_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	void *block = rte_fastmem_alloc(1 << 20, 0, 0);
	struct faults f;

	(void)state;
	slab_of(block)->word[page_of(block)] = 4;
	f = audit_now(&audit);
	slab_of(block)->word[page_of(block)] = 0;
	fault = only(&f, RTE_FASTMEM_FAULT_WORD);
	assert_int_equal(f.n, 1);
	assert_true(fault.slab == (void *)slab_of(block)->base);
	assert_int_equal(fault.page, page_of(block));
	assert_int_equal(fault.found, 4);
	assert_int_equal(fault.expected, 1);
	assert_text_has(&f, fault.kind, "with bits beyond 0x1");
	rte_fastmem_free(block);
	assert_sound();
}

static void
a_page_that_contradicts_its_run_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	char *block = rte_fastmem_alloc(1 << 20, 0, 0), *in = block + 7 * FM_PAGE_SIZE;
	struct faults f;
	uint16_t entry;

	(void)state;
	slab_of(block)->word[page_of(in)] = 1;
	f = audit_now(&audit);
	slab_of(block)->word[page_of(in)] = 0;
	fault = only(&f, RTE_FASTMEM_FAULT_PAGE);
	assert_int_equal(fault.page, page_of(in));
	assert_true(fault.slab == (void *)slab_of(block)->base);

	entry = *entry_of(in);
	*entry_of(in) = entry + FM_SLOT_UNITS;
	f = audit_now(&audit);
	*entry_of(in) = entry;
	assert_int_equal(only(&f, RTE_FASTMEM_FAULT_PAGE).page, page_of(in));

	rte_fastmem_free(block);
	assert_sound();
	/* Free now, and said to be of a class all the same. */
	*entry_of(in) = entry;
	f = audit_now(&audit);
	*entry_of(in) = 0;
	fault = only(&f, RTE_FASTMEM_FAULT_PAGE);
	assert_int_equal(f.n, 1);
	assert_int_equal(fault.page, page_of(in));
	assert_int_equal(fault.class_size, 1 << 20);
	assert_sound();
}

static void
pages_that_nobody_has_are_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	void *block = rte_fastmem_alloc(3 * MIB, 0, 0);
	struct fm_slab *slab = slab_of(block);
	unsigned int page = page_of(block);
	struct faults f;

	(void)state;
	assert_int_equal(page % 64, 0);
	rte_fastmem_free(block);
	slab->free[page / 64] &= ~UINT64_C(0x70);
	f = audit_now(&audit);
	slab->free[page / 64] |= UINT64_C(0x70);
	fault = only(&f, RTE_FASTMEM_FAULT_LOST_PAGES);
	assert_int_equal(f.n, 1);
	assert_true(fault.slab == (void *)slab->base);
	assert_int_equal(fault.page, page + 4);
	assert_int_equal(fault.pages, 3);
	assert_sound();
}

static void
bytes_of_large_blocks_have_to_add_up(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	void *block = rte_fastmem_alloc(3 * MIB, 0, 0);
	struct faults f;

	(void)state;
	the_node()->large_bytes -= 4096;
	f = audit_now(&audit);
	the_node()->large_bytes += 4096;
	fault = only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_int_equal(fault.blocks, 3 * MIB);
	assert_int_equal(fault.live, 3 * MIB - 4096);
	rte_fastmem_free(block);

	the_node()->backing += SLAB;
	f = audit_now(&audit);
	the_node()->backing -= SLAB;
	fault = only(&f, RTE_FASTMEM_FAULT_BACKING);
	assert_int_equal(fault.found, TEST_RESERVED);
	assert_int_equal(fault.expected, TEST_RESERVED + SLAB);
	assert_sound();
}

#ifndef RTE_FASTMEM_DEBUG /* that build has no caches and no magazines */

/* ---- broken caches */

static struct rte_fastmem_slot *
slot_of(size_t size)
{
	return &rte_fastmem_self.local[rte_fastmem_class_compute(size)];
}

static void
assert_text_has_address(const struct faults *f, enum rte_fastmem_fault_kind kind, const void *addr)
{
	char text[32];

	snprintf(text, sizeof(text), "block 0x%" PRIxPTR " ", (uintptr_t)addr);
	assert_text_has(f, kind, text);
}

static void
a_cached_block_that_is_free_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	/* A block a run. */
	void *block = rte_fastmem_alloc(64 << 10, 0, 0);
	struct fm_slab *slab = slab_of(block);
	unsigned int page = page_of(block) / 16 * 16;
	struct faults f;
	uint64_t had;

	(void)state;
	rte_fastmem_free(block);
	had = slab->word[page];
	assert_int_equal(had & 1, 0);
	slab->word[page] = had | 1;
	f = audit_now(&audit);
	slab->word[page] = had;
	fault = only(&f, RTE_FASTMEM_FAULT_CACHED_FREE);
	assert_true(fault.block == (void *)(slab->base + page * FM_PAGE_SIZE));
	assert_true(fault.slab == (void *)slab->base);
	assert_int_equal(fault.page, page);
	assert_int_equal(fault.class_size, 64 << 10);
	assert_text_has_address(&f, fault.kind, fault.block);
	assert_text_has(&f, fault.kind, "of lcore 0 for 65536 bytes");
	only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_sound();
}

static void
a_double_free_of_the_program_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	void *block = rte_fastmem_alloc(256, 0, 0), *again;
	struct faults f;

	(void)state;
	rte_fastmem_free(block);
	rte_fastmem_free(block);
	f = audit_now(&audit);
	fault = only(&f, RTE_FASTMEM_FAULT_CACHED_TWICE);
	assert_true(fault.block == block);
	assert_int_equal(fault.class_size, 256);
	assert_true(fault.slab == (void *)slab_of(block)->base);
	/* Undo it. */
	again = rte_fastmem_alloc(256, 0, 0);
	assert_true(again == block);
	assert_sound();
}

static void
a_block_in_the_wrong_cache_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	void *block = rte_fastmem_alloc(128, 0, 0), *other = rte_fastmem_alloc(256, 0, 0), *back;
	struct faults f;

	(void)state;
	rte_fastmem_free_sized(block, 256, 0); /* a lie */
	f = audit_now(&audit);
	fault = only(&f, RTE_FASTMEM_FAULT_NO_BLOCK);
	assert_true(fault.block == block);
	assert_int_equal(fault.class_size, 256);
	assert_int_equal(fault.found, *entry_of(block));
	back = rte_fastmem_alloc(256, 0, 0);
	assert_true(back == block);
	rte_fastmem_free(block);
	/* And one that is of the class, but begins elsewhere. */
	rte_fastmem_free_sized((char *)other + 64, 256, 0);
	f = audit_now(&audit);
	assert_true(only(&f, RTE_FASTMEM_FAULT_NO_BLOCK).block == (char *)other + 64);
	back = rte_fastmem_alloc(256, 0, 0);
	assert_true(back == (char *)other + 64);
	rte_fastmem_free(other);
	assert_sound();
}

static void
a_stack_that_cannot_be_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_slot *slot;
	struct rte_fastmem_fault fault;
	struct faults f;
	uintptr_t top;

	(void)state;
	rte_fastmem_free(rte_fastmem_alloc(320, 0, 0));
	slot = slot_of(320);
	top = slot->top;
	slot->top = slot->base + 100000;
	f = audit_now(&audit);
	slot->top = top;
	fault = only(&f, RTE_FASTMEM_FAULT_STACK);
	assert_int_equal(fault.class_size, 320);
	assert_int_equal(fault.found - fault.expected, 100000);
	assert_sound();
}

/* ---- broken magazines */

/* Have magazines of 64 bytes filled by a free of many; the shelf's words that name them. */
static unsigned int
fill_magazines(_Atomic uint32_t **words, unsigned int max)
{
	struct test_blocks blocks = { 0 };
	_Atomic uint32_t *shelf = the_node()->depot.shelf[0];
	unsigned int i, n = 0;

	for (i = 0; i < 2000; i++)
		assert_true(test_blocks_alloc(&blocks, 64, 0));
	test_blocks_free(&blocks);
	for (i = 0; i < FM_SHELF && n < max; i++)
		if ((shelf[i] & 1u << 30) != 0)
			words[n++] = &shelf[i];
	return n;
}

static void **
chain_of(uint32_t word)
{
	return the_node()->depot.group[(word & 0xfff) / FM_GROUP_MAGS][word % FM_GROUP_MAGS].block;
}

static void
a_block_that_a_magazine_loses_is_missed(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	_Atomic uint32_t *word;
	struct faults f;

	(void)state;
	assert_int_equal(fill_magazines(&word, 1), 1);
	assert_sound();
	*word -= 1u << 12; /* the count stands above the index */
	f = audit_now(&audit);
	*word += 1u << 12;
	fault = only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_int_equal(f.n, 1);
	assert_int_equal(fault.class_size, 64);
	assert_int_equal(fault.live, 0);
	assert_int_equal(fault.blocks, fault.cached + fault.free + 1);
	assert_sound();
}

static void
a_block_in_two_magazines_is_named(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	_Atomic uint32_t *word[2];
	struct faults f;
	void *had;

	(void)state;
	assert_int_equal(fill_magazines(word, 2), 2);
	had = chain_of(*word[1])[5];
	chain_of(*word[1])[5] = chain_of(*word[0])[9];
	f = audit_now(&audit);
	chain_of(*word[1])[5] = had;
	fault = only(&f, RTE_FASTMEM_FAULT_CACHED_TWICE);
	assert_int_equal(f.n, 1);
	assert_true(fault.block == chain_of(*word[0])[9]);
	assert_true(fault.slab == (void *)slab_of(fault.block)->base);
	assert_text_has_address(&f, fault.kind, fault.block);
	assert_sound();
}

static void
magazines_are_all_accounted_for(void **state)
{
	struct rte_fastmem_audit audit;
	struct rte_fastmem_fault fault;
	_Atomic uint64_t *free = the_node()->depot.free;
	_Atomic uint32_t *word;
	struct faults f;
	uint64_t had;
	uint32_t was;

	(void)state;
	assert_int_equal(fill_magazines(&word, 1), 1);
	had = free[0];
	assert_true(had != 0 && had != UINT64_MAX);
	free[0] = had & (had - 1);
	f = audit_now(&audit);
	fault = only(&f, RTE_FASTMEM_FAULT_LOST_MAGAZINE);
	assert_int_equal(f.n, 1);
	assert_int_equal(fault.found, 1);

	free[0] = had | (had + 1); /* the lowest one that is not free is */
	f = audit_now(&audit);
	free[0] = had;
	assert_int_equal(only(&f, RTE_FASTMEM_FAULT_CHAIN).found, 2);

	was = *word;
	*word = was | 0xfff; /* there are not so many */
	f = audit_now(&audit);
	*word = was;
	fault = only(&f, RTE_FASTMEM_FAULT_CHAIN);
	assert_int_equal(fault.class_size, 64);
	assert_int_equal(fault.found, was | 0xfff);
	assert_sound();
}

static void
who_is_stopped_inside_is_not_accused(void **state)
{
	struct rte_fastmem_audit audit;
	struct faults f = { 0 };
	_Atomic uint32_t *word;
	uint32_t was;

	(void)state;
	/* A chain in hand, as a thread has it that was stopped right then. */
	assert_int_equal(fill_magazines(&word, 1), 1);
	was = *word;
	*word = 1u << 29;
	the_state()->begun++;
	assert_int_equal(rte_fastmem_audit(test_node(), note, &f, &audit), 0);
	assert_int_equal(f.n, 0);
	assert_true(audit.moved != 0);
	/* It is gone for good if nobody is there. */
	the_state()->ended++;
	f = audit_now(&audit);
	*word = was;
	only(&f, RTE_FASTMEM_FAULT_LOST_MAGAZINE);
	only(&f, RTE_FASTMEM_FAULT_COUNT);
	assert_sound();
}
#endif

static int
stop_at(const struct rte_fastmem_fault *fault, void *arg)
{
	(void)fault;
	++*(int *)arg;
	return 7;
}

static void
the_audit_ends_when_told_to(void **state)
{
	struct rte_fastmem_audit audit = { .slabs = 12345 };
	int n = 0;

	(void)state;
	the_node()->backing += SLAB;
	the_node()->large_bytes += SLAB;
	assert_int_equal(rte_fastmem_audit(RTE_NUMA_NODE_ANY, stop_at, &n, &audit), 7);
	assert_int_equal(n, 1);
	assert_int_equal(audit.slabs, 12345);
	assert_int_equal(rte_fastmem_audit(test_node(), NULL, NULL, &audit), 0);
	assert_int_equal(audit.faults, 2);
	the_node()->backing -= SLAB;
	the_node()->large_bytes -= SLAB;
	assert_int_equal(rte_fastmem_audit(RTE_NUMA_NODE_ANY, NULL, NULL, NULL), 0);
	assert_int_equal(rte_fastmem_audit(RTE_NUMA_MAX_NODES, NULL, NULL, NULL), -EINVAL);
	assert_sound();
}

int
main(int argc, char **argv)
{
#define RESERVED(test) cmocka_unit_test_setup_teardown(test, setup_reserved, teardown_deinit)
	const struct CMUnitTest tests[] = {
		RESERVED(whatever_was_done_adds_up),
		RESERVED(a_free_block_that_disappears_is_missed),
		RESERVED(a_live_block_that_is_free_as_well_is_one_too_many),
		RESERVED(bits_of_no_block_are_named),
		RESERVED(a_page_that_contradicts_its_run_is_named),
		RESERVED(pages_that_nobody_has_are_named),
		RESERVED(bytes_of_large_blocks_have_to_add_up),
#ifndef RTE_FASTMEM_DEBUG
		RESERVED(a_cached_block_that_is_free_is_named),
		RESERVED(a_double_free_of_the_program_is_named),
		RESERVED(a_block_in_the_wrong_cache_is_named),
		RESERVED(a_stack_that_cannot_be_is_named),
		RESERVED(a_block_that_a_magazine_loses_is_missed),
		RESERVED(a_block_in_two_magazines_is_named),
		RESERVED(magazines_are_all_accounted_for),
		RESERVED(who_is_stopped_inside_is_not_accused),
#endif
		RESERVED(the_audit_ends_when_told_to),
	};

	test_eal_start(argc, argv);
	return cmocka_run_group_tests_name("fastmem/audit", tests, NULL, NULL);
}
