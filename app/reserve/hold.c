/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the verb hold: a primary process that has the memory of a plan, for others to use.
 * Must not: use any of it, or take it from those that do.
 * Called by: main.c.
 *
 * A secondary's mappings outlive their primary. EAL cannot start a new one over them: so a holder
 * that comes after one that died waits until they have ended.
 */

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fastmem.h>

#include "leftovers.h"
#include "notify.h"
#include "plan.h"
#include "procs.h"
#include "runtime.h"
#include "text.h"
#include "verb.h"

#define MAX_USERS  64
#define MAX_ARGS   64
#define MAX_SPEEDS 64
#define POLL_MS	   200

enum { PREFIX, NO_WAIT, DRY_RUN };

static const struct option_def options[] = {
	[PREFIX] = { "--prefix", "NAME",
		     "EAL's --file-prefix, which the secondaries give too; fastmem if not said" },
	[NO_WAIT] = { "--no-wait", NULL,
		      "if processes still use what an earlier holder left, refuse to start" },
	[DRY_RUN] = { "--dry-run", NULL, "tell whether it could start, and do not" },
	{ 0 },
};

/* ---- before it starts */

static enum verb_status
refuse_second(const char *prefix, int pid)
{
	char text[PROCS_NAME + 32];

	procs_text("/proc", &pid, 1, text, sizeof(text));
	fprintf(stderr,
		"fastmem-reserve: process %s is the primary of prefix \"%s\" already: end it, or hold "
		"with another --prefix\n",
		text, prefix);
	return VERB_REFUSED;
}

static bool
wait_or_stop(const sigset_t *signals, long ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	return sigtimedwait(signals, NULL, &time) > 0;
}

/* Those that use what an earlier holder left have to end first. */
static enum verb_status
wait_for_users(const char *folder, const sigset_t *signals, bool refuse, bool *stopped)
{
	char text[1024], status[1200];
	unsigned int n, before = 0;
	int pids[MAX_USERS];

	for (;;) {
		n = procs_that_map("/proc", folder, pids, MAX_USERS);
		if (n == 0)
			return VERB_OK;
		procs_text("/proc", pids, n, text, sizeof(text));
		snprintf(
			status, sizeof(status),
			"STATUS=Waiting for processes that use what an earlier holder reserved: %s",
			text);
		if (n != before) {
			fprintf(stderr, "fastmem-reserve: %s%s\n",
				refuse ? "refused for " : "waiting for ", strchr(status, 'p'));
			notify(status);
		}
		before = n;
		if (refuse)
			return VERB_REFUSED;
		*stopped = wait_or_stop(signals, POLL_MS);
		if (*stopped)
			return VERB_OK;
	}
}

/* ---- EAL */

/* One thread, on any CPU that this process may use. */
static void
lcores_text(char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "0@(");
	const char *comma = "";
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int cpu = 0; cpu < CPU_SETSIZE && used < size; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%d", comma, cpu);
		comma = ",";
	}
	if (used < size)
		snprintf(buf + used, size - used, ")");
}

static int
start_eal(const char *prefix, char **own)
{
	static char words[2][CPU_SETSIZE * 5], name[] = "fastmem-reserve",
					       primary[] = "--proc-type=primary",
					       no_pci[] = "--no-pci";
	char *argv[MAX_ARGS + 1];
	int argc = 0;

	argv[argc++] = name;
	snprintf(words[0], sizeof(words[0]), "--file-prefix=%s", prefix);
	argv[argc++] = words[0];
	argv[argc++] = primary;
	if (own == NULL) {
		snprintf(words[1], sizeof(words[1]), "--lcores=");
		lcores_text(words[1] + strlen(words[1]), sizeof(words[1]) - strlen(words[1]));
		argv[argc++] = words[1];
		argv[argc++] = no_pci;
	}
	for (; own != NULL && *own != NULL && argc < MAX_ARGS; own++)
		argv[argc++] = *own;
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) >= 0)
		return 0;
	fprintf(stderr,
		"fastmem-reserve: EAL does not start: %s; what it said is above, and fastmem-info "
		"doctor names what may be missing\n",
		rte_strerror(rte_errno));
	return -1;
}

/* ---- holding */

/* EAL leaves the page that its own data is in. */
static void
remove_files(const char *prefix)
{
	struct leftovers list;

	if (leftovers_find("/proc", &list) < 0)
		return;
	for (unsigned int i = 0; i < list.n; i++)
		if (strcmp(list.file[i].prefix, prefix) == 0 &&
		    leftovers_is_left(&list, &list.file[i]))
			leftovers_remove(&list.file[i]);
	leftovers_release(&list);
}

