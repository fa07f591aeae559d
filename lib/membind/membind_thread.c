/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: setting and getting the policy of one thread.
 * Must not: walk over a process's threads.
 * Called by: applications; membind_process.c.
 */

#include <errno.h>
#include <inttypes.h>

#include "membind_priv.h"

int
membind_told(int err, pid_t tid)
{
	switch (err) {
	case -EPERM:
		return membind_fail(-EPERM, "set_mempolicy() is refused: by a seccomp filter, as "
					    "containers have; allow it there");
	case -ENOSYS:
		return membind_fail(-ENOSYS,
				    "there is no set_mempolicy(): the kernel is without NUMA, "
				    "or a seccomp filter denies that it exists");
	case -ESRCH:
		return membind_fail(-ESRCH, "thread %d has ended", tid);
	case -EBUSY:
		return membind_fail(-EBUSY,
				    "thread %d did not answer within a second: it blocks the "
				    "signal that asks it, or stands in the kernel",
				    tid);
	default:
		return membind_fail(err, "the policy of thread %d cannot be set: errno %d", tid,
				    -err);
	}
}

int
membind_plan_threads(struct membind_kernel_policy *plan, enum rte_membind_policy policy,
		     const struct rte_numa_mask *nodes, unsigned int flags)
{
	struct membind_nodes have;
	int ret;

	ret = membind_check_policy(policy);
	if (ret == 0)
		ret = membind_nodes_have(&have, 0, nodes);
	if (ret == 0)
		ret = membind_plan(plan, policy, nodes, flags, &have);
	return ret < 0 ? ret : membind_caps_settle(plan, policy, flags);
}

int
membind_follow(const struct membind_kernel_policy *plan, unsigned int flags)
{
	struct rte_numa_mask from;
	struct membind_nodes have;
	uint64_t not_moved = 0;
	int ret;

	if (!(flags & RTE_MEMBIND_F_MIGRATE) || rte_numa_mask_empty(&plan->nodes))
		return 0;
	ret = membind_nodes_have(&have, 0, &plan->nodes);
	if (ret < 0)
		return ret;
	rte_numa_mask_andnot(&from, &have.with_memory, &plan->nodes);
	if (!rte_numa_mask_empty(&from))
		ret = membind_empty_nodes(0, &from, &plan->nodes, &not_moved);
	if (ret == 0 && not_moved > 0 && (flags & RTE_MEMBIND_F_STRICT))
		return membind_fail(-EXDEV, "%" PRIu64 " pages could not move to nodes %s",
				    not_moved, membind_list(&plan->nodes).text);
	return ret;
}

static int
set_self(const struct membind_kernel_policy *plan, unsigned int flags)
{
	struct membind_kernel_policy old;
	int ret = membind_sys_get_self(&old);

	if (ret == 0)
		ret = membind_sys_set_self(plan);
	if (ret < 0)
		return membind_told(ret, membind_sys_tid());
	ret = membind_follow(plan, flags);
	if (ret < 0)
		membind_sys_set_self(&old);
	return ret;
}

static int
set_other(pid_t tid, const struct membind_kernel_policy *plan, unsigned int flags)
{
	struct membind_kernel_policy old;
	int ret = membind_ask_lock();

	if (ret < 0)
		return ret;
	ret = membind_ask(tid, plan, &old);
	if (ret < 0) {
		membind_told(ret, tid);
		goto unlock;
	}
	ret = membind_follow(plan, flags);
	if (ret < 0)
		membind_ask(tid, &old, NULL);
unlock:
	membind_ask_unlock();
	return ret;
}

static int
check_thread(pid_t tid)
{
	int ret;

	if (tid < 0)
		return membind_fail(-EINVAL, "thread %d: not a thread id", tid);
	ret = membind_sys_own_thread(tid);
	if (ret == -ESRCH)
		return membind_fail(ret, "there is no thread %d", tid);
	if (ret == -ENOSYS)
		return membind_fail(ret,
				    "thread %d is another process's: Linux cannot set its policy, "
				    "it must do so itself",
				    tid);
	return ret < 0 ? membind_fail(ret, "thread %d: errno %d", tid, -ret) : 0;
}

int
rte_membind_set_thread(pid_t tid, enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		       unsigned int flags)
{
	struct membind_kernel_policy plan;
	bool self = tid == 0 || tid == membind_sys_tid();
	int ret;

	ret = membind_check_flags(flags, MEMBIND_SET_FLAGS | RTE_MEMBIND_F_THREAD);
	if (ret == 0 && !self)
		ret = check_thread(tid);
	if (ret == 0)
		ret = membind_plan_threads(&plan, policy, nodes, flags);
	if (ret < 0)
		return ret;
	return self ? set_self(&plan, flags) : set_other(tid, &plan, flags);
}

int
rte_membind_get_thread(pid_t tid, enum rte_membind_policy *policy, struct rte_numa_mask *nodes,
		       unsigned int flags)
{
	bool self = tid == 0 || tid == membind_sys_tid();
	struct membind_kernel_policy kernel;
	enum rte_membind_policy found;
	struct rte_numa_mask its;
	struct membind_nodes have;
	int ret;

	ret = membind_check_flags(flags, RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_THREAD);
	if (ret == 0 && tid < 0)
		ret = membind_fail(-EINVAL, "thread %d: not a thread id", tid);
	if (ret == 0)
		ret = membind_nodes_have(&have, self ? 0 : tid, NULL);
	if (ret < 0)
		return ret;
	if (self) {
		ret = membind_sys_get_self(&kernel);
		if (ret < 0)
			return membind_fail(ret,
					    "get_mempolicy() failed: errno %d (a seccomp filter, "
					    "or a kernel without NUMA)",
					    -ret);
	} else {
		ret = membind_get_other(tid, &kernel);
	}
	if (ret == 0)
		ret = membind_translate(&kernel, &have.allowed, &found, &its);
	if (ret < 0)
		return ret;
	if (policy != NULL)
		*policy = found;
	if (nodes != NULL)
		*nodes = its;
	return 0;
}

int
rte_membind_set(enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		unsigned int flags)
{
	/* Here, because each of the two would find only that it does not know the other's flag. */
	int ret = membind_check_flags(flags, MEMBIND_SET_FLAGS | RTE_MEMBIND_F_PROCESS |
						     RTE_MEMBIND_F_THREAD);

	if (ret < 0)
		return ret;
	return flags & RTE_MEMBIND_F_PROCESS ? rte_membind_set_process(0, policy, nodes, flags) :
					       rte_membind_set_thread(0, policy, nodes, flags);
}

int
rte_membind_get(enum rte_membind_policy *policy, struct rte_numa_mask *nodes, unsigned int flags)
{
	int ret = membind_check_flags(flags, RTE_MEMBIND_F_STRICT | RTE_MEMBIND_F_PROCESS |
						     RTE_MEMBIND_F_THREAD);

	if (ret < 0)
		return ret;
	return flags & RTE_MEMBIND_F_PROCESS ? rte_membind_get_process(0, policy, nodes, flags) :
					       rte_membind_get_thread(0, policy, nodes, flags);
}
