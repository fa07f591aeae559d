/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMBIND_H
#define RTE_MEMBIND_H

/**
 * @file
 *
 * Binding of memory that exists: which nodes the pages of a range, a thread or a process come
 * from, where the pages of a range are, and moving them.
 *
 * A policy decides where pages come from that are touched from then on. It moves no page that is
 * there already, unless RTE_MEMBIND_F_MIGRATE is given. A range's own policy goes before that of
 * the thread that touches it.
 *
 * All functions that can fail return 0 or a negative errno. On failure nothing has changed, unless
 * a function says otherwise, no output is touched, and rte_membind_error() says what was asked,
 * what there is and what to do. The same errors mean the same everywhere:
 * - -EINVAL: an argument that is wrong on any machine: a NULL pointer, an unknown or conflicting
 *   flag or policy, a size of 0 or one that runs past the end of the address space, an address
 *   that is not page-aligned where pages are to change, an empty mask where the policy needs nodes
 * - -ENODEV: a node in the mask is not online or has no memory
 * - -EFAULT: part of the range is not mapped
 * - -ENOSYS: this kernel does not have the policy or the operation, see rte_membind_caps()
 * - -EPERM: it has, and refuses it: a seccomp filter, or another user's process
 * - -EXDEV: what was asked cannot be enforced: the cpuset does not allow the nodes, or pages stayed
 *   elsewhere, or (get with RTE_MEMBIND_F_STRICT) policies differ
 * - -ENOMEM: out of memory, or of mappings (vm.max_map_count)
 *
 * Needs no EAL. Unless a function says otherwise: control path, makes system calls, may sleep;
 * MT-safe, as long as nobody maps or unmaps the range at the same time.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_numa_mask.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where pages come from. Of these only one can be in force at a time. */
enum rte_membind_policy {
	/**
	 * The system's default: a range follows the policy of the thread that touches it, a
	 * thread takes memory of the node that it runs on. Takes no nodes.
	 */
	RTE_MEMBIND_DEFAULT,
	/**
	 * Each page on the node of the thread that first touches it, whatever that thread's own
	 * policy is; other nodes, nearest first, if that has none left. Takes no nodes.
	 */
	RTE_MEMBIND_FIRST_TOUCH,
	/**
	 * Only on the given nodes; of several the one nearest to the thread that touches it. When
	 * these have none left a touch fails: of 4 KiB pages it brings the out-of-memory killer,
	 * of hugepages SIGBUS.
	 */
	RTE_MEMBIND_BIND,
	/** Page by page in turn over the given nodes. */
	RTE_MEMBIND_INTERLEAVE,
	/** On the toucher's node at the next touch. Linux has no such policy: always -ENOSYS. */
	RTE_MEMBIND_NEXT_TOUCH,
	/** A copy on each of the given nodes. Linux has no such policy: always -ENOSYS. */
	RTE_MEMBIND_REPLICATE,
	/** On the given node, of which there is exactly one; other nodes if that has none left. */
	RTE_MEMBIND_PREFERRED,
	/** On the given nodes; other nodes if those have none left. Linux 5.15. */
	RTE_MEMBIND_PREFERRED_MANY,
	/**
	 * In turn over the given nodes, as many pages each as its weight says, which is in
	 * /sys/kernel/mm/mempolicy/weighted_interleave. Linux 6.9.
	 */
	RTE_MEMBIND_WEIGHTED_INTERLEAVE,
	/** Only ever reported: parts of a range, or threads, have different policies. */
	RTE_MEMBIND_MIXED,
};

/** Number of policies; above each of them. */
#define RTE_MEMBIND_NB_POLICIES (RTE_MEMBIND_MIXED + 1)

/**
 * Fail rather than do less. Of what each function does without it: nodes that the cpuset forbids
 * are left out of the mask; a policy that this kernel does not have gives way to its nearest
 * relative; pages that cannot move stay.
 *
 * A policy set with it names the nodes for good: when the cpuset changes, the kernel does not
 * rename them to others.
 */
#define RTE_MEMBIND_F_STRICT (1u << 0)

/** Move pages that are elsewhere. Those that other processes map too do not move. */
#define RTE_MEMBIND_F_MIGRATE (1u << 1)

/** All threads of the process. Not together with RTE_MEMBIND_F_THREAD. */
#define RTE_MEMBIND_F_PROCESS (1u << 2)

