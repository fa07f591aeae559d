/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the window: for each 4 KiB page that memory could ever have, its class and node, and for
 * each 2 MiB its slab. Makes the mmap() calls of this library.
 * Must not decide what an entry says; must not be waited for by a thread that only reads.
 * Called by state.c, chunk.c and, to find a block's page, by everyone.
 *
 * The tables lie in a sparse file in EAL's runtime directory, beside EAL's own, so that secondaries
 * share them; in a memfd where EAL has no such directory. A process reserves addresses for all of
 * it as private read-only zeroes and overlays the file only where chunks are: what it has not
 * overlaid reads as "no block" and costs nothing, also under mlockall().
 */

#include "fastmem_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_memory.h>

#define UNIT_SHIFT 30 /* overlaid in pieces that cover this much memory */
#define UNIT	   (UINT64_C(1) << UNIT_SHIFT)
#define MAX_UNITS  65536

struct rte_fastmem_window rte_fastmem_window;

static struct {
	int fd;
	size_t entry_bytes; /* of all entries; the slabs' addresses follow in the file */
	size_t slab_bytes;
	char *table;
	_Atomic uint64_t attached[MAX_UNITS / 64];
	pthread_mutex_t lock; /* of overlaying */
} window = { .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

static int
widen(const struct rte_memseg_list *msl, void *arg)
{
	uintptr_t *range = arg, lo = (uintptr_t)msl->base_va;

	if (msl->external) /* somebody's own, wherever it is */
		return 0;
	if (lo < range[0])
		range[0] = lo;
	if (lo + msl->len > range[1])
		range[1] = lo + msl->len;
	return 0;
}

/* Does EAL share its configuration with other processes? Then it has mapped the file. */
static bool
eal_is_shared(void)
{
	char line[PATH_MAX + 100], path[PATH_MAX], real[PATH_MAX];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "%s/config", rte_eal_get_runtime_dir());
	if (realpath(path, real) == NULL) /* the kernel tells names without links in them */
		return false;
	maps = fopen("/proc/self/maps", "re");
	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = strstr(line, real) != NULL;
	fclose(maps);
	return found;
}

/*
 * A file of our own, even if a killed program of the same prefix left its behind. Such leftovers
 * are sparse and lie where EAL's own do.
 */
