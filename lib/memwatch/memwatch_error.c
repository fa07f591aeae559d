/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the text of each thread's last failure, and the names of levels and sources.
 * Must not: decide what is a failure.
 * Called by: all files of the library, applications.
 */

#include <stdarg.h>
#include <stdio.h>

#include "memwatch_priv.h"

static __thread char error_text[512];

int
mw_fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error_text, sizeof(error_text), format, args);
	va_end(args);
	return error;
}

const char *
rte_memwatch_error(void)
{
	return error_text;
}

const char *
rte_memwatch_level_name(enum rte_memwatch_level level)
{
	static const char *const names[RTE_MEMWATCH_NB_LEVELS] = {
		[RTE_MEMWATCH_LOW] = "low",
		[RTE_MEMWATCH_MEDIUM] = "medium",
		[RTE_MEMWATCH_HIGH] = "high",
		[RTE_MEMWATCH_CRITICAL] = "critical",
	};

	return (unsigned int)level < RTE_MEMWATCH_NB_LEVELS ? names[level] : "unknown";
}

const char *
rte_memwatch_source_name(enum rte_memwatch_source source)
{
	static const char *const names[RTE_MEMWATCH_NB_SOURCES] = {
		[RTE_MEMWATCH_SOURCE_MEMORY] = "memory",
		[RTE_MEMWATCH_SOURCE_HUGEPAGES] = "hugepages",
		[RTE_MEMWATCH_SOURCE_FASTMEM] = "fastmem",
		[RTE_MEMWATCH_SOURCE_CGROUP] = "cgroup memory.max",
		[RTE_MEMWATCH_SOURCE_CGROUP_HIGH] = "cgroup memory.high",
		[RTE_MEMWATCH_SOURCE_CGROUP_HUGEPAGES] = "cgroup hugepages",
		[RTE_MEMWATCH_SOURCE_CGROUP_EVENTS] = "cgroup events",
		[RTE_MEMWATCH_SOURCE_STALL] = "stalls",
	};

	return (unsigned int)source < RTE_MEMWATCH_NB_SOURCES ? names[source] : "unknown";
}