static void
say_speeds(void)
{
	struct rte_reserve_speed speeds[MAX_SPEEDS];
	unsigned int n = rte_reserve_speeds(speeds, MAX_SPEEDS);
	char size[SIZE_TEXT];

	for (unsigned int i = 0; i < n && i < MAX_SPEEDS; i++)
		printf("node %d: %s in %.2f s, %.1f GB/s\n", speeds[i].node_id,
		       size_text(size, speeds[i].bytes), (double)speeds[i].ns / 1e9,
		       speeds[i].ns > 0 ? (double)speeds[i].bytes / (double)speeds[i].ns : 0);
}

/* Returns whether nobody uses the memory any more. */
static bool
hold(const struct plan *plan, const char *prefix, const char *folder, const sigset_t *signals)
{
	char text[1024];
	int pids[MAX_USERS];
	unsigned int n;
	int number;

	say_speeds();
	printf("holding %s as process %d; secondaries start with --proc-type=secondary "
	       "--file-prefix=%s\n",
	       plan->text, getpid(), prefix);
	fflush(stdout);
	notify("READY=1\nSTATUS=Holding the memory");
	sigwait(signals, &number);
	notify("STOPPING=1");
	n = procs_that_map("/proc", folder, pids, MAX_USERS);
	if (n == 0) {
		rte_fastmem_deinit();
		return true;
	}
	/* Freed pages would be taken from under them. */
	procs_text("/proc", pids, n, text, sizeof(text));
	printf("the memory stays with the processes that use it: %s\n", text);
	return false;
}

static enum verb_status
start(const struct plan *plan, const char *prefix, const char *folder, const sigset_t *signals,
      char **own)
{
	int pid = runtime_primary(folder);
	bool ended;

	/* One may have come while this one waited. */
	if (pid != 0)
		return refuse_second(prefix, pid);
	if (start_eal(prefix, own) < 0)
		return VERB_REFUSED;
	if (rte_reserve_apply(plan->plan) < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", rte_reserve_error());
		rte_eal_cleanup();
		return VERB_REFUSED;
	}
	ended = hold(plan, prefix, folder, signals);
	rte_eal_cleanup();
	if (ended)
		remove_files(prefix);
	return VERB_OK;
}

/* What can be seen without starting EAL. */
static enum verb_status
try(const struct plan *plan, const char *prefix)
{
	struct rte_reserve_report *report;
	bool fits;

	if (rte_reserve_check(plan->plan, plan->topo, &report) < 0) {
		fprintf(stderr, "fastmem-reserve: %s\n", rte_reserve_error());
		return VERB_FAILED;
	}
	fits = report->fits;
	rte_reserve_report_free(report);
	if (fits)
		printf("would hold %s as the primary of prefix \"%s\"\n", plan->text, prefix);
	else
		fprintf(stderr,
			"fastmem-reserve: the plan does not fit: fastmem-reserve check says "
			"what it lacks\n");
	return fits ? VERB_OK : VERB_REFUSED;
}

static enum verb_status
run(const struct options *opts)
{
	const char *prefix = opts->value[PREFIX] != NULL ? opts->value[PREFIX] : "fastmem";
	enum verb_status status;
	char folder[PATH_MAX];
	bool stopped = false;
	struct plan plan;
	sigset_t signals;
	int pid;

	if (prefix[0] == '.' || strchr(prefix, '/') != NULL || strchr(prefix, '%') != NULL) {
		fprintf(stderr, "fastmem-reserve: --prefix \"%s\" is no name for a file\n", prefix);
		return VERB_FAILED;
	}
	if (plan_read(&plan, opts->plan, NULL) < 0)
		return VERB_FAILED;
	/* Blocked in all threads: one waits for them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	runtime_folder(prefix, folder);
	pid = runtime_primary(folder);
	if (pid != 0)
		status = refuse_second(prefix, pid);
	else
		status = wait_for_users(
			folder, &signals,
			opts->value[NO_WAIT] != NULL || opts->value[DRY_RUN] != NULL, &stopped);
	if (status == VERB_OK && opts->value[DRY_RUN] != NULL)
		status = try(&plan, prefix);
	else if (status == VERB_OK && !stopped)
		status = start(&plan, prefix, folder, &signals, opts->rest);
	plan_release(&plan);
	return status;
}

const struct verb verb_hold = {
	.name = "hold",
	.usage = "[PLAN] [options] [-- EAL-OPTION ...]",
	.summary = "hold the memory of a plan, so that secondaries start at once and may die",
	.about =
		"Reserve what a plan asks for as EAL's primary process, tell the service manager, and\n"
		"hold it until SIGTERM. What stands behind \"--\" is EAL's; without it EAL is started with\n"
		"one thread and no device (--no-pci).",
	.takes = TAKES_PLAN | TAKES_REST,
	.options = options,
	.run = run,
};
