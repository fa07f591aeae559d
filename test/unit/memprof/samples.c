/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what samples.h says.
 * Must not: need EAL.
 * Called by: the tests of this folder.
 */

#include "samples.h"

const size_t samples_class[SAMPLES_CLASSES] = { 64,  128, 192,	256,  320, 384,
						448, 512, 1024, 2048, 4096 };

struct samples *
samples_make(uint32_t max_samples)
{
	const struct rte_memprof_config config = {
		.max_samples = max_samples != 0 ? max_samples : 4096,
		.max_sites = 64,
		.depth = 8,
	};
	struct samples *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	assert_int_equal(
		mp_record_make(&s->record, &config, samples_class, SAMPLES_CLASSES, SAMPLES_HZ), 0);
	return s;
}

void
samples_free(struct samples *s)
{
	mp_record_free(&s->record);
	free(s);
}

void
samples_give(struct samples *s, const void *const *pc, uint32_t depth, size_t asked, size_t given,
	     unsigned int samples, uint64_t blocks)
{
	while (samples-- > 0) {
		struct rte_fastmem_sample sample = {
			.asked = asked,
			.given = given,
			.blocks = blocks,
			.tsc = s->now,
			.node_id = s->node_id,
			.home_id = s->home_id,
			.place = s->n < s->record.max_places ? s->n : RTE_FASTMEM_SAMPLE_NO_PLACE,
		};

		mp_record_allocated(&s->record, &sample, pc, depth);
		if (sample.place == RTE_FASTMEM_SAMPLE_NO_PLACE)
			continue;
		assert_true(s->n < sizeof(s->given) / sizeof(s->given[0]));
		s->given[s->n++] = sample;
	}
}

void
samples_end_all(struct samples *s, uint64_t ns, bool found)
{
	while (s->n > 0) {
		s->n--;
		mp_record_freed(&s->record, &s->given[s->n], found, s->given[s->n].tsc + ns);
	}
}

struct rte_memprof_summary
samples_sum(const struct samples *s)
{
	struct rte_memprof_summary sum = { 0 };

	mp_record_sum(&s->record, &sum);
	return sum;
}
