/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_HTML_H
#define INFO_HTML_H

#include <stdint.h>
#include <stdio.h>

#include "machine.h"

/* A text that may hold anything, so that it is read as that text and nothing else; NULL: none. */
void
html_text(FILE *file, const char *text);

/* A cell of a table with a text made so; the class may be NULL. */
void
html_cell(FILE *file, const char *class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Such as "1,234,567"; returns buf. */
const char *
count_text(char buf[SIZE_TEXT], uint64_t n);

/* Such as "1.5 us", with the micro sign; returns buf. */
const char *
time_text(char buf[SIZE_TEXT], double nanoseconds);

#endif /* INFO_HTML_H */
