/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef PROGRESS_H
#define PROGRESS_H

/** The scenario that now begins, the nth of so many. */
void
progress_scenario(const char *name, unsigned int number, unsigned int total);

/** Where it is: on a terminal the line is written anew, else once a work. */
void
progress_step(const char *work, unsigned int step, unsigned int steps);

/** No line is left. */
void
progress_end(void);

#endif /* PROGRESS_H */
