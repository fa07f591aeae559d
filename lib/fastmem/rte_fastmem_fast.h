/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 */

#ifndef RTE_FASTMEM_FAST_H
#define RTE_FASTMEM_FAST_H

/**
 * @file
 * The part of fastmem that is inlined into the application. Include rte_fastmem.h instead.
 *
 * A thread's cache holds one slot for each size class of each node. A slot is a stack of block
 * pointers; `top` alone says how many, so a thread that is killed at any instruction leaves no two
 * fields that disagree. The structures are part of the ABI: RTE_FASTMEM_ABI names their layout and
 * every handle carries it.
 */

#include <string.h>

#include <rte_branch_prediction.h>

#include <rte_fastmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the layout below; 1 to 15. */
#define RTE_FASTMEM_ABI 1u

/** Slots a node has in a cache; size classes and the codes that are none. @internal */
#define RTE_FASTMEM_SLOTS 80

/** Largest size whose class the fast path computes. @internal */
#define RTE_FASTMEM_FAST_SIZE 16384

/** Alignment that every block has in bytes. @internal */
#define RTE_FASTMEM_ALIGN 64

/** Bits of a handle that are a slot's distance from slot 0 in bytes. @internal */
#define RTE_FASTMEM_HANDLE_SLOT 0x1ffe0u

/** Tables name a slot by its distance in units of so many bytes: x86 can add that in one. @internal */
#define RTE_FASTMEM_SLOT_UNIT 8

/** This slot of a node serves no class: `top` and `base` are a range's lowest address and bytes. @internal */
#define RTE_FASTMEM_SLOT_RANGE (RTE_FASTMEM_SLOTS - 1)

/**
 * A stack of block pointers, as addresses of its entries. @internal
 *
 * Zeroed it is both empty and full: a pop finds top - 8 below base, taken as signed numbers, a push
 * finds top at or above end, taken as unsigned ones. No operation needs to ask whether there is a
 * cache at all.
 */
struct rte_fastmem_slot {
	uintptr_t top;	   /**< Next entry to push. Written by the owner alone. */
	uintptr_t base;	   /**< Lowest entry; others may raise it to take entries away. */
	uintptr_t end;	   /**< A push at or above goes the slow way; others may lower it. */
	uint64_t nb_alloc; /**< Blocks ever popped. */
};

/** What a thread finds its cache by: 1 + RTE_FASTMEM_SLOTS slots a node. @internal */
struct rte_fastmem_self {
	struct rte_fastmem_slot *local; /**< Slots of the thread's own node, by class. */
	struct rte_fastmem_slot *slots; /**< All of them. The first, of what is no block, is zero. */
};

/** Which slot a 4 KiB page's blocks belong to, over the window that all chunks lie in. @internal */
struct rte_fastmem_window {
	uintptr_t first;       /**< Number of the first page: its address >> 12. */
	uintptr_t nb;	       /**< Pages from there, a power of two. */
	const uint16_t *entry; /**< Of each, in units; 0: no block. */
};

/** The calling thread's cache; a zeroed one until it has its own. @internal */
extern __thread struct rte_fastmem_self rte_fastmem_self __attribute__((tls_model("initial-exec")));

/** This process's view of the page table. @internal */
extern struct rte_fastmem_window rte_fastmem_window;

/** Slot of each multiple of 64 bytes up to RTE_FASTMEM_FAST_SIZE, in units. @internal */
extern const uint8_t rte_fastmem_class_map[RTE_FASTMEM_FAST_SIZE / RTE_FASTMEM_ALIGN + 1];

/** What the inlined functions do when the cache cannot serve. @internal */
void *
rte_fastmem_alloc_slow(size_t size, size_t align, unsigned int flags);

/** See rte_fastmem_alloc_slow(). @internal */
int
rte_fastmem_alloc_bulk_slow(void **ptrs, unsigned int n, size_t size, size_t align,
			    unsigned int flags);

/** See rte_fastmem_alloc_slow(). @internal */
void
rte_fastmem_free_slow(void *ptr);

/** See rte_fastmem_alloc_slow(). @internal */
void *
rte_fastmem_halloc_slow(rte_fastmem_handle_t handle, unsigned int flags);

