/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Catches what is logged, so that a test can read it. */

#ifndef TEST_LOG_H
#define TEST_LOG_H

/* From here on the log goes to memory rather than to its stream. */
void
test_log_catch(void);

/* Back to its stream. What was caught stays until the next test_log_catch(). */
void
test_log_release(void);

/* Lines caught that hold the text, whichever their case. */
unsigned int
test_log_lines_with(const char *text);

/* The first line caught that holds the text, cut out, or NULL; valid until the next call. */
const char *
test_log_line_with(const char *text);

/* All that was caught. */
const char *
test_log_text(void);

#endif
