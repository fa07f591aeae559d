/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what this kernel can do for this process, found by trying on memory and in a thread of its
 *     own.
 * Must not: change a policy of the caller's, or go by a kernel's version.
 * Called by: applications; membind_range.c and membind_thread.c, for modes.
 */

#include <errno.h>
#include <numaif.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "membind_priv.h"

/* I1. Goes from NULL to an answer once, and never changes again. */
static _Atomic(struct rte_membind_caps *) known;

static const char *const op_names[] = {
	[RTE_MEMBIND_OP_SET_RANGE] = "set-range",
	[RTE_MEMBIND_OP_GET_RANGE] = "get-range",
	[RTE_MEMBIND_OP_SET_THREAD] = "set-thread",
	[RTE_MEMBIND_OP_GET_THREAD] = "get-thread",
	[RTE_MEMBIND_OP_SET_PROCESS] = "set-process",
	[RTE_MEMBIND_OP_GET_PROCESS] = "get-process",
	[RTE_MEMBIND_OP_SET_OTHER] = "set-other-process",
	[RTE_MEMBIND_OP_GET_OTHER] = "get-other-process",
	[RTE_MEMBIND_OP_LOCATE] = "locate",
	[RTE_MEMBIND_OP_MIGRATE] = "migrate-range",
	[RTE_MEMBIND_OP_MIGRATE_PROCESS] = "migrate-process",
	[RTE_MEMBIND_OP_NEXT_TOUCH] = "next-touch",
};

const char *
rte_membind_op_name(enum rte_membind_op op)
{
	return (unsigned int)op < RTE_MEMBIND_NB_OPS ? op_names[op] : "unknown";
}

/* A node to try with: one that may be used. */
static int
some_node(struct rte_numa_mask *node)
{
	struct membind_nodes have;
	int ret = membind_nodes_have(&have, 0, NULL);

	if (ret < 0)
		return ret;
	return rte_numa_mask_only(node, rte_numa_mask_next(&have.allowed, -1));
}

static void
make_policy(struct membind_kernel_policy *policy, int mode, const struct rte_numa_mask *node)
{
	policy->mode = mode;
	rte_numa_mask_zero(&policy->nodes);
	if (membind_takes_nodes(mode))
		policy->nodes = *node;
}

/* On a page of our own, aligned, with a good node: what is wrong then is the mode. */
static int
try_mode(uintptr_t page, int mode, const struct rte_numa_mask *node)
{
	struct membind_kernel_policy policy;
	int ret;

	make_policy(&policy, mode, node);
	ret = membind_sys_set_range(page, membind_sys_page_size(), &policy, 0);
	return ret == -EINVAL ? -ENOSYS : ret;
}

int
membind_caps_mode(int mode)
{
	struct rte_numa_mask node;
	uintptr_t page;
	int ret;

	ret = some_node(&node);
	if (ret < 0)
		return ret;
	ret = membind_sys_probe_page(&page, PROT_READ | PROT_WRITE);
	if (ret < 0)
		return ret;
	ret = try_mode(page, mode, &node);
	membind_sys_unmap(page, membind_sys_page_size());
	return ret;
}

int
membind_caps_settle(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
		    unsigned int flags)
{
	int mode = plan->mode & ~MEMBIND_MODE_FLAGS;

	/* Any kernel with policies has the older ones. */
	if (mode < MEMBIND_MODE_PREFERRED_MANY || membind_caps_mode(mode) != -ENOSYS)
		return 0;
	if ((flags & RTE_MEMBIND_F_STRICT) || !membind_plan_relative(plan))
		return membind_fail(-ENOSYS, "this kernel does not have policy %s",
				    rte_membind_policy_name(policy));
	return 0;
}

int
membind_caps_migrate(void)
{
	const struct rte_membind_caps *caps = rte_membind_caps();

	return caps == NULL ? -errno : caps->op[RTE_MEMBIND_OP_MIGRATE];
}

static void
try_policies(struct rte_membind_caps *caps, uintptr_t page, const struct rte_numa_mask *node)
{
	for (unsigned int i = 0; i < RTE_MEMBIND_NB_POLICIES; i++) {
		int mode = membind_mode(i);

		caps->policy[i] = mode < 0 ? -ENOSYS : try_mode(page, mode, node);
	}
	caps->policy[RTE_MEMBIND_MIXED] = -EINVAL;
}

/* Where a page is, and moving it to where it is. */
static void
try_moves(struct rte_membind_caps *caps, uintptr_t page, const struct rte_numa_mask *node)
{
	void *addr = (void *)page;
	long ret;
	int node_id, status;

	ret = membind_sys_move(1, &addr, NULL, &node_id);
	caps->op[RTE_MEMBIND_OP_LOCATE] = ret < 0 ? ret : 0;
	if (ret == 0 && node_id >= 0) {
		ret = membind_sys_move(1, &addr, &node_id, &status);
		caps->op[RTE_MEMBIND_OP_MIGRATE] = ret < 0 ? ret : 0;
	} else {
		caps->op[RTE_MEMBIND_OP_MIGRATE] = ret < 0 ? ret : -ENOSYS;
	}
	/* From a node to itself: the kernel checks all, and moves nothing. */
	ret = membind_sys_migrate(0, node, node);
	caps->op[RTE_MEMBIND_OP_MIGRATE_PROCESS] = ret < 0 ? ret : 0;
	/* The rest of next touch is mprotect() and a signal, which any kernel has. */
	caps->op[RTE_MEMBIND_OP_NEXT_TOUCH] = caps->op[RTE_MEMBIND_OP_MIGRATE];
}

