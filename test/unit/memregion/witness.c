/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what the kernel says about this process's memory, asked by other ways than the library's.
 * Must not: use the library's own answers for it, but for showing them.
 * Called by: the tests of lib/memregion that run on the real machine.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <numaif.h>

#include "refuse.h"
#include "witness.h"

#define BATCH 512

void
witness_pages(const void *addr, size_t size, struct witness_pages *pages)
{
	size_t page = sysconf(_SC_PAGESIZE), n = size / page;
	void *list[BATCH];
	int status[BATCH];

	memset(pages, 0, sizeof(*pages));
	for (size_t i = 0; i < n; i += BATCH) {
		size_t count = n - i < BATCH ? n - i : BATCH;

		for (size_t j = 0; j < count; j++)
			list[j] = (char *)(uintptr_t)addr + (i + j) * page;
		assert_int_equal(move_pages(0, count, list, NULL, status, 0), 0);
		for (size_t j = 0; j < count; j++) {
			if (status[j] >= 0 && status[j] < 64)
				pages->on_node[status[j]] += page;
			else
				pages->absent += page;
		}
	}
}

/* The line of a file of /proc/self that a test takes; its first hexadecimal number is an address. */
static bool
find_line(const char *path, bool (*takes)(const char *line, uintptr_t addr), uintptr_t addr,
	  char *found, size_t size)
{
	FILE *file = fopen(path, "re");
	bool is_there = false;

	assert_non_null(file);
	while (!is_there && fgets(found, size, file) != NULL)
		is_there = takes(found, addr);
	fclose(file);
	return is_there;
}

static bool
begins_at(const char *line, uintptr_t addr)
{
	return strtoull(line, NULL, 16) == addr;
}

static bool
surrounds(const char *line, uintptr_t addr)
{
	char *dash;
	uintptr_t start = strtoull(line, &dash, 16);

	return *dash == '-' && start <= addr && addr < strtoull(dash + 1, NULL, 16);
}

const char *
witness_policy(const void *addr)
{
	static char line[1024];
	static char policy[256];

	assert_true(
		find_line("/proc/self/numa_maps", begins_at, (uintptr_t)addr, line, sizeof(line)));
	assert_int_equal(sscanf(line, "%*x %255s", policy), 1);
	return policy;
}

size_t
witness_numa_maps(const void *addr, int node_id)
{
	char line[1024], word[16];
	const char *found;
	size_t kib;

	assert_true(
		find_line("/proc/self/numa_maps", begins_at, (uintptr_t)addr, line, sizeof(line)));
	snprintf(word, sizeof(word), " N%d=", node_id);
	found = strstr(line, word);
	if (found == NULL)
		return 0;
	assert_non_null(strstr(line, "kernelpagesize_kB="));
	kib = strtoull(strstr(line, "kernelpagesize_kB=") + 18, NULL, 10);
	return strtoull(found + strlen(word), NULL, 10) * kib * 1024;
}

/* The rest of a line of the mapping's in smaps that begins with a word. */
static void
smaps_line(const void *addr, const char *word, char *rest, size_t size)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	bool inside = false, found = false;
	char line[1024];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file) != NULL) {
		if (strchr(line, '-') != NULL && line[0] != 'V' && strtoull(line, NULL, 16) != 0 &&
		    strchr(line, '-') < line + 17)
			inside = surrounds(line, (uintptr_t)addr);
		else if (inside && strncmp(line, word, strlen(word)) == 0 &&
			 line[strlen(word)] == ':') {
			snprintf(rest, size, "%s", line + strlen(word) + 1);
			found = true;
		}
	}
	fclose(file);
	assert_true(found);
}

size_t
witness_smaps(const void *addr, const char *field)
{
	char rest[1024];

	smaps_line(addr, field, rest, sizeof(rest));
	return strtoull(rest, NULL, 10) * 1024;
}

bool
witness_flag(const void *addr, const char *flag)
{
	char rest[1024], padded[8];

	smaps_line(addr, "VmFlags", rest, sizeof(rest));
	snprintf(padded, sizeof(padded), " %s ", flag);
	return strstr(rest, padded) != NULL;
}

