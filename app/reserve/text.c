/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: sizes, tables and JSON strings as text.
 * Must not: know what they are of.
 * Called by: who writes an answer.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

const char *
size_text(char buf[SIZE_TEXT], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = (double)bytes;
	unsigned int unit = 0;
	char digits[16];
	size_t len;

	for (; value >= 1024 && unit < 5; unit++)
		value /= 1024;
	snprintf(digits, sizeof(digits), "%.1f", value);
	len = strlen(digits);
	if (digits[len - 1] == '0')
		digits[len - 2] = '\0';
	snprintf(buf, SIZE_TEXT, "%s %s", digits, units[unit]);
	return buf;
}

void
json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", (unsigned int)(unsigned char)*text);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

int
table_add(struct table *table, const char *format, ...)
{
	unsigned int column = 0;
	va_list args;
	char *cell;
	void *rows;
	int len;

	while (table->nb_rows > 0 && column < table->nb_columns &&
	       table->row[table->nb_rows - 1][column] != NULL)
		column++;
	if (table->nb_rows == 0 || column == table->nb_columns) {
		rows = realloc(table->row, (table->nb_rows + 1) * sizeof(*table->row));
		if (rows == NULL)
			return -ENOMEM;
		table->row = rows;
		memset(table->row[table->nb_rows++], 0, sizeof(*table->row));
		column = 0;
	}
	va_start(args, format);
	len = vasprintf(&cell, format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	table->row[table->nb_rows - 1][column] = cell;
	return 0;
}

static int
width_of(const struct table *table, unsigned int column)
{
	size_t width = 0;

	for (unsigned int i = 0; i < table->nb_rows; i++)
		if (table->row[i][column] != NULL && strlen(table->row[i][column]) > width)
			width = strlen(table->row[i][column]);
	return (int)width;
}

void
table_print(FILE *file, const struct table *table)
{
	for (unsigned int i = 0; i < table->nb_rows; i++) {
		for (unsigned int k = 0; k < table->nb_columns && table->row[i][k] != NULL; k++)
			/* No blanks at the end of a line. */
			fprintf(file, "%s%-*s", k > 0 ? "  " : "",
				k + 1 < table->nb_columns ? width_of(table, k) : 0,
				table->row[i][k]);
		fputc('\n', file);
	}
}

void
table_release(struct table *table)
{
	for (unsigned int i = 0; i < table->nb_rows; i++)
		for (unsigned int k = 0; k < TABLE_COLUMNS; k++)
			free(table->row[i][k]);
	free(table->row);
	*table = (struct table){ 0 };
}