/** The one thread. Not together with RTE_MEMBIND_F_PROCESS. */
#define RTE_MEMBIND_F_THREAD (1u << 3)

/** Leave the binding to CPUs alone. Nothing here ever changes it, so this asks for nothing. */
#define RTE_MEMBIND_F_NO_CPU_BIND (1u << 4)

/**
 * Set the policy of a range, and so where its pages that are not yet there come from.
 *
 * Without RTE_MEMBIND_F_STRICT: of the nodes those that the cpuset allows, preferred-many becomes
 * preferred with the first node and weighted interleave becomes interleave where this kernel lacks
 * them. With it the pages that are already there are looked at too: if one is on no node of the
 * mask, it is -EXDEV, and the policies are as before.
 *
 * With RTE_MEMBIND_F_MIGRATE pages on other nodes are moved. What has moved stays moved, also when
 * the call then fails with -EXDEV because others did not. It does nothing for a policy that takes
 * no nodes.
 *
 * Memory that several processes share (shared mappings, hugetlbfs) has one policy for all of them,
 * kept with the object; a mapping of an ordinary file takes a policy and ignores it.
 *
 * @param addr
 *   The first byte, a multiple of the page size of the memory there, which is the hugepage's for
 *   explicit hugepages.
 * @param size
 *   Bytes, > 0; rounded up to whole pages.
 * @param policy
 *   Any but mixed.
 * @param nodes
 *   The nodes. For a policy that takes none: NULL, empty, or all nodes with memory that this
 *   process may use, which means the same; fewer than those is -EXDEV.
 * @param flags
 *   RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_MIGRATE, RTE_MEMBIND_F_NO_CPU_BIND, or'ed, or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno: -EINVAL, -ENODEV, -EFAULT, -ENOSYS, -EPERM, -EXDEV
 *   or -ENOMEM, as said at the top.
 */
int
rte_membind_set_range(void *addr, size_t size, enum rte_membind_policy policy,
		      const struct rte_numa_mask *nodes, unsigned int flags);

/**
 * The policy of a range and its nodes.
 *
 * With RTE_MEMBIND_F_STRICT policy and nodes must be the same all over the range. Without it the
 * nodes are those of all parts together, and the policy is mixed if it is not the same all over.
 * No page is touched, or asked where it is: see rte_membind_locate().
 *
 * @param addr
 *   The first byte; need not be aligned.
 * @param size
 *   Bytes, > 0.
 * @param[out] policy
 *   The policy. Default where the range has none of its own. May be NULL.
 * @param[out] nodes
 *   The nodes that pages may come from: for default and first touch all that have memory and that
 *   this process may use. May be NULL.
 * @param flags
 *   RTE_MEMBIND_F_STRICT or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EXDEV: strict, and parts of the range differ
 *   - -ENOTSUP: the kernel reports a policy that this library does not know
 *   - -EINVAL, -EFAULT, -ENOSYS, -EPERM, -ENOMEM: as said at the top
 */
int
rte_membind_get_range(const void *addr, size_t size, enum rte_membind_policy *policy,
		      struct rte_numa_mask *nodes, unsigned int flags);

/**
 * Set the policy of the calling thread, or of all threads of the process: where the memory comes
 * from that they touch first, in ranges without a policy of their own.
 *
 * With RTE_MEMBIND_F_MIGRATE pages of the whole process that are on other nodes are moved: pages
 * belong to a process and not to a thread. With RTE_MEMBIND_F_STRICT too it is -EXDEV if some did
 * not, and the policies are as before; what has moved stays moved.
 *
 * @param policy
 *   As for rte_membind_set_range().
 * @param nodes
 *   As for rte_membind_set_range().
 * @param flags
 *   Any of RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_MIGRATE, RTE_MEMBIND_F_NO_CPU_BIND, and one or none
 *   of RTE_MEMBIND_F_THREAD, the calling thread, and RTE_MEMBIND_F_PROCESS, all threads as by
 *   rte_membind_set_process(). With none: the calling thread.
 *
 * @return
 *   0 on success, otherwise a negative errno: as rte_membind_set_process().
 */
int
rte_membind_set(enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		unsigned int flags);