unsigned long
witness_locked_kb(void)
{
	char line[256];
	unsigned long kb = 0;
	FILE *file = fopen("/proc/self/status", "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "VmLck: %lu", &kb);
	fclose(file);
	return kb;
}

const char *
witness_access(const void *addr)
{
	static char access[8];
	char line[1024];

	if (!find_line("/proc/self/maps", surrounds, (uintptr_t)addr, line, sizeof(line)))
		return "";
	assert_int_equal(sscanf(line, "%*x-%*x %7s", access), 1);
	return access;
}

bool
witness_name(const void *addr, size_t size, const char *name)
{
	const uintptr_t at[] = { (uintptr_t)addr, (uintptr_t)addr - 1, (uintptr_t)addr + size };
	char line[1024];

	for (int i = 0; i < 3; i++) {
		if (find_line("/proc/self/maps", surrounds, at[i], line, sizeof(line)) &&
		    strstr(line, name) != NULL)
			return true;
	}
	return false;
}

/* AddressSanitizer maps for itself all the time: there only what bears a name is looked at. */
static bool
is_ours(const char *line)
{
#if defined(__SANITIZE_ADDRESS__)
	return strstr(line, "memfd:") != NULL || strstr(line, "[anon:") != NULL;
#else
	return strstr(line, "[heap]") == NULL && strstr(line, "[stack]") == NULL;
#endif
}

const char *
witness_all(void)
{
	static char all[1 << 20];
	static char text[1 << 16];
	char *line, *rest = text;
	size_t len = 0;
	ssize_t n;
	int fd;

	/* By read(2) alone: a stream would allocate, and so change what is looked at. */
	for (fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	     (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0;)
		len += n;
	close(fd);
	text[len] = '\0';
	len = 0;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char range[40], access[8];
		int name = 0;

		/* A file made anew is as good: its number is left out. */
		if (is_ours(line) &&
		    sscanf(line, "%39s %7s %*s %*s %*s %n", range, access, &name) == 2)
			len += snprintf(all + len, sizeof(all) - len, "%s %s %s\n", range, access,
					line + name);
	}
	/* The lowest free descriptor tells whether one was left open. */
	fd = dup(0);
	snprintf(all + len, sizeof(all) - len, "next descriptor: %d\n", fd);
	close(fd);
	return all;
}

int
witness_touch(void *addr)
{
	struct rlimit none = { 0, 0 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		*(char volatile *)addr = 1;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int
witness_nodes(int *nodes, int max)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	int node_id, n = 0;

	assert_non_null(topo);
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY) {
		if (n < max)
			nodes[n] = node_id;
		n++;
	}
	return n;
}

bool
witness_transparent(void)
{
	char text[64] = "";
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");

	if (file == NULL)
		return false;
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	return strstr(text, "[never]") == NULL;
}

bool
witness_hugepages(unsigned int wanted)
{
	const char *allowed = getenv("FASTMEM_HUGE");
	FILE *file = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned int n = 0;

	if (allowed != NULL && strcmp(allowed, "0") == 0) {
		printf("skipped: FASTMEM_HUGE=0 forbids hugepages\n");
		return false;
	}
	if (file == NULL || fscanf(file, "%u", &n) != 1 || n < wanted)
		printf("skipped: %u hugepages of 2 MiB are free, and it takes %u\n", n, wanted);
	if (file != NULL)
		fclose(file);
	return n >= wanted;
}

void
witness_print(struct rte_memregion *region)
{
	struct rte_memregion_enforcement enforcement;

	assert_int_equal(rte_memregion_enforcement(region, &enforcement), 0);
	print_message("region %p, %zu bytes, pages of %zu: %s\n", rte_memregion_addr(region),
		      rte_memregion_size(region), rte_memregion_page_size(region),
		      rte_memregion_level_name(enforcement.level));
	for (int wish = 0; wish < RTE_MEMREGION_NB_WISHES; wish++) {
		const struct rte_memregion_account *account = &enforcement.wish[wish];

		if (account->level != RTE_MEMREGION_NOT_WISHED)
			print_message("  %s: %s (%s), %" PRIu64 " bytes: %s\n",
				      rte_memregion_wish_name(wish),
				      rte_memregion_level_name(account->level),
				      rte_memregion_reason_name(account->reason), account->bytes,
				      account->text);
	}
}

struct rte_memregion_account
witness_account(struct rte_memregion *region, enum rte_memregion_wish wish)
{
	struct rte_memregion_enforcement enforcement;

	assert_int_equal(rte_memregion_enforcement(region, &enforcement), 0);
	return enforcement.wish[wish];
}

int
witness_refusing(const int *calls, unsigned int nb_calls, int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (refuse_calls(calls, nb_calls, EPERM) < 0)
			_exit(126);
		status = body();
		fflush(stdout);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 126)
		skip();
	return WEXITSTATUS(status);
}
