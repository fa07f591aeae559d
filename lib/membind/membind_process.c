/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: walking over the threads of a process, to set all or none, and to read what they have.
 * Must not: disturb a thread that is only read.
 * Called by: applications; membind_thread.c.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "membind_priv.h"

/* A thread of io_uring's, in the flags of /proc/PID/stat: it takes no signal, nor runs our code. */
#define PF_IO_WORKER 0x10

/* How often threads are looked up, at most, to find those that start meanwhile. */
#define MAX_PASSES 1000

/* A thread, its id told apart from a later use of it, and what to give back if all fails. */
struct asked {
	pid_t tid;
	uint64_t start_time;
	bool set; /* Else it had ended before. */
	struct membind_kernel_policy old;
};

struct walk {
	const struct membind_kernel_policy *plan;
	struct asked *asked;
	size_t n;
};

static int
stat_line(const char *text, void *arg)
{
	return membind_parse_stat(text, arg) < 0 ? -EINVAL : 1;
}

static bool
read_stat(pid_t pid, pid_t tid, struct membind_stat *stat)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	return membind_sys_lines(path, stat_line, stat) == 1;
}

static bool
has_ended(const struct membind_stat *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

/* Whether a thread runs, and runs the program's code. */
static bool
is_alive(pid_t pid, pid_t tid)
{
	struct membind_stat stat;

	return read_stat(pid, tid, &stat) && !has_ended(&stat) && !(stat.flags & PF_IO_WORKER);
}

/* --- reading ------------------------------------------------------------------------------- */

struct search {
	uintptr_t addr;
	struct membind_kernel_policy policy;
	int ret;
	bool found;
	bool any; /* There is memory at all. */
};

/* A line of numa_maps: that of the mapping of an address is the last one that starts below. */
static int
numa_maps_line(const char *text, void *arg)
{
	struct search *search = arg;
	struct membind_kernel_policy policy = { 0 };
	uintptr_t start = 0;
	int ret;

	/* What cannot be understood matters in the one line only: told later, then. */
	ret = membind_parse_numa_maps(text, &start, &policy);
	if (ret == -EINVAL)
		return ret;
	if (start > search->addr)
		return 1;
	search->found = true;
	search->policy = policy;
	search->ret = ret;
	return 0;
}

/* A line of maps: 1 for a mapping that nobody gives a policy of its own. */
static int
maps_line(const char *text, void *arg)
{
	struct search *search = arg;
	struct membind_vma vma;

	search->any = true;
	if (membind_parse_vma(text, &vma) < 0 || strcmp(vma.name, "[vdso]") != 0)
		return 0;
	search->addr = vma.start;
	return 1;
}

static int
no_memory(pid_t tid)
{
	return membind_fail(-ESRCH, "thread %d has ended, or is the kernel's", tid);
}

static int
no_proc(int err, const char *what, pid_t tid)
{
	switch (err) {
	case -ENOENT:
	case -ESRCH:
		return membind_fail(-ESRCH,
				    "there is no thread or process %d with a readable %s (or /proc "
				    "is not mounted, or the kernel is without NUMA)",
				    tid, what);
	case -EACCES:
	case -EPERM:
		return membind_fail(-EPERM,
				    "%s of %d may not be read: it is another user's; see ptrace(2)",
				    what, tid);
	default:
		return membind_fail(err, "cannot read %s of %d: errno %d", what, tid, -err);
	}
}

/*
 * A mapping without a policy of its own follows the thread's, and numa_maps then shows that. For
 * ourselves such a mapping is made, first in the list; in others the vDSO is one.
 */
static int
read_numa_maps(pid_t tid, struct search *search)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", tid);
	ret = membind_sys_lines(path, numa_maps_line, search);
	if (ret < 0)
		return no_proc(ret, "numa_maps", tid);
	if (!search->found)
		return no_memory(tid);
	return search->ret < 0 ? membind_fail(search->ret,
					      "the policy of thread %d cannot be told from "
					      "numa_maps: unknown, or too many nodes",
					      tid) :
				 0;
}

