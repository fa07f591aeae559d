/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: EAL's arguments where the user gives none; what EAL says of its memory.
 * Must not: start EAL: bench.c does, in each scenario's process.
 * Called by: main.c once, then whoever has to know what it came to.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include "eal.h"

/* Hugepages that the largest scenario takes beside fastmem's reservation. */
#define POOLS_SIZE ((uint64_t)384 << 20)

/* What EAL may take without hugepages; only what is used costs memory. */
#define NO_HUGE_MIB "768"

static void
add(struct eal_arguments *args, const char *arg)
{
	args->argv[args->argc++] = (char *)(uintptr_t)arg;
}

/* What both kinds have in common: two CPUs, no devices, nothing left behind. */
static void
begin(struct eal_arguments *args, const char *lcores)
{
	args->argc = 0;
	add(args, "fastmem-perf");
	add(args, "--lcores");
	add(args, lcores);
	add(args, "--no-pci");
	add(args, "--no-telemetry");
	add(args, "--log-level");
	add(args, "warning");
	/* Not every size of hugepage that there could be is there. */
	add(args, "--log-level");
	add(args, "lib.eal:error");
}

void
eal_choose(struct options *opts, const struct machine *machine)
{
	static char lcores[64];
	uint64_t wanted = opts->reserve + POOLS_SIZE;

	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", machine->cpus[0], machine->cpus[1]);
	begin(&opts->eal_no_huge, lcores);
	add(&opts->eal_no_huge, "--no-huge");
	add(&opts->eal_no_huge, "-m");
	add(&opts->eal_no_huge, NO_HUGE_MIB);
	add(&opts->eal_no_huge, "--no-shconf");
	if (opts->eal.argc > 0)
		return;
	if (machine->hugepage_bytes >= wanted) {
		begin(&opts->eal, lcores);
		add(&opts->eal, "--in-memory");
		return;
	}
	opts->eal = opts->eal_no_huge;
	if (opts->instructions || opts->counted)
		return;
	fprintf(stderr,
		"Without hugepages, in EAL's --no-huge mode: %llu MiB of them are free, and %llu "
		"are wanted.\n",
		(unsigned long long)machine->hugepage_bytes >> 20,
		(unsigned long long)wanted >> 20);
}

uint64_t
eal_heap_used(void)
{
	struct rte_malloc_socket_stats stats;
	uint64_t bytes = 0;
	int i;

	for (i = 0; i < RTE_MAX_NUMA_NODES; i++)
		if (rte_malloc_get_socket_stats(i, &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	return bytes;
}

bool
eal_has_hugepages(const struct options *opts)
{
	int i;

	for (i = 1; i < opts->eal.argc; i++)
		if (strcmp(opts->eal.argv[i], "--no-huge") == 0)
			return false;
	return true;
}
