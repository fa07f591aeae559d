/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the system calls that make, change and look at a mapping; policies are lib/membind's.
 * Must not: decide, or turn one errno into another.
 * Called by: all other files of this library.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/memfd.h>

#include "memregion_priv.h"

/* Newer than the C library of Debian 12, or than its headers of the kernel. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA	     0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

size_t
mr_os_base_page(void)
{
	return sysconf(_SC_PAGESIZE);
}

/*
 * Address space, no memory yet: size bytes aligned to align, with guard bytes before and after.
 * All of it is inaccessible.
 */
int
mr_os_reserve(size_t size, size_t align, size_t guard, char **addr)
{
	/* What the kernel hands out is aligned to base pages as it is. */
	size_t around = align - mr_os_base_page(), room;
	char *base, *start, *end;
	int ret;

	if (__builtin_add_overflow(around, guard, &around) ||
	    __builtin_add_overflow(around, guard, &around) ||
	    __builtin_add_overflow(around, size, &room))
		return -ENOMEM;
	base = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	start = base + guard;
	start += -(uintptr_t)start & (align - 1);
	end = start + size + guard;
	if ((start - guard > base && munmap(base, start - guard - base) < 0) ||
	    (base + room > end && munmap(end, base + room - end) < 0)) {
		ret = -errno;
		munmap(base, room);
		return ret;
	}
	*addr = start;
	return 0;
}

/* Put memory behind address space that is ours: anonymous, or a file's from an offset on. */
int
mr_os_back(char *addr, size_t size, int fd, size_t offset)
{
	int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);

	return mmap(addr, size, PROT_READ | PROT_WRITE, flags, fd, offset) == MAP_FAILED ? -errno :
											   0;
}

/* Take memory away, and keep the address space, inaccessible; of a file, so that it has a name. */
int
mr_os_guard(char *addr, size_t size, int fd)
{
	int flags = MAP_FIXED | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED);

	return mmap(addr, size, PROT_NONE, flags, fd, 0) == MAP_FAILED ? -errno : 0;
}

/* Address space right behind what is ours, if nobody else has it. */
int
mr_os_extend(char *addr, size_t size)
{
	void *got = mmap(addr, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (got == MAP_FAILED)
		return -errno;
	if (got != addr) { /* A kernel older than MAP_FIXED_NOREPLACE takes it for a hint. */
		munmap(got, size);
		return -EEXIST;
	}
	return 0;
}

int
mr_os_unmap(char *addr, size_t size)
{
	return munmap(addr, size) < 0 ? -errno : 0;
}

/* Pages go along with what is theirs: policy, locks, names. */
int
mr_os_move(char *from, size_t size, char *to)
{
	return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED ? -errno :
											   0;
}

/* A file in memory, of hugepages where page_size says so; its size always by name, see systems. */
int
mr_os_memfd(const char *name, size_t page_size, int *fd)
{
	unsigned int flags = MFD_CLOEXEC;
	int got;

	if (page_size != 0)
		flags |= MFD_HUGETLB | (unsigned int)__builtin_ctzll(page_size) << MFD_HUGE_SHIFT;
	got = memfd_create(name, flags);
	if (got < 0)
		return -errno;
	*fd = got;
	return 0;
}

int
mr_os_truncate(int fd, size_t size)
{
	struct rlimit limit;

	/* The kernel would send SIGXFSZ, which ends the process. */
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && size > limit.rlim_cur)
		return -EFBIG;
	return ftruncate(fd, size) < 0 ? -errno : 0;
}

void
mr_os_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static int
advise(char *addr, size_t size, int advice)
{
	return madvise(addr, size, advice) < 0 ? -errno : 0;
}

int
mr_os_transparent(char *addr, size_t size, bool wanted)
{
	return advise(addr, size, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

int
mr_os_nodump(char *addr, size_t size)
{
	return advise(addr, size, MADV_DONTDUMP);
}

/* Pages of the range come into being as if written to, but a failure is an errno, no signal. */
int
mr_os_populate(char *addr, size_t size)
{
	int ret;

	do
		ret = advise(addr, size, MADV_POPULATE_WRITE);
	while (ret == -EINTR);
	return ret;
}

int
mr_os_collapse(char *addr, size_t size)
{
	return advise(addr, size, MADV_COLLAPSE);
}

/* What is there is locked now, what comes later then: locking itself brings nothing into being. */
int
mr_os_lock(char *addr, size_t size)
{
	return mlock2(addr, size, MLOCK_ONFAULT) < 0 ? -errno : 0;
}

int
mr_os_name(char *addr, size_t size, const char *name)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, size, name) < 0 ? -errno : 0;
}

/* Bytes that this process may lock, UINT64_MAX without a limit. */
uint64_t
mr_os_lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

int
mr_os_look(const void *addr, size_t size, size_t guard, const char *name, struct mr_seen *seen)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	struct mr_smaps smaps;
	char *line = NULL;
	size_t room = 0;
	int ret = 0;

	if (file == NULL)
		return -errno;
	mr_smaps_start(&smaps, addr, size, guard, name);
	for (errno = 0; getline(&line, &room, file) >= 0; errno = 0) {
		if (!mr_smaps_line(&smaps, line))
			break;
	}
	if (ferror(file) || (line == NULL && errno != 0))
		ret = errno != 0 ? -errno : -EIO;
	free(line);
	fclose(file);
	if (ret == 0)
		*seen = smaps.seen;
	return ret;
}

/* A small file of the kernel's, cut to the buffer, without its last newline. */
int
mr_os_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int ret;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	ret = n < 0 ? -errno : 0;
	close(fd);
	if (ret < 0)
		return ret;
	if (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}
