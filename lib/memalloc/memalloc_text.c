/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: texts for people, and the last failure of each thread.
 * Must not: decide what is a failure.
 * Called by: all other files of this library, applications, and the allocators that they write.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memalloc_priv.h"

static _Thread_local char last_error[768];

/* A failure whose text has not been put together yet. */
static _Thread_local struct {
	ma_text_t text; /* or NULL */
	uint64_t numbers[3];
} later;

const char *
rte_memalloc_error(void)
{
	if (later.text != NULL) {
		later.text(last_error, sizeof(last_error), later.numbers);
		later.text = NULL;
	}
	return last_error;
}

int
ma_fail_later(int error, ma_text_t text, uint64_t first, uint64_t second, uint64_t third)
{
	later.text = text;
	later.numbers[0] = first;
	later.numbers[1] = second;
	later.numbers[2] = third;
	return error;
}

int
rte_memalloc_fail(int error, const char *format, ...)
{
	/* The text before may be an argument: a wrapper adds to what its inner allocator said. */
	char text[sizeof(last_error)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(last_error, text, sizeof(last_error));
	later.text = NULL;
	return error;
}

const char *
ma_size_text(struct ma_size_text *text, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text->text, sizeof(text->text), "%" PRIu64 " %s", bytes, units[unit]);
	return text->text;
}
