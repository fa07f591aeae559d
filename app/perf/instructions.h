/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include "bench.h"

/**
 * Count what a pair of allocate and free takes in instructions, under valgrind's callgrind.
 *
 * Runs this program again below it. Each work is run n and 2 n times: the difference is the pairs'
 * own. The counts go to the board, and repeat exactly.
 *
 * @return
 *   0, or a negative errno with a line on stderr that says what is wrong.
 */
int
instructions_count(const struct bench *bench);

/** The other side: do all that is to be counted, in the process that valgrind runs. */
bool
instructions_work(struct bench *bench);

#endif /* INSTRUCTIONS_H */