int
membind_get_other(pid_t tid, struct membind_kernel_policy *policy)
{
	struct search search = { 0 };
	bool own = membind_sys_own_thread(tid) == 0;
	char path[64];
	int ret;

	if (own) {
		ret = membind_sys_probe_page(&search.addr, 0);
		if (ret < 0)
			return membind_fail(ret, "mmap() failed: errno %d", -ret);
		ret = read_numa_maps(tid, &search);
		membind_sys_unmap(search.addr, membind_sys_page_size());
	} else {
		snprintf(path, sizeof(path), "/proc/%d/maps", tid);
		ret = membind_sys_lines(path, maps_line, &search);
		if (ret < 0)
			return no_proc(ret, "maps", tid);
		if (!search.any)
			return no_memory(tid);
		if (ret == 0)
			return membind_fail(-ENOTSUP,
					    "thread %d has no mapping known to be without a policy",
					    tid);
		ret = read_numa_maps(tid, &search);
	}
	if (ret == 0)
		*policy = search.policy;
	return ret;
}

static int
list_threads(pid_t pid, pid_t **tids, size_t *n)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	ret = membind_sys_numbers(path, tids, n);
	return ret < 0 ? no_proc(ret, "task", pid) : 0;
}

static int
sum_threads(pid_t pid, struct membind_sum *sum)
{
	struct membind_kernel_policy kernel;
	enum rte_membind_policy policy;
	struct rte_numa_mask nodes;
	struct membind_nodes have;
	pid_t *tids;
	size_t n;
	int ret = membind_nodes_have(&have, pid, NULL);

	if (ret == 0)
		ret = list_threads(pid, &tids, &n);
	if (ret < 0)
		return ret;
	for (size_t i = 0; ret == 0 && i < n; i++) {
		if (!is_alive(pid, tids[i]))
			continue;
		if (tids[i] == membind_sys_tid())
			ret = membind_sys_get_self(&kernel);
		else
			ret = membind_get_other(tids[i], &kernel);
		if (ret == -ESRCH && !is_alive(pid, tids[i])) {
			ret = 0; /* It has ended meanwhile. */
			continue;
		}
		if (ret == 0)
			ret = membind_translate(&kernel, &have.allowed, &policy, &nodes);
		if (ret == 0)
			membind_sum_add(sum, policy, &nodes);
	}
	free(tids);
	if (ret == 0 && sum->n == 0)
		ret = membind_fail(-ESRCH, "process %d has ended", pid);
	return ret;
}

int
rte_membind_get_process(pid_t pid, enum rte_membind_policy *policy, struct rte_numa_mask *nodes,
			unsigned int flags)
{
	struct membind_sum sum = { 0 };
	int ret;

	ret = membind_check_flags(flags, RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_PROCESS);
	if (ret == 0 && pid < 0)
		ret = membind_fail(-EINVAL, "process %d: not a process id", pid);
	if (ret == 0)
		ret = sum_threads(pid == 0 ? getpid() : pid, &sum);
	return ret < 0 ? ret : membind_sum_tell(&sum, flags, "threads", policy, nodes);
}

/* --- setting ------------------------------------------------------------------------------- */

static bool
was_asked(const struct walk *walk, pid_t tid, uint64_t start_time)
{
	for (size_t i = 0; i < walk->n; i++) {
		if (walk->asked[i].tid == tid && walk->asked[i].start_time == start_time)
			return true;
	}
	return false;
}

static int
remember(struct walk *walk, const struct asked *asked)
{
	struct asked *bigger;

	/* Grows at each power of two. */
	if ((walk->n & (walk->n - 1)) == 0) {
		bigger = realloc(walk->asked, (walk->n == 0 ? 1 : walk->n * 2) * sizeof(*bigger));
		if (bigger == NULL)
			return membind_fail(-ENOMEM, "out of memory");
		walk->asked = bigger;
	}
	walk->asked[walk->n++] = *asked;
	return 0;
}

static int
set_one(pid_t tid, const struct membind_kernel_policy *policy, struct membind_kernel_policy *old)
{
	int ret;

	if (tid != membind_sys_tid())
		return membind_ask(tid, policy, old);
	ret = membind_sys_get_self(old);
	return ret < 0 ? ret : membind_sys_set_self(policy);
}