/**
 * The policy of the calling thread, or of all threads of the process.
 *
 * @param[out] policy
 *   The policy, or mixed. May be NULL.
 * @param[out] nodes
 *   As for rte_membind_get_range(), of all threads together. May be NULL.
 * @param flags
 *   RTE_MEMBIND_F_STRICT, which means something for the process only, and one or none of
 *   RTE_MEMBIND_F_THREAD and RTE_MEMBIND_F_PROCESS. With none: the calling thread.
 *
 * @return
 *   0 on success, otherwise a negative errno: as rte_membind_get_process().
 */
int
rte_membind_get(enum rte_membind_policy *policy, struct rte_numa_mask *nodes, unsigned int flags);

/**
 * Set the policy of one thread of this process.
 *
 * Linux lets a thread set its own policy only, so another thread is asked by a signal to set it,
 * see rte_membind_set_process().
 *
 * @param tid
 *   The thread, as gettid(2) numbers it; 0 is the calling one.
 * @param policy
 *   As for rte_membind_set_range().
 * @param nodes
 *   As for rte_membind_set_range().
 * @param flags
 *   Any of RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_MIGRATE, RTE_MEMBIND_F_THREAD,
 *   RTE_MEMBIND_F_NO_CPU_BIND, or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno: as rte_membind_set_process(), and
 *   - -ESRCH: there is no such thread
 *   - -ENOSYS: it is a thread of another process
 */
int
rte_membind_set_thread(pid_t tid, enum rte_membind_policy policy, const struct rte_numa_mask *nodes,
		       unsigned int flags);

/**
 * The policy of one thread, of this or of another process. Does not disturb it.
 *
 * @param tid
 *   The thread; 0 is the calling one.
 * @param[out] policy
 *   The policy. May be NULL.
 * @param[out] nodes
 *   As for rte_membind_get_range(). May be NULL.
 * @param flags
 *   RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_THREAD, or 0: they change nothing.
 *
 * @return
 *   0 on success, otherwise a negative errno: as rte_membind_get_process().
 */
int
rte_membind_get_thread(pid_t tid, enum rte_membind_policy *policy, struct rte_numa_mask *nodes,
		       unsigned int flags);

/**
 * Set the policy of all threads of this process, those included that start meanwhile.
 *
 * Linux lets a thread set its own policy only. So each other thread gets a real-time signal, the
 * highest that has no handler, and sets it in the handler; threads are looked up again until there
 * is none that has not. A system call that such a thread waits in is restarted, or fails with EINTR
 * where signal(7) says that its kind always does. The handler stays installed.
 *
 * All or none: if one thread does not answer, those that did get their own policies back.
 *
 * Not from a signal handler. Two threads that call this at once do so one after the other.
 *
 * @param pid
 *   The process: 0 or the caller's own. Linux cannot set the policy of another.
 * @param policy
 *   As for rte_membind_set_range().
 * @param nodes
 *   As for rte_membind_set_range().
 * @param flags
 *   Any of RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_MIGRATE, RTE_MEMBIND_F_PROCESS,
 *   RTE_MEMBIND_F_NO_CPU_BIND, or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ENOSYS: @p pid is another process; or as said at the top
 *   - -ESRCH: there is no such process
 *   - -EBUSY: no real-time signal is free; or a thread did not take it within a second, because it
 *     blocks it or stands in the kernel; or threads start and end faster than they can be asked
 *   - -EINVAL, -ENODEV, -EPERM, -EXDEV, -ENOMEM: as said at the top
 */
int
rte_membind_set_process(pid_t pid, enum rte_membind_policy policy,
			const struct rte_numa_mask *nodes, unsigned int flags);

/**
 * The policy of all threads of a process, this or another. Does not disturb them.
 *
 * Read from /proc. The cost is one walk over the process's mappings a thread, for another process
 * over its pages too.
 *
 * @param pid
 *   The process; 0 is the caller's own.
 * @param[out] policy
 *   The policy; mixed if it is not the same for all threads. May be NULL.
 * @param[out] nodes
 *   As for rte_membind_get_range(), of all threads together. May be NULL.
 * @param flags
 *   RTE_MEMBIND_F_STRICT, RTE_MEMBIND_F_PROCESS, or 0.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EXDEV: strict, and threads differ in policy or nodes
 *   - -ESRCH: there is no such process, it has ended, or it is a thread of the kernel's
 *   - -EPERM: it is one that this user may not look at, see ptrace(2)
 *   - -ENOSYS: the kernel has no /proc/PID/numa_maps, or /proc is not mounted
 *   - -ENOTSUP: the kernel reports a policy that this library does not know
 *   - -EINVAL, -ENOMEM: as said at the top
 */
