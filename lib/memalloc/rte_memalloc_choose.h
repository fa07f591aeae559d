/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_MEMALLOC_CHOOSE_H
#define RTE_MEMALLOC_CHOOSE_H

/**
 * @file
 *
 * Which kind of memory suits an allocation, and why: by its size, by what the caller knows of it, and
 * by what the machine has.
 *
 * The rules, in this order; a kind that cannot be had is passed over for the next one that applies,
 * and the choice says which ones and why:
 *
 * | what for                                                   | kind       |
 * | ---------------------------------------------------------- | ---------- |
 * | forced                                                     | that one   |
 * | a GPU accesses it                                          | pinned     |
 * | it is sent over, or received from, a network               | huge pages |
 * | several nodes, and more than 1 MB                          | NUMA       |
 * | several nodes, used on another one, a page or more         | NUMA       |
 * | for one piece of work; nothing told, and above 1 MiB       | arena      |
 * | below 4 KiB                                                | pool       |
 * | else                                                       | standard   |
 *
 * Sizes are settable. The choice is a pure function; rte_memalloc_auto.h allocates by it.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of memory that can be chosen. */
enum rte_memalloc_choice_kind {
	RTE_MEMALLOC_CHOICE_STANDARD, /**< The process's malloc. */
	RTE_MEMALLOC_CHOICE_NUMA,     /**< Pages on one node. */
	RTE_MEMALLOC_CHOICE_HUGE,     /**< Explicit hugepages. */
	RTE_MEMALLOC_CHOICE_PINNED,   /**< Pinned, for a GPU. */
	RTE_MEMALLOC_CHOICE_ARENA,    /**< Freed together with what else belongs to the work. */
	RTE_MEMALLOC_CHOICE_POOL,     /**< A block of fixed size, to be had again at once. */
};

/** Number of elements of enum rte_memalloc_choice_kind. */
#define RTE_MEMALLOC_NB_CHOICES 6

/** A kind as a bit of a mask. */
#define RTE_MEMALLOC_CHOICE_BIT(kind) (1u << (kind))

/** How long an allocation is needed. */
enum rte_memalloc_lifetime {
	RTE_MEMALLOC_LIFETIME_UNTOLD,	 /**< Not known: its size decides. */
	RTE_MEMALLOC_LIFETIME_TEMPORARY, /**< For one piece of work, and freed at its end. */
	RTE_MEMALLOC_LIFETIME_STREAMING, /**< Freed soon, and its like allocated again and again. */
	RTE_MEMALLOC_LIFETIME_LASTING,	 /**< For long. */
};

/** Who uses an allocation. */
enum rte_memalloc_scope {
	RTE_MEMALLOC_SCOPE_LOCAL,  /**< CPUs of the node that allocates it. */
	RTE_MEMALLOC_SCOPE_NODE,   /**< CPUs of another node, see rte_memalloc_hints. */
	RTE_MEMALLOC_SCOPE_REMOTE, /**< Another machine, by network. */
};

/** How short the machine's memory is. */
enum rte_memalloc_pressure {
	RTE_MEMALLOC_PRESSURE_LOW,	/**< There is enough. */
	RTE_MEMALLOC_PRESSURE_MEDIUM,	/**< Less than a quarter is available. */
	RTE_MEMALLOC_PRESSURE_HIGH,	/**< Less than a tenth. */
	RTE_MEMALLOC_PRESSURE_CRITICAL, /**< Less than a twentieth. */
};

/** The caller has a kind of its own, in place of enum rte_memalloc_choice_kind. */
#define RTE_MEMALLOC_HINT_F_FORCE (1u << 0)
/** A GPU accesses the memory. */
#define RTE_MEMALLOC_HINT_F_GPU (1u << 1)

/** What the caller knows of an allocation. All zero: nothing. */
struct rte_memalloc_hints {
	uint32_t flags;			      /**< RTE_MEMALLOC_HINT_F_*, or'ed. */
	enum rte_memalloc_choice_kind forced; /**< With RTE_MEMALLOC_HINT_F_FORCE. */
	enum rte_memalloc_lifetime lifetime;  /**< How long it is needed. */
	enum rte_memalloc_scope scope;	      /**< Who uses it. */
	int node_id;			      /**< With RTE_MEMALLOC_SCOPE_NODE: the node. */
};

/** Most sizes of hugepages that are told of. */
#define RTE_MEMALLOC_NB_HUGE 4

/** Hugepages of one size. */
struct rte_memalloc_huge {
	uint64_t page_size; /**< Bytes; 0: none of these. */
	uint64_t free;	    /**< Pages that are neither in use nor promised. */
};