static bool
same_policy(const struct membind_kernel_policy *a, const struct membind_kernel_policy *b)
{
	return a->mode == b->mode && rte_numa_mask_equal(&a->nodes, &b->nodes);
}

/*
 * Ask a thread that was not asked before; 1 if there may be threads now that have its old policy:
 * it was changed only now, or it ended before, and may have made others until then.
 */
static int
visit(struct walk *walk, pid_t tid)
{
	struct asked asked = { .tid = tid };
	struct membind_stat stat;
	int ret;

	if (!read_stat(getpid(), tid, &stat))
		return 1;
	if ((stat.flags & PF_IO_WORKER) || was_asked(walk, tid, stat.start_time))
		return 0;
	asked.start_time = stat.start_time;
	/* First room for it, so that what was set can be given back. */
	ret = remember(walk, &asked);
	if (ret < 0)
		return ret;
	if (has_ended(&stat))
		return 1;
	ret = set_one(tid, walk->plan, &asked.old);
	if (ret < 0) {
		walk->n--;
		return ret == -ESRCH ? 1 : membind_told(ret, tid);
	}
	asked.set = true;
	walk->asked[walk->n - 1] = asked;
	return !same_policy(&asked.old, walk->plan);
}

/* 1 if there may be threads that have an old policy. */
static int
pass(struct walk *walk)
{
	bool changed = false;
	pid_t *tids;
	size_t n;
	int ret = list_threads(getpid(), &tids, &n);

	if (ret < 0)
		return ret;
	for (size_t i = 0; ret >= 0 && i < n; i++) {
		ret = visit(walk, tids[i]);
		changed = changed || ret > 0;
	}
	free(tids);
	return ret < 0 ? ret : changed;
}

/*
 * A thread starts with the policy of the one that makes it. So once a pass finds all threads right,
 * those that start later are right too; the second such pass is for threads that the kernel left
 * out of a list because others ended while it was read.
 */
static int
walk_threads(struct walk *walk)
{
	int quiet = 0, ret;

	for (int i = 0; i < MAX_PASSES && quiet < 2; i++) {
		ret = pass(walk);
		if (ret < 0)
			return ret;
		quiet = ret > 0 ? 0 : quiet + 1;
	}
	return quiet == 2 ? 0 : membind_fail(-EBUSY, "threads start faster than they can be asked");
}

static void
undo(struct walk *walk)
{
	struct membind_kernel_policy old;

	/* In the order of asking: what a thread cannot take now it could not be given at all. */
	for (size_t i = 0; i < walk->n; i++) {
		if (walk->asked[i].set)
			set_one(walk->asked[i].tid, &walk->asked[i].old, &old);
	}
}

static int
set_all(const struct membind_kernel_policy *plan, unsigned int flags)
{
	struct walk walk = { .plan = plan };
	int ret = membind_ask_lock();

	if (ret < 0)
		return ret;
	ret = walk_threads(&walk);
	if (ret == 0)
		ret = membind_follow(plan, flags);
	if (ret < 0)
		undo(&walk);
	membind_ask_unlock();
	free(walk.asked);
	return ret;
}

int
rte_membind_set_process(pid_t pid, enum rte_membind_policy policy,
			const struct rte_numa_mask *nodes, unsigned int flags)
{
	struct membind_kernel_policy plan;
	int ret;

	ret = membind_check_flags(flags, MEMBIND_SET_FLAGS | RTE_MEMBIND_F_PROCESS);
	if (ret == 0 && pid < 0)
		ret = membind_fail(-EINVAL, "process %d: not a process id", pid);
	if (ret == 0 && pid != 0 && pid != getpid())
		ret = membind_sys_exists(pid) ?
			      membind_fail(-ENOSYS,
					   "process %d is another: Linux cannot set its policy; it "
					   "can be moved, see rte_membind_migrate_process()",
					   pid) :
			      membind_fail(-ESRCH, "there is no process %d", pid);
	if (ret == 0)
		ret = membind_plan_threads(&plan, policy, nodes, flags);
	return ret < 0 ? ret : set_all(&plan, flags);
}
