/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_OUTPUT_H
#define INFO_OUTPUT_H

#include <stdio.h>

/*
 * Draw what is called so, such as "the picture", into the file of that name, or onto the output if it
 * is "-". It is drawn in memory first, and in place all at once. Returns 0, or a negative errno with
 * the reason on stderr.
 */
int
output_drawn(const char *called, const char *name, int (*draw)(FILE *file, const void *what),
	     const void *what);

/*
 * Write a file anew, all at once: who reads meanwhile finds the old one or the new one. What is no file,
 * such as a device, a pipe or a link, stays what it is, and is written to. 0 or a negative errno.
 */
int
output_replace(const char *name, const char *data, size_t size);

/* Whether a file of that name can be made; 0 or a negative errno. For who has to wait until then. */
int
output_possible(const char *name);

#endif /* INFO_OUTPUT_H */