/** What there is to choose from. All zero: one node, no hugepages, no pin driver, no pressure. */
struct rte_memalloc_facts {
	uint32_t nb_nodes; /**< Nodes with memory; 0 as 1. */
	uint32_t can_pin;  /**< Not 0: there is a pin driver that has found its device. */
	/** Kinds, but standard, that cannot be had for another reason: RTE_MEMALLOC_CHOICE_BIT(). */
	uint32_t without;
	/** Kinds, but standard, of which nothing is left just now: RTE_MEMALLOC_CHOICE_BIT(). */
	uint32_t full;
	enum rte_memalloc_pressure pressure; /**< How short memory is. */
	uint64_t total;			     /**< Bytes of memory of all nodes; 0: not known. */
	uint64_t available; /**< Of these bytes that can be had, at most, without swapping. */
	/** Smallest first. */
	struct rte_memalloc_huge huge[RTE_MEMALLOC_NB_HUGE];
};

/** Where the rules draw their lines; rte_memalloc_rules_init() gives the usual ones. */
struct rte_memalloc_rules {
	uint64_t huge_min;	/**< Huge pages for at least so many bytes; usually 0: for all. */
	uint64_t numa_above;	/**< NUMA for more bytes than this; usually 1000000. */
	uint64_t numa_node_min; /**< NUMA for another node's use for at least; usually 4096. */
	uint64_t arena_above;	/**< Arena for more bytes than this; usually 1 MiB. */
	uint64_t pool_below;	/**< Pool for fewer bytes than this; usually 4096. */
	/** No arena from this pressure on, as arenas keep what is freed; usually high. */
	enum rte_memalloc_pressure arena_pressure;
	/** No pool from this pressure on; usually critical. */
	enum rte_memalloc_pressure pool_pressure;
};

/** Why a kind is wanted. */
enum rte_memalloc_why {
	RTE_MEMALLOC_WHY_ELSE,	    /**< No rule wants another. */
	RTE_MEMALLOC_WHY_FORCED,    /**< The caller does. */
	RTE_MEMALLOC_WHY_GPU,	    /**< A GPU accesses it. */
	RTE_MEMALLOC_WHY_REMOTE,    /**< It goes over a network. */
	RTE_MEMALLOC_WHY_LARGE,	    /**< Several nodes, and it is large. */
	RTE_MEMALLOC_WHY_NODE,	    /**< Several nodes, and it is used on another one. */
	RTE_MEMALLOC_WHY_TEMPORARY, /**< It is for one piece of work. */
	RTE_MEMALLOC_WHY_ARENA,	    /**< It is above the arena's threshold. */
	RTE_MEMALLOC_WHY_POOL,	    /**< It is below the pool's threshold. */
};

/** Why a kind that was wanted is not had. */
enum rte_memalloc_why_not {
	RTE_MEMALLOC_WHY_NOT_NONE,     /**< It is had. */
	RTE_MEMALLOC_WHY_NOT_PIN,      /**< No pin driver has found a device. */
	RTE_MEMALLOC_WHY_NOT_HUGE,     /**< The machine has no hugepages set up. */
	RTE_MEMALLOC_WHY_NOT_FREE,     /**< Too few hugepages are free. */
	RTE_MEMALLOC_WHY_NOT_PRESSURE, /**< Memory is short, and the kind keeps what is freed. */
	RTE_MEMALLOC_WHY_NOT_SIZE,     /**< It does not serve such sizes. */
	RTE_MEMALLOC_WHY_NOT_LEFT,     /**< Nothing is left of it: rte_memalloc_facts' full. */
	RTE_MEMALLOC_WHY_NOT_THERE,    /**< It cannot be had here: rte_memalloc_facts' without. */
};

/** A kind that was wanted, and passed over. */
struct rte_memalloc_passed {
	enum rte_memalloc_choice_kind kind; /**< The kind. */
	enum rte_memalloc_why why;	    /**< Why it was wanted. */
	enum rte_memalloc_why_not why_not;  /**< Why it is not had. */
};

/** Most kinds that one choice passes over: forced, pinned, huge pages, NUMA, arena or pool. */
#define RTE_MEMALLOC_PASSED_MAX 5

/** A choice. */
struct rte_memalloc_choice {
	enum rte_memalloc_choice_kind kind; /**< The kind to take. */
	enum rte_memalloc_why why;	    /**< Why. */
	/** Of NUMA: the node, RTE_NUMA_NODE_ANY (-1): the nearest one that has memory. Else -1. */
	int node_id;
	uint32_t nb_passed; /**< Kinds that would have been better, and cannot be had. */
	uint64_t page_size; /**< Of huge pages: of which size. Else 0. */
	/** The best one first. */
	struct rte_memalloc_passed passed[RTE_MEMALLOC_PASSED_MAX];
};

/**
 * The usual rules.
 *
 * Context: any; no system call.
 *
 * @param[out] rules
 *   Set; not NULL.
 */