int
rte_membind_get_process(pid_t pid, enum rte_membind_policy *policy, struct rte_numa_mask *nodes,
			unsigned int flags);

/**
 * Where the pages of a range are, in bytes. on_node[], untouched, zero, swapped and other add up
 * to the size that was asked about.
 */
struct rte_membind_location {
	struct rte_numa_mask nodes; /**< Those with bytes on them. */
	uint64_t present;	    /**< Sum of on_node[]. */
	uint64_t untouched;	    /**< No page yet: nothing was read or written there. */
	uint64_t zero;	  /**< Read but never written: the kernel's page of zeros, on no node. */
	uint64_t swapped; /**< On swap space: the node is decided when it is read back. */
	/**
	 * No page of memory, such as a device's registers; or one that the kernel does not tell
	 * about, as Linux 6.1 of pages that nobody may access (PROT_NONE, next touch).
	 */
	uint64_t other;
	uint64_t on_node[RTE_NUMA_MAX_NODES]; /**< By node id. */
};

/**
 * Where the pages of a range are.
 *
 * Touches no page. A hugepage counts as a whole. What other threads touch, free or move meanwhile
 * is seen before or after.
 *
 * @param addr
 *   The first byte; need not be aligned: of pages that are partly in the range that part counts.
 * @param size
 *   Bytes, > 0.
 * @param[out] location
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno: -EINVAL, -EFAULT, -ENOSYS, -EPERM or -ENOMEM, as
 *   said at the top.
 */
int
rte_membind_locate(const void *addr, size_t size, struct rte_membind_location *location);

/**
 * Check that every page of a range is there, on given nodes.
 *
 * @param addr
 *   The first byte; need not be aligned.
 * @param size
 *   Bytes, > 0.
 * @param nodes
 *   The nodes, at least one.
 *
 * @return
 *   0 if so, otherwise a negative errno:
 *   - -EXDEV: a page is on another node; rte_membind_error() says how much is where
 *   - -ENODATA: all that are there are on these nodes, and some are not there
 *   - -EINVAL, -EFAULT, -ENOSYS, -EPERM, -ENOMEM: as said at the top
 */
int
rte_membind_verify(const void *addr, size_t size, const struct rte_numa_mask *nodes);

/** What became of one page, see rte_membind_migrate(). */
struct rte_membind_page {
	void *addr;    /**< Its first byte. */
	size_t size;   /**< Its bytes: a hugepage's, for explicit hugepages. */
	int from_node; /**< Where it was; -1 if there was none. */
	int node_id;   /**< Where it is; -1 if there is none. */
	/**
	 * 0 if it is on a node that was asked for, else why it did not move:
	 * - -ENOENT: there is no page that can move: not touched, swapped, not memory, or, on
	 *     Linux 6.1, of no access
	 * - -EFAULT: the kernel's page of zeros
	 * - -EACCES: another process maps it too
	 * - -EBUSY: in use just now, pinned (by a device, or I/O) or locked
	 * - -ENOMEM: the nodes asked for have no such page free
	 * - another errno of move_pages(2)
	 */
	int why;
};

/** What became of a range, see rte_membind_migrate(). Bytes, but for nb_pages. */
struct rte_membind_migration {
	uint64_t moved;	    /**< Were elsewhere, are on a node that was asked for. */
	uint64_t in_place;  /**< Were on one already. */
	uint64_t not_moved; /**< Are elsewhere still. */
	uint64_t absent;    /**< No page that could move: untouched, zero, swapped, other. */
	uint64_t nb_pages;  /**< All pages of the range. */
};

