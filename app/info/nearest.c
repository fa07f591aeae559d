/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which name was meant by one that there is not.
 * Must not: know what the names are for.
 * Called by: options.c.
 */

#include <stdint.h>
#include <string.h>

#include "options.h"

#define LONGEST 32

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t low = a < b ? a : b;

	return low < c ? low : c;
}

/* How many letters have to be put in, taken out or changed to get from one name to the other. */
static size_t
edits(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	size_t row[LONGEST + 1], diagonal, above;

	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			above = row[j];
			row[j] =
				least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len_b];
}

const char *
nearest(const char *given, const char *(*at)(const void *table, size_t i), const void *table,
	size_t n)
{
	size_t len = strlen(given), fewest = SIZE_MAX, needed;
	const char *best = NULL;

	if (len > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const char *name = at(table, i);

		if (strlen(name) > LONGEST)
			continue;
		/* Who wrote its beginning only meant it. */
		needed = len > 2 && strncmp(name, given, len) == 0 ? 0 : edits(given, name);
		if (needed < fewest && needed <= strlen(name) / 2) {
			fewest = needed;
			best = name;
		}
	}
	return best;
}
