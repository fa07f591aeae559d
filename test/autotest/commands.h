/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * The prompt: registered tests as commands of librte_cmdline. */

#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>

/* Make the prompt know all tests that are registered; false: out of memory. */
bool
commands_init(void);

/*
 * Run tests as if their names had been typed, until one does not succeed: the last one's result, or -1
 * where there is none of a name or the prompt could not be had.
 */
int
commands_run(char **names, int n);

/*
 * The prompt on standard input, until quit or the end of input: 0, whatever tests said, or -1 if it
 * could not be had.
 */
int
commands_interact(void);

#endif
