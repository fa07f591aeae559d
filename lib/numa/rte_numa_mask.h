/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef RTE_NUMA_MASK_H
#define RTE_NUMA_MASK_H

/**
 * @file
 *
 * Sets of NUMA nodes, by the kernel's ids.
 *
 * A mask is a plain value of 128 bytes: copy it with `=`, make an empty one with `{ 0 }`. It holds
 * any id below RTE_NUMA_MAX_NODES, whether there is such a node or not. Needs no EAL.
 *
 * Context of all functions here: any, fast path included; no system call; MT-safe as long as no
 * other thread writes the mask. Masks given are never NULL; the result of an operation on two may
 * be one of them.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Node ids are below this: the most that Linux can be configured for. */
#define RTE_NUMA_MAX_NODES 1024

/** Number of words of a mask. */
#define RTE_NUMA_MASK_WORDS (RTE_NUMA_MAX_NODES / 64)

/** A set of nodes. */
struct rte_numa_mask {
	/** Node n is bit n % 64 of word n / 64. */
	uint64_t words[RTE_NUMA_MASK_WORDS];
};

/**
 * Whether an id can be in a mask.
 *
 * @param node_id
 *   Any number.
 *
 * @return
 *   True from 0 to RTE_NUMA_MAX_NODES - 1; false for RTE_NUMA_NODE_ANY.
 */
static inline bool
rte_numa_mask_valid(int node_id)
{
	return node_id >= 0 && node_id < RTE_NUMA_MAX_NODES;
}

/**
 * Make a mask empty.
 *
 * @param[out] mask
 *   The mask.
 */
static inline void
rte_numa_mask_zero(struct rte_numa_mask *mask)
{
	memset(mask, 0, sizeof(*mask));
}

/**
 * Add a node.
 *
 * @param mask
 *   The mask; untouched on failure.
 * @param node_id
 *   The node.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p node_id is out of range
 */
static inline int
rte_numa_mask_set(struct rte_numa_mask *mask, int node_id)
{
	if (!rte_numa_mask_valid(node_id))
		return -EINVAL;
	mask->words[node_id / 64] |= UINT64_C(1) << (node_id % 64);
	return 0;
}

/**
 * Remove a node; one that is not in the mask stays out of it.
 *
 * @param mask
 *   The mask; untouched on failure.
 * @param node_id
 *   The node.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p node_id is out of range
 */
static inline int
rte_numa_mask_clear(struct rte_numa_mask *mask, int node_id)
{
	if (!rte_numa_mask_valid(node_id))
		return -EINVAL;
	mask->words[node_id / 64] &= ~(UINT64_C(1) << (node_id % 64));
	return 0;
}

/**
 * Make a mask hold one node and no other.
 *
 * @param[out] mask
 *   The mask; untouched on failure.
 * @param node_id
 *   The node.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p node_id is out of range
 */
static inline int
rte_numa_mask_only(struct rte_numa_mask *mask, int node_id)
{
	if (!rte_numa_mask_valid(node_id))
		return -EINVAL;
	rte_numa_mask_zero(mask);
	return rte_numa_mask_set(mask, node_id);
}

/**
 * Whether a node is in a mask.
 *
 * @param mask
 *   The mask.
 * @param node_id
 *   Any number.
 *
 * @return
 *   True if it is; false for what is out of range.
 */
static inline bool
rte_numa_mask_test(const struct rte_numa_mask *mask, int node_id)
{
	return rte_numa_mask_valid(node_id) && (mask->words[node_id / 64] >> (node_id % 64) & 1);
}

/**
 * The nodes that are in both masks.
 *
 * @param[out] result
 *   The nodes; may be @p a or @p b.
 * @param a
 *   A mask.
 * @param b
 *   The other.
 */
static inline void
rte_numa_mask_and(struct rte_numa_mask *result, const struct rte_numa_mask *a,
		  const struct rte_numa_mask *b)
{
	for (int i = 0; i < RTE_NUMA_MASK_WORDS; i++)
		result->words[i] = a->words[i] & b->words[i];
}

/**
 * The nodes that are in either mask.
 *
 * @param[out] result
 *   The nodes; may be @p a or @p b.
 * @param a
 *   A mask.
 * @param b
 *   The other.
 */
static inline void
rte_numa_mask_or(struct rte_numa_mask *result, const struct rte_numa_mask *a,
		 const struct rte_numa_mask *b)
{
	for (int i = 0; i < RTE_NUMA_MASK_WORDS; i++)
		result->words[i] = a->words[i] | b->words[i];
}