struct thread_try {
	const struct rte_numa_mask *node;
	int ret;
};

static void *
try_in_thread(void *arg)
{
	struct thread_try *try = arg;
	struct membind_kernel_policy policy;

	make_policy(&policy, MPOL_BIND, try->node);
	try->ret = membind_sys_set_self(&policy);
	return NULL;
}

/* In a thread of its own: setting the caller's policy, even to what it is, is no small matter. */
static int
try_set_thread(const struct rte_numa_mask *node)
{
	struct thread_try try = { .node = node };
	sigset_t all, before;
	pthread_t thread;
	int ret;

	/* The program's handlers are not to run in a thread that it does not know. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = -pthread_create(&thread, NULL, try_in_thread, &try);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret < 0)
		return ret;
	pthread_join(thread, NULL);
	return try.ret;
}

/* Another thread's signal queue, and /proc: tried on the calling thread. */
static int
try_ask(void)
{
	pid_t *tids;
	size_t n;
	int ret = membind_sys_numbers("/proc/self/task", &tids, &n);

	if (ret < 0)
		return ret == -ENOENT ? -ENOSYS : ret;
	free(tids);
	/* Signal 0: checked, and not sent. */
	return membind_sys_signal(membind_sys_tid(), 0, 0);
}

static int
try_get_other(void)
{
	struct membind_kernel_policy policy;
	int ret = membind_get_other(membind_sys_tid(), &policy);

	return ret == -ESRCH ? -ENOSYS : ret;
}

static void
try_operations(struct rte_membind_caps *caps, uintptr_t page, const struct rte_numa_mask *node)
{
	struct membind_kernel_policy policy;
	int *op = caps->op;

	op[RTE_MEMBIND_OP_SET_RANGE] = caps->policy[RTE_MEMBIND_BIND];
	op[RTE_MEMBIND_OP_GET_RANGE] = membind_sys_get_range(page, &policy);
	op[RTE_MEMBIND_OP_GET_THREAD] = membind_sys_get_self(&policy);
	op[RTE_MEMBIND_OP_SET_THREAD] = try_set_thread(node);
	op[RTE_MEMBIND_OP_SET_PROCESS] = op[RTE_MEMBIND_OP_SET_THREAD];
	if (op[RTE_MEMBIND_OP_SET_PROCESS] == 0)
		op[RTE_MEMBIND_OP_SET_PROCESS] = try_ask();
	op[RTE_MEMBIND_OP_GET_PROCESS] = try_get_other();
	op[RTE_MEMBIND_OP_SET_OTHER] = -ENOSYS;
	op[RTE_MEMBIND_OP_GET_OTHER] = op[RTE_MEMBIND_OP_GET_PROCESS];
	try_moves(caps, page, node);
}

int
rte_membind_caps_probe(struct rte_membind_caps *caps)
{
	struct rte_membind_caps found = { 0 };
	struct rte_numa_mask node;
	uintptr_t page;
	int ret;

	if (caps == NULL)
		return membind_fail(-EINVAL, "caps is NULL");
	/* Without any answer about nodes, node 0 is as good as another to hear a refusal. */
	if (some_node(&node) < 0)
		rte_numa_mask_only(&node, 0);
	ret = membind_sys_probe_page(&page, PROT_READ | PROT_WRITE);
	if (ret < 0)
		return membind_fail(ret, "mmap() of a page to try with failed: errno %d", -ret);
	/* Until it is there, there is nothing to tell or to move. */
	*(char *)page = 1;
	try_policies(&found, page, &node);
	try_operations(&found, page, &node);
	membind_sys_unmap(page, membind_sys_page_size());
	*caps = found;
	return 0;
}

const struct rte_membind_caps *
rte_membind_caps(void)
{
	/* A1: pairs with R1. */
	struct rte_membind_caps *caps = atomic_load_explicit(&known, memory_order_acquire);
	struct rte_membind_caps *first = NULL;
	int ret;

	if (caps != NULL)
		return caps;
	caps = malloc(sizeof(*caps));
	ret = caps == NULL ? -ENOMEM : rte_membind_caps_probe(caps);
	if (ret < 0) {
		free(caps);
		errno = -ret;
		return NULL;
	}
	/* R1: pairs with A1 and A2. A2: pairs with R1 of who was first. */
	if (atomic_compare_exchange_strong_explicit(&known, &first, caps, memory_order_release,
						    memory_order_acquire))
		return caps;
	free(caps);
	return first;
}
