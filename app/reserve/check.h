/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RESERVE_CHECK_H
#define RESERVE_CHECK_H

#include <stdio.h>

#include <rte_reserve.h>

/* check_report.c: a report of a plan; 0, or -ENOMEM. */
int
check_text(FILE *file, const struct rte_reserve_report *report);

void
check_json(FILE *file, const char *plan, const struct rte_reserve_report *report);

#endif /* RESERVE_CHECK_H */
