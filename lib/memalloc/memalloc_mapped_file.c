/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the system calls on files of the kind "mapped", and storing words in them.
 * Must not: know what is in a file, or say texts.
 * Called by: memalloc_mapped.c; for stores, memalloc_mapped_head.c and memalloc_mapped_heap.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "memalloc_mapped_priv.h"
#include "rte_memalloc_mapped.h"

/* So much at once: a signal interrupts it, and it begins anew. */
#define FILL_STEP (UINT64_C(64) << 20)

void
ma_mapped_store(uint64_t *word, uint64_t value)
{
	/*
	 * Release: a kill leaves behind what was stored before it in program order; only the
	 * compiler could change that order. Partner: whoever maps the file afterwards.
	 */
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void
ma_mapped_boot(uint64_t boot[2])
{
	char text[64];
	unsigned int n = 0;
	ssize_t len;
	int fd;

	boot[0] = 0;
	boot[1] = 0;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text));
	close(fd);
	for (ssize_t i = 0; i < len && n < 32; i++) {
		char c = text[i];

		if (c == '-')
			continue;
		boot[n / 16] = boot[n / 16] << 4 |
			       (uint64_t)(c >= 'a' ? c - 'a' + 10 : (c - '0') & 15);
		n++;
	}
}

int
ma_mapped_file_open(const char *path, bool create, bool read_only, struct ma_mapped_file *file,
		    uint64_t *size)
{
	int flags = (read_only ? O_RDONLY : O_RDWR) | (create ? O_CREAT | O_EXCL : 0);
	struct stat stat;
	int fd, ret;

	/* Not blocking: it may be a pipe. */
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &stat) < 0)
		ret = -errno;
	else if (!S_ISREG(stat.st_mode))
		ret = -EBADMSG;
	else if (flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0)
		ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (fstat(fd, &stat) < 0) /* Again: whoever held the lock may have changed it. */
		ret = -errno;
	else
		ret = 0;
	if (ret != 0) {
		close(fd);
		return ret;
	}
	*file = (struct ma_mapped_file){ .fd = fd, .read_only = read_only };
	*size = (uint64_t)stat.st_size;
	return 0;
}

static int
fill(int fd, uint64_t from, uint64_t to)
{
	uint64_t at, step;
	int ret;

	for (at = from; at < to; at += step) {
		step = to - at < FILL_STEP ? to - at : FILL_STEP;
		do
			ret = posix_fallocate(fd, (off_t)at, (off_t)step);
		while (ret == EINTR);
		if (ret != 0)
			return -ret;
	}
	return 0;
}

/* Whether so many bytes more can be had: trying would leave others without, for as long as it lasts. */
static int
check_space(int fd, uint64_t more)
{
	struct statvfs fs;

	/* Some have no bound, or do not tell. */
	if (fstatvfs(fd, &fs) < 0 || fs.f_blocks == 0 || fs.f_frsize == 0)
		return 0;
	return more / fs.f_frsize > fs.f_bfree ? -ENOSPC : 0;
}

int
ma_mapped_file_fill(struct ma_mapped_file *file, uint64_t size)
{
	struct rlimit limit;
	struct stat stat;
	int ret;

	if (fstat(file->fd, &stat) < 0)
		return -errno;
	/* The kernel would send SIGXFSZ, which ends the process. */
	if (size > (uint64_t)stat.st_size && getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    size > limit.rlim_cur)
		return -EFBIG;
	if (size > (uint64_t)stat.st_size &&
	    check_space(file->fd, size - (uint64_t)stat.st_size) != 0)
		return -ENOSPC;
	ret = fill(file->fd, 0, size);
	if (ret != 0 && size > (uint64_t)stat.st_size && ftruncate(file->fd, stat.st_size) < 0)
		return ret; /* It stays larger than its head says, which does no harm. */
	return ret;
}

static bool
is_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

bool
ma_mapped_file_in_memory(const struct ma_mapped_file *file, uint64_t *swap)
{
	struct sysinfo info;

	if (!is_in_memory(file->fd) || sysinfo(&info) < 0)
		return false;
	*swap = (uint64_t)info.freeswap * info.mem_unit;
	return true;
}

int
ma_mapped_file_read_holes(struct ma_mapped_file *file, uint64_t size)
{
	off_t at, end;

	if (!is_in_memory(file->fd))
		return 0;
	for (at = lseek(file->fd, 0, SEEK_HOLE); at >= 0 && (uint64_t)at < size;
	     at = lseek(file->fd, end, SEEK_HOLE)) {
		end = lseek(file->fd, at, SEEK_DATA);
		if (end < 0 || (uint64_t)end > size)
			end = (off_t)size;
		/* Other errors: this kernel cannot, and what is read is had then, or is not. */
		if (madvise(file->base + at, (size_t)(end - at), MADV_POPULATE_READ) < 0 &&
		    errno == EFAULT)
			return -ENOSPC;
	}
	return 0;
}

int
ma_mapped_file_map(struct ma_mapped_file *file, uint64_t size, uint64_t room)
{
	const uint64_t align = RTE_MEMALLOC_MAPPED_ALIGN_MAX;
	char *base, *start, *got;
	uint64_t before;
	int prot = file->read_only ? PROT_READ : PROT_READ | PROT_WRITE, ret;

	base = mmap(NULL, room + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0);
	if (base == MAP_FAILED)
		return -errno;
	before = -(uintptr_t)base & (align - 1);
	start = base + before;
	got = mmap(start, size, prot, MAP_SHARED | MAP_FIXED, file->fd, 0);
	if (got == MAP_FAILED) {
		ret = -errno;
		munmap(base, room + align);
		return ret;
	}
	/* What is over stays reserved if it cannot be given back. */
	if (before > 0)
		munmap(base, before);
	munmap(start + room, align - before);
	file->base = start;
	file->room = room;
	return 0;
}

int
ma_mapped_file_extend(struct ma_mapped_file *file, uint64_t from, uint64_t to)
{
	void *got = mmap(file->base + from, to - from, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, file->fd, (off_t)from);

	return got == MAP_FAILED ? -errno : 0;
}

int
ma_mapped_file_sync(struct ma_mapped_file *file, uint64_t from, uint64_t to)
{
	from &= ~(uint64_t)(sysconf(_SC_PAGESIZE) - 1);
	return msync(file->base + from, to - from, MS_SYNC) < 0 ? -errno : 0;
}

int
ma_mapped_file_settle(struct ma_mapped_file *file, const char *path)
{
	char folder[PATH_MAX];
	int fd, ret = 0;

	if (fsync(file->fd) < 0)
		return -errno;
	if ((size_t)snprintf(folder, sizeof(folder), "%s", path) >= sizeof(folder))
		return -ENAMETOOLONG;
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that may be written to and not read cannot be synced; nor can some file systems' */
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		ret = -errno;
	close(fd);
	return ret;
}

void
ma_mapped_file_close(struct ma_mapped_file *file, bool locked)
{
	if (file->base != NULL)
		munmap(file->base, file->room);
	/* Else a child that is still there would keep the lock; from there it must stay. */
	if (locked)
		flock(file->fd, LOCK_UN);
	close(file->fd);
}
