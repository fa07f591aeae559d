/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the test that the node of an EAL lcore, had as the documentation says, is where it runs.
 * Must not: use hugepages, devices, or files that another EAL could see.
 * Called by: meson test.
 */

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "rte_numa_where.h"

#define MAX_LCORES 16

static unsigned int nb_lcores;

static int
ask_kernel(void *node_id)
{
	return syscall(SYS_getcpu, NULL, node_id, NULL) == 0 ? 0 : -errno;
}

static void
an_lcore_is_where_its_cpus_are(void **state)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	unsigned int lcore_id, nb_asked = 0;

	(void)state;
	assert_non_null(topo);
	RTE_LCORE_FOREACH(lcore_id) {
		rte_cpuset_t cpus = rte_lcore_cpuset(lcore_id);
		unsigned int node_id;

		if (lcore_id == rte_get_main_lcore()) {
			assert_int_equal(ask_kernel(&node_id), 0);
		} else {
			assert_int_equal(rte_eal_remote_launch(ask_kernel, &node_id, lcore_id), 0);
			assert_int_equal(rte_eal_wait_lcore(lcore_id), 0);
		}
		assert_int_equal(rte_numa_node_of_cpus(topo, &cpus, sizeof(cpus)), node_id);
		nb_asked++;
	}
	assert_int_equal(nb_asked, nb_lcores);
}

/* Lcores on CPUs that have other numbers than they, of all nodes where there are several. */
static void
start_eal(void)
{
	char lcores[MAX_LCORES * 16] = "";
	int cpus[CPU_SETSIZE], n = 0;
	cpu_set_t allowed;
	size_t len = 0;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[n++] = cpu;
	nb_lcores = n < MAX_LCORES ? n : MAX_LCORES;
	for (unsigned int i = 0; i < nb_lcores; i++)
		len += snprintf(lcores + len, sizeof(lcores) - len, "%s%u@%d", i > 0 ? "," : "", i,
				cpus[n - 1 - i * n / nb_lcores]);
	const char *args[] = { "test_numa_lcore", "--no-huge",	    "-m",	"32",  "--no-pci",
			       "--no-shconf",	  "--no-telemetry", "--lcores", lcores };

	assert_true(rte_eal_init(sizeof(args) / sizeof(args[0]), (char **)(uintptr_t)args) >= 0);
}

static int
setup(void **state)
{
	(void)state;
	start_eal();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_lcore_is_where_its_cpus_are),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
