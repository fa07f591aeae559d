/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: every system call of this library, and the masks' way to the kernel.
 * Must not: decide anything, or write an error's text.
 * Called by: the other files of this library, some of it in signal handlers.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <numaif.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "membind_priv.h"

/* The kernel takes one off the number of bits that it is given. */
#define MAXNODE (RTE_NUMA_MAX_NODES + 1)

/* Longer lines are cut: those of /proc are short but for a file's name, which comes last. */
#define LINE_SIZE 4096

_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "the kernel's masks are of longs");

static const unsigned long *
words(const struct rte_numa_mask *mask)
{
	return (const unsigned long *)mask->words;
}

/* The kernel refuses a mask, even an empty one, where it expects none. */
static const unsigned long *
policy_words(const struct membind_kernel_policy *policy)
{
	return rte_numa_mask_empty(&policy->nodes) ? NULL : words(&policy->nodes);
}

static int
result(long ret)
{
	return ret < 0 ? -errno : 0;
}

int
membind_sys_set_range(uintptr_t start, size_t size, const struct membind_kernel_policy *policy,
		      unsigned int mbind_flags)
{
	const unsigned long *nodes = policy_words(policy);

	return result(mbind((void *)start, size, policy->mode, nodes, nodes != NULL ? MAXNODE : 0,
			    mbind_flags));
}

static int
get_policy(struct membind_kernel_policy *policy, void *addr, unsigned int flags)
{
	struct membind_kernel_policy got = { 0 };

	if (get_mempolicy(&got.mode, (unsigned long *)got.nodes.words, MAXNODE, addr, flags) < 0)
		return -errno;
	*policy = got;
	return 0;
}

int
membind_sys_get_range(uintptr_t addr, struct membind_kernel_policy *policy)
{
	return get_policy(policy, (void *)addr, MPOL_F_ADDR);
}

int
membind_sys_set_self(const struct membind_kernel_policy *policy)
{
	const unsigned long *nodes = policy_words(policy);

	return result(set_mempolicy(policy->mode, nodes, nodes != NULL ? MAXNODE : 0));
}

int
membind_sys_get_self(struct membind_kernel_policy *policy)
{
	return get_policy(policy, NULL, 0);
}

static int
allowed_line(const char *text, void *arg)
{
	static const char key[] = "Mems_allowed_list:\t";

	if (strncmp(text, key, strlen(key)) != 0)
		return 0;
	return rte_numa_mask_parse(text + strlen(key), arg) < 0 ? -EINVAL : 1;
}

int
membind_sys_allowed_of(pid_t pid, struct rte_numa_mask *nodes)
{
	struct rte_numa_mask got;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	ret = membind_sys_lines(path, allowed_line, &got);
	if (ret == -ENOENT)
		return -ESRCH;
	if (ret < 0)
		return ret;
	if (ret == 0) /* No such line: a kernel without cpusets. */
		memset(&got, 0xff, sizeof(got));
	*nodes = got;
	return 0;
}

int
membind_sys_allowed(struct rte_numa_mask *nodes)
{
	struct rte_numa_mask got = { 0 };
	int err;

	if (get_mempolicy(NULL, (unsigned long *)got.words, MAXNODE, NULL, MPOL_F_MEMS_ALLOWED) ==
	    0) {
		*nodes = got;
		return 0;
	}
	/* Filters of containers forbid the call, and not the file. */
	err = -errno;
	if (err != -ENOSYS && membind_sys_allowed_of(getpid(), nodes) == 0)
		return 0;
	return err;
}

long
membind_sys_move(size_t n, void **pages, const int *nodes, int *status)
{
	long ret = move_pages(0, n, pages, nodes, status, nodes != NULL ? MPOL_MF_MOVE : 0);

	return ret < 0 ? -errno : ret;
}

long
membind_sys_migrate(pid_t pid, const struct rte_numa_mask *from, const struct rte_numa_mask *to)
{
	long ret = migrate_pages(pid, MAXNODE, words(from), words(to));

	return ret < 0 ? -errno : ret;
}

/* Hand on the lines in buf, and say how many bytes of it are done with. */
static int
split_lines(char *buf, size_t len, bool *cut, int (*line)(const char *, void *), void *arg,
	    size_t *used)
{
	char *at = buf, *end;
	int ret = 0;

	while (ret == 0 && (end = memchr(at, '\n', len - (at - buf))) != NULL) {
		*end = '\0';
		if (!*cut)
			ret = line(at, arg);
		*cut = false;
		at = end + 1;
	}
	*used = at - buf;
	if (ret == 0 && *used == 0 && len == LINE_SIZE) {
		buf[len] = '\0';
		if (!*cut)
			ret = line(buf, arg);
		*cut = true;
		*used = len;
	}
	return ret;
}

