/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of the kind "mapped" where space is short: full disks, limits, holes.
 * Must not: fill a file system that others use, or the machine's memory.
 * Called by: meson test.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_memalloc_choose.h>
#include <rte_memalloc_mapped.h>

#include "memalloc_mapped_priv.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)

static char folder[] = "/tmp/fastmem-mapped-XXXXXX", path[PATH_MAX], other_path[PATH_MAX];

/* ---- what stands between the library and the system */

static unsigned int nb_fills;
static uint64_t available; /* Bytes of memory; 0: what there really is. */

int
__real_posix_fallocate64(int fd, off_t at, off_t size);
int
__wrap_posix_fallocate64(int fd, off_t at, off_t size);
int
__real_ma_facts_read(struct rte_memalloc_facts *facts);
int
__wrap_ma_facts_read(struct rte_memalloc_facts *facts);
int
__wrap_sysinfo(struct sysinfo *info);

int
__wrap_posix_fallocate64(int fd, off_t at, off_t size)
{
	nb_fills++;
	return __real_posix_fallocate64(fd, at, size);
}

int
__wrap_ma_facts_read(struct rte_memalloc_facts *facts)
{
	int ret = __real_ma_facts_read(facts);

	if (available != 0)
		facts->available = available;
	return ret;
}

/* No swap. */
int
__wrap_sysinfo(struct sysinfo *info)
{
	*info = (struct sysinfo){ .mem_unit = 1 };
	return 0;
}

/* ---- helpers */

static int
in_child(int (*run)(void *arg), void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- full disks */

static int __attribute__((format(printf, 2, 3))) tell(const char *file, const char *format, ...)
{
	int fd = open(file, O_WRONLY), ret;
	va_list args;

	va_start(args, format);
	ret = vdprintf(fd, format, args) > 0 ? 0 : -1;
	va_end(args);
	close(fd);
	return ret;
}

/* A file system of a megabyte, that only this process and its children see. */
static int
small_disk(void)
{
	unsigned int user = getuid(), group = getgid();
	int ret = unshare(CLONE_NEWNS);

	if (ret != 0) {
		/* An ordinary user may do so where it is root, which is itself. */
		ret = unshare(CLONE_NEWUSER | CLONE_NEWNS);
		if (ret == 0)
			ret = tell("/proc/self/setgroups", "deny") +
			      tell("/proc/self/uid_map", "%u %u 1", user, user) +
			      tell("/proc/self/gid_map", "%u %u 1", group, group);
	}
	if (ret == 0)
		ret = mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (ret == 0)
		ret = mount("small", folder, "tmpfs", 0, "size=1m");
	return ret;
}

static void
fill_disk(void)
{
	static char block[4096];
	int fd = open(other_path, O_WRONLY | O_CREAT, 0600);

	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
}

static void
copy_with_holes(void)
{
	static char page[4096], zeros[4096];
	int in = open(other_path, O_RDONLY), out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;

	while (read(in, page, sizeof(page)) == sizeof(page)) {
		if (memcmp(page, zeros, sizeof(page)) != 0 &&
		    pwrite(out, page, sizeof(page), at) != sizeof(page))
			_exit(40);
		at += sizeof(page);
	}
	if (ftruncate(out, at) != 0)
		_exit(41);
	close(in);
	close(out);
}

/* In a child: says what went wrong. */
#define WANT(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: not so: %s (%s)\n", __LINE__, #condition, \
				rte_memalloc_error()); \
			return 1; \
		} \
	} while (0)

