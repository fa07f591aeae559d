/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the text about a thread's last failure, and how a mask is put into such a text.
 * Must not: allocate, or be called in a signal handler.
 * Called by: all files of this library; applications through rte_membind_error().
 */

#include <stdio.h>
#include <string.h>

#include "membind_priv.h"

static _Thread_local char error_text[512];

int
membind_fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error_text, sizeof(error_text), format, args);
	va_end(args);
	return err;
}

const char *
rte_membind_error(void)
{
	return error_text;
}

struct membind_list
membind_list(const struct rte_numa_mask *mask)
{
	struct membind_list list;
	size_t size = sizeof(list.text);

	if (rte_numa_mask_empty(mask))
		strcpy(list.text, "none");
	else if (rte_numa_mask_text(mask, list.text, size) >= size)
		strcpy(list.text + size - 4, "...");
	return list;
}
