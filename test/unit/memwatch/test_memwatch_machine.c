/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests over the machine that they run on: figures against the kernel's files, limits and
 *   stalls that are real.
 * Must not: have more than some MiB taken outside a cgroup, or one killed for memory.
 * Called by: meson test.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "box.h"
#include "rte_memwatch.h"

#define MIB	((size_t)1 << 20)
#define MACHINE RTE_NUMA_NODE_ANY

#define skip_because(why) \
	do { \
		print_message("%s\n", (why)); \
		skip(); \
	} while (0)

/* What a child found wrong: it ends with the line's number. */
#define child_needs(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "line %d: not %s (%s)\n", __LINE__, #condition, \
				rte_memwatch_error()); \
			_exit(1); \
		} \
	} while (0)

static int64_t
meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128], key[64];
	int64_t kib, found = -1;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%63[^:]: %" SCNd64, key, &kib) == 2 && strcmp(key, name) == 0)
			found = kib * 1024;
	fclose(f);
	return found;
}

/* Others allocate meanwhile, so that it is about the same. */
static void
figures_are_the_kernels(void **state)
{
	const int64_t slack = meminfo("MemTotal") / 8;
	struct rte_memwatch_figure f[RTE_MEMWATCH_NB_SOURCES];
	int64_t available = meminfo("MemAvailable"), told;

	(void)state;
	assert_int_equal(rte_memwatch_figures(MACHINE, f), 0);
	assert_in_range(f[RTE_MEMWATCH_SOURCE_MEMORY].free, available - slack, available + slack);
	if (meminfo("Hugetlb") >= 0)
		assert_in_range(f[RTE_MEMWATCH_SOURCE_MEMORY].total,
				meminfo("MemTotal") - meminfo("Hugetlb") - slack,
				meminfo("MemTotal") - meminfo("Hugetlb") + slack);
	told = rte_memwatch_available(MACHINE);
	assert_true(told >= 0 && told <= available + slack);
	if (!f[RTE_MEMWATCH_SOURCE_CGROUP].known)
		assert_true(told >= available - slack);
	assert_int_equal(f[RTE_MEMWATCH_SOURCE_STALL].known,
			 access("/proc/pressure/memory", R_OK) == 0);
}

/* Run a function in a process of its own in a cgroup; it ends the process, with 0 if all is well. */
static void
run_boxed(const struct box *box, void (*body)(const struct box *box))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (!box_enter(box))
			_exit(2);
		body(box);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	box_remove(box);
	assert_int_equal(status, 0);
}

static struct rte_memwatch_change told[8];
static _Atomic unsigned int nb_told;

static void
note(const struct rte_memwatch_change *change, void *arg)
{
	unsigned int at = atomic_load(&nb_told);

	(void)arg;
	if (at < 8)
		told[at] = *change;
	atomic_store(&nb_told, at + 1);
}

static void *
take(size_t size)
{
	void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	child_needs(mem != MAP_FAILED);
	memset(mem, 1, size);
	return mem;
}

static void
look(void)
{
	usleep(15000);
	rte_memwatch_poll();
}

static void
fill_up(const struct box *box)
{
	struct rte_memwatch_config config;
	const unsigned int most = 60;
	unsigned int n = 0, last;
	void *mem[60];

	rte_memwatch_config_init(&config);
	config.flags = RTE_MEMWATCH_F_POLLED;
	config.sources = RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_CGROUP);
	config.period_ms = 10;
	config.hold_ms = 0;
	atomic_store(&nb_told, 0);
	child_needs(rte_memwatch_start(&config) == 0);
	child_needs(rte_memwatch_register(MACHINE, note, NULL) > 0);
	look();
	child_needs(rte_memwatch_current(MACHINE) == RTE_MEMWATCH_LOW);
	child_needs(rte_memwatch_available(MACHINE) <= (int64_t)(64 * MIB));
	/* By pieces, as a sanitizer takes its share. */
	for (; n < most && rte_memwatch_current(MACHINE) < RTE_MEMWATCH_CRITICAL; n++) {
		mem[n] = take(64 * MIB / most);
		look();
	}
	child_needs(rte_memwatch_current(MACHINE) == RTE_MEMWATCH_CRITICAL && n > most / 2);
	child_needs(rte_memwatch_available(MACHINE) <= (int64_t)(64 * MIB / 20));
	last = atomic_load(&nb_told) - 1;
	child_needs(last < 3);
	for (unsigned int i = 0; i <= last; i++)
		child_needs(told[i].from == (i == 0 ? RTE_MEMWATCH_LOW : told[i - 1].to));
	child_needs(told[last].to == RTE_MEMWATCH_CRITICAL);
	child_needs(told[last].why == RTE_MEMWATCH_SOURCE_CGROUP);
	child_needs(strstr(told[last].text, box->dir) != NULL);
	while (n > 0)
		munmap(mem[--n], 64 * MIB / most);
	look();
	child_needs(rte_memwatch_current(MACHINE) == RTE_MEMWATCH_LOW);
	child_needs(atomic_load(&nb_told) == last + 2);
}

static void
a_cgroup_that_fills_up_is_critical(void **state)
{
	struct box box;
	const char *why = box_make(&box);

	(void)state;
	if (why != NULL)
		skip_because(why);
	box_limit(&box, 64 * MIB);
	run_boxed(&box, fill_up);
}

