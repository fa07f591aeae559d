/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the system calls for memory that EAL does not map: addresses, files of hugepages, pages bound
 * to a node and seen to lie there.
 * Must not know what the memory is for; must not touch a page that is not there.
 * Called by external.c and prefault.c.
 */

#include "fastmem_external_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <linux/memfd.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_memory.h>

#define TRIES 64
#define STEP  (UINT64_C(64) << 30) /* between addresses that are tried */
#define BATCH 256		   /* pages that the kernel is asked about at once */
#define BITS  (8 * sizeof(unsigned long))

/* From 5.14 on; Debian 12's headers have it, an older kernel refuses it. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void *
reserve_at(uintptr_t at, uint64_t size)
{
	/* Without access: nobody can touch it, and mlockall() leaves it alone. */
	void *got = mmap((void *)at, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				 (at == 0 ? 0 : MAP_FIXED_NOREPLACE),
			 -1, 0);

	if (got == MAP_FAILED)
		return NULL;
	if (at != 0 && got != (void *)at) { /* a kernel before 4.17 takes it for a hint */
		munmap(got, size);
		return NULL;
	}
	return got;
}

uintptr_t
fm_map_reserve(uintptr_t hint, uint64_t size, uint64_t align)
{
	unsigned int i;
	uintptr_t got;

	for (i = 0; i < TRIES; i++)
		if (reserve_at(RTE_ALIGN_CEIL(hint, align) + i * STEP, size) != NULL)
			return RTE_ALIGN_CEIL(hint, align) + i * STEP;
	/* Anywhere; what alignment cuts off stays reserved with it. */
	got = (uintptr_t)reserve_at(0, size + align);
	if (got == 0)
		return 0;
	munmap((void *)got, RTE_ALIGN_CEIL(got, align) - got);
	munmap((void *)(RTE_ALIGN_CEIL(got, align) + size),
	       got + align - RTE_ALIGN_CEIL(got, align));
	return RTE_ALIGN_CEIL(got, align);
}

int
fm_map_reserve_at(uintptr_t at, uint64_t size)
{
	return reserve_at(at, size) != NULL ? 0 : -EADDRNOTAVAIL;
}

void
fm_map_unreserve(uintptr_t at, uint64_t size)
{
	munmap((void *)at, size);
}

/* ftruncate(2), but for the kernel's SIGXFSZ, which would end the process. */
static int
set_size(int fd, uint64_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && size > limit.rlim_cur)
		return -EFBIG;
	return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
}

int
fm_map_file(const char *name, uint64_t page_size, uint64_t size)
{
	unsigned int huge = (unsigned int)__builtin_ctzll(page_size);
	int rc, fd = memfd_create(name, MFD_CLOEXEC | MFD_HUGETLB | huge << MFD_HUGE_SHIFT);

	if (fd < 0)
		return -errno;
	rc = set_size(fd, size);
	if (rc != 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int
fm_map_extend(int fd, uint64_t size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if ((uint64_t)st.st_size >= size)
		return 0;
	return set_size(fd, size);
}

int
fm_map_share(uintptr_t base, uint64_t size, int fd, uint64_t offset)
{
	/*
	 * Not set aside by the kernel: the pages are taken later or, in another process, are there.
	 * Without access: after mlockall() the kernel would populate it before it is bound.
	 */
	void *at = mmap((void *)base, size, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd,
			(off_t)offset);

	return at == MAP_FAILED ? -errno : 0;
}

int
fm_map_open(uintptr_t base, uint64_t size)
{
	return mprotect((void *)base, size, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
}

int
fm_map_unshare(uintptr_t base, uint64_t size)
{
	void *at = mmap((void *)base, size, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	return at == MAP_FAILED ? -errno : 0;
}

void
fm_map_punch(int fd, uint64_t offset, uint64_t size)
{
	fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

int
fm_map_bind(uintptr_t base, uint64_t size, int node_id)
{
	unsigned long mask[RTE_NUMA_MAX_NODES / BITS] = { 0 };

	mask[(unsigned int)node_id / BITS] |= 1ul << (unsigned int)node_id % BITS;
	/* One more than the bits that there are: the kernel drops the last. */
	if (mbind((void *)base, size, MPOL_BIND, mask, RTE_NUMA_MAX_NODES + 1, 0) != 0)
		return -errno;
	return 0;
}

int
fm_map_populate(uintptr_t base, uint64_t size)
{
	/* A touch would be SIGBUS where the node has too few pages; this is EFAULT. */
	if (madvise((void *)base, size, MADV_POPULATE_WRITE) != 0)
		return errno == EFAULT ? -ENOMEM : -errno;
	return 0;
}

int
fm_map_verify(uintptr_t base, uint64_t size, uint64_t page_size, int node_id)
{
	uint64_t i, done, n, nb = size / page_size;
	int status[BATCH];
	void *page[BATCH];

	for (done = 0; done < nb; done += n) {
		n = RTE_MIN(nb - done, (uint64_t)BATCH);
		for (i = 0; i < n; i++)
			page[i] = (void *)(base + (done + i) * page_size);
		if (move_pages(0, n, page, NULL, status, 0) != 0)
			return -errno;
		for (i = 0; i < n; i++)
			if (status[i] != node_id)
				return -EXDEV;
	}
	return 0;
}
