/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include "capture.h"

/**
 * Open a capture file and check it; says on stderr what is wrong.
 *
 * @param[out] info
 *   Set on success only.
 *
 * @return
 *   A file descriptor, to be closed by the caller, or a negative errno: those of open(2), fstat(2)
 *   and mmap(2), and of capture_check().
 */
int
capture_file_open(const char *path, struct capture_info *info);

#endif /* CAPTURE_FILE_H */
