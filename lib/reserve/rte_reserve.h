/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_RESERVE_H
#define RTE_RESERVE_H

/**
 * @file
 *
 * Plans of what memory a program needs on which node, stated once and had before traffic starts.
 *
 * A plan is a file, or the same in one line for the command line and the environment. It is read
 * by rte_reserve_parse() and held against a machine by rte_reserve_check(), which need no EAL, and
 * carried out by rte_reserve_apply(), which does.
 *
 * Functions that fail leave a text about it, see rte_reserve_error(); where a plan is at fault it
 * begins with the file, the line and the column.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_numa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Environment variable: the file of the plan, where the program names none. */
#define RTE_RESERVE_ENV_CONFIG "FASTMEM_CONFIG"

/** Environment variable: a plan in one line; overrides the file. */
#define RTE_RESERVE_ENV_PLAN "FASTMEM_PLAN"

/** A plan as it was read. Opaque; does not change. */
struct rte_reserve_plan;

/**
 * Read a plan from a file, the environment and one line of text.
 *
 * A later one of these overrides what an earlier one says, node by node and key by key: the file
 * (@p file, else what FASTMEM_CONFIG names, else none), FASTMEM_PLAN, @p line. A variable that is
 * empty counts as not set. A plan may be empty: then nothing was asked for.
 *
 * Context: control path, reads files; MT-safe unless another thread changes the environment; needs
 * no EAL.
 *
 * @param file
 *   Path of a file, or NULL.
 * @param line
 *   A plan in one line, such as "0=2G@1G,any=64M", or NULL.
 * @param[out] plan
 *   Set on success only. Release with rte_reserve_plan_free().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p plan is NULL, or the text is no plan; rte_reserve_error() says where and why
 *   - -E2BIG: the file is larger than 1 MiB
 *   - -ENOMEM: out of memory
 *   - another errno of open(2), read(2) or memfd_create(2), such as -ENOENT
 */
int
rte_reserve_parse(const char *file, const char *line, struct rte_reserve_plan **plan);

/**
 * Release a plan.
 *
 * Context: any; nobody may be using @p plan any more.
 *
 * @param plan
 *   The plan, or NULL, which does nothing.
 */
void
rte_reserve_plan_free(struct rte_reserve_plan *plan);

/**
 * Write a plan in one line, which rte_reserve_parse() reads as the same plan.
 *
 * Context: any; MT-safe.
 *
 * @param plan
 *   The plan.
 * @param[out] buf
 *   The text, cut if need be, always terminated. May be NULL if @p size is 0.
 * @param size
 *   Bytes at @p buf.
 *
 * @return
 *   The length of the whole text, as snprintf(3) does: cut if >= @p size. 0 of an empty plan.
 */
size_t
rte_reserve_plan_text(const struct rte_reserve_plan *plan, char *buf, size_t size);

/** Hugepages of one size on one node for one line of a plan: those there are, or those missing. */
struct rte_reserve_row {
	char place[128];    /**< Where the plan names the nodes: source, line, column. */
	char nodes[72];	    /**< How it names them: "0", "any", "near:eth0". */
	int node_id;	    /**< The node; of a shortage, the one that lacks them. */
	uint64_t wanted;    /**< Bytes that the line asks for, of all its rows of a node. */
	uint64_t page_size; /**< Bytes a page; 0: this node has no hugepages that serve. */
	uint64_t bytes;	    /**< Bytes that the line gets of these pages. */
	uint64_t pages;	    /**< Pages that it takes for them, the allocator's own data included. */
	uint64_t free;	    /**< Free pages of that size and node, before anyone got some. */
	uint64_t missing_bytes; /**< Bytes that are not there. */
	uint64_t missing;	/**< Pages for them. */
	char command[128]; /**< Supplies all that the pool lacks; "" if that is nothing, or there are no such pages. */
};

/** A limit of hugepages that a cgroup of the caller's has, and that the plan exceeds. */
struct rte_reserve_limit {
	uint64_t page_size; /**< Bytes a page; it is one of all nodes together. */
	uint64_t max;	    /**< Bytes that the cgroup may have. */
	uint64_t used;	    /**< Bytes that it has. */
	uint64_t asked;	    /**< Bytes that the plan takes of such pages. */
	char file[1024];    /**< That sets it. */
	char command[1100]; /**< Raises it far enough; "" if its name cannot be told to a shell. */
};

/** What rte_reserve_check() found. */
struct rte_reserve_report {
	bool fits;	      /**< Each line gets what it asks for, or what it makes do with. */
	unsigned int nb_rows; /**< Number of rows. */
	struct rte_reserve_row
		*row;		/**< In the plan's order; what is missing behind what is there. */
	unsigned int nb_limits; /**< Number of limits that keep the plan from fitting. */
	struct rte_reserve_limit *limit; /**< Those. */
};

