/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: which mappings a range consists of, their page sizes, and whether a range is a sound one.
 * Must not: change a mapping.
 * Called by: membind_range.c, membind_locate.c, membind_migrate.c, membind_touch.c.
 */

#include <errno.h>
#include <stdlib.h>

#include "membind_priv.h"

/* No kernel has hugepages below this: a mapping that is not aligned to it has none. */
#define SMALLEST_HUGEPAGE 65536

struct search {
	struct membind_vmas vmas;
	uintptr_t start, end;
	uintptr_t next; /* The first address not found to be mapped yet. */
	size_t page_size;
};

int
membind_check_range(const void *addr, size_t size, bool any, uintptr_t *start, uintptr_t *end)
{
	size_t page_size = membind_sys_page_size();
	uintptr_t first = (uintptr_t)addr;

	if (addr == NULL)
		return membind_fail(-EINVAL, "the address is NULL");
	if (size == 0)
		return membind_fail(-EINVAL, "the size of the range at %p is 0", addr);
	/* Room for rounding up. */
	if (size > UINTPTR_MAX - first || first + size > UINTPTR_MAX - page_size)
		return membind_fail(-EINVAL, "%zu bytes at %p run past the end of memory", size,
				    addr);
	if (!any && first % page_size != 0)
		return membind_fail(-EINVAL, "address %p is not a multiple of the page size %zu",
				    addr, page_size);
	*start = first;
	*end = first + size;
	return 0;
}

static int
add_vma(struct membind_vmas *vmas, const struct membind_vma *vma)
{
	struct membind_vma *bigger;

	/* Grows at each power of two. */
	if ((vmas->n & (vmas->n - 1)) == 0) {
		bigger = realloc(vmas->vma, (vmas->n == 0 ? 1 : vmas->n * 2) * sizeof(*bigger));
		if (bigger == NULL)
			return -ENOMEM;
		vmas->vma = bigger;
	}
	vmas->vma[vmas->n++] = *vma;
	return 0;
}

/* A line of /proc/self/maps: 1 once the end is reached. */
static int
maps_line(const char *text, void *arg)
{
	struct search *search = arg;
	struct membind_vma vma;
	int ret = membind_parse_vma(text, &vma);

	if (ret < 0)
		return ret;
	if (vma.end <= search->start)
		return 0;
	if (vma.start > search->next)
		return 1; /* A hole; next tells where. */
	search->next = vma.end;
	vma.page_size = search->page_size;
	ret = add_vma(&search->vmas, &vma);
	if (ret < 0)
		return ret;
	return vma.end >= search->end;
}

static bool
may_have_hugepages(const struct membind_vma *vma)
{
	return vma->object && vma->start % SMALLEST_HUGEPAGE == 0 &&
	       vma->end % SMALLEST_HUGEPAGE == 0;
}

/* A line of /proc/self/smaps: page sizes of the mappings found before. */
static int
smaps_line(const char *text, void *arg)
{
	struct search *search = arg;
	struct membind_vmas *vmas = &search->vmas;
	struct membind_vma vma;
	size_t page_size;

	if (membind_parse_vma(text, &vma) == 0) {
		search->next = vma.start;
		return vma.start >= search->end;
	}
	if (membind_parse_page_size(text, &page_size) < 0)
		return 0;
	for (size_t i = 0; i < vmas->n; i++) {
		if (vmas->vma[i].start == search->next)
			vmas->vma[i].page_size = page_size;
	}
	return 0;
}

static int
find_page_sizes(struct search *search)
{
	int ret;

	for (size_t i = 0; i < search->vmas.n; i++) {
		if (!may_have_hugepages(&search->vmas.vma[i]))
			continue;
		/* Once for all of them: the kernel walks all pages for this file. */
		ret = membind_sys_lines("/proc/self/smaps", smaps_line, search);
		return ret < 0 ? ret : 0;
	}
	return 0;
}

/* Cut to the range, which with whole consists of whole pages. */
static int
cut(struct search *search, bool whole)
{
	struct membind_vma *first = &search->vmas.vma[0];
	struct membind_vma *last = &search->vmas.vma[search->vmas.n - 1];

	if (whole && search->start % first->page_size != 0)
		return membind_fail(-EINVAL,
				    "address %#zx is not a multiple of the page size there, %zu",
				    (size_t)search->start, first->page_size);
	if (whole && search->end % last->page_size != 0)
		search->end += last->page_size - search->end % last->page_size;
	first->start = search->start;
	last->end = search->end;
	return 0;
}

int
membind_vmas_find(struct membind_vmas *vmas, uintptr_t start, uintptr_t *end, bool whole)
{
	struct search search = {
		.start = start,
		.end = *end,
		.next = start,
		.page_size = membind_sys_page_size(),
	};
	int ret = membind_sys_lines("/proc/self/maps", maps_line, &search);

	if (ret < 0) {
		membind_fail(ret, "cannot read /proc/self/maps: errno %d", -ret);
		goto free_vmas;
	}
	if (search.next < search.end) {
		ret = membind_fail(-EFAULT, "of %#zx to %#zx nothing is mapped at %#zx",
				   (size_t)start, (size_t)*end, (size_t)search.next);
		goto free_vmas;
	}
	ret = find_page_sizes(&search);
	if (ret < 0) {
		membind_fail(ret, "cannot read /proc/self/smaps: errno %d", -ret);
		goto free_vmas;
	}
	ret = cut(&search, whole);
	if (ret < 0)
		goto free_vmas;
	*vmas = search.vmas;
	*end = search.end;
	return 0;

free_vmas:
	membind_vmas_free(&search.vmas);
	return ret;
}

void
membind_vmas_free(struct membind_vmas *vmas)
{
	free(vmas->vma);
	vmas->vma = NULL;
	vmas->n = 0;
}
