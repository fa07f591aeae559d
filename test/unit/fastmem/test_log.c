/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Catches what is logged, so that a test can read it.
 * One stream at a time, for one thread's tests. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_log.h>

#include "test_log.h"

static FILE *stream;
static char *text;
static size_t length;
static char line[4096];

void
test_log_catch(void)
{
	free(text);
	text = NULL;
	stream = open_memstream(&text, &length);
	if (stream == NULL)
		abort();
	rte_openlog_stream(stream);
}

void
test_log_release(void)
{
	rte_openlog_stream(NULL);
	fclose(stream);
	stream = NULL;
}

/* Next line that holds the text, from *at on, which moves behind it. */
static const char *
next_line_with(const char **at, const char *wanted)
{
	size_t len;

	while (**at != '\0') {
		len = strcspn(*at, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)len, *at);
		*at += len + ((*at)[len] == '\n');
		if (strcasestr(line, wanted) != NULL)
			return line;
	}
	return NULL;
}

unsigned int
test_log_lines_with(const char *wanted)
{
	const char *at = text;
	unsigned int n = 0;

	while (next_line_with(&at, wanted) != NULL)
		n++;
	return n;
}

const char *
test_log_line_with(const char *wanted)
{
	const char *at = text;

	return next_line_with(&at, wanted);
}

const char *
test_log_text(void)
{
	return text;
}
