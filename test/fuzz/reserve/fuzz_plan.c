/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the fuzzing of plans, as files and as lines.
 * Must not: need EAL, or look at the machine.
 * Called by: libFuzzer, see fuzz.sh.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reserve_priv.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(int condition)
{
	if (!condition)
		abort();
}

/* An error of a plan's names a place of its text. */
static void
check_error(const char *source, const char *text, size_t size, int has_lines)
{
	unsigned int line, column, lines = 1, width = 0;
	const char *error = rte_reserve_error();
	size_t len = strlen(source);

	expect(strncmp(error, source, len) == 0 && error[len] == ':');
	expect(sscanf(error + len + 1, "%u:%u:", &line, &column) == 2);
	for (size_t i = 0; i < size; i++) {
		lines += has_lines && text[i] == '\n';
		width += lines == line;
	}
	expect(line >= 1 && line <= lines && column >= 1 && column <= width + 1);
}

/* What was understood is understood again when written down. */
static void
check_plan(const struct rte_reserve_plan *plan)
{
	size_t len = rte_reserve_plan_text(plan, NULL, 0);
	struct rte_reserve_plan *again = rsv_plan_new(NULL);
	char *text = malloc(len + 1), *second = malloc(len + 1);

	expect(again != NULL && text != NULL && second != NULL);
	expect(rte_reserve_plan_text(plan, text, len + 1) == len);
	expect(rsv_line_read(again, text, "text") == 0 && rsv_plan_finish(again) == 0);
	expect(rte_reserve_plan_text(again, second, len + 1) == len);
	expect(strcmp(text, second) == 0);
	free(text);
	free(second);
	rte_reserve_plan_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rte_reserve_plan *plan;
	int is_file, ret;
	char *text;

	if (size == 0)
		return 0;
	is_file = data[0] & 1;
	text = malloc(size); /* of this size, so that a read beyond it is seen */
	plan = rsv_plan_new("file");
	expect(text != NULL && plan != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	ret = is_file ? rsv_file_read(plan, text, size - 1) : rsv_line_read(plan, text, "line");
	if (ret == 0)
		ret = rsv_plan_finish(plan);
	if (ret == 0)
		check_plan(plan);
	else
		check_error(is_file ? "file" : "line", text, is_file ? size - 1 : strlen(text),
			    is_file);
	rte_reserve_plan_free(plan);
	free(text);
	return 0;
}
