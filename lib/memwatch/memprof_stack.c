/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: taking the stack of a thread that allocates, and which of it is fastmem's own code.
 * Must not: find names, lock, or allocate once it was prepared.
 * Called by: memprof.c, also in threads in the middle of an allocation.
 *
 * backtrace() loads libgcc when it is called first, and then unwinds by tables that glibc finds without
 * a lock (_dl_find_object(), since 2.35).
 */

#include <execinfo.h>
#include <link.h>

#include <rte_fastmem.h>

#include "memprof_priv.h"

/* More than that are never between who asks and what takes the stack. */
#define OWN_FRAMES 16

/* Code of a library of ours; both 0 where it is part of the program itself. */
static struct range {
	uintptr_t from, to;
} own[2];

struct search {
	uintptr_t at;
	struct range *range;
	unsigned int objects;
};

static int
look_at(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *search = arg;
	const ElfW(Phdr) * segment;
	uintptr_t from;
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++) {
		segment = &info->dlpi_phdr[i];
		from = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type != PT_LOAD || search->at < from ||
		    search->at >= from + segment->p_memsz)
			continue;
		/* The first object is the program: what is linked into it is told by names. */
		if (search->objects != 0)
			*search->range = (struct range){ from, from + segment->p_memsz };
		return 1;
	}
	search->objects++;
	return 0;
}

static void
find_own(uintptr_t at, struct range *range)
{
	struct search search = { .at = at, .range = range };

	*range = (struct range){ 0 };
	dl_iterate_phdr(look_at, &search);
}

void
mp_stack_prepare(void)
{
	void *pc[2];

	backtrace(pc, 2);
	find_own((uintptr_t)mp_stack_take, &own[0]);
	find_own((uintptr_t)rte_fastmem_deinit, &own[1]);
}

static bool
is_own(const void *pc)
{
	uintptr_t at = (uintptr_t)pc;

	return (at >= own[0].from && at < own[0].to) || (at >= own[1].from && at < own[1].to);
}

uint32_t
mp_stack_take(const void **pc, uint32_t depth)
{
	void *all[OWN_FRAMES + RTE_MEMPROF_MAX_DEPTH];
	int n = backtrace(all, (int)(OWN_FRAMES + depth)), at = 0;
	uint32_t i;

	/* Without ranges only itself, by its place. */
	while (at < n && (at == 0 || is_own(all[at])))
		at++;
	for (i = 0; i < depth && at < n; i++)
		pc[i] = all[at++];
	return i;
}