static int
on_a_full_disk(void *arg)
{
	struct rte_memalloc *alloc, *none = NULL;
	struct stat stat_now;
	char *mem;
	int ret;

	(void)arg;
	if (small_disk() != 0)
		return 255;
	ret = rte_memalloc_mapped_create(path, 2 * MIB, 0, &none);
	WANT(ret == -ENOSPC && none == NULL && strstr(rte_memalloc_error(), "2 MiB") != NULL);
	/* Nor was it full for a while. */
	WANT(access(path, F_OK) != 0 && nb_fills == 0);
	available = 400 * KIB;
	WANT(rte_memalloc_mapped_create(path, 512 * KIB, 0, &none) == -ENOSPC && none == NULL);
	WANT(strstr(rte_memalloc_error(), "400 KiB are available") != NULL && nb_fills == 0);
	available = 0;
	WANT(rte_memalloc_mapped_create(path, 512 * KIB, 0, &alloc) == 0);
	fill_disk();
	/* The last byte of the disk is taken: all of the file's are there all the same. */
	WANT(rte_memalloc_alloc(alloc, 512 * KIB - MA_MAPPED_START - MA_MAPPED_HEADER, 0,
				(void **)&mem) == 0);
	memset(mem, 1, rte_memalloc_usable_size(alloc, mem));
	WANT(rte_memalloc_mapped_grow(alloc, MIB) == -ENOSPC);
	WANT(rte_memalloc_mapped_size(alloc) == 512 * KIB);
	WANT(stat(path, &stat_now) == 0 && stat_now.st_size == (off_t)(512 * KIB));
	WANT(rte_memalloc_free(alloc, mem) == 0);
	WANT(rte_memalloc_destroy(alloc) == 0);
	/* A copy with holes is not opened while there is no space for them. */
	WANT(rename(path, other_path) == 0);
	WANT(rte_memalloc_mapped_open(other_path, 0, 0, &alloc) == 0);
	WANT(rte_memalloc_alloc(alloc, 400 * KIB, 0, (void **)&mem) == 0);
	memset(mem, 0, 400 * KIB);
	WANT(rte_memalloc_destroy(alloc) == 0);
	copy_with_holes();
	snprintf(other_path, sizeof(other_path), "%s/filler", folder);
	fill_disk();
	WANT(rte_memalloc_mapped_open(path, 0, 0, &alloc) == -ENOSPC);
	/* Here they take space when they are read, too. */
	WANT(rte_memalloc_mapped_open(path, RTE_MEMALLOC_MAPPED_F_READ_ONLY, 0, &alloc) == -ENOSPC);
	WANT(unlink(other_path) == 0);
	WANT(rte_memalloc_mapped_open(path, RTE_MEMALLOC_MAPPED_F_READ_ONLY, 0, &alloc) == 0);
	fill_disk();
	mem = rte_memalloc_mapped_next(alloc, NULL);
	for (size_t i = 0; i < 400 * KIB; i++)
		WANT(mem[i] == 0);
	WANT(rte_memalloc_destroy(alloc) == 0);
	WANT(rte_memalloc_mapped_open(path, 0, 0, &alloc) == 0);
	fill_disk();
	mem = rte_memalloc_mapped_next(alloc, NULL);
	memset(mem, 1, rte_memalloc_usable_size(alloc, mem));
	WANT(rte_memalloc_destroy(alloc) == 0);
	return 0;
}

static void
a_full_disk_is_an_error(void **state)
{
	int ret = in_child(on_a_full_disk, NULL);

	(void)state;
	if (ret == 255) {
		print_message("no small file system: this user may not mount one\n");
		skip();
	}
	if (ret != 0)
		fail_msg("it ended with %d", ret);
}

static int
within_a_limit(void *arg)
{
	struct rlimit limit = { .rlim_cur = 100 * KIB, .rlim_max = 100 * KIB };
	struct rte_memalloc *alloc;

	(void)arg;
	WANT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	WANT(rte_memalloc_mapped_create(path, 200 * KIB, 0, &alloc) == -EFBIG);
	WANT(strstr(rte_memalloc_error(), "ulimit -f") != NULL);
	WANT(access(path, F_OK) != 0);
	WANT(rte_memalloc_mapped_create(path, 64 * KIB, 0, &alloc) == 0);
	WANT(rte_memalloc_mapped_grow(alloc, 200 * KIB) == -EFBIG);
	WANT(rte_memalloc_mapped_size(alloc) == 64 * KIB);
	return rte_memalloc_destroy(alloc) != 0;
}

static void
a_limit_of_files_is_an_error(void **state)
{
	(void)state;
	unlink(path);
	assert_int_equal(in_child(within_a_limit, NULL), 0);
}

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other_path, sizeof(other_path), "%s/other", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(other_path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_an_error),
		cmocka_unit_test(a_limit_of_files_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