/** See rte_fastmem_alloc_slow(). @internal */
int
rte_fastmem_halloc_bulk_slow(rte_fastmem_handle_t handle, void **ptrs, unsigned int n,
			     unsigned int flags);

/**
 * Class of a size up to RTE_FASTMEM_FAST_SIZE: every 64 bytes to 1 KiB, then eight steps a
 * doubling. Folds where @p size is a constant. @internal
 */
static inline unsigned int
rte_fastmem_class_compute(size_t size)
{
	unsigned int units = size == 0 ? 0 : (unsigned int)((size - 1) / RTE_FASTMEM_ALIGN);
	unsigned int step = 31 - 3 - (unsigned int)__builtin_clz(units | 8);

	return step * 8 + (units >> step);
}

/** The slot that lies so many units after another. @internal */
static inline struct rte_fastmem_slot *
rte_fastmem_slot_at(struct rte_fastmem_slot *slots, unsigned int units)
{
	return (struct rte_fastmem_slot *)((char *)slots + (size_t)units * RTE_FASTMEM_SLOT_UNIT);
}

/** A node's slot of a size; by table where the size is only known at run time. @internal */
static inline struct rte_fastmem_slot *
rte_fastmem_slot_of_size(struct rte_fastmem_slot *local, size_t size)
{
	if (__builtin_constant_p(size))
		return &local[rte_fastmem_class_compute(size)];
	return rte_fastmem_slot_at(
		local, rte_fastmem_class_map[(size + RTE_FASTMEM_ALIGN - 1) / RTE_FASTMEM_ALIGN]);
}

/** Whether the inlined functions may serve it: a small class at its natural alignment. @internal */
static inline bool
rte_fastmem_is_fast(size_t size, size_t align)
{
	return size <= RTE_FASTMEM_FAST_SIZE && align <= RTE_FASTMEM_ALIGN &&
	       (align & (align - 1)) == 0;
}

/** Add to a counter that the calling thread alone writes and others may read. @internal */
static inline void
rte_fastmem_count(uint64_t *counter, uint64_t n)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
	/* Of a relaxed load and store compilers make three instructions: 5 to 20 % of a hot pair. */
	__asm__("addq %1, %0" : "+m"(*counter) : "er"(n));
#else
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
#endif
}

/**
 * Take the entries from the new top on, or none. @internal
 *
 * The new top is stored before base is read: whoever raises base to take entries away and then
 * makes this thread pass a barrier sees either that store or leaves those entries alone. When
 * there are too few, top stays low; the slow path, which every failure leads to, puts it right.
 *
 * @return
 *   Whether the slot has @p n; @p entries is the first of them then.
 */
static inline bool
rte_fastmem_slot_take(struct rte_fastmem_slot *slot, unsigned int n, void ***entries)
{
	/* Relaxed throughout: only this thread writes top, and the entries are its own. */
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_RELAXED) - n * sizeof(void *);

	__atomic_store_n(&slot->top, top, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (unlikely((intptr_t)top < (intptr_t)__atomic_load_n(&slot->base, __ATOMIC_RELAXED)))
		return false;
	rte_fastmem_count(&slot->nb_alloc, n);
	*entries = (void **)top;
	return true;
}

/** Pop a block; false: the slow path. @internal */
static inline bool
rte_fastmem_slot_pop(struct rte_fastmem_slot *slot, void **ptr)
{
	void **entry;

	if (unlikely(!rte_fastmem_slot_take(slot, 1, &entry)))
		return false;
	*ptr = *entry;
	return true;
}

/** The calling thread's slot of a handle; slot 0 for one that the fast path must not serve. @internal */
static inline struct rte_fastmem_slot *
rte_fastmem_slot_of_handle(rte_fastmem_handle_t handle)
{
	return (struct rte_fastmem_slot *)((char *)rte_fastmem_self.slots +
					   (handle & RTE_FASTMEM_HANDLE_SLOT));
}

/** Push a block; false: the slow path. @internal */
static inline bool
rte_fastmem_slot_push(struct rte_fastmem_slot *slot, void *ptr)
{
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_RELAXED);

	if (unlikely(top >= __atomic_load_n(&slot->end, __ATOMIC_RELAXED)))
		return false;
	*(void **)top = ptr;
	/* Release: who reads this top from another thread finds the entry below it. */
	__atomic_store_n(&slot->top, top + sizeof(void *), __ATOMIC_RELEASE);
	return true;
}

