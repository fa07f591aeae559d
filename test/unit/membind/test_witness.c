/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the kernel says about memory, asked without the library under test.
 * Must not: call that library, but for its masks.
 * Called by: the tests of lib/membind.
 */

#include <errno.h>
#include <numaif.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test_witness.h"

#define MAXNODE (RTE_NUMA_MAX_NODES + 1)

static struct rte_numa_mask
read_list(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	struct rte_numa_mask mask = { 0 };
	char line[8192];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		assert_int_equal(rte_numa_mask_parse(line + strlen(key), &mask), 0);
		fclose(file);
		return mask;
	}
	fail_msg("%s has no line %s", path, key);
	return mask;
}

struct rte_numa_mask
usable_nodes(void)
{
	struct rte_numa_mask with_memory = read_list("/sys/devices/system/node/has_memory", "");
	struct rte_numa_mask allowed = read_list("/proc/self/status", "Mems_allowed_list:\t");

	rte_numa_mask_and(&allowed, &allowed, &with_memory);
	return allowed;
}

int
usable_node(unsigned int n)
{
	struct rte_numa_mask nodes = usable_nodes();
	int node_id;

	RTE_NUMA_MASK_FOREACH(node_id, &nodes)
		if (n-- == 0)
			return node_id;
	skip_because("this machine has too few nodes with memory for it");
	return -1;
}

struct rte_numa_mask
mask_of(const char *list)
{
	struct rte_numa_mask mask;

	assert_int_equal(rte_numa_mask_parse(list, &mask), 0);
	return mask;
}

struct rte_numa_mask
mask_of_node(int node_id)
{
	struct rte_numa_mask mask;

	assert_int_equal(rte_numa_mask_only(&mask, node_id), 0);
	return mask;
}

/* With a guard page on both sides, and nothing of it merged with a neighbour. */
static void *
map_at(size_t size, size_t align, int flags)
{
	char *room = mmap(NULL, size + 2 * align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *addr;

	assert_true(room != MAP_FAILED);
	addr = (char *)(((uintptr_t)room + align) & ~(align - 1));
	if (mmap(addr, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0) == MAP_FAILED) {
		munmap(room, size + 2 * align);
		return NULL;
	}
	return addr;
}

void *
map(size_t size)
{
	void *addr = map_at(size, 2 * MIB, 0);

	assert_non_null(addr);
	/* One node a page is what is tested. */
	madvise(addr, size, MADV_NOHUGEPAGE);
	return addr;
}

void *
map_huge(size_t size)
{
	const char *huge = getenv("FASTMEM_HUGE");
	void *addr;

	/* What ./dev says, so that a run without hugepages is the same everywhere. */
	addr = huge != NULL && strcmp(huge, "0") == 0 ?
		       NULL :
		       map_at(size, 2 * MIB, MAP_HUGETLB | 21 << MAP_HUGE_SHIFT);
	if (addr == NULL)
		skip_because("too few hugepages of 2 MiB");
	return addr;
}

void
unmap(void *addr, size_t size)
{
	assert_int_equal(munmap(addr, size), 0);
}

void
touch(void *addr, size_t size)
{
	for (size_t at = 0; at < size; at += PAGE)
		((char *)addr)[at] = 1;
}

int
mode_at(const void *addr)
{
	int mode;

	assert_int_equal(syscall(SYS_get_mempolicy, &mode, NULL, 0, (void *)(uintptr_t)addr,
				 MPOL_F_ADDR),
			 0);
	return mode;
}

int
mode_of_self(void)
{
	int mode;

	assert_int_equal(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0), 0);
	return mode;
}

void
reset_self(void)
{
	assert_int_equal(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0), 0);
}

int
node_at(const void *addr)
{
	void *page = (void *)((uintptr_t)addr & ~(PAGE - 1));
	int status = -ENOENT;

	/* Neither is it anywhere while the kernel moves it, to have more memory in one piece. */
	for (int i = 0; i < 50 && status == -ENOENT; i++) {
		if (i > 0)
			usleep(2000);
		assert_int_equal(syscall(SYS_move_pages, 0, 1, &page, NULL, &status, 0), 0);
	}
	return status;
}

const char *
policy_shown(pid_t tid, const void *addr)
{
	static _Thread_local char shown[128];
	char path[64], line[8192];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", tid != 0 ? tid : gettid());
	file = fopen(path, "r");
	assert_non_null(file);
	shown[0] = '\0';
	while (fgets(line, sizeof(line), file) != NULL) {
		char *end, *text, *cut;

		if (strtoull(line, &end, 16) > (uintptr_t)addr)
			break;
		text = end + 1;
		/* Where the policy ends and the counts, "name=value", or single words begin. */
		cut = strpbrk(text, "\n");
		if (cut != NULL)
			*cut = '\0';
		for (cut = strchr(text, ' '); cut != NULL; cut = strchr(cut + 1, ' ')) {
			if (strncmp(cut, " (many)", 7) != 0 &&
			    strncmp(cut, " interleave", 11) != 0) {
				*cut = '\0';
				break;
			}
		}
		snprintf(shown, sizeof(shown), "%s", text);
	}
	fclose(file);
	return shown;
}

const char *
shown_as(const char *name, const struct rte_numa_mask *nodes)
{
	static _Thread_local char shown[128];
	char list[64];

	rte_numa_mask_text(nodes, list, sizeof(list));
	snprintf(shown, sizeof(shown), "%s:%s", name, list);
	return shown;
}
