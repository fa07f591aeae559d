/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which frames of a stack are fastmem's own, which one is to be named, and how.
 * Must not: know where names come from.
 * Called by: memprof_symbol.c, and what reports.
 */

#include <stdio.h>
#include <string.h>

#include "memprof_priv.h"

/* In front of the function that the sampler calls there is none, or what checkers put there. */
#define MOST_BEFORE 3

/* Between who asks and what takes the stack there are never more, with those inlined. */
#define MOST_OWN 16

static bool
begins(const char *text, const char *with)
{
	return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

/* Whether it begins in the library, linked into the program. */
static bool
is_linked_in(const struct rte_memprof_frame *frames, unsigned int nb)
{
	unsigned int i;

	for (i = 0; i < nb && i < MOST_BEFORE; i++)
		if (begins(frames[i].function, MP_ON_ALLOCATED))
			return true;
	return false;
}

unsigned int
mp_frames_own(const struct rte_memprof_frame *frames, unsigned int nb)
{
	unsigned int i = 0;

	/*
	 * Code of shared libraries is left out when the stack is taken. Where they are linked in, it
	 * begins with the function that the sampler calls, and ends with a public one.
	 */
	if (is_linked_in(frames, nb))
		while (i < nb && i < MOST_OWN && !begins(frames[i].function, "rte_fastmem_"))
			i++;
	if (i == nb || i == MOST_OWN)
		return 0;
	/* One may call another, and some are inlined everywhere. */
	while (i < nb && begins(frames[i].function, "rte_fastmem_"))
		i++;
	return i;
}

void
mp_frame_name(const struct rte_memprof_frame *frame, char *text, size_t size)
{
	if (frame->function != NULL)
		snprintf(text, size, "%s", frame->function);
	else
		snprintf(text, size, "%p", frame->pc);
}

void
mp_frames_where(const struct rte_memprof_frame *frames, unsigned int nb, char *text, size_t size)
{
	const char *base;
	unsigned int i = 0;
	size_t n;

	if (nb == 0) {
		snprintf(text, size, "(other call sites)");
		return;
	}
	while (i < nb - 1 && begins(frames[i].function, "rte_"))
		i++;
	mp_frame_name(&frames[i], text, size);
	if (frames[i].file == NULL)
		return;
	base = strrchr(frames[i].file, '/');
	n = strlen(text);
	snprintf(text + n, size - n, " (%s:%u)", base != NULL ? base + 1 : frames[i].file,
		 frames[i].line);
}
