/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMALLOC_PRIV_H
#define MEMALLOC_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_memregion.h>

#include "rte_memalloc.h"
#include "rte_memalloc_cache.h"

/*
 * memalloc_text.c: texts for people, and the calling thread's last failure.
 */

/* A size as "2 MiB"; enough for any. */
struct ma_size_text {
	char text[32];
};

const char *
ma_size_text(struct ma_size_text *text, uint64_t bytes);

/*
 * As rte_memalloc_fail(), where failing has to be cheap: the text is put together when somebody asks
 * for it.
 */
typedef void (*ma_text_t)(char *text, size_t size, const uint64_t *numbers);

int
ma_fail_later(int error, ma_text_t text, uint64_t first, uint64_t second, uint64_t third);

/*
 * memalloc.c, for calls that allocate: an errno, its text said, or 0, and align is never 0 then.
 */
int
ma_alloc_check(const struct rte_memalloc *alloc, size_t size, size_t *align, void *const *out);

/*
 * memalloc.c, for kinds that change sizes in place and now and then cannot: by another allocation, a
 * copy and a free. old_size: how many bytes mem has.
 */
int
ma_move(struct rte_memalloc *alloc, void *mem, size_t old_size, size_t size, size_t align,
	void **moved);

/*
 * memalloc_count.c: statistics of kinds that threads share.
 */

struct ma_count {
	_Atomic uint64_t allocated;
	_Atomic uint64_t peak;
	_Atomic uint64_t total;
	_Atomic uint64_t nb_allocs;
	_Atomic uint64_t nb_frees;
	_Atomic uint64_t nb_failed;
};

void
ma_count_alloc(struct ma_count *count, uint64_t size);

void
ma_count_free(struct ma_count *count, uint64_t size);

/* An allocation has another size now, and the same place. */
void
ma_count_resize(struct ma_count *count, uint64_t old_size, uint64_t size);

/* Returns error, which is negative. */
int
ma_count_failure(struct ma_count *count, int error);

/* held: of kinds that hold no more than they hand out; others overwrite it. */
void
ma_count_read(struct ma_count *count, struct rte_memalloc_stats *stats);

void
ma_count_reset_peak(struct ma_count *count);

/* 0, or -EBUSY with its text said: what is out still. */
int
ma_count_idle(struct ma_count *count, const char *kind);

/*
 * memalloc_table.c: allocations by address. All functions but init and fini: MT-safe.
 */

struct ma_entry {
	void *mem; /* NULL: vacant. */
	size_t size;
	size_t align;
	uint64_t serial;
	uint64_t thread;
	void *owner; /* What it is part of. */
};

struct ma_table {
	pthread_mutex_t lock;
	struct ma_entry *entries;
	size_t size; /* A power of two, or 0. */
	size_t nb;
	size_t promised;
	unsigned int shift;
};

void
ma_table_init(struct ma_table *table);

void
ma_table_fini(struct ma_table *table);

/* Room for an entry, before there is one: add() or cancel() follows. -ENOMEM, its text said, or 0. */
int
ma_table_promise(struct ma_table *table);

void
ma_table_cancel(struct ma_table *table);

/* True: there was one of this address, which is in replaced now. */
bool
ma_table_add(struct ma_table *table, const struct ma_entry *entry, struct ma_entry *replaced);

/* Take an entry out; its room stays promised. False: there is none. */
bool
ma_table_take(struct ma_table *table, const void *mem, struct ma_entry *taken);

bool
ma_table_find(struct ma_table *table, const void *mem, struct ma_entry *found);

/* Until it returns false. It must not use the table. */
void
ma_table_show(struct ma_table *table, bool (*show)(const struct ma_entry *entry, void *arg),
	      void *arg);

/*
 * memalloc_region.c
 */

/* Options of regions to come, after the caller's are gone. */
struct ma_region_opts {
	struct rte_memregion_opts opts;
	/* One more than is permitted, so that too long a name stays too long. */
	char name[RTE_MEMREGION_NAME_MAX + 2];
};