/** Copy entries, eight at a time: a call of memcpy() costs as much as the copy. @internal */
static inline void
rte_fastmem_copy_entries(void **to, void *const *from, unsigned int n)
{
	for (; n >= 8; n -= 8, to += 8, from += 8)
		memcpy(to, from, 8 * sizeof(*to));
	for (; n > 0; n--)
		*to++ = *from++;
}

/** Pop blocks, all or none; false: the slow path. @internal */
static inline bool
rte_fastmem_slot_pop_bulk(struct rte_fastmem_slot *slot, void **ptrs, unsigned int n)
{
	void **entries;

	if (unlikely(!rte_fastmem_slot_take(slot, n, &entries)))
		return false;
	rte_fastmem_copy_entries(ptrs, entries, n);
	return true;
}

/** Two pointers in a vector register, wherever they lie. @internal */
typedef uintptr_t rte_fastmem_two
	__attribute__((vector_size(2 * sizeof(void *)), aligned(sizeof(void *)), may_alias));

/** Push blocks, all or none; false: no room, or one is NULL. @internal */
static inline bool
rte_fastmem_slot_push_bulk(struct rte_fastmem_slot *slot, void *const *ptrs, unsigned int n)
{
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_RELAXED);
	uintptr_t end = __atomic_load_n(&slot->end, __ATOMIC_RELAXED);
	rte_fastmem_two less_one = { 0, 0 };
	unsigned int i, odd = n & 1;

	if (unlikely(top >= end || (end - top) / sizeof(void *) < n))
		return false;
	if (odd != 0) {
		less_one[0] = (uintptr_t)ptrs[0] - 1;
		*(void **)top = ptrs[0];
	}
#pragma GCC unroll 4
	for (i = odd; i < n; i += 2) {
		rte_fastmem_two two = *(const rte_fastmem_two *)(const void *)&ptrs[i];

		*(rte_fastmem_two *)(top + i * sizeof(void *)) = two;
		less_one |= two - 1;
	}
	/* No address but NULL has a predecessor with the highest bit. */
	if (unlikely((intptr_t)(less_one[0] | less_one[1]) < 0))
		return false;
	/* Release: as in rte_fastmem_slot_push(). */
	__atomic_store_n(&slot->top, top + n * sizeof(void *), __ATOMIC_RELEASE);
	return true;
}

/**
 * Allocate a block on the calling thread's node.
 *
 * @param size
 *   Bytes; 0 gives a valid block of the smallest class. A compile-time constant is cheapest.
 * @param align
 *   Power of two, at most RTE_FASTMEM_MAX_SIZE; 0: a cache line.
 * @param flags
 *   RTE_FASTMEM_F_*.
 *
 * @return
 *   The block, or NULL with rte_errno as for rte_fastmem_alloc_node().
 */
static inline void *
rte_fastmem_alloc(size_t size, size_t align, unsigned int flags)
{
	void *ptr;

	if (likely(rte_fastmem_is_fast(size, align) && (flags & ~RTE_FASTMEM_F_ZERO) == 0)) {
		if (likely(rte_fastmem_slot_pop(
			    rte_fastmem_slot_of_size(rte_fastmem_self.local, size), &ptr))) {
			if (flags != 0)
				memset(ptr, 0, size);
			return ptr;
		}
	}
	return rte_fastmem_alloc_slow(size, align, flags);
}

/**
 * Free a block of any size and node, from any thread.
 *
 * A pointer that fastmem never gave out is refused with a log line. A library built with
 * -Dfastmem_debug=true also catches a block that is freed twice and a pointer into a block's
 * middle, and names them. AddressSanitizer and valgrind's memcheck report what is freed twice or used
 * after it was freed, as for malloc().
 *
 * @param ptr
 *   The block, or NULL.
 */
static inline void
rte_fastmem_free(void *ptr)
{
	uintptr_t page = ((uintptr_t)ptr >> 12) - rte_fastmem_window.first;
	unsigned int units;

	if (likely(page < rte_fastmem_window.nb)) {
		/* Relaxed: the entry was written before the block was handed out. */
		units = __atomic_load_n(&rte_fastmem_window.entry[page], __ATOMIC_RELAXED);
		if (likely(rte_fastmem_slot_push(rte_fastmem_slot_at(rte_fastmem_self.slots, units),
						 ptr)))
			return;
	}
	rte_fastmem_free_slow(ptr);
}

