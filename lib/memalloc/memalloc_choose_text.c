/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: choices in words.
 * Must not: choose.
 * Called by: applications; memalloc_auto.c.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "memalloc_priv.h"
#include "rte_memalloc_choose.h"

#define NB(array) (sizeof(array) / sizeof((array)[0]))

/* A text that grows; len is what it would have without a bound. */
struct text {
	char *buf;
	size_t size;
	size_t len;
};

static const char *
name_of(const char *const *names, unsigned int nb, unsigned int i)
{
	return i < nb ? names[i] : "unknown";
}

const char *
rte_memalloc_choice_name(enum rte_memalloc_choice_kind kind)
{
	static const char *const names[] = {
		"standard", "NUMA", "huge pages", "pinned", "arena", "pool",
	};

	return name_of(names, NB(names), kind);
}

const char *
rte_memalloc_why_text(enum rte_memalloc_why why)
{
	static const char *const names[] = {
		"nothing asks for another kind",
		"the caller forces it",
		"a GPU accesses it",
		"it goes over a network",
		"there are several nodes and it is large",
		"it is used on another node",
		"it is for one piece of work",
		"it is above the arena's threshold",
		"it is below the pool's threshold",
	};

	return name_of(names, NB(names), why);
}

const char *
rte_memalloc_why_not_text(enum rte_memalloc_why_not why_not)
{
	static const char *const names[] = {
		"it is had",
		"no pin driver has found a device",
		"no hugepages are set up",
		"too few hugepages are free",
		"memory is short, and this kind keeps what is freed",
		"it does not serve this size",
		"nothing is left of it",
		"it cannot be had here",
	};

	return name_of(names, NB(names), why_not);
}

static void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *format, ...)
{
	size_t at = text->len < text->size ? text->len : text->size;
	va_list args;

	va_start(args, format);
	text->len += (size_t)vsnprintf(at < text->size ? text->buf + at : NULL, text->size - at,
				       format, args);
	va_end(args);
}

size_t
rte_memalloc_choice_text(const struct rte_memalloc_choice *choice, char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };
	const struct rte_memalloc_passed *passed;
	struct ma_size_text page;

	append(&text, "%s", rte_memalloc_choice_name(choice->kind));
	if (choice->page_size != 0)
		append(&text, " of %s", ma_size_text(&page, choice->page_size));
	if (choice->node_id >= 0)
		append(&text, " node %d", choice->node_id);
	append(&text, ", as %s", rte_memalloc_why_text(choice->why));
	for (uint32_t i = 0; i < choice->nb_passed && i < RTE_MEMALLOC_PASSED_MAX; i++) {
		passed = &choice->passed[i];
		append(&text, "; not %s (%s): %s", rte_memalloc_choice_name(passed->kind),
		       rte_memalloc_why_text(passed->why),
		       rte_memalloc_why_not_text(passed->why_not));
	}
	return text.len;
}