/**
 * Move the pages of a range to given nodes.
 *
 * A page that is on one of them stays. The others go to the nodes in turn; when one has no memory
 * left, to the next. The policy of the range stays as it is.
 *
 * A hugepage goes to a free hugepage of the node. Where there is none, Linux may make one of
 * ordinary memory, and the pool has moved with the page for good: one hugepage less on the node
 * that it was on, one more on the new one (seen with Linux 6.1).
 *
 * @param addr
 *   The first byte, aligned as for rte_membind_set_range().
 * @param size
 *   Bytes, > 0; rounded up to whole pages.
 * @param nodes
 *   Where to, at least one node.
 * @param flags
 *   RTE_MEMBIND_F_STRICT: -EXDEV if a page that is there could not move; others have moved then.
 *   Or 0. RTE_MEMBIND_F_MIGRATE and RTE_MEMBIND_F_NO_CPU_BIND ask for nothing.
 * @param[out] result
 *   Set on success only. May be NULL.
 * @param[out] pages
 *   The first @p nb_pages pages, in order of address. May be NULL if that is 0.
 * @param nb_pages
 *   Number of elements at @p pages.
 *
 * @return
 *   0 on success, otherwise a negative errno: -EINVAL, -ENODEV, -EFAULT, -ENOSYS, -EPERM, -EXDEV
 *   (also without strict, if the cpuset allows none of the nodes) or -ENOMEM, as said at the top.
 */
int
rte_membind_migrate(void *addr, size_t size, const struct rte_numa_mask *nodes, unsigned int flags,
		    struct rte_membind_migration *result, struct rte_membind_page *pages,
		    size_t nb_pages);

/**
 * Move all pages of a process from some nodes to others.
 *
 * The policies of its threads and ranges stay as they are. Of several target nodes the kernel keeps
 * the order: the first of @p from goes to the first of @p to.
 *
 * @param pid
 *   The process; 0 is the caller's own.
 * @param from
 *   Which nodes to empty, or NULL for all that are not in @p to.
 * @param to
 *   Where to, at least one node.
 * @param[out] not_moved
 *   Pages that the kernel could not move. May be NULL.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -ESRCH: there is no such process
 *   - -EPERM: it is one that this user may not look at, see ptrace(2); or a seccomp filter
 *   - -EXDEV: its cpuset does not allow one of the nodes of @p to
 *   - -EINVAL, -ENODEV, -ENOSYS, -ENOMEM: as said at the top
 */
int
rte_membind_migrate_process(pid_t pid, const struct rte_numa_mask *from,
			    const struct rte_numa_mask *to, uint64_t *not_moved);

/**
 * Mark a range: the next thread that touches a page of it takes the page along to its own node.
 *
 * Linux has no such policy, so this takes away the access to the pages. The first touch of each
 * gets the thread a SIGSEGV, whose handler, installed here, gives back the access, moves the page to
 * the node that the thread runs on (the nearest with memory, if that has none), and lets the thread
 * go on. A page that cannot move, for instance because that node is full, stays. One touch, then
 * the page is as it was before the mark. The range's policy stays as it is, and decides for pages
 * that were not there yet.
 *
 * What it cannot do:
 * - A system call that is handed memory of the range does not take the signal but fails with
 *   EFAULT: touch the memory first, or call rte_membind_next_touch_cancel().
 * - A thread that blocks SIGSEGV is killed by a touch, and so is one whose stack or thread-local
 *   variables are in the range; the caller's own are refused, and so are code and the variables of
 *   libraries, without which no handler runs. Of a program that this library is linked into
 *   statically that means its own static variables too.
 * - A handler for SIGSEGV that the program installs later must call the one that it replaces. One
 *   that was there before is called for all faults that are not ours.
 * - The range must not be unmapped, remapped or given other protection while it is marked: cancel
 *   first. A forked child inherits the marks.
 * - Each page costs two system calls and a signal at its touch, and touching in a scattered order
 *   takes mappings (vm.max_map_count). When these run out, the rest of the range is given back as
 *   it is.
 *
 * A mark on marked pages marks them anew.
 *
 * @param addr
 *   The first byte, aligned as for rte_membind_set_range().
 * @param size
 *   Bytes, > 0; rounded up to whole pages. All of it readable.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EACCES: part of the range cannot be read, so nobody can touch it
 *   - -EBUSY: the program has replaced the handler for SIGSEGV since the first mark
 *   - -EINVAL: as said at the top, or the range holds what the handler needs
 *   - -EFAULT, -ENOSYS, -EPERM, -ENOMEM: as said at the top
 */
int
rte_membind_next_touch(void *addr, size_t size);

