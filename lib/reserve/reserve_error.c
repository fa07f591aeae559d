/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the text about a thread's last failure, and what such texts are made of.
 * Must not: allocate.
 * Called by: all files of this library; applications through rte_reserve_error().
 */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "reserve_priv.h"

#define WORD_MAX 32 /* longer ones are like no word of ours */

static _Thread_local char error_text[RSV_ERROR_MAX];

const char *
rte_reserve_error(void)
{
	return error_text;
}

int
rsv_fail(int err, const char *format, ...)
{
	char text[sizeof(error_text)]; /* an argument may be the present text */
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(error_text, text, sizeof(text));
	return err;
}

int
rsv_fail_at(const struct rsv_text *text, const char *format, ...)
{
	char what[512];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return rsv_fail(-EINVAL, "%s:%u:%u: %s", text->source, text->line, text->column, what);
}

int
rsv_expected(const struct rsv_text *text, const char *what)
{
	return text->len == 0 ?
		       rsv_fail_at(text, "expected %s, got nothing", what) :
		       rsv_fail_at(text, "expected %s, got \"%s\"", what, rsv_quote(text).text);
}

struct rsv_quote
rsv_quote(const struct rsv_text *text)
{
	struct rsv_quote quote;
	size_t i, n = text->len;

	if (n > sizeof(quote.text) - 1)
		n = sizeof(quote.text) - 4;
	for (i = 0; i < n; i++)
		quote.text[i] = isprint((unsigned char)text->at[i]) ? text->at[i] : '?';
	strcpy(quote.text + n, n < text->len ? "..." : "");
	return quote;
}

/* Characters to put in, leave out or replace to make the one of the other. */
static unsigned int
edits(const struct rsv_text *text, const char *word)
{
	unsigned int row[WORD_MAX + 1], diagonal, above, best;
	size_t len = strlen(word);

	for (size_t k = 0; k <= len; k++)
		row[k] = (unsigned int)k;
	for (size_t i = 0; i < text->len; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i + 1;
		for (size_t k = 1; k <= len; k++) {
			above = row[k];
			best = diagonal +
			       (tolower((unsigned char)text->at[i]) != (unsigned char)word[k - 1]);
			if (above + 1 < best)
				best = above + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
			diagonal = above;
		}
	}
	return row[len];
}

const char *
rsv_nearest(const struct rsv_text *text, const char *const *words, size_t n)
{
	const char *nearest = NULL;
	unsigned int found, least = 0;

	if (text->len == 0 || text->len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		found = edits(text, words[i]);
		/* Half of it must be the same, or it is another word. */
		if (found * 2 <= strlen(words[i]) && (nearest == NULL || found < least)) {
			nearest = words[i];
			least = found;
		}
	}
	return nearest;
}
