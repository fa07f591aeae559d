/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* Samples that a test makes up, as the sampler would give them, for nodes and classes that it says. */

#ifndef SAMPLES_H
#define SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "memprof_priv.h"

/* Something that looks like an address of code. */
#define PC(n) ((const void *)(uintptr_t)(0x401000 + 16 * (n)))

/* Ticks a second: a tick is a nanosecond. */
#define SAMPLES_HZ 1000000000u

/* Size classes: 64 to 512 by 64, then 1024, 2048, 4096. */
#define SAMPLES_CLASSES 11

struct samples {
	struct mp_record record;
	unsigned int n;
	/* Of the next one. */
	int node_id, home_id;
	uint64_t now;
	struct rte_fastmem_sample given[4096]; /* Those that live. */
};

extern const size_t samples_class[SAMPLES_CLASSES];

/* max_samples 0: as many as there is room for. */
struct samples *
samples_make(uint32_t max_samples);

void
samples_free(struct samples *s);

/* So many samples, each of which stands for so many blocks. */
void
samples_give(struct samples *s, const void *const *pc, uint32_t depth, size_t asked, size_t given,
	     unsigned int samples, uint64_t blocks);

/* All that live end after so many nanoseconds. */
void
samples_end_all(struct samples *s, uint64_t ns, bool found);

/* What is summed up of them. */
struct rte_memprof_summary
samples_sum(const struct samples *s);

#endif /* SAMPLES_H */