/**
 * Take back the marks of a range: its pages are as they were before, where they are.
 *
 * @param addr
 *   The first byte, aligned as for rte_membind_set_range().
 * @param size
 *   Bytes, > 0. Pages in it that are not marked are left alone.
 *
 * @return
 *   0 on success, also if nothing was marked, otherwise a negative errno:
 *   - -EINVAL: as said at the top
 *   - -EFAULT, -ENOMEM: as said at the top; marks that could not be taken back stay
 */
int
rte_membind_next_touch_cancel(void *addr, size_t size);

/** What can be asked of a kernel, see struct rte_membind_caps. */
enum rte_membind_op {
	RTE_MEMBIND_OP_SET_RANGE,   /**< Policy of a range: mbind(2). */
	RTE_MEMBIND_OP_GET_RANGE,   /**< get_mempolicy(2). */
	RTE_MEMBIND_OP_SET_THREAD,  /**< Policy of the calling thread: set_mempolicy(2). */
	RTE_MEMBIND_OP_GET_THREAD,  /**< get_mempolicy(2). */
	RTE_MEMBIND_OP_SET_PROCESS, /**< Policy of all threads of this process. */
	RTE_MEMBIND_OP_GET_PROCESS, /**< /proc/PID/task/TID/numa_maps. */
	RTE_MEMBIND_OP_SET_OTHER,   /**< Policy of another process: Linux has no call for it. */
	RTE_MEMBIND_OP_GET_OTHER,   /**< Of another process of the same user: as in GET_PROCESS. */
	RTE_MEMBIND_OP_LOCATE,	    /**< Where pages are: move_pages(2). */
	RTE_MEMBIND_OP_MIGRATE,	    /**< Move pages of a range: move_pages(2). */
	RTE_MEMBIND_OP_MIGRATE_PROCESS, /**< Move pages of a process: migrate_pages(2). */
	RTE_MEMBIND_OP_NEXT_TOUCH,	/**< The helper rte_membind_next_touch(). */
	RTE_MEMBIND_NB_OPS		/**< Number of operations. */
};

/** What this kernel can do, each found by trying: 0 if it can, otherwise a negative errno. */
struct rte_membind_caps {
	/**
	 * By policy, for ranges: 0; -ENOSYS where the kernel does not have it; -EPERM where it
	 * refuses, as a container's seccomp filter does. Mixed is -EINVAL: only ever reported.
	 */
	int policy[RTE_MEMBIND_NB_POLICIES];
	/** By operation, likewise. */
	int op[RTE_MEMBIND_NB_OPS];
};

/**
 * What this kernel can do for this process, tried at the first call that succeeds and remembered.
 *
 * Context: control path, MT-safe; changes no policy of any thread or range of the caller's. Once
 * tried it is one load, so from any context.
 *
 * @return
 *   The answers, valid until the process ends, or NULL with errno set:
 *   - ENOMEM: out of memory
 *   - another errno of mmap(2)
 */
const struct rte_membind_caps *
rte_membind_caps(void);

/**
 * Try again now: what rte_membind_caps() remembers may be older than a seccomp filter or a move to
 * another cpuset. What it remembers stays.
 *
 * @param[out] caps
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p caps is NULL
 *   - -ENOMEM: out of memory
 *   - another errno of mmap(2)
 */
int
rte_membind_caps_probe(struct rte_membind_caps *caps);

/**
 * The nodes that this process may take memory from: those that the cpuset allows, and that have
 * memory.
 *
 * @param[out] nodes
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p nodes is NULL
 *   - -ENOSYS: the kernel has no NUMA policies
 *   - -EPERM: neither get_mempolicy(2) nor /proc tells
 */
int
rte_membind_allowed_nodes(struct rte_numa_mask *nodes);

/**
 * A policy's name, such as "preferred-many".
 *
 * Context: any.
 *
 * @param policy
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_membind_policy_name(enum rte_membind_policy policy);

/**
 * An operation's name, such as "set-range".
 *
 * Context: any.
 *
 * @param op
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_membind_op_name(enum rte_membind_op op);

/**
 * What was wrong: one line about the last failure in the calling thread, of a function of this
 * library. It says what was asked, what there is, and what to do.
 *
 * Context: any but a signal handler.
 *
 * @return
 *   The text, valid until the next failure in this thread; empty if there was none.
 */
const char *
rte_membind_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMBIND_H */
