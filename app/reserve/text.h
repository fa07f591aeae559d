/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_TEXT_H
#define RESERVE_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* Enough for any size_text(). */
#define SIZE_TEXT 32

/* Such as "1.5 GiB"; returns buf. */
const char *
size_text(char buf[SIZE_TEXT], uint64_t bytes);

/* A JSON string. */
void
json_string(FILE *file, const char *text);

/* Rows of cells, to be printed with columns as wide as they need; of one row none is NULL. */
#define TABLE_COLUMNS 8

struct table {
	unsigned int nb_columns, nb_rows;
	char *(*row)[TABLE_COLUMNS];
};

/* A cell behind the last one, a new row where that is full; < 0: out of memory. */
int
table_add(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first row stands for the columns. */
void
table_print(FILE *file, const struct table *table);

void
table_release(struct table *table);

#endif /* RESERVE_TEXT_H */
