/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * fastmem_mp_autotest: a primary and secondaries share blocks. The program starts itself again, with
 * the same command in DPDK_TEST; what there is to do the secondary finds in a memzone. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>
#include <rte_lcore.h>
#include <rte_memzone.h>

#include "test.h"

#define ZONE	   "fastmem_mp_autotest"
#define NB	   64	/* blocks that each side hands to the other */
#define SIZE	   1500 /* of each */
#define PATIENCE_S 60	/* after which the other side hangs */
#define RESERVED   ((size_t)8 << 20)

/* What the primary wants of a secondary. */
enum errand {
	ERRAND_EXCHANGE, /* check what is handed over and free it, hand over as many */
	ERRAND_DIE,	 /* allocate, and be killed without freeing */
};

/* In the memzone, for both. */
struct shared {
	enum errand errand;
	uint32_t ready; /* the secondary got to where it can be killed; release, acquire */
	void *from_primary[NB];
	void *from_secondary[NB];
	uint64_t node_seen, iova_seen[NB];
};

extern char **environ;

static void
fill(void *ptr, unsigned int i)
{
	memset(ptr, (int)(i + 1), SIZE);
}

static bool
is_filled(const void *ptr, unsigned int i)
{
	const unsigned char *byte = ptr;

	for (unsigned int at = 0; at < SIZE; at++)
		if (byte[at] != (unsigned char)(i + 1))
			return false;
	return true;
}

/* --- the secondary ---------------------------------------------------------------------------- */

static int
exchange(struct shared *shared)
{
	for (unsigned int i = 0; i < NB; i++) {
		void *ptr = shared->from_primary[i];

		TEST_ASSERT(rte_fastmem_owns(ptr), "does not own the primary's block");
		TEST_ASSERT(is_filled(ptr, i), "the primary's block %u is not as it was", i);
		TEST_ASSERT(rte_fastmem_usable_size(ptr) >= SIZE, "usable size");
		shared->iova_seen[i] = rte_fastmem_virt2iova(ptr);
		shared->node_seen = (uint64_t)rte_fastmem_node_of(ptr);
	}
	/* While the primary's are still there: none of these may be one of them. */
	for (unsigned int i = 0; i < NB; i++) {
		shared->from_secondary[i] = rte_fastmem_alloc(SIZE, 0, 0);
		TEST_ASSERT_NOT_NULL(shared->from_secondary[i], "errno %d", rte_errno);
		fill(shared->from_secondary[i], NB + i);
	}
	for (unsigned int i = 0; i < NB; i++) {
		TEST_ASSERT(is_filled(shared->from_primary[i], i), "block %u was given twice", i);
		rte_fastmem_free(shared->from_primary[i]);
	}
	return TEST_SUCCESS;
}

static int
test_secondary(void)
{
	const struct rte_memzone *zone = rte_memzone_lookup(ZONE);
	struct shared *shared;

	TEST_ASSERT_NOT_NULL(zone, "the primary left no errand");
	shared = zone->addr;
	TEST_ASSERT_SUCCESS(rte_fastmem_init(), "init");
	if (shared->errand == ERRAND_EXCHANGE) {
		TEST_ASSERT_SUCCESS(exchange(shared), "exchange");
		rte_fastmem_deinit();
		return TEST_SUCCESS;
	}
	for (unsigned int i = 0; i < NB; i++) {
		shared->from_secondary[i] = rte_fastmem_alloc(SIZE, 0, 0);
		TEST_ASSERT_NOT_NULL(shared->from_secondary[i], "errno %d", rte_errno);
		fill(shared->from_secondary[i], i);
	}
	/* Release: the primary sees the blocks, pairs with its acquire. */
	__atomic_store_n(&shared->ready, 1, __ATOMIC_RELEASE);
	sleep(PATIENCE_S);
	return TEST_FAILED;
}

/* --- the primary ------------------------------------------------------------------------------ */

/* EAL's prefix of this process, by the name of its folder. */
static const char *
own_prefix(void)
{
	const char *name = strrchr(rte_eal_get_runtime_dir(), '/');

	return name == NULL ? NULL : name + 1;
}

