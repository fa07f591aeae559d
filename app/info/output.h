/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_OUTPUT_H
#define INFO_OUTPUT_H

#include <stdio.h>

/*
 * Draw a picture into the file of that name, or onto the output if it is "-". It is drawn in memory
 * first: nobody's file is half a picture because there was no room for it. Returns 0, or a negative
 * errno with the reason on stderr.
 */
int
output_picture(const char *name, int (*draw)(FILE *file, const void *what), const void *what);

/* Write a file anew; 0 or a negative errno. */
int
output_write(const char *name, const char *data, size_t size);

/* The same all at once: who reads meanwhile finds the old file or the new one. No device is replaced. */
int
output_replace(const char *name, const char *data, size_t size);

/* Whether a file of that name can be made; 0 or a negative errno. For who has to wait until then. */
int
output_possible(const char *name);

#endif /* INFO_OUTPUT_H */
