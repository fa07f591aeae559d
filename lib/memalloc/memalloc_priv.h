/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef MEMALLOC_PRIV_H
#define MEMALLOC_PRIV_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rte_memalloc.h"

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

#endif /* MEMALLOC_PRIV_H */
