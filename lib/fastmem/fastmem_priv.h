/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What crosses files inside the library: what each file offers the others, under that file's name.
 * What processes share is in fastmem_shared.h.
 *
 * Layers, bottom up: page.c (which blocks of a page run are free), slab.c (which pages of a slab
 * are free), magazine.c (blocks that travel between threads in bulk), chunk.c (memory from EAL,
 * or for nodes that it does not list from external.c),
 * node.c (blocks for and from the caches), cache.c (a thread's own), alloc.c, large.c (the API).
 */

#ifndef FASTMEM_PRIV_H
#define FASTMEM_PRIV_H

#include "fastmem_shared.h"

/* ---------------------------------------------------------------- class.c */

/* A size class: `blocks` blocks of `size` bytes in a run of `pages` pages. */
struct fm_class {
	uint32_t size;
	uint32_t reciprocal; /* offset in the run * this >> 32 = block */
	uint16_t pages;
	uint8_t blocks;	  /* at most 64: a bit each in the run's word */
	uint16_t entries; /* of a thread's slot; 0: the class is not cached */
	uint16_t batch;	  /* blocks that go to or come from other threads at once */
	uint16_t array;	  /* where its entries start in a unit's array, in pointers */
};

extern struct fm_class fm_class[FM_CLASSES];

/* Entries of all classes' slots together. */
unsigned int
fm_class_array_len(void);

/* Class for a size and alignment, both within RTE_FASTMEM_MAX_SIZE. */
unsigned int
fm_class_of(size_t size, size_t align);

/* Class of exactly this size; FM_CLASSES if there is none. */
unsigned int
fm_class_exact(size_t size);

/* The word of a run whose blocks are all free. */
static inline uint64_t
fm_class_full(const struct fm_class *c)
{
	return UINT64_MAX >> (64 - c->blocks);
}

/* ---------------------------------------------------------------- state.c */

/* This process's view. */
struct fm_process {
	struct fm_state *_Atomic state; /* NULL: not initialised or not attached */
	uint32_t holder;		/* its number, see holder.c; 0: it has none */
};

extern struct fm_process fm_process;

/* The state, after attaching if this is a secondary; NULL if there is none. */
struct fm_state *
fm_state_get(void);

/* As above, but never attaches. */
static inline struct fm_state *
fm_state(void)
{
	/* Acquire: pairs with the release in state.c that publishes an initialised state. */
	return atomic_load_explicit(&fm_process.state, memory_order_acquire);
}

/* The state that a node is part of. */
static inline struct fm_state *
fm_state_of(const struct fm_node *node)
{
	return (struct fm_state *)((uintptr_t)(node - node->index) -
				   offsetof(struct fm_state, node));
}

/* The node of an id; NULL if there is no such, or it has no memory. */
struct fm_node *
fm_node_by_id(struct fm_state *st, int node_id);

/* The node that serves the calling thread: its own, or the nearest with memory. */
struct fm_node *
fm_node_self(struct fm_state *st);

/* Log an id that names no node, with those that do. */
void
fm_log_bad_node(int node_id);

/* ---------------------------------------------------------------- log.c */

enum fm_log_level { FM_ERR, FM_WARNING };

void
fm_log(enum fm_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---------------------------------------------------------------- window.c */

/* Reserve this process's window; the primary creates the file, a secondary opens it. */
int
fm_window_open(struct fm_state *st, bool create);

void
fm_window_close(struct fm_state *st, bool remove);

/* Make the entries of an address range writable in this process. */
int
fm_window_attach(const struct fm_state *st, uintptr_t base, size_t size);

/* Enter the slabs, from `first` on, of memory that was added. */
int
fm_window_add(const struct fm_state *st, uintptr_t base, size_t size, struct fm_slab *first);

/* Forget them. */
void
fm_window_remove(uintptr_t base, size_t size);

/* The slab of any address at all, NULL: none. Attaches what another process added. */
struct fm_slab *
fm_window_slab(uintptr_t addr);

/* The entry of an address whose slab is attached. */
_Atomic uint16_t *
fm_window_entry(uintptr_t addr);

/* ---------------------------------------------------------------- page.c */

static inline unsigned int
fm_slab_page(const struct fm_slab *s, uintptr_t addr)
{
	return (unsigned int)((addr - s->base) >> FM_PAGE_SHIFT);
}

/* Number of a node's slot of a class, in every cache and its counters. */
static inline unsigned int
fm_slot_index(unsigned int node, unsigned int cls)
{
	return 1 + node * RTE_FASTMEM_SLOTS + cls;
}

/* Units between slots, see RTE_FASTMEM_SLOT_UNIT. */
#define FM_SLOT_UNITS (sizeof(struct rte_fastmem_slot) / RTE_FASTMEM_SLOT_UNIT)

/* Entry of the page table: the slot's distance in units. 0 is none. */
static inline uint16_t
fm_entry(unsigned int node, unsigned int cls)
{
	return (uint16_t)(fm_slot_index(node, cls) * FM_SLOT_UNITS);
}

static inline unsigned int
fm_entry_class(uint16_t entry)
{
	return (entry / FM_SLOT_UNITS - 1) % RTE_FASTMEM_SLOTS;
}

static inline unsigned int
fm_entry_node(uint16_t entry)
{
	return (entry / FM_SLOT_UNITS - 1) / RTE_FASTMEM_SLOTS;
}

/* What came of returning blocks. */
enum fm_page_put {
	FM_PUT_OK,
	FM_PUT_FIRST, /* the run had no free block before: somebody should know */
	FM_PUT_EMPTY, /* the caller holds all blocks of `full` now; check the entry, see I3 */
	FM_PUT_TWICE, /* a block was free already */
};

/*
 * Take up to `n` free blocks of a run, as bits of its word, 0: none.
 *
 * *left says whether some remain. *foreign says that the run is not of class `entry` after all:
 * give the bits back with fm_page_put().
 */
uint64_t
fm_page_take(_Atomic uint64_t *word, const _Atomic uint16_t *entry_of, uint16_t entry,
	     unsigned int n, bool *left, bool *foreign);

/* Return blocks, as bits of the run's word; `full` as fm_class_full() of the run's class. */
enum fm_page_put
fm_page_put(_Atomic uint64_t *word, uint64_t blocks, uint64_t full);

/* ---------------------------------------------------------------- slab.c */

/* Claim `n` pages in a row, n <= 512, the first at a multiple of `align` pages; -1: none. */
int
fm_slab_claim(struct fm_slab *s, unsigned int n, unsigned int align);

/* Claim `n` pages from page `first` on; false if one of them is taken. */
bool
fm_slab_claim_at(struct fm_slab *s, unsigned int first, unsigned int n);

/* Pages from `page` on that are free (or not) in a row, up to `max`; by the time it is known. */
unsigned int
fm_slab_row(const struct fm_slab *s, unsigned int page, unsigned int max, bool free);

/* Return pages that the caller claimed. */
void
fm_slab_release(struct fm_slab *s, unsigned int first, unsigned int n);

/* ---------------------------------------------------------------- magazine.c */

/* What the calling thread saw of a shelf last: a hint where its next chain is. Zeroed: nothing. */
struct fm_aim {
	uint32_t full, empty;	   /* words */
	uint8_t full_at, empty_at; /* where they were */
};

/*
 * Store 1 <= `n` <= FM_CHAIN_BLOCKS blocks as a chain; false: the depot is full, keep them. `aim`
 * is the calling thread's for this class and depot.
 */
bool
fm_depot_push(struct fm_depot *d, unsigned int cls, struct fm_aim *aim, void *const *blocks,
	      unsigned int n);

/* Take one chain of a class; returns its number of blocks, 0: none. */
unsigned int
fm_depot_pop(struct fm_depot *d, unsigned int cls, struct fm_aim *aim, void **blocks);

/*
 * As fm_depot_pop(), of whatever class. *cursor, 0 at first, comes past each place once: so who
 * takes all is done some time, however much others push.
 */
unsigned int
fm_depot_pop_any(struct fm_depot *d, unsigned int *cursor, void **blocks);

/* Add a group of FM_GROUP_MAGS zeroed magazines; false: there are FM_MAX_GROUPS. Control lock. */
bool
fm_depot_add(struct fm_depot *d, struct fm_mag *group);

/* What a word of a shelf says. */
struct fm_chain {
	uint32_t word;
	bool taken, full;    /* neither: empty, or the word is vacant */
	unsigned int n;	     /* blocks in it */
	unsigned int index;  /* its first magazine */
	unsigned int nb_mag; /* 0: none, as in a vacant word */
	bool possible;	     /* there are such magazines */
};

/* Look at a chain that is not the caller's. It may be another by the time that it was looked at. */
struct fm_chain
fm_depot_peek(const struct fm_depot *d, unsigned int cls, unsigned int at);

/* A block of it, from 0. */
uintptr_t
fm_depot_peek_block(const struct fm_depot *d, const struct fm_chain *c, unsigned int i);

/* Blocks of a class in magazines, give or take what is on the move. */
uint64_t
fm_depot_blocks(const struct fm_depot *d, unsigned int cls);

/* ---------------------------------------------------------------- chunk.c */

/*
 * Take at least `size` bytes from EAL in whole slabs, in pages of that size (0: any): all or nothing.
 * Control lock held.
 */
int
fm_chunks_add(struct fm_state *st, struct fm_node *node, uint64_t size, uint64_t page_size);

/* Give wholly free chunks back while what was reserved stays; bytes. Control lock held. */
uint64_t
fm_chunks_trim(struct fm_node *node);

/* How many pages of a slab are ours, from *first on. */
unsigned int
fm_chunk_pages(const struct fm_chunk *c, uint32_t slab, unsigned int *first);

/* Give everything back, at deinit. */
void
fm_chunks_free(struct fm_node *node);

/* ---------------------------------------------------------------- zone.c */

/*
 * What hugepages do not hold beside EAL's headers: its own at the front, and at the end perhaps
 * that of what lies at the next page's beginning. A zone that leaves so much out takes no page more
 * than it fills.
 */
#define FM_EDGES     (2 * FM_PAGE_SIZE)
#define FM_PART_SIZE (FM_SLAB_SIZE - FM_EDGES)

/*
 * Memory for slabs from EAL: a multiple of FM_SLAB_SIZE, at such an address; or FM_EDGES less, up
 * to those behind such an address.
 */
struct fm_zone {
	uintptr_t base;
	uint64_t size;
	uint64_t page_size;
	uint32_t serial;
};

/* The least size of a zone that holds so much and leaves the edges out. */
static inline uint64_t
fm_zone_snug(uint64_t size)
{
	return RTE_ALIGN_CEIL(size + FM_EDGES, (uint64_t)FM_SLAB_SIZE) - FM_EDGES;
}

/* At least `size` bytes in pages of that size (0: any) or, where that is not to be had, less. */
int
fm_zone_take(struct fm_node *node, uint64_t size, uint64_t page_size, struct fm_zone *zone);

/* Cleared memory for the allocator's own data that goes with zone `serial`. */
void *
fm_zone_take_meta(struct fm_node *node, uint32_t serial, size_t size, uint64_t page_size);

/* Free a zone, its data or its metadata. */
void
fm_zone_free(struct fm_node *node, uint32_t serial, bool meta);

/* Bytes that EAL could still supply on a node at best, in pages of that size (0: any). */
uint64_t
fm_zone_available(const struct fm_node *node, uint64_t page_size);

/* Bytes that EAL has from the kernel already and nobody uses. */
uint64_t
fm_zone_held(const struct fm_node *node);

/* Say what was asked, of which page size (0: any), what there is and what to do. */
void
fm_zone_log_shortage(const struct fm_node *node, uint64_t total, uint64_t missing,
		     uint64_t page_size);

/* The addresses around `base` where EAL maps only this node's memory. */
void
fm_zone_range(const struct fm_node *node, uintptr_t base, uintptr_t *lo, uintptr_t *hi);

/* ---------------------------------------------------------------- unit.c */

/* Bytes of a unit: its record, slots, counters and entries. */
size_t
fm_unit_size(unsigned int nb_slots);

/* Lay `n` units out in cleared memory and offer them to threads; fewer if there is no room. */
void
fm_units_add(struct fm_state *st, unsigned int node, void *mem, unsigned int n);

/* Become the owner of a free unit, best one of this node and tag; NULL: there is none. */
struct fm_unit *
fm_unit_claim(struct fm_state *st, unsigned int node, uint32_t tag, enum fm_unit_kind kind);

/* The unit's slots are empty: let others have it and the arrays that it borrowed. */
void
fm_unit_release(struct fm_state *st, struct fm_unit *unit);

/* ---------------------------------------------------------------- holder.c */

/* This process comes: it gets a number, and what dead ones held is returned. */
void
fm_holder_enter(struct fm_state *st);

/* It goes, and holds nothing. */
void
fm_holder_leave(void);

/* Return what dead processes held in caches; how many caches. Control lock held. */
unsigned int
fm_holder_reap(struct fm_state *st);

/* This process has memory of a node pinned, or no more. Control lock held. */
void
fm_holder_pin(uint32_t node, bool on);

/* Whether any process has: what there is must stay, and what comes would not be. */
bool
fm_holder_is_pinned(uint32_t node);

/* ---------------------------------------------------------------- pin.c */

/* Unpin all, at deinit. */
void
fm_pin_leave(void);

/* ---------------------------------------------------------------- reserve.c */

/* The lock of all that adds and takes away memory, in whichever process. */
void
fm_control_lock(struct fm_state *st);
void
fm_control_unlock(struct fm_state *st);

/* The nodes that an id means: [*from, *to); or -EINVAL, logged. */
int
fm_nodes_meant(struct fm_state *st, int node_id, uint32_t *from, uint32_t *to);

/* Add memory that an allocation of `size` bytes needs, if growth is on; false: nothing added. */
bool
fm_grow(struct fm_state *st, struct fm_node *node, uint64_t size);

/*
 * Find or add caches for threads that come, if growth is on; false: none. Does not wait for who holds
 * the control lock: a thread without a cache is served too.
 */
bool
fm_grow_units(struct fm_state *st, struct fm_node *node);

/* May fm_grow() be worth a try? */
bool
fm_may_grow(const struct fm_node *node);

/* ---------------------------------------------------------------- prefault.c */

/* Pages of EAL's that are prefaulted; n = 0: none. */
struct fm_prefault {
	const struct fm_node *node;
	struct rte_fbarray *pages;
	int fd;
	unsigned int first, n;
	uint64_t page_size;
};

/* Have pages cleared that a reservation of `size` bytes will take, by the node's threads. */
void
fm_prefault_begin(const struct fm_node *node, uint64_t size, uint64_t page_size,
		  struct fm_prefault *p);

/* Give back what it did not take. */
void
fm_prefault_end(const struct fm_prefault *p);

/* ---------------------------------------------------------------- node.c */

/*
 * Get up to `n` blocks of a class from its runs, or with an aim a chain instead, which may bring up
 * to the class's batch; reclaims and grows before it returns 0.
 */
unsigned int
fm_node_get(struct fm_state *st, struct fm_node *node, unsigned int cls, void **blocks,
	    unsigned int n, struct fm_aim *aim);

/* Return up to FM_CHAIN_BLOCKS blocks of one class and node, as a chain if the depot takes one. */
void
fm_node_put(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_aim *aim,
	    void *const *blocks, unsigned int n);

/* Return one block of whatever class to its run. False: it was free already, or is no block. */
bool
fm_node_put_block(struct fm_state *st, struct fm_slab *slab, const void *block);

/* Return blocks that caches held, of whatever classes, to their runs. */
void
fm_node_put_blocks(struct fm_state *st, void *const *blocks, unsigned int n);

/* Return every magazine's blocks to their runs. */
void
fm_node_drain(struct fm_state *st, struct fm_node *node);

/*
 * Up to *nb page runs of a class side by side, their entries set, their words 0; *nb becomes how
 * many. NULL: none. The first lies at a multiple of its length or, if `anywhere`, else at a multiple
 * of `align` pages.
 */
struct fm_slab *
fm_node_get_runs(struct fm_node *node, unsigned int cls, unsigned int align, bool anywhere,
		 unsigned int *first, unsigned int *nb);

/* Publish a run that fm_node_get_runs() gave, but for its first `n` blocks, fewer than it has. */
void
fm_node_put_run(struct fm_slab *slab, unsigned int page, unsigned int cls, unsigned int n);

/* Give pages back that lie in one slab and whose words are 0. */
void
fm_node_put_pages(struct fm_slab *slab, unsigned int first, unsigned int n);

/*
 * Give pages back that were claimed in vain and never used; n = 0: fm_slab_claim_at() failed and
 * did so itself. Another may have found none meanwhile, and have drawn its conclusions.
 */
void
fm_node_unclaim_pages(struct fm_slab *slab, unsigned int first, unsigned int n);

/* ---------------------------------------------------------------- shortage.c */

/* Has an allocation of this class failed, and nothing come back to the node since? */
bool
fm_shortage_known(const struct fm_node *node, unsigned int cls);

/* An allocation of this class failed. Look once more afterwards: a return may have crossed. */
void
fm_shortage_begin(struct fm_state *st, struct fm_node *node, unsigned int cls);

/* Blocks came back, or memory was added. */
void
fm_shortage_end(struct fm_node *node);

/* Must caches on this node keep nothing? */
bool
fm_shortage_hungry(const struct fm_node *node);

/* A block came back past the caches. */
void
fm_shortage_fed(struct fm_node *node);

/*
 * Make memory free by the next, costlier means: magazines, the caller's cache, less choice of
 * place (the caller's own doing), growth. False: that brought nothing. Traces tell their numbers.
 */
enum fm_relief {
	FM_RELIEF_DRAIN,
	FM_RELIEF_FLUSH,
	FM_RELIEF_PACK,
	FM_RELIEF_GROW,
	FM_RELIEFS,
};

bool
fm_shortage_relieve(struct fm_state *st, struct fm_node *node, unsigned int relief, uint64_t size);

/* ---------------------------------------------------------------- cache.c */

/* Before any thread uses a cache: what would be a system call later. */
void
fm_cache_init(void);

/* A block of a class from one node, through the calling thread's cache; NULL: ENOMEM. */
void *
fm_cache_alloc(struct fm_state *st, struct fm_node *node, unsigned int cls);

/* `n` blocks at once out of the calling thread's slot; false: it cannot hold as many, or ENOMEM. */
bool
fm_cache_alloc_bulk(struct fm_state *st, struct fm_node *node, unsigned int cls, void **blocks,
		    unsigned int n);

/* Free a block of a class; false: it was free already, or is no block. */
bool
fm_cache_free(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_slab *slab,
	      void *block);

/* Put `top` right after the inlined part tried to take `n` entries, and could not. */
void
fm_slot_settle(struct rte_fastmem_slot *slot, unsigned int n);

/* The calling thread's unit, got now if it has none; NULL: it has to do without. */
struct fm_unit *
fm_unit_self(struct fm_state *st);

/* The calling thread's counters of a class; its node's where it has no cache. */
struct fm_slot_counters *
fm_counters_self(struct fm_state *st, struct fm_node *node, unsigned int cls, bool *shared);

/* Return a unit, and all that it holds, whose thread is gone. */
void
fm_cache_reclaim(struct fm_state *st, struct fm_unit *unit);

/* Return the calling thread's entries for a node (NULL: all) to their runs; how many. */
unsigned int
fm_cache_flush(struct fm_state *st, const struct fm_node *node);

/* Follow the thread to the node that it runs on now. */
void
fm_cache_follow(struct fm_state *st, const struct fm_node *node);

/* Leave, at deinit: no thread of this process has a cache any more. */
void
fm_cache_leave(struct fm_state *st, bool flush);

/* Count, in a thread's own counter or in one that several write. */
static inline void
fm_count(_Atomic uint64_t *counter, uint64_t n, bool shared)
{
	/* Relaxed: figures that order nothing. The owner alone writes its own: no RMW. */
	if (shared)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
	else
		atomic_store_explicit(counter,
				      atomic_load_explicit(counter, memory_order_relaxed) + n,
				      memory_order_relaxed);
}

/* Count a block that was freed past the cache. */
static inline void
fm_count_free(struct fm_slot_counters *k, bool shared)
{
	fm_count(&k->free_direct, 1, shared);
	fm_count(&k->free_misses, 1, shared);
}

/* ---------------------------------------------------------------- alloc.c */

/* Besides RTE_FASTMEM_F_*: a block above RTE_FASTMEM_MAX_SIZE for which the node does not grow. */
#define FM_F_NO_GROWTH (1u << 31)

/* What an allocation asks for. */
struct fm_request {
	size_t size;
	size_t align; /* after the check at least RTE_FASTMEM_ALIGN */
	unsigned int flags;
	int node_id;
	unsigned int cls; /* set by the check; FM_CLASS_LARGE above RTE_FASTMEM_MAX_SIZE */
	bool by_handle;	  /* the size is the class's */
};

/* Check in the documented order; 0 or a positive errno. */
int
fm_request_check(struct fm_state **st, struct fm_request *r);

/* Serve a checked request from one node; NULL: there is nothing left. */
void *
fm_alloc_on(struct fm_state *st, struct fm_node *node, const struct fm_request *r);

/* Count a request that no node could serve, by the first that was asked; returns ENOMEM. */
int
fm_out_of_memory(struct fm_state *st, struct fm_node *node, unsigned int cls);

/* ---------------------------------------------------------------- stats.c */

/* Remember the calling thread's figures of a class on a node, in FM_FIGURES numbers. */
void
fm_stats_mark(struct fm_state *st, struct fm_node *node, unsigned int cls, uint64_t *mark);

/* Undo what was counted since: the caller took blocks and gave them back. */
void
fm_stats_forget(struct fm_state *st, struct fm_node *node, unsigned int cls, const uint64_t *mark);

/* Blocks that the application holds. */
uint64_t
fm_stats_live(struct fm_state *st);

/* ---------------------------------------------------------------- handle.c */

/* What a handle means, as a checked request; 0 or a positive errno. */
int
fm_handle_check(rte_fastmem_handle_t handle, unsigned int flags, struct fm_state **st,
		struct fm_node **node, struct fm_request *r);

/* ---------------------------------------------------------------- large.c */

/* A block above RTE_FASTMEM_MAX_SIZE; NULL: ENOMEM. */
void *
fm_large_alloc(struct fm_state *st, struct fm_node *node, size_t size, size_t align,
	       unsigned int flags);

/* A block of a class, aligned beyond a page, straight from a slab; NULL: ENOMEM. */
void *
fm_aligned_alloc(struct fm_state *st, struct fm_node *node, unsigned int cls, size_t align);

/* Free a block above RTE_FASTMEM_MAX_SIZE, see fm_free_now(); false: none starts there. */
bool
fm_large_free(struct fm_state *st, struct fm_slab *slab, void *ptr, bool kept);

/* Bytes of the block above RTE_FASTMEM_MAX_SIZE that starts there, 0: none does. */
size_t
fm_large_size(const struct fm_slab *slab, const void *ptr);

#endif /* FASTMEM_PRIV_H */