/* The program again, on the CPUs of the main lcore; negative: it cannot be started. */
static pid_t
start_secondary(void)
{
	rte_cpuset_t cpus = rte_lcore_cpuset(rte_get_main_lcore());
	char program[] = "/proc/self/exe", type[] = "--proc-type=secondary";
	char telemetry[] = "--no-telemetry", pci[] = "--no-pci", level[] = "--log-level=error";
	char prefix[256], lcores[64];
	char *argv[] = { program, type, prefix, lcores, telemetry, pci, level, NULL };
	posix_spawn_file_actions_t actions;
	unsigned int cpu = 0;
	pid_t pid;
	int ret;

	while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", own_prefix());
	/* No lcore of the primary's: each process has caches of its own. */
	snprintf(lcores, sizeof(lcores), "--lcores=%u@%u", RTE_MAX_LCORE - 1, cpu);
	setenv("DPDK_TEST", "fastmem_mp_autotest", 1);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	/* EAL's own, its lock on the configuration among them. */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	fflush(stdout);
	ret = posix_spawn(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	unsetenv("DPDK_TEST");
	return ret == 0 ? pid : -1;
}

/* Its exit status, or -1: it hangs, and is killed, or was. */
static int
wait_for(pid_t pid)
{
	uint64_t end = rte_get_timer_cycles() + PATIENCE_S * rte_get_timer_hz();
	int status;

	while (rte_get_timer_cycles() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		usleep(1000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static const struct rte_memzone *zone;
static struct shared *shared;

static int
test_setup(void)
{
	int ret = rte_fastmem_init();

	TEST_ASSERT_SUCCESS(ret, "init: %d", ret);
	ret = rte_fastmem_reserve(RESERVED, RTE_NUMA_NODE_ANY);
	if (ret == -ENOMEM) {
		printf("skipped: EAL has no %zu MiB that can be reserved\n", RESERVED >> 20);
		return TEST_SKIPPED;
	}
	TEST_ASSERT_SUCCESS(ret, "reserve: %d", ret);
	rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	zone = rte_memzone_reserve(ZONE, sizeof(*shared), SOCKET_ID_ANY, 0);
	TEST_ASSERT_NOT_NULL(zone, "memzone: errno %d", rte_errno);
	shared = zone->addr;
	memset(shared, 0, sizeof(*shared));
	return TEST_SUCCESS;
}

static void
test_teardown(void)
{
	rte_memzone_free(zone);
	zone = NULL;
	rte_fastmem_deinit();
}

static uint64_t
in_use(void)
{
	struct rte_fastmem_stats stats;

	return rte_fastmem_stats(&stats) == 0 ? stats.bytes_in_use : UINT64_MAX;
}

/* Blocks go both ways: read, and freed by who did not allocate them. */
static int
test_exchange(void)
{
	uint64_t iova[NB];
	pid_t pid;

	shared->errand = ERRAND_EXCHANGE;
	for (unsigned int i = 0; i < NB; i++) {
		shared->from_primary[i] = rte_fastmem_alloc(SIZE, 0, 0);
		TEST_ASSERT_NOT_NULL(shared->from_primary[i], "errno %d", rte_errno);
		fill(shared->from_primary[i], i);
		/* Now: the secondary frees it. */
		iova[i] = rte_fastmem_virt2iova(shared->from_primary[i]);
	}
	pid = start_secondary();
	TEST_ASSERT(pid > 0, "no secondary");
	TEST_ASSERT_SUCCESS(wait_for(pid), "the secondary failed");
	for (unsigned int i = 0; i < NB; i++) {
		void *ptr = shared->from_secondary[i];

		TEST_ASSERT(is_filled(ptr, NB + i), "block %u is not as it was", i);
		TEST_ASSERT_EQUAL(shared->iova_seen[i], iova[i], "another IO address");
	}
	TEST_ASSERT_EQUAL((int)shared->node_seen, rte_fastmem_node_of(shared->from_secondary[0]),
			  "another node");
	/* The secondary freed ours, and has gone: what is in use is its blocks. */
	TEST_ASSERT_EQUAL(in_use(), NB * rte_fastmem_usable_size(shared->from_secondary[0]),
			  "%ju bytes in use", (uintmax_t)in_use());
	for (unsigned int i = 0; i < NB; i++)
		rte_fastmem_free(shared->from_secondary[i]);
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	return TEST_SUCCESS;
}

/* One that is killed holds up nobody; its blocks stay, and can be freed. */
static int
test_killed(void)
{
	uint64_t end = rte_get_timer_cycles() + PATIENCE_S * rte_get_timer_hz();
	unsigned int n = 0;
	pid_t pid;

	shared->errand = ERRAND_DIE;
	pid = start_secondary();
	TEST_ASSERT(pid > 0, "no secondary");
	/* Acquire: pairs with the secondary's release. */
	while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) == 0 &&
	       rte_get_timer_cycles() < end && waitpid(pid, NULL, WNOHANG) == 0)
		usleep(1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	TEST_ASSERT(shared->ready, "the secondary failed");
	for (unsigned int i = 0; i < NB; i++) {
		TEST_ASSERT(is_filled(shared->from_secondary[i], i), "block %u", i);
		rte_fastmem_free(shared->from_secondary[i]);
	}
	TEST_ASSERT_EQUAL(in_use(), 0, "in use");
	/* What was in its caches can be had, once somebody took it back. */
	rte_fastmem_trim(RTE_NUMA_NODE_ANY);
	while (rte_fastmem_alloc_node(65536, 0, 0, RTE_NUMA_NODE_ANY) != NULL)
		n++;
	TEST_ASSERT((size_t)n * 65536 >= RESERVED, "%u blocks of 64 KiB", n);
	return TEST_SUCCESS;
}

static struct unit_test_suite suite = {
	.suite_name = "fastmem with several processes",
	.unit_test_cases = {
		TEST_CASE_ST(test_setup, test_teardown, test_exchange),
		TEST_CASE_ST(test_setup, test_teardown, test_killed),
		TEST_CASES_END(),
	},
};

static int
test_fastmem_mp(void)
{
	char path[4096];

	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		return test_secondary();
	if (!rte_eal_has_hugepages()) {
		printf("skipped: memory of --no-huge cannot be shared\n");
		return TEST_SKIPPED;
	}
	snprintf(path, sizeof(path), "%s/config", rte_eal_get_runtime_dir());
	if (access(path, R_OK) != 0) {
		printf("skipped: EAL keeps nothing that a secondary could find (--in-memory)\n");
		return TEST_SKIPPED;
	}
	return unit_test_suite_runner(&suite);
}

REGISTER_TEST_COMMAND(fastmem_mp_autotest, test_fastmem_mp);
