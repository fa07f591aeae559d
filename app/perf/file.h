/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef FILE_H
#define FILE_H

#include "report.h"

/** Writes a report's form into a file. */
typedef void (*file_fn)(const struct report *report, FILE *file);

/**
 * Write a report to a path.
 *
 * @return
 *   0, or a negative errno: nothing is left half written.
 */
int
file_write(const struct report *report, const char *path, file_fn form);

#endif /* FILE_H */
