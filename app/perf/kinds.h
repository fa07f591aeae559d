/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef KINDS_H
#define KINDS_H

#include <rte_memalloc.h>

#include "way.h"

/** A kind of allocator of the common interface, as one who has one allocation in mind makes it. */
struct kind {
	struct way way; /**< What it is called. */
	/**
	 * Make one that has room for an allocation of this size.
	 *
	 * @return
	 *   0, or a negative errno with its text in rte_memalloc_error().
	 */
	int (*create)(size_t size, struct rte_memalloc **alloc);
};

extern const struct kind kinds[];
extern const unsigned int nb_kinds;

/** Those of the above whose memory differs in the pages that it lies in alone. */
extern const struct kind *const kinds_by_page[];
extern const unsigned int nb_kinds_by_page;

#endif /* KINDS_H */
