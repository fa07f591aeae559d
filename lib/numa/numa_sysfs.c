/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: every system call that asks the kernel about nodes and what is on them.
 * Must not: interpret what it reads, or know what a caller wants it for.
 * Called by: the other files of the library.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "numa_priv.h"

/* A page: most sysfs files fit, the longest lists of CPUs do not. */
#define READ_STEP 4096

/* A bit of an entry of /proc/PID/pagemap. */
#define PAGEMAP_PRESENT (UINT64_C(1) << 63)

static int
join(char *buf, size_t size, const char *root, const char *path)
{
	int len = snprintf(buf, size, "%s/%s", root, path);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* Read up to the end of the file. On failure the caller frees *text all the same. */
static int
read_all(int fd, char **text, size_t *len)
{
	size_t size = 0;

	*len = 0;
	for (;;) {
		ssize_t n;

		if (size - *len < 2) {
			char *bigger = realloc(*text, size + READ_STEP);

			if (bigger == NULL)
				return -ENOMEM;
			*text = bigger;
			size += READ_STEP;
		}
		n = read(fd, *text + *len, size - *len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*len += n;
	}
	(*text)[*len] = '\0';
	return 0;
}

int
numa_sysfs_read(char **text, const char *root, const char *path, ...)
{
	char relative[NUMA_PATH_MAX], name[PATH_MAX];
	char *got = NULL;
	va_list args;
	size_t len;
	int fd, ret;

	va_start(args, path);
	vsnprintf(relative, sizeof(relative), path, args);
	va_end(args);
	ret = join(name, sizeof(name), root, relative);
	if (ret < 0)
		return ret;
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = read_all(fd, &got, &len);
	close(fd);
	if (ret == 0 && strlen(got) != len)
		ret = -EINVAL;
	if (ret < 0) {
		free(got);
		return ret;
	}
	*text = got;
	return 0;
}

int
numa_sysfs_find(const char *root, const char *path)
{
	char name[PATH_MAX];
	struct stat st;
	int ret;

	ret = join(name, sizeof(name), root, path);
	if (ret < 0)
		return ret;
	return stat(name, &st) < 0 ? -errno : 0;
}

int
numa_sysfs_list(const char *root, const char *path, void (*entry)(const char *name, void *arg),
		void *arg)
{
	char name[PATH_MAX];
	struct dirent *next;
	DIR *dir;
	int ret;

	ret = join(name, sizeof(name), root, path);
	if (ret < 0)
		return ret;
	dir = opendir(name);
	if (dir == NULL)
		return -errno;
	for (errno = 0; (next = readdir(dir)) != NULL; errno = 0)
		entry(next->d_name, arg);
	ret = -errno;
	closedir(dir);
	return ret;
}

int
numa_sysfs_resolve(char *resolved, const char *root, const char *path)
{
	char name[PATH_MAX];
	int ret = join(name, sizeof(name), root, path);

	if (ret < 0)
		return ret;
	return realpath(name, resolved) == NULL ? -errno : 0;
}

int
numa_sysfs_device(int fd, bool *block, unsigned int *major, unsigned int *minor)
{
	struct stat st;
	dev_t device;

	if (fstat(fd, &st) < 0)
		return -errno;
	*block = !S_ISCHR(st.st_mode);
	device = S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	*major = major(device);
	*minor = minor(device);
	return 0;
}

static void *
page_of(const void *addr)
{
	return (void *)((uintptr_t)addr & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1));
}

int
numa_sysfs_page_node(const void *addr, int *status)
{
	void *page = page_of(addr);

	return syscall(SYS_move_pages, 0, 1UL, &page, NULL, status, 0) < 0 ? -errno : 0;
}

int
numa_sysfs_page_mapped(const void *addr)
{
	unsigned char resident;

	if (mincore(page_of(addr), 1, &resident) == 0)
		return 0;
	return errno == ENOMEM ? -EFAULT : -errno;
}

int
numa_sysfs_page_present(const void *addr, bool *present)
{
	off_t at = (uintptr_t)addr / (uintptr_t)sysconf(_SC_PAGESIZE) * sizeof(uint64_t);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pread(fd, &entry, sizeof(entry), at);
	close(fd);
	if (n != sizeof(entry))
		return -EIO;
	*present = entry & PAGEMAP_PRESENT;
	return 0;
}

int
numa_sysfs_machine_memory(struct rte_numa_memory *mem)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return -errno;
	mem->total = (uint64_t)info.totalram * info.mem_unit;
	mem->free = (uint64_t)info.freeram * info.mem_unit;
	mem->reclaimable = (uint64_t)info.bufferram * info.mem_unit;
	return 0;
}

unsigned int
numa_sysfs_machine_nb_cpus(void)
{
	return get_nprocs_conf();
}