/* With a period of an hour it is the kernel that says when to look. */
static void
go_beyond_high(const struct box *box)
{
	struct rte_memwatch_config config;
	void *mem;

	(void)box;
	rte_memwatch_config_init(&config);
	config.sources = RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_CGROUP_EVENTS);
	config.period_ms = 3600000;
	config.hold_ms = 3600000;
	child_needs(rte_memwatch_start(&config) == 0);
	atomic_store(&nb_told, 0);
	child_needs(rte_memwatch_register(MACHINE, note, NULL) > 0);
	usleep(50000);
	child_needs(atomic_load(&nb_told) == 0);
	mem = take(33 * MIB);
	for (int i = 0; i < 1000 && atomic_load(&nb_told) == 0; i++)
		usleep(10000);
	child_needs(atomic_load(&nb_told) == 1);
	child_needs(told[0].to == RTE_MEMWATCH_MEDIUM);
	child_needs(told[0].why == RTE_MEMWATCH_SOURCE_CGROUP_EVENTS);
	rte_memwatch_stop();
	munmap(mem, 33 * MIB);
}

static void
events_of_a_cgroup_are_seen_at_once(void **state)
{
	struct box box;
	const char *why = box_make(&box);

	(void)state;
	if (why != NULL)
		skip_because(why);
	if (box.v1) {
		box_remove(&box);
		skip_because("cgroups of version 1 have no events");
	}
	box_limit_high(&box, 32 * MIB);
	run_boxed(&box, go_beyond_high);
}

static uint64_t
stalled_us(void)
{
	uint64_t total = 0;
	FILE *f = fopen("/proc/pressure/memory", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "some %*s %*s %*s total=%" SCNu64, &total), 1);
	fclose(f);
	return total;
}

/* Reads more of a file than the cgroup may keep, or takes more than it should have, again and again. */
static void
struggle(const struct box *box, int fd)
{
	const size_t size = box->v1 ? 96 * MIB : 24 * MIB;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 box->v1 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, box->v1 ? fd : -1, 0);
	_Atomic unsigned int sum = 0;

	if (mem == MAP_FAILED || !box_enter(box))
		_exit(1);
	for (;;) {
		for (size_t at = 0; at < size; at += 4096) {
			if (!box->v1)
				mem[at] = 1;
			atomic_fetch_add(&sum, (unsigned int)mem[at]);
		}
		if (!box->v1)
			madvise(mem, size, MADV_DONTNEED);
	}
}

#define STRUGGLERS 3

static void
start_struggling(const struct box *box, pid_t pids[STRUGGLERS])
{
	char name[] = "/tmp/fastmem-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(ftruncate(fd, 96 * MIB), 0);
	if (box->v1)
		box_limit(box, 16 * MIB);
	else
		box_limit_high(box, 16 * MIB);
	for (unsigned int i = 0; i < STRUGGLERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			struggle(box, fd);
	}
	close(fd);
}

static void
end_struggling(const pid_t pids[STRUGGLERS])
{
	for (unsigned int i = 0; i < STRUGGLERS; i++)
		kill(pids[i], SIGKILL);
	for (unsigned int i = 0; i < STRUGGLERS; i++)
		waitpid(pids[i], NULL, 0);
}

static uint64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Wait for a callback: the share of the time that tasks waited for memory meanwhile, in thousandths. */
static uint64_t
wait_told(void)
{
	uint64_t from = now_us(), stalled = stalled_us();

	for (int i = 0; i < 1000 && atomic_load(&nb_told) == 0; i++)
		usleep(10000);
	return (stalled_us() - stalled) * 1000 / (now_us() - from);
}

static void
stalls_are_seen_at_once(void **state)
{
	struct rte_memwatch_config config;
	pid_t pids[STRUGGLERS];
	struct box box;
	const char *why;
	unsigned int n;
	uint64_t share;
	int id;

	(void)state;
	if (access("/proc/pressure/memory", W_OK) != 0)
		skip_because("this kernel does not tell of stalls");
	why = box_make(&box);
	if (why != NULL)
		skip_because(why);
	rte_memwatch_config_init(&config);
	config.sources = RTE_MEMWATCH_SOURCE_BIT(RTE_MEMWATCH_SOURCE_STALL);
	config.period_ms = 3600000;
	config.hold_ms = 3600000;
	assert_int_equal(rte_memwatch_start(&config), 0);
	id = rte_memwatch_register(MACHINE, note, NULL);
	/* The look that registering brings is over: from here on it is the kernel that says when. */
	usleep(200000);
	if (atomic_load(&nb_told) > 0) {
		rte_memwatch_stop();
		assert_int_equal(rte_memwatch_unregister(id), 0);
		box_remove(&box);
		skip_because("tasks wait for memory here anyway");
	}
	start_struggling(&box, pids);
	share = wait_told();
	n = atomic_load(&nb_told);
	end_struggling(pids);
	rte_memwatch_stop();
	assert_int_equal(rte_memwatch_unregister(id), 0);
	box_remove(&box);
	/* With more than that in all, there was a window with more than a twentieth. */
	if (n == 0 && share < 60)
		skip_because("nobody waited for memory long enough on this machine");
	assert_true(n >= 1);
	assert_int_equal(told[0].why, RTE_MEMWATCH_SOURCE_STALL);
	print_message("%s\n", told[0].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_the_kernels),
		/* Before the others, which have tasks wait for memory too. */
		cmocka_unit_test(stalls_are_seen_at_once),
		cmocka_unit_test(a_cgroup_that_fills_up_is_critical),
		cmocka_unit_test(events_of_a_cgroup_are_seen_at_once),
	};

	return cmocka_run_group_tests_name("memwatch/machine", tests, NULL, NULL);
}
