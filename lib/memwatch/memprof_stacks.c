/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what other programs read: pprof's heap profile, and folded stacks.
 * Must not: say anything that these do not know.
 * Called by: the application, memprof.c.
 *
 * The heap profile is gperftools' text format: a line a call site, "live blocks: bytes [allocated
 * blocks: bytes] @ addresses", and the mappings that the addresses lie in. Its type is "heapprofile",
 * of which readers take numbers as they are; "heap_v2/N" they would scale up again.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

/* ---- pprof */

static int
put_site(const struct rte_memprof_site *site, const void *const *pc, uint32_t depth, void *arg)
{
	FILE *file = arg;
	uint32_t i;

	mp_print(file, "%6" PRIu64 ": %8" PRIu64 " [%6" PRIu64 ": %8" PRIu64 "] @",
		 site->live_blocks, site->live_bytes, site->allocations, site->allocated_bytes);
	for (i = 0; i < depth; i++)
		/* The first one some readers take for where it happened, not for where that returns to. */
		mp_print(file, " 0x%" PRIxPTR, (uintptr_t)pc[i] - (i == 0));
	/* A stack has an address, for all readers. */
	mp_print(file, "%s\n", depth == 0 ? " 0x0" : "");
	return 0;
}

static int
put_mappings(FILE *file)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	int rc = 0;

	if (maps == NULL)
		return mw_fail(-errno, "/proc/self/maps cannot be read: %s", strerror(errno));
	mp_print(file, "\nMAPPED_LIBRARIES:\n");
	while (fgets(line, sizeof(line), maps) != NULL)
		fputs(line, file);
	if (ferror(maps))
		rc = mw_fail(-EIO, "/proc/self/maps cannot be read to its end");
	fclose(maps);
	return rc;
}

int
mp_write_pprof(struct mp_profile *p, FILE *file)
{
	struct rte_memprof_summary sum;
	int rc = mp_summary(p, &sum);

	if (rc != 0)
		return rc;
	mp_print(file,
		 "heap profile: %6" PRIu64 ": %8" PRIu64 " [%6" PRIu64 ": %8" PRIu64
		 "] @ heapprofile\n",
		 sum.live_blocks, sum.live_bytes, sum.sampled_blocks, sum.sampled_bytes);
	rc = mp_each_site(p, false, put_site, file);
	if (rc == 0)
		rc = put_mappings(file);
	return rc == 0 ? mp_print_end(file) : rc;
}

int
rte_memprof_write_pprof(FILE *file)
{
	return mp_write(file, mp_write_pprof);
}

/* ---- folded stacks */

struct folding {
	FILE *file;
	enum rte_memprof_value value;
};

static uint64_t
value_of(const struct rte_memprof_site *site, enum rte_memprof_value value)
{
	switch (value) {
	case RTE_MEMPROF_ALLOCATED_BYTES:
		return site->allocated_bytes;
	case RTE_MEMPROF_ALLOCATIONS:
		return site->allocations;
	case RTE_MEMPROF_LIVE_BYTES:
		return site->live_bytes;
	case RTE_MEMPROF_LIVE_BLOCKS:
		return site->live_blocks;
	}
	return 0;
}

static int
fold(const struct rte_memprof_site *site, const void *const *pc, uint32_t depth, void *arg)
{
	const struct folding *folding = arg;
	uint64_t value = value_of(site, folding->value);
	unsigned int i;
	char name[512];

	(void)pc;
	(void)depth;
	if (value == 0)
		return 0;
	for (i = site->nb_frames; i-- > 0;) {
		mp_frame_name(&site->frames[i], name, sizeof(name));
		mp_print(folding->file, "%s%s", name, i == 0 ? "" : ";");
	}
	mp_print(folding->file, "%s %" PRIu64 "\n", site->nb_frames == 0 ? "(other)" : "", value);
	return 0;
}

int
mp_write_folded(struct mp_profile *p, FILE *file, enum rte_memprof_value value)
{
	struct folding folding = { file, value };
	int rc = mp_each_site(p, false, fold, &folding);

	return rc == 0 ? mp_print_end(file) : rc;
}

int
rte_memprof_write_folded(FILE *file, enum rte_memprof_value value)
{
	struct mp_profile *p;
	int rc;

	if (file == NULL || (unsigned int)value > RTE_MEMPROF_LIVE_BLOCKS)
		return mw_fail(-EINVAL, "no file to write to, or no such value");
	p = mp_lock();
	if (p == NULL)
		return -ENODATA;
	rc = mp_write_folded(p, file, value);
	mp_unlock();
	return rc;
}