/**
 * The nodes that are in the one mask and not in the other.
 *
 * @param[out] result
 *   The nodes; may be @p a or @p b.
 * @param a
 *   The mask to take from.
 * @param b
 *   What is taken away.
 */
static inline void
rte_numa_mask_andnot(struct rte_numa_mask *result, const struct rte_numa_mask *a,
		     const struct rte_numa_mask *b)
{
	for (int i = 0; i < RTE_NUMA_MASK_WORDS; i++)
		result->words[i] = a->words[i] & ~b->words[i];
}

/**
 * Whether two masks hold the same nodes.
 *
 * @param a
 *   A mask.
 * @param b
 *   The other.
 *
 * @return
 *   True if they do.
 */
static inline bool
rte_numa_mask_equal(const struct rte_numa_mask *a, const struct rte_numa_mask *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/**
 * Whether all nodes of a mask are in another.
 *
 * @param a
 *   The mask whose nodes are looked for; an empty one is within any.
 * @param b
 *   The mask in which.
 *
 * @return
 *   True if they are.
 */
static inline bool
rte_numa_mask_within(const struct rte_numa_mask *a, const struct rte_numa_mask *b)
{
	for (int i = 0; i < RTE_NUMA_MASK_WORDS; i++) {
		if ((a->words[i] & ~b->words[i]) != 0)
			return false;
	}
	return true;
}

/**
 * How many nodes a mask holds.
 *
 * @param mask
 *   The mask.
 *
 * @return
 *   The number, up to RTE_NUMA_MAX_NODES.
 */
static inline unsigned int
rte_numa_mask_count(const struct rte_numa_mask *mask)
{
	unsigned int n = 0;

	for (int i = 0; i < RTE_NUMA_MASK_WORDS; i++)
		n += (unsigned int)__builtin_popcountll(mask->words[i]);
	return n;
}

/**
 * The next node of a mask by id, see RTE_NUMA_MASK_FOREACH().
 *
 * @param mask
 *   The mask.
 * @param node_id
 *   Where to go on after; need not be in the mask. Any negative number starts with the first.
 *
 * @return
 *   The smallest id above @p node_id in the mask, or -1 if there is none.
 */
static inline int
rte_numa_mask_next(const struct rte_numa_mask *mask, int node_id)
{
	int from = node_id < 0			? 0 :
		   node_id < RTE_NUMA_MAX_NODES ? node_id + 1 :
						  RTE_NUMA_MAX_NODES;

	for (int i = from / 64; i < RTE_NUMA_MASK_WORDS; i++) {
		uint64_t word = mask->words[i];

		if (i == from / 64)
			word &= UINT64_MAX << (from % 64);
		if (word != 0)
			return i * 64 + __builtin_ctzll(word);
	}
	return -1;
}

/** Loop over the ids in a mask in ascending order. */
#define RTE_NUMA_MASK_FOREACH(node_id, mask) \
	for ((node_id) = rte_numa_mask_next((mask), -1); (node_id) >= 0; \
	     (node_id) = rte_numa_mask_next((mask), (node_id)))

/**
 * Whether a mask holds no node.
 *
 * @param mask
 *   The mask.
 *
 * @return
 *   True if it does not.
 */
static inline bool
rte_numa_mask_empty(const struct rte_numa_mask *mask)
{
	return rte_numa_mask_next(mask, -1) < 0;
}

/**
 * Read a mask from text in the kernel's list format, such as "0-1,3".
 *
 * One newline at the end is taken, as sysfs writes it; blanks are not. Ids may come in any order
 * and more than once. Text without any id gives an empty mask.
 *
 * @param text
 *   The text.
 * @param[out] mask
 *   Set on success only.
 *
 * @return
 *   0 on success, otherwise a negative errno:
 *   - -EINVAL: @p text or @p mask is NULL, or the text is no such list; "3-1" is none
 *   - -ERANGE: it is one, with an id of RTE_NUMA_MAX_NODES or above
 */
int
rte_numa_mask_parse(const char *text, struct rte_numa_mask *mask);

/**
 * Write a mask as text in the kernel's list format, such as "0-1,3".
 *
 * @param mask
 *   The mask.
 * @param[out] buf
 *   The text, cut if need be, always terminated. May be NULL if @p size is 0.
 * @param size
 *   Bytes at @p buf.
 *
 * @return
 *   The length of the whole text, as snprintf(3) does: cut if >= @p size. 0 for an empty mask.
 */
size_t
rte_numa_mask_text(const struct rte_numa_mask *mask, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* RTE_NUMA_MASK_H */