void
rte_memalloc_rules_init(struct rte_memalloc_rules *rules);

/**
 * What this machine has, read from the kernel now.
 *
 * Pressure is by the share of memory that is available: who knows better overwrites it. Pin drivers
 * that are loaded, other than "loopback", are asked for devices: as rte_mempin_nb_devices(), that of
 * CUDA starts CUDA when it is first asked, and is refused to children of fork(2) from then on. Who
 * pins by another one sets @a can_pin.
 *
 * Context: control path, reads files; MT-safe; needs no EAL.
 *
 * @param[out] facts
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p facts is NULL
 *   - what rte_numa_topology_self(), rte_numa_machine_hugepages() or rte_numa_memory() said
 */
int
rte_memalloc_facts_read(struct rte_memalloc_facts *facts);

/**
 * How short memory is by the share that is available.
 *
 * Context: any; no system call.
 *
 * @param available
 *   Bytes.
 * @param total
 *   Bytes; 0: not known, the pressure is low.
 *
 * @return
 *   The pressure.
 */
enum rte_memalloc_pressure
rte_memalloc_pressure_of(uint64_t available, uint64_t total);

/**
 * Choose by given rules and facts. A pure function.
 *
 * Context: any, fast path included; MT-safe; no system call.
 *
 * @param rules
 *   The rules, not NULL.
 * @param facts
 *   What there is, not NULL.
 * @param size
 *   Bytes to be allocated, > 0.
 * @param hints
 *   What the caller knows, or NULL for nothing.
 * @param[out] choice
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise -EINVAL: @p choice is NULL, @p size is 0, or a hint is none.
 */
int
rte_memalloc_choose_by(const struct rte_memalloc_rules *rules,
		       const struct rte_memalloc_facts *facts, size_t size,
		       const struct rte_memalloc_hints *hints, struct rte_memalloc_choice *choice);

/**
 * Choose by the usual rules and what this machine had when this was first called, or as
 * rte_memalloc_choose_inform() said since.
 *
 * Context: MT-safe; no system call but for the first call, which reads as rte_memalloc_facts_read().
 *
 * @param size
 *   As for rte_memalloc_choose_by().
 * @param hints
 *   As for rte_memalloc_choose_by().
 * @param[out] choice
 *   As for rte_memalloc_choose_by().
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_memalloc_choose_by() and, until it once succeeded,
 *   as rte_memalloc_facts_read().
 */
int
rte_memalloc_choose(size_t size, const struct rte_memalloc_hints *hints,
		    struct rte_memalloc_choice *choice);

/**
 * From now on rte_memalloc_choose() goes by other facts: when pressure or the pools of hugepages have
 * changed, or a pin driver was loaded.
 *
 * While other threads choose, each of their choices sees some facts as before and some as given.
 *
 * Context: control path; MT-safe; reads files if @p facts is NULL.
 *
 * @param facts
 *   The facts, or NULL: read from the kernel now.
 *
 * @return
 *   0 on success, otherwise what rte_memalloc_facts_read() said, and the facts are as they were.
 */
int
rte_memalloc_choose_inform(const struct rte_memalloc_facts *facts);

/**
 * A choice and its reasons in words, such as "standard, as nothing asks for another kind; not huge
 * pages (it goes over a network): too few are free".
 *
 * Context: any; no system call.
 *
 * @param choice
 *   The choice, not NULL.
 * @param[out] buf
 *   The text, cut if need be, always terminated. May be NULL if @p size is 0.
 * @param size
 *   Bytes at @p buf; 512 are always enough.
 *
 * @return
 *   The length of the whole text, as snprintf(3) does: cut if >= @p size.
 */
size_t
rte_memalloc_choice_text(const struct rte_memalloc_choice *choice, char *buf, size_t size);

/**
 * A kind's name, such as "huge pages".
 *
 * Context: any; no system call.
 *
 * @param kind
 *   Any number.
 *
 * @return
 *   The name, or "unknown"; never NULL.
 */
const char *
rte_memalloc_choice_name(enum rte_memalloc_choice_kind kind);

/**
 * Why a kind is wanted, in words, such as "it goes over a network".
 *
 * Context: any; no system call.
 *
 * @param why
 *   Any number.
 *
 * @return
 *   The words, or "unknown"; never NULL.
 */
const char *
rte_memalloc_why_text(enum rte_memalloc_why why);

/**
 * Why a kind is not had, in words, such as "too few hugepages are free".
 *
 * Context: any; no system call.
 *
 * @param why_not
 *   Any number.
 *
 * @return
 *   The words, or "unknown"; never NULL.
 */
const char *
rte_memalloc_why_not_text(enum rte_memalloc_why_not why_not);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MEMALLOC_CHOOSE_H */
