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

/* Whether a test is registered under that name. */
bool
commands_know(const char *name);

/* What the last test returned; 0: there was none. */
int
commands_last_result(void);

/* As if a line had been typed at the prompt; false: the prompt could not be had. */
bool
commands_type(const char *line);

/* The prompt on standard input, until quit or the end of input; false: it could not be had. */
bool
commands_interact(void);

#endif
