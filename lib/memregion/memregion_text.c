/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: texts for people, the last failure of each thread, noting what went wrong with a wish.
 * Must not: ask the kernel.
 * Called by: all other files of this library, and applications.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memregion_priv.h"

static _Thread_local char last_error[512];

const char *
rte_memregion_error(void)
{
	return last_error;
}

int
mr_fail(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_error, sizeof(last_error), format, args);
	va_end(args);
	return error;
}

void
mr_text_add(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

void
mr_fault_set(struct mr_fault *fault, enum rte_memregion_reason reason, const char *format, ...)
{
	va_list args;

	fault->reason = reason;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
}

const char *
mr_size_text(struct mr_size_text *text, uint64_t bytes)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	unsigned int unit = 0;

	while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text->text, sizeof(text->text), "%" PRIu64 " %s", bytes, units[unit]);
	return text->text;
}

const char *
mr_nodes_text(struct mr_nodes_text *text, const struct rte_numa_mask *nodes)
{
	size_t len = (size_t)snprintf(text->text, sizeof(text->text), "node%s ",
				      rte_numa_mask_count(nodes) == 1 ? "" : "s");

	if (rte_numa_mask_text(nodes, text->text + len, sizeof(text->text) - len) == 0)
		snprintf(text->text, sizeof(text->text), "no node");
	return text->text;
}

enum rte_memregion_reason
mr_reason(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return RTE_MEMREGION_REASON_PERMISSION;
	case -ENOMEM:
		return RTE_MEMREGION_REASON_NO_MEMORY;
	case -ENODEV:
		return RTE_MEMREGION_REASON_OFFLINE;
	case -EXDEV:
		return RTE_MEMREGION_REASON_MISPLACED;
	case -ETIMEDOUT:
		return RTE_MEMREGION_REASON_TIMEOUT;
	case -ECANCELED:
		return RTE_MEMREGION_REASON_CANCELED;
	default:
		return RTE_MEMREGION_REASON_UNSUPPORTED;
	}
}

int
mr_reason_errno(enum rte_memregion_reason reason)
{
	static const int errors[] = {
		[RTE_MEMREGION_REASON_NOT_YET] = -EXDEV,
		[RTE_MEMREGION_REASON_NO_PAGES] = -ENOMEM,
		[RTE_MEMREGION_REASON_NO_MEMORY] = -ENOMEM,
		[RTE_MEMREGION_REASON_PERMISSION] = -EPERM,
		[RTE_MEMREGION_REASON_LIMIT] = -EPERM,
		[RTE_MEMREGION_REASON_UNSUPPORTED] = -ENOTSUP,
		[RTE_MEMREGION_REASON_DISABLED] = -ENOTSUP,
		[RTE_MEMREGION_REASON_OFFLINE] = -ENODEV,
		[RTE_MEMREGION_REASON_EXCLUDED] = -EPERM,
		[RTE_MEMREGION_REASON_MISPLACED] = -EXDEV,
		[RTE_MEMREGION_REASON_CHANGED] = -EXDEV,
		[RTE_MEMREGION_REASON_TIMEOUT] = -ETIMEDOUT,
		[RTE_MEMREGION_REASON_CANCELED] = -ECANCELED,
		[RTE_MEMREGION_REASON_UNSEEN] = -ENOTSUP,
	};

	return errors[reason];
}

/* The first fault of a wish stays: it is the cause of the others. */
static void
note(struct rte_memregion *region, enum rte_memregion_wish wish, bool total,
     enum rte_memregion_reason reason, const char *text)
{
	struct mr_fault *fault = &region->faults[wish];

	if (fault->reason == RTE_MEMREGION_REASON_NONE)
		mr_fault_set(fault, reason, "%s", text);
	fault->total = fault->total || total;
}

static int
fail(enum rte_memregion_wish wish, enum rte_memregion_reason reason, const char *text)
{
	return mr_fail(mr_reason_errno(reason), "%s: %s", rte_memregion_wish_name(wish), text);
}

/* A wish is missed, for all of the region or not: a strict one fails, a soft one goes on. */
int
mr_miss(struct rte_memregion *region, enum rte_memregion_wish wish, bool total,
	enum rte_memregion_reason reason, const char *format, ...)
{
	char text[MR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note(region, wish, total, reason, text);
	return region->wished.strict ? fail(wish, reason, text) : 0;
}

/* Pages of this size are not to be had, so it does not go on with them. */
int
mr_refuse(struct rte_memregion *region, enum rte_memregion_reason reason, const char *format, ...)
{
	char text[MR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	note(region, RTE_MEMREGION_WISH_PAGES, true, reason, text);
	return fail(RTE_MEMREGION_WISH_PAGES, reason, text);
}

/* The name at an index, which may be any number. */
static const char *
name_of(const char *const *names, size_t n, size_t index)
{
	return index < n ? names[index] : "unknown";
}

const char *
rte_memregion_wish_name(enum rte_memregion_wish wish)
{
	static const char *const names[] = { "policy", "pages", "prefault", "lock",
					     "nodump", "guard", "name" };

	return name_of(names, sizeof(names) / sizeof(names[0]), wish);
}

const char *
rte_memregion_level_name(enum rte_memregion_level level)
{
	static const char *const names[] = { "not wished", "enforced", "partial", "not enforced" };

	return name_of(names, sizeof(names) / sizeof(names[0]), level);
}

const char *
rte_memregion_reason_name(enum rte_memregion_reason reason)
{
	static const char *const names[] = {
		"none",	     "not yet",	    "no pages", "no memory", "permission",
		"limit",     "unsupported", "disabled", "offline",   "excluded",
		"misplaced", "changed",	    "timeout",	"canceled",  "unseen",
	};

	return name_of(names, sizeof(names) / sizeof(names[0]), reason);
}
