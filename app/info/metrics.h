/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INFO_METRICS_H
#define INFO_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "watched.h"

/* Write what a program tells in Prometheus's text format, 0.0.4; false: it did not answer. */
bool
metrics_write(FILE *file, struct watched *w);

#endif /* INFO_METRICS_H */
