/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the log type lib.fastmem.
 * Must not be reached from a path that serves blocks unless something is wrong.
 * Called by everyone with something to report.
 */

#include "fastmem_priv.h"

#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

RTE_LOG_REGISTER(fm_logtype, lib.fastmem, NOTICE);

void
fm_log(enum fm_log_level level, const char *format, ...)
{
	static const uint32_t levels[] = {
		[FM_ERR] = RTE_LOG_ERR,
		[FM_WARNING] = RTE_LOG_WARNING,
	};
	char text[512];
	va_list args;

	/* Formatted first, so that lines of several threads do not mix. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rte_log(levels[level], (uint32_t)fm_logtype, "FASTMEM: %s\n", text);
}
