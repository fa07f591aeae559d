/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_ENDING_H
#define INFO_ENDING_H

#include <stdbool.h>

/* From here on SIGINT, SIGTERM and, unless it is ignored, SIGHUP do not end the process but are noted. */
void
ending_begin(void);

/* Whether one of them came. */
bool
ending_wanted(void);

#endif /* INFO_ENDING_H */