/* opts may be NULL. kept must not be moved afterwards. */
void
ma_region_opts_keep(struct ma_region_opts *kept, const struct rte_memregion_opts *opts);

/*
 * A region in which so many bytes begin at an alignment, which may be larger than a page. What says
 * why not is in rte_memregion_error(), as of its functions.
 */
int
ma_region_create(size_t size, size_t align, const struct rte_memregion_opts *opts,
		 struct rte_memregion **region, void **mem);

/*
 * memalloc_wrap.c: what wrappers have in common. Each begins with a struct ma_wrap.
 */

struct ma_wrap {
	struct rte_memalloc base;
	struct rte_memalloc *inner;
};

/*
 * Make one of so many bytes, the rest zero, with the inner one's promises and more. An errno, its
 * text said, or 0.
 */
int
ma_wrap_create(struct rte_memalloc *inner, const struct rte_memalloc_ops *ops, uint32_t more,
	       size_t size, struct rte_memalloc *const *out, struct ma_wrap **wrap);

/* The inner one's answers. */
size_t
ma_wrap_usable_size(struct rte_memalloc *alloc, const void *mem);

void
ma_wrap_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats);

void
ma_wrap_reset_peak(struct rte_memalloc *alloc);

/*
 * memalloc_cache_facts.c: what the kernel says about caches. Pure.
 */

/* What a folder of sysfs says of one cache. */
struct ma_cache_index {
	char type[32];
	uint32_t level;
	struct rte_memalloc_cache_level cache;
};

/* "48K" or "64". -EINVAL, or 0. */
int
ma_cache_parse_size(const char *text, uint64_t *size);

/* How many there are in "0-3,8". -EINVAL, or 0. */
int
ma_cache_parse_list(const char *text, uint32_t *nb);

/* Add a cache, unless it is for instructions. -EINVAL with its text said, or 0. */
int
ma_cache_take(struct rte_memalloc_cache_facts *facts, const struct ma_cache_index *index);

/* Whether these are all caches of a CPU: an errno with its text said, or 0. */
int
ma_cache_check(const struct rte_memalloc_cache_facts *facts);

/*
 * memalloc_choose_facts.c: the node that was asked for, or, of none in particular, the nearest one to
 * the caller with memory. -1: it has no memory, or is none.
 */
int
ma_node_for(int node_id);

struct rte_memalloc_facts;

/* As rte_memalloc_facts_read(), without looking for a device to pin for: starting one takes its time. */
int
ma_facts_read(struct rte_memalloc_facts *facts);

/*
 * memalloc_strategy.c
 */

struct rte_memalloc_strategy_ops;

extern const struct rte_memalloc_strategy_ops ma_strategy_intelligent;
extern const struct rte_memalloc_strategy_ops ma_strategy_cache;
extern const struct rte_memalloc_strategy_ops ma_strategy_numa;

/*
 * memalloc_depot.c: blocks by number, exchanged among threads in chains.
 */

struct ma_depot {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t nb; /* Blocks in it, but for what is just being done. */
	_Alignas(64) uint32_t *next;	  /* By block: 1 + the next one of its chain, or 0. */
	_Atomic uint32_t *down;		  /* By block: 1 + the first one of the chain below. */
	unsigned int bits;		  /* Of head that number a block. */
};

/* For blocks 0 to capacity - 1, none of which is in it. -ENOMEM, or 0. */
int
ma_depot_init(struct ma_depot *d, uint32_t capacity);

void
ma_depot_fini(struct ma_depot *d);

/* Put blocks in it, at least one, as one chain. */
void
ma_depot_push(struct ma_depot *d, const uint32_t *blocks, unsigned int n);

/* Take a chain; returns how many blocks, 0 if there is none. blocks has room for the longest. */
unsigned int
ma_depot_pop(struct ma_depot *d, uint32_t *blocks);

#endif /* MEMALLOC_PRIV_H */