/**
 * Free a block whose size is known: without the look-up of rte_fastmem_free().
 *
 * @param ptr
 *   The block, or NULL.
 * @param size
 *   The size it was allocated with; after rte_fastmem_realloc() the last one that moved it.
 * @param align
 *   The alignment it was allocated with.
 */
static inline void
rte_fastmem_free_sized(void *ptr, size_t size, size_t align)
{
	struct rte_fastmem_slot *local = rte_fastmem_self.local;
	const struct rte_fastmem_slot *range = &local[RTE_FASTMEM_SLOT_RANGE];

	/* A block of another node has to go to that node's slot. */
	if (likely(rte_fastmem_is_fast(size, align) && (uintptr_t)ptr - range->top < range->base) &&
	    likely(rte_fastmem_slot_push(rte_fastmem_slot_of_size(local, size), ptr)))
		return;
	rte_fastmem_free_slow(ptr);
}

/**
 * Allocate @p n blocks on the calling thread's node: all or none.
 *
 * @param[out] ptrs
 *   The blocks, on success only.
 * @param n
 *   How many; 0 succeeds once the other arguments were checked.
 * @param size
 *   As for rte_fastmem_alloc(), as are the further ones.
 * @param align
 *   See above.
 * @param flags
 *   See above.
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_errno of rte_fastmem_alloc_node().
 */
static inline int
rte_fastmem_alloc_bulk(void **ptrs, unsigned int n, size_t size, size_t align, unsigned int flags)
{
	if (likely(rte_fastmem_is_fast(size, align) && flags == 0 && n != 0) &&
	    likely(rte_fastmem_slot_pop_bulk(rte_fastmem_slot_of_size(rte_fastmem_self.local, size),
					     ptrs, n)))
		return 0;
	return rte_fastmem_alloc_bulk_slow(ptrs, n, size, align, flags);
}

/**
 * Allocate a block through a handle: of that handle's class, node and alignment.
 *
 * @return
 *   The block, or NULL with rte_errno: ENODEV, ENOMEM, EINVAL (unknown flag, no handle of this ABI).
 */
static inline void *
rte_fastmem_halloc(rte_fastmem_handle_t handle, unsigned int flags)
{
	void *ptr;

	if (likely(flags == 0 && rte_fastmem_slot_pop(rte_fastmem_slot_of_handle(handle), &ptr)))
		return ptr;
	return rte_fastmem_halloc_slow(handle, flags);
}

/**
 * Allocate @p n blocks through a handle: all or none, @p ptrs untouched on failure.
 *
 * @return
 *   0 on success, otherwise a negative errno as rte_errno of rte_fastmem_halloc().
 */
static inline int
rte_fastmem_halloc_bulk(rte_fastmem_handle_t handle, void **ptrs, unsigned int n,
			unsigned int flags)
{
	if (likely(flags == 0 && n != 0) &&
	    likely(rte_fastmem_slot_pop_bulk(rte_fastmem_slot_of_handle(handle), ptrs, n)))
		return 0;
	return rte_fastmem_halloc_bulk_slow(handle, ptrs, n, flags);
}

/**
 * Free a block that came from this handle, or one of the same class and node.
 *
 * @param handle
 *   The handle.
 * @param ptr
 *   The block, or NULL.
 */
static inline void
rte_fastmem_hfree(rte_fastmem_handle_t handle, void *ptr)
{
	if (unlikely(ptr == NULL ||
		     !rte_fastmem_slot_push(rte_fastmem_slot_of_handle(handle), ptr)))
		rte_fastmem_free_slow(ptr);
}

/**
 * Free @p n blocks that came from this handle, or of the same class and node; NULLs are skipped.
 */
static inline void
rte_fastmem_hfree_bulk(rte_fastmem_handle_t handle, void **ptrs, unsigned int n)
{
	if (unlikely(!rte_fastmem_slot_push_bulk(rte_fastmem_slot_of_handle(handle), ptrs, n)))
		rte_fastmem_free_bulk(ptrs, n);
}

#ifdef __cplusplus
}
#endif

#endif /* RTE_FASTMEM_FAST_H */