static int
create_file(struct fm_state *st)
{
	int fd;

	if (!eal_is_shared()) {
		st->window_file[0] = '\0';
		return memfd_create("fastmem_window", MFD_CLOEXEC);
	}
	snprintf(st->window_file, sizeof(st->window_file), "%s/fastmem_window",
		 rte_eal_get_runtime_dir());
	/* EAL holds its own lock on this directory: nobody living uses the old file. */
	unlink(st->window_file);
	fd = open(st->window_file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd;
}

int
fm_window_open(struct fm_state *st, bool create)
{
	uintptr_t range[2] = { UINTPTR_MAX, 0 };
	int rc;

	if (create) {
		rte_memseg_list_walk(widen, range);
		if (range[0] >= range[1])
			return -ENODEV;
		if (st->external_size != 0) {
			range[0] = RTE_MIN(range[0], st->external_lo);
			range[1] = RTE_MAX(range[1], st->external_lo + st->external_size);
		}
		st->window_lo = range[0] & ~(UNIT - 1);
		/* A power of two: bulk calls test many addresses at once. */
		st->window_span = rte_align64pow2(RTE_MAX(range[1] - st->window_lo, UNIT));
	}
	if (st->window_span >> UNIT_SHIFT > MAX_UNITS)
		return -E2BIG;
	window.entry_bytes = (st->window_span >> FM_PAGE_SHIFT) * sizeof(uint16_t);
	window.slab_bytes = (st->window_span >> FM_SLAB_SHIFT) * sizeof(struct fm_slab *);

	window.fd = create ? create_file(st) : open(st->window_file, O_RDWR | O_CLOEXEC);
	if (window.fd < 0 ||
	    (create && ftruncate(window.fd, (off_t)(window.entry_bytes + window.slab_bytes)) != 0))
		goto fail;
	window.table = mmap(NULL, window.entry_bytes + window.slab_bytes, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (window.table == MAP_FAILED) {
		window.table = NULL;
		goto fail;
	}
	madvise(window.table, window.entry_bytes + window.slab_bytes, MADV_DONTDUMP);
	rte_fastmem_window.first = st->window_lo >> FM_PAGE_SHIFT;
	rte_fastmem_window.entry = (const uint16_t *)window.table;
	rte_fastmem_window.nb = st->window_span >> FM_PAGE_SHIFT;
	return 0;

fail:
	rc = -errno;
	fm_window_close(st, create);
	return rc;
}

void
fm_window_close(struct fm_state *st, bool remove)
{
	rte_fastmem_window.nb = 0;
	if (window.table != NULL)
		munmap(window.table, window.entry_bytes + window.slab_bytes);
	window.table = NULL;
	memset((void *)window.attached, 0, sizeof(window.attached));
	if (window.fd >= 0)
		close(window.fd);
	window.fd = -1;
	if (remove && st->window_file[0] != '\0')
		unlink(st->window_file);
}

static bool
unit_attached(size_t unit)
{
	/* Acquire: pairs with the release in attach_unit(). */
	return (atomic_load_explicit(&window.attached[unit / 64], memory_order_acquire) &
		UINT64_C(1) << unit % 64) != 0;
}

static int
overlay(size_t offset, size_t size)
{
	/* The unit's part of the slab table is a page at least, as is all else. */
	void *at = mmap(window.table + offset, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			window.fd, (off_t)offset);

	return at == MAP_FAILED ? -errno : 0;
}

static int
attach_unit(size_t unit)
{
	size_t entries = UNIT >> FM_PAGE_SHIFT << 1;
	size_t slabs = (UNIT >> FM_SLAB_SHIFT) * sizeof(struct fm_slab *);
	int rc = 0;

	pthread_mutex_lock(&window.lock);
	if (!unit_attached(unit)) {
		rc = overlay(unit * entries, entries);
		if (rc == 0)
			rc = overlay(window.entry_bytes + unit * slabs, slabs);
		if (rc == 0)
			/* Release: who sees the bit sees the mapping. */
			atomic_fetch_or_explicit(&window.attached[unit / 64],
						 UINT64_C(1) << unit % 64, memory_order_release);
	}
	pthread_mutex_unlock(&window.lock);
	return rc;
}

int
fm_window_attach(const struct fm_state *st, uintptr_t base, size_t size)
{
	size_t unit, last = (base + size - 1 - st->window_lo) >> UNIT_SHIFT;
	int rc;

	for (unit = (base - st->window_lo) >> UNIT_SHIFT; unit <= last; unit++) {
		rc = unit_attached(unit) ? 0 : attach_unit(unit);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Number of an address's page in the window; too large for what lies outside. */
static uintptr_t
window_page(uintptr_t addr)
{
	return (addr >> FM_PAGE_SHIFT) - rte_fastmem_window.first;
}

static _Atomic(struct fm_slab *) *
slab_entry(uintptr_t addr)
{
	size_t index = window_page(addr) >> (FM_SLAB_SHIFT - FM_PAGE_SHIFT);

	return (_Atomic(struct fm_slab *) *)(void *)(window.table + window.entry_bytes) + index;
}

/* Map a part of the tables now, so that no thread takes a page fault when it first comes there. */
static void
populate(size_t offset, size_t size)
{
	size_t from = RTE_ALIGN_FLOOR(offset, FM_PAGE_SIZE);

	/* Of kernels from 5.14 on; on older ones the first touch does it. */
	madvise(window.table + from, offset + size - from, MADV_POPULATE_WRITE);
}

int
fm_window_add(const struct fm_state *st, uintptr_t base, size_t size, struct fm_slab *first)
{
	size_t i, entry = (base - st->window_lo) >> FM_PAGE_SHIFT << 1;
	size_t slab = window.entry_bytes +
		      ((base - st->window_lo) >> FM_SLAB_SHIFT) * sizeof(struct fm_slab *);
	int rc;

	if (base < st->window_lo || base + size > st->window_lo + st->window_span)
		return -ERANGE;
	/* A full file system is an error here, not SIGBUS at the first block. */
	rc = -posix_fallocate(window.fd, (off_t)entry, (off_t)(size >> FM_PAGE_SHIFT << 1));
	if (rc == 0)
		rc = -posix_fallocate(window.fd, (off_t)slab,
				      (off_t)((size >> FM_SLAB_SHIFT) * sizeof(struct fm_slab *)));
	if (rc == 0)
		rc = fm_window_attach(st, base, size);
	if (rc != 0)
		return rc;
	populate(entry, size >> FM_PAGE_SHIFT << 1);
	populate(slab, (size >> FM_SLAB_SHIFT) * sizeof(struct fm_slab *));
	for (i = 0; i < size >> FM_SLAB_SHIFT; i++)
		/* Release: who finds the slab here finds it initialised. */
		atomic_store_explicit(slab_entry(base + (i << FM_SLAB_SHIFT)), first + i,
				      memory_order_release);
	return 0;
}

void
fm_window_remove(uintptr_t base, size_t size)
{
	uintptr_t addr;

	for (addr = base; addr < base + size; addr += FM_SLAB_SIZE)
		/* Relaxed: the slabs stay valid for who found them before. */
		atomic_store_explicit(slab_entry(addr), NULL, memory_order_relaxed);
}

struct fm_slab *
fm_window_slab(uintptr_t addr)
{
	const struct fm_state *st = fm_state();

	if (window_page(addr) >= rte_fastmem_window.nb)
		return NULL;
	/* Another process may have added memory here that this one has not overlaid yet. */
	if (fm_window_attach(st, addr, 1) != 0)
		return NULL;
	/* Acquire: pairs with fm_window_add(). */
	return atomic_load_explicit(slab_entry(addr), memory_order_acquire);
}

_Atomic uint16_t *
fm_window_entry(uintptr_t addr)
{
	return (_Atomic uint16_t *)(void *)window.table + window_page(addr);
}