/**
 * Hold a plan against a machine: what each line gets where, what is missing, and the commands that
 * would supply it. Takes nothing, so somebody else may, before the plan is applied.
 *
 * Memory that a line does not find on its nodes is sought as its policy says, once every other line
 * has had what its own nodes have. Counted are hugepages of the kernel's pools that are free now; the
 * start of EAL and of the allocator takes a few more. On the running machine, that of
 * rte_numa_topology_self(), no line gets more than the limits of the caller's cgroups leave it; a
 * container's limit, such as hugepages-2Mi of Kubernetes, is one.
 *
 * Context: control path, reads files; MT-safe; needs no EAL.
 *
 * @param plan
 *   The plan.
 * @param topo
 *   The machine. The caller counts as being on its own node or, where @p topo has no such, on the
 *   first.
 * @param[out] report
 *   Set on success only, whether the plan fits or not. Release with rte_reserve_report_free().
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an argument is NULL, or a file is not in the kernel's format
 *   - -ENODEV: a node does not exist or has no memory, or no node is of the kind
 *   - -ENOENT: there is no such device
 *   - -ERANGE: the device's node was not online when @p topo was loaded
 *   - -ENOMEM: out of memory
 *   - another errno of open(2), realpath(3) or read(2), such as -EACCES
 */
int
rte_reserve_check(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		  struct rte_reserve_report **report);

/**
 * As rte_reserve_check(), for who means to supply what is missing: no line makes do with less, other
 * nodes or smaller pages, and all that it asks for is there or missing, on its own nodes.
 *
 * Context, parameters and return: as rte_reserve_check().
 */
int
rte_reserve_ask(const struct rte_reserve_plan *plan, const struct rte_numa_topology *topo,
		struct rte_reserve_report **report);

/**
 * Release a report.
 *
 * Context: any; nobody may be using @p report any more.
 *
 * @param report
 *   The report, or NULL, which does nothing.
 */
void
rte_reserve_report_free(struct rte_reserve_report *report);

/**
 * Initialise lib/fastmem and reserve what a plan asks for: all of it or nothing.
 *
 * To be called by the primary, in place of rte_fastmem_init() or after it: then the plan adds to what
 * is reserved. On failure all is as before, lib/fastmem uninitialised if it was, and
 * rte_reserve_error() names the line of the plan. If it was initialised, the allocator's own data for
 * the memory stay, for what is reserved next, as does memory of which another thread has allocated
 * meanwhile; and wholly free memory that growth took may go, as by rte_fastmem_trim().
 *
 * Nodes are reserved at the same time. Memory that EAL holds already is used first. Where EAL refuses
 * what the kernel counts as free, what the plan says of shortages is sought again with fewer pages. Without hugepages (--no-huge) all of it is EAL's.
 *
 * Context: control path, may sleep (the kernel clears pages); needs EAL; MT-safe once lib/fastmem is
 * initialised.
 *
 * @param plan
 *   The plan.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p plan is NULL, or what lines say of one node contradicts each other
 *   - -EPERM: a secondary process
 *   - -ENODEV: EAL is not initialised; a node does not exist or has no memory
 *   - -ENOENT: there is no such device
 *   - -ENOMEM: not enough hugepages, or not of the size asked for, or too few for what is warmed
 *   - another errno of rte_fastmem_init(), rte_fastmem_reserve() or rte_reserve_check()
 */
int
rte_reserve_apply(const struct rte_reserve_plan *plan);

/** How fast a node's memory was reserved. */
struct rte_reserve_speed {
	int node_id;	/**< The node. */
	uint64_t bytes; /**< That were reserved there; bytes / ns is in GB/s. */
	uint64_t ns;	/**< Nanoseconds that it took, nodes at the same time. */
};

/**
 * How long the calling thread's last rte_reserve_apply() took on each node; that which succeeded, or
 * none.
 *
 * Context: any; MT-safe.
 *
 * @param[out] speeds
 *   The first @p max of them.
 * @param max
 *   How many there is room for.
 *
 * @return
 *   How many there are.
 */
unsigned int
rte_reserve_speeds(struct rte_reserve_speed *speeds, unsigned int max);

/**
 * Read the plan that a program's arguments and environment state, and apply it.
 *
 * Takes `--fastmem-reserve PLAN` (a plan in one line) and `--fastmem-config FILE`, also with '=' in
 * between, out of the arguments. To be called with what rte_eal_init() has left, in place of
 * rte_fastmem_init(): without a plan it does just that. What follows "--" is left alone.
 *
 * Context: as rte_reserve_apply().
 *
 * @param[in,out] argc
 *   Number of arguments; changed on success only.
 * @param[in,out] argv
 *   The arguments, the program's name first and a NULL behind the last; changed on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: an option without a value or given twice, @p argc or @p argv is NULL
 *   - an errno of rte_reserve_parse() or rte_reserve_apply()
 */
int
rte_reserve_from_args(int *argc, char **argv);

/**
 * What made the calling thread's last failed call of this library fail, in one line.
 *
 * Context: any; MT-safe.
 *
 * @return
 *   The text, of the thread, overwritten by its next failure; "" if there was none.
 */
const char *
rte_reserve_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_RESERVE_H */
