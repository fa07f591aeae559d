/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the works with malloc libraries, called through pointers as a program calls them through its
 *       linkage table; finding them at run time.
 * Must not: link with any of them: a library that is not there is skipped.
 * Called by: scenarios, through way_glibc and its like.
 */

#include <dlfcn.h>
#include <stdlib.h>

#include <rte_common.h>

#include "way.h"

struct library {
	void *(*malloc)(size_t size);
	void (*free)(void *ptr);
};

struct local {
	void *(*malloc)(size_t size);
	void (*free)(void *ptr);
};

static inline struct local
local_of(const void *thread)
{
	const struct library *library = thread;

	return (struct local){ .malloc = library->malloc, .free = library->free };
}

static inline void *
get_fixed(const struct local *l, enum item_fixed fixed)
{
	return l->malloc(item_fixed_size(fixed));
}

static inline void
put_fixed(const struct local *l, void *ptr, enum item_fixed fixed)
{
	RTE_SET_USED(fixed);
	l->free(ptr);
}

static inline void *
get_item(const struct local *l, struct item item)
{
	return l->malloc(item.size);
}

static inline void
put_item(const struct local *l, void *ptr, struct item item)
{
	RTE_SET_USED(item);
	l->free(ptr);
}

#include "singly.h"

#include "loops.h"

static void *
get_any(void *thread, size_t size)
{
	const struct library *library = thread;

	return library->malloc(size);
}

static void
put_any(void *thread, void *ptr)
{
	const struct library *library = thread;

	library->free(ptr);
}

static void *
open_library(const struct way *way, const struct way_needs *needs, const char **why)
{
	struct library *library;
	void *file = RTLD_DEFAULT;

	RTE_SET_USED(needs);
	if (way->file != NULL) {
		/* Local, so that it does not take over everyone's malloc(). It stays loaded: such
		 * libraries leave hooks in the process that unloading would pull away. */
		file = dlopen(way->file, RTLD_NOW | RTLD_LOCAL);
		if (file == NULL) {
			*why = dlerror();
			return NULL;
		}
	}
	library = malloc(sizeof(*library));
	if (library == NULL) {
		*why = "no memory";
		return NULL;
	}
	*(void **)&library->malloc = dlsym(file, "malloc");
	*(void **)&library->free = dlsym(file, "free");
	if (library->malloc != NULL && library->free != NULL)
		return library;
	*why = "it has no malloc() and free()";
	free(library);
	return NULL;
}

const struct way way_glibc = {
	.name = "glibc",
	.title = "glibc",
	.family = WAY_LIBRARY,
	.flags = WAY_NO_BULK,
	.open = open_library,
	.close = free,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};

const struct way way_jemalloc = {
	.name = "jemalloc",
	.title = "jemalloc",
	.family = WAY_LIBRARY,
	.flags = WAY_NO_BULK,
	.file = "libjemalloc.so.2",
	.open = open_library,
	.close = free,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};

const struct way way_mimalloc = {
	.name = "mimalloc",
	.title = "mimalloc",
	.family = WAY_LIBRARY,
	.flags = WAY_NO_BULK,
	.file = "libmimalloc.so.2",
	.open = open_library,
	.close = free,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};

const struct way way_tcmalloc = {
	.name = "tcmalloc",
	.title = "tcmalloc",
	.family = WAY_LIBRARY,
	.flags = WAY_NO_BULK,
	.file = "libtcmalloc_minimal.so.4",
	.open = open_library,
	.close = free,
	.get_any = get_any,
	.put_any = put_any,
	.loops = &loops,
};
