/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what /sys, /proc and the kernel say about the machine and this process.
 * Must not: change anything but the kernel's marks on this process's pages.
 * Called by: main.c to describe it, rounds.c to notice disturbances, scenarios that weigh memory.
 */

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "machine.h"

#define POOLS "/sys/kernel/mm/hugepages"

/* The text behind the first line's "key", to its end; empty if there is none. */
static void
read_line_of(const char *path, const char *key, char *value, size_t size)
{
	FILE *file = fopen(path, "r");
	char line[256];
	char *at;

	value[0] = '\0';
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		at = line + strlen(key);
		at += strspn(at, " \t:");
		snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
		break;
	}
	fclose(file);
}

static uint64_t
read_number(const char *folder, const char *name)
{
	char path[512];
	char value[32];

	snprintf(path, sizeof(path), POOLS "/%s/%s", folder, name);
	read_line_of(path, "", value, sizeof(value));
	return strtoull(value, NULL, 10);
}

static uint64_t
free_hugepages(void)
{
	DIR *dir = opendir(POOLS);
	struct dirent *entry;
	uint64_t bytes = 0;
	unsigned long kb;

	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL)
		if (sscanf(entry->d_name, "hugepages-%lukB", &kb) == 1)
			bytes += (read_number(entry->d_name, "free_hugepages") -
				  read_number(entry->d_name, "resv_hugepages")) *
				 kb * 1024;
	closedir(dir);
	return bytes;
}

static void
read_cpus(struct machine *machine)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	machine->nb_cpus = 0;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (machine->nb_cpus == 0)
			machine->cpus[0] = cpu;
		if (machine->nb_cpus < 2)
			machine->cpus[1] = cpu;
		machine->nb_cpus++;
	}
}

void
machine_read(struct machine *machine)
{
	struct utsname name;
	char thp[64];
	char *chosen;

	read_line_of("/proc/cpuinfo", "model name", machine->cpu, sizeof(machine->cpu));
	uname(&name);
	snprintf(machine->kernel, sizeof(machine->kernel), "%.63s", name.release);
	read_line_of("/sys/kernel/mm/transparent_hugepage/enabled", "", thp, sizeof(thp));
	chosen = strchr(thp, '[');
	snprintf(machine->thp, sizeof(machine->thp), "%.*s",
		 chosen == NULL ? 0 : (int)strcspn(chosen + 1, "]"),
		 chosen == NULL ? "" : chosen + 1);
	read_cpus(machine);
	machine->hugepage_bytes = free_hugepages();
}

void
disturbance_read(struct disturbance *now)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
	struct rusage usage;
	char line[256];

	now->switches = 0;
	now->steal = 0;
	if (getrusage(RUSAGE_THREAD, &usage) == 0)
		now->switches = usage.ru_nivcsw;
	read_line_of("/proc/stat", "cpu ", line, sizeof(line));
	if (sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle,
		   &iowait, &irq, &softirq, &steal) == 8)
		now->steal = steal;
}

bool
disturbance_since(const struct disturbance *then, bool crowded)
{
	struct disturbance now;

	disturbance_read(&now);
	return (!crowded && now.switches != then->switches) || now.steal != then->steal;
}

uint64_t
machine_resident(void)
{
	static const char *const keys[] = { "Rss:", "Shared_Hugetlb:", "Private_Hugetlb:" };
	uint64_t bytes = 0;
	char value[64];
	unsigned int i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		read_line_of("/proc/self/smaps_rollup", keys[i], value, sizeof(value));
		bytes += strtoull(value, NULL, 10) * 1024;
	}
	return bytes;
}

bool
machine_clear_referenced(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	if (file == NULL)
		return false;
	fputs("1", file);
	return fclose(file) == 0;
}

uint64_t
machine_referenced(const void *start, uint64_t size)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long first, last, kb;
	bool inside = false;
	uint64_t bytes = 0;
	char line[512];

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
			inside = first >= (uintptr_t)start && last <= (uintptr_t)start + size;
		else if (inside && sscanf(line, "Referenced: %lu kB", &kb) == 1)
			bytes += (uint64_t)kb * 1024;
	}
	fclose(file);
	return bytes;
}