int
membind_sys_lines(const char *path, int (*line)(const char *text, void *arg), void *arg)
{
	char buf[LINE_SIZE + 1];
	size_t len = 0, used;
	bool cut = false;
	int ret = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (ret == 0) {
		ssize_t n = read(fd, buf + len, LINE_SIZE - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		len += n;
		ret = split_lines(buf, len, &cut, line, arg, &used);
		len -= used;
		memmove(buf, buf + used, len);
	}
	close(fd);
	return ret;
}

static int
compare_numbers(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static int
add_number(pid_t **numbers, size_t *n, pid_t number)
{
	pid_t *bigger;

	/* Grows at each power of two from 64 on. */
	if (*n == 0 || (*n >= 64 && (*n & (*n - 1)) == 0)) {
		bigger = realloc(*numbers, (*n < 64 ? 64 : *n * 2) * sizeof(*bigger));
		if (bigger == NULL)
			return -ENOMEM;
		*numbers = bigger;
	}
	(*numbers)[(*n)++] = number;
	return 0;
}

int
membind_sys_numbers(const char *path, pid_t **numbers, size_t *n)
{
	struct dirent *entry;
	pid_t *found = NULL;
	size_t nb_found = 0;
	DIR *dir = opendir(path);
	int ret = 0;

	if (dir == NULL)
		return -errno;
	while (ret == 0) {
		char *end;
		long number;

		errno = 0;
		entry = readdir(dir);
		if (entry == NULL) {
			ret = -errno;
			break;
		}
		number = strtol(entry->d_name, &end, 10);
		if (*end == '\0' && number > 0)
			ret = add_number(&found, &nb_found, number);
	}
	closedir(dir);
	if (ret < 0) {
		free(found);
		return ret;
	}
	if (nb_found > 1)
		qsort(found, nb_found, sizeof(*found), compare_numbers);
	*numbers = found;
	*n = nb_found;
	return 0;
}

int
membind_sys_pagemap(uintptr_t addr, size_t page_size, uint64_t *entries, size_t n)
{
	/* One entry each for pages of the base size; of a hugepage's entries the first is enough. */
	bool base = page_size == membind_sys_page_size();
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; ret == 0 && i < n; i += base ? n : 1) {
		size_t size = (base ? n : 1) * sizeof(*entries);
		off_t at = (addr + i * page_size) / membind_sys_page_size() * sizeof(*entries);
		ssize_t got = pread(fd, &entries[i], size, at);

		if (got < 0)
			ret = -errno;
		else if ((size_t)got < size)
			ret = -ENODATA;
	}
	close(fd);
	return ret;
}

int
membind_sys_signal(pid_t tid, int signo, int value)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signo;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return result(syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, signo, &info));
}

pid_t
membind_sys_tid(void)
{
	return gettid();
}

bool
membind_sys_exists(pid_t pid)
{
	return kill(pid, 0) == 0 || errno == EPERM;
}

int
membind_sys_own_thread(pid_t tid)
{
	if (tgkill(getpid(), tid, 0) == 0)
		return 0;
	if (errno != ESRCH)
		return -errno;
	return membind_sys_exists(tid) ? -ENOSYS : -ESRCH;
}

int
membind_sys_probe_page(uintptr_t *page, int prot)
{
	/* Low in memory it comes first in the files of /proc. A hint: it may end up elsewhere. */
	void *hint = (void *)(uintptr_t)0x10000;
	void *addr = mmap(hint, membind_sys_page_size(), prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		return -errno;
	*page = (uintptr_t)addr;
	return 0;
}

void
membind_sys_unmap(uintptr_t page, size_t size)
{
	munmap((void *)page, size);
}

int
membind_sys_map(uintptr_t *addr, size_t size)
{
	void *got = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (got == MAP_FAILED)
		return -errno;
	*addr = (uintptr_t)got;
	return 0;
}

int
membind_sys_protect(uintptr_t start, size_t size, int prot)
{
	return result(mprotect((void *)start, size, prot));
}

int
membind_sys_node(void)
{
	unsigned int node_id;

	return getcpu(NULL, &node_id) == 0 && node_id < RTE_NUMA_MAX_NODES ? (int)node_id : -1;
}

size_t
membind_sys_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}
