/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_RUNTIME_H
#define RESERVE_RUNTIME_H

#include <limits.h>

/* Where EAL keeps what the processes of a prefix share; of no prefix: the folder of all. */
void
runtime_folder(const char *prefix, char folder[PATH_MAX]);

/* The process that is the primary of such a folder, or 0. */
int
runtime_primary(const char *folder);

#endif /* RESERVE_RUNTIME_H */
