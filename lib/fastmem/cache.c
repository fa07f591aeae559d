/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns the calling thread's cache: getting one, refilling and flushing its slots, leaving it.
 * Must not touch another thread's entries.
 * Called by alloc.c and its like when the inlined fast path cannot serve.
 *
 * Empty, a slot is refilled with a batch that another thread gave away or, where there is none, with
 * less from the node's runs; full, it gives a batch away. The oldest entries stay: what was freed
 * last is what leaves when a slot is full, and that is in this core's cache either way.
 *
 * A thread without a unit (there are none left) works on the node directly, as do all of them where
 * every operation has to come by here: in a debug build, and while a checker watches.
 */

#include "fastmem_checker_priv.h"
#include "fastmem_inside.h"
#include "fastmem_sample_priv.h"

#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_lcore.h>

#ifdef RTE_FASTMEM_DEBUG
#define USE_CACHES 0 /* every operation comes by here, and is checked against the words */
#else
#define USE_CACHES 1
#endif

/* A cache that serves nobody: its slots are empty and full, and pops drift in them harmlessly. */
static struct rte_fastmem_slot
	no_cache[1 + RTE_FASTMEM_HANDLE_SLOT / sizeof(struct rte_fastmem_slot)];

__thread struct rte_fastmem_self rte_fastmem_self = {
	.local = &no_cache[1],
	.slots = no_cache,
};

_Static_assert(sizeof(struct rte_fastmem_slot) == 32, "part of the ABI");
_Static_assert(FM_CLASS_TAIL < RTE_FASTMEM_SLOT_RANGE, "a slot of its own");
_Static_assert(offsetof(struct rte_fastmem_slot, nb_alloc) == 24, "part of the ABI");
_Static_assert(FM_MAX_NODES *RTE_FASTMEM_SLOTS * sizeof(struct rte_fastmem_slot) <=
		       RTE_FASTMEM_HANDLE_SLOT,
	       "a handle can name every slot");
_Static_assert(sizeof(struct rte_fastmem_slot) ==
		       (RTE_FASTMEM_HANDLE_SLOT & -RTE_FASTMEM_HANDLE_SLOT),
	       "a handle's bits are a distance in bytes");

/* What this process knows of one of its threads. */
struct thread {
	struct fm_unit *unit;
	struct rte_fastmem_self *self;
	unsigned int skip; /* operations until it asks for a unit again */
	struct thread *next;
	bool listed;
};

static __thread struct thread this_thread;

static struct {
	pthread_mutex_t lock; /* of the list */
	pthread_once_t once;
	pthread_key_t key;
	struct thread *first;
} threads = { .lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT };

#define ASK_AGAIN 64 /* calls; the search takes the time of one or two */

/* ---- coming and going */

static unsigned int
flush_unit(struct fm_state *st, struct fm_unit *u, const struct fm_node *node);

static void
leave(struct fm_state *st, struct thread *t, bool flush)
{
	if (t->unit == NULL)
		return;
	t->self->slots = no_cache;
	t->self->local = &no_cache[1];
	if (flush) {
		fm_unit_enter(t->unit);
		flush_unit(st, t->unit, NULL);
		fm_unit_exit(t->unit);
		fm_unit_release(st, t->unit);
	}
	t->unit = NULL;
}

static void
unlist(struct thread *t)
{
	struct thread **at;

	pthread_mutex_lock(&threads.lock);
	for (at = &threads.first; *at != NULL; at = &(*at)->next)
		if (*at == t) {
			*at = t->next;
			break;
		}
	t->listed = false;
	pthread_mutex_unlock(&threads.lock);
}

static void
on_thread_exit(void *arg)
{
	struct fm_state *st = fm_state();

	if (st != NULL)
		leave(st, arg, true);
	unlist(arg);
}

static void
make_key(void)
{
	pthread_key_create(&threads.key, on_thread_exit);
}

void
fm_cache_init(void)
{
	pthread_once(&threads.once, make_key);
}

static void
list(struct thread *t)
{
	if (t->listed)
		return;
	pthread_setspecific(threads.key, t);
	t->self = &rte_fastmem_self;
	pthread_mutex_lock(&threads.lock);
	t->next = threads.first;
	threads.first = t;
	t->listed = true;
	pthread_mutex_unlock(&threads.lock);
}

void
fm_cache_leave(struct fm_state *st, bool flush)
{
	struct thread *t;

	pthread_mutex_lock(&threads.lock);
	for (t = threads.first; t != NULL; t = t->next)
		leave(st, t, flush);
	pthread_mutex_unlock(&threads.lock);
}

struct fm_unit *
fm_unit_self(struct fm_state *st)
{
	struct thread *t = &this_thread;
	unsigned int lcore = rte_lcore_id();

	if (likely(t->unit != NULL))
		return t->unit;
	if (t->skip > 0) {
		t->skip--;
		return NULL;
	}
	t->unit = fm_unit_claim(st, fm_node_self(st)->index,
				lcore == LCORE_ID_ANY ? FM_TAG_SHARED : lcore, FM_UNIT_CACHE);
	if (t->unit == NULL) {
		t->skip = ASK_AGAIN;
		return NULL;
	}
	list(t);
	rte_fastmem_self.slots = t->unit->slots;
	fm_cache_follow(st, fm_node_self(st));
	return t->unit;
}

void
fm_cache_follow(struct fm_state *st, const struct fm_node *node)
{
	struct fm_unit *u = this_thread.unit;
	struct rte_fastmem_slot *local;
	uintptr_t lo, hi;

	(void)st;
	if (u == NULL)
		return;
	local = &u->slots[fm_slot_index(node->index, 0)];
	/* Relaxed: set once, hi first; as long as lo is 0 there is no block. */
	lo = atomic_load_explicit(&node->lo, memory_order_relaxed);
	hi = atomic_load_explicit(&node->hi, memory_order_relaxed);
	local[RTE_FASTMEM_SLOT_RANGE].top = lo;
	local[RTE_FASTMEM_SLOT_RANGE].base = lo == 0 ? 0 : hi - lo;
	rte_fastmem_self.local = local;
}

/* ---- slots */

static uintptr_t
slot_end(uintptr_t base, unsigned int cls)
{
	return base + fm_class[cls].entries * sizeof(uintptr_t);
}

/* Let pushes in, unless the node is hungry, or somebody wants to see them. */
static void
open_slot(struct rte_fastmem_slot *slot, uintptr_t base, const struct fm_node *node,
	  unsigned int cls)
{
	uintptr_t end = slot_end(base, cls);

	/* Relaxed: a hint, see shortage.c. */
	if (__atomic_load_n(&slot->end, __ATOMIC_RELAXED) == end)
		return;
	__atomic_store_n(&slot->end, end, __ATOMIC_RELAXED);
	/* Who has a reason says so first and closes slots then: one of us sees the other. */
	atomic_thread_fence(memory_order_seq_cst);
	if (fm_shortage_hungry(node) || (fm_is_sampling() && fm_sample_keeps_closed(node, cls)))
		__atomic_store_n(&slot->end, 0, __ATOMIC_RELAXED);
}

/* Entries for the slots of a node: the unit's own for the first node, borrowed ones after. */
static uintptr_t *
node_array(struct fm_state *st, struct fm_unit *u, const struct fm_node *node)
{
	uint32_t *lender = &u->array_unit[node->index];
	struct fm_unit *other;
	uint32_t i;
	bool own_used = false;

	if (*lender == 0) {
		for (i = 0; i < st->nb_nodes; i++)
			own_used |= u->array_unit[i] == u->index + 1;
		other = own_used ? fm_unit_claim(st, node->index, FM_TAG_SHARED, FM_UNIT_ARRAY) : u;
		if (other == NULL)
			return NULL;
		*lender = other->index + 1;
	}
	return st->unit[*lender - 1]->array;
}

/* The calling thread's slot, ready for use, and where it begins; NULL: it has to do without. */
static struct rte_fastmem_slot *
slot_self(struct fm_state *st, const struct fm_node *node, unsigned int cls, uintptr_t *base)
{
	struct fm_unit *u = fm_unit_self(st);
	struct rte_fastmem_slot *slot;
	uintptr_t *array;

	if (!USE_CACHES || fm_checking || u == NULL || fm_class[cls].entries == 0)
		return NULL;
	slot = &u->slots[fm_slot_index(node->index, cls)];
	*base = fm_slot_base(st, u, node->index, cls);
	if (likely(*base != 0))
		return slot;
	array = node_array(st, u, node);
	if (array == NULL)
		return NULL;
	*base = slot->top = (uintptr_t)(array + fm_class[cls].array);
	__atomic_store_n(&slot->base, *base, __ATOMIC_RELAXED);
	open_slot(slot, *base, node, cls);
	fm_sample_slot_new(slot);
	return slot;
}

void
fm_slot_settle(struct rte_fastmem_slot *slot, unsigned int n)
{
	uintptr_t top = __atomic_load_n(&slot->top, __ATOMIC_RELAXED);

	/*
	 * Threads without a cache share a slot and lose each other's stores: what one adds may not be
	 * what is missing, and a top above 0 would be popped. 0 is right whoever else pops there.
	 */
	__atomic_store_n(&slot->top,
			 __atomic_load_n(&slot->base, __ATOMIC_RELAXED) == 0 ?
				 0 :
				 top + n * sizeof(uintptr_t),
			 __ATOMIC_RELAXED);
}

static unsigned int
slot_count(const struct rte_fastmem_slot *slot, uintptr_t base)
{
	return (unsigned int)((slot->top - base) / sizeof(uintptr_t));
}

static void
set_top(struct rte_fastmem_slot *slot, uintptr_t top)
{
	/* Release: as in rte_fastmem_slot_push(). */
	__atomic_store_n(&slot->top, top, __ATOMIC_RELEASE);
}

/*
 * Take entries that the slot has. Not as the inlined part does: a trap is no reason not to, but one to
 * tell.
 */
static void *const *
slot_take(struct fm_state *st, const struct fm_node *node, unsigned int cls,
	  struct rte_fastmem_slot *slot, unsigned int n)
{
	uintptr_t top = slot->top - n * sizeof(uintptr_t);

	if (unlikely(__atomic_load_n(&slot->base, __ATOMIC_RELAXED) == FM_TRAP))
		fm_sample_trapped(st, this_thread.unit, node->index, cls, n);
	/* Relaxed: as in rte_fastmem_slot_take(). */
	__atomic_store_n(&slot->top, top, __ATOMIC_RELAXED);
	rte_fastmem_count(&slot->nb_alloc, n);
	return (void *const *)top;
}

struct fm_slot_counters *
fm_counters_self(struct fm_state *st, struct fm_node *node, unsigned int cls, bool *shared)
{
	struct fm_unit *u = fm_unit_self(st);

	*shared = u == NULL;
	return u == NULL ? &node->counters[cls].threads :
			   &u->counters[fm_slot_index(node->index, cls)];
}

/* Return all entries of a slot to their runs. */
static unsigned int
empty_slot(struct fm_state *st, struct rte_fastmem_slot *slot, uintptr_t base,
	   struct fm_slot_counters *k)
{
	unsigned int n = slot_count(slot, base);

	/* First: whoever finds the slot after this process has died must not return them again. */
	set_top(slot, base);
	fm_node_put_blocks(st, (void *const *)base, n);
	fm_count(&k->flushed, n, false);
	return n;
}

static unsigned int
flush_unit(struct fm_state *st, struct fm_unit *u, const struct fm_node *node)
{
	unsigned int i, cls, slot, sum = 0;
	uintptr_t base;

	for (i = 0; i < st->nb_nodes; i++) {
		if (node != NULL && node != &st->node[i])
			continue;
		for (cls = 0; cls < FM_CLASSES; cls++) {
			slot = fm_slot_index(i, cls);
			base = fm_slot_base(st, u, i, cls);
			if (u->slots[slot].top > base)
				sum += empty_slot(st, &u->slots[slot], base, &u->counters[slot]);
		}
		if (sum != 0)
			fm_shortage_end(&st->node[i]);
	}
	return sum;
}

void
fm_cache_reclaim(struct fm_state *st, struct fm_unit *u)
{
	struct rte_fastmem_slot *slot;
	unsigned int node, cls;
	uintptr_t base;

	/* Its thread may have been killed inside. */
	if (atomic_load_explicit(&u->inside, memory_order_relaxed) % 2 == 0)
		fm_unit_enter(u);
	for (node = 0; node < st->nb_nodes; node++)
		for (cls = 0; cls < FM_CLASSES; cls++) {
			slot = &u->slots[fm_slot_index(node, cls)];
			base = fm_slot_base(st, u, node, cls);
			/* A pop that found nothing went below; anything else was not ours. */
			if (slot->top < base || slot->top > slot_end(base, cls))
				slot->top = base;
		}
	flush_unit(st, u, NULL);
	fm_unit_exit(u);
	fm_unit_release(st, u);
}

unsigned int
fm_cache_flush(struct fm_state *st, const struct fm_node *node)
{
	unsigned int n = fm_checker_drain();

	return n + (this_thread.unit == NULL ? 0 : flush_unit(st, this_thread.unit, node));
}

void
rte_fastmem_cache_flush(void)
{
	struct fm_state *st = fm_state();

	if (st == NULL)
		return;
	fm_enter(st, this_thread.unit);
	fm_cache_flush(st, NULL);
	fm_exit(st, this_thread.unit);
}

/* ---- allocate */

/* From runs a slot is filled only so far: that bounds how long one call takes. */
#define RUNS_SHARE 2

/* Put blocks into a slot that has room for a batch; false: the node has none. */
static bool
refill(struct fm_state *st, struct fm_node *node, unsigned int cls, struct rte_fastmem_slot *slot,
       struct fm_slot_counters *k)
{
	unsigned int got, n = RTE_MAX(fm_class[cls].entries / RUNS_SHARE, 1);
	struct fm_aim *aim = &this_thread.unit->aim[fm_slot_index(node->index, cls)];
	bool hungry = fm_shortage_hungry(node);
	void **block;

	/* Scarce blocks are for everybody. */
	if (hungry)
		n = RTE_MAX(n / 8, 1u);
	fm_unit_enter(this_thread.unit);
	block = (void **)slot->top;
	got = fm_node_get(st, node, cls, block, n, hungry ? NULL : aim);
	/* Where memory is short, what the slot held may have gone to the node meanwhile. */
	if (unlikely(slot->top != (uintptr_t)block))
		memmove((void *)slot->top, block, got * sizeof(void *));
	set_top(slot, slot->top + got * sizeof(void *));
	fm_count(&k->refilled, got, false);
	fm_count(&k->alloc_misses, got != 0, false);
	fm_unit_exit(this_thread.unit);
	return got != 0;
}

static void *
alloc_direct(struct fm_state *st, struct fm_node *node, unsigned int cls)
{
	bool shared;
	struct fm_slot_counters *k = fm_counters_self(st, node, cls, &shared);
	void *block = NULL;

	if (fm_is_sampling())
		fm_sample_passed(fm_class[cls].size);
	fm_enter(st, this_thread.unit);
	if (fm_node_get(st, node, cls, &block, 1, NULL) != 0) {
		fm_count(&k->alloc_direct, 1, shared);
		fm_count(&k->alloc_misses, 1, shared);
	}
	fm_exit(st, this_thread.unit);
	return block;
}

void *
fm_cache_alloc(struct fm_state *st, struct fm_node *node, unsigned int cls)
{
	uintptr_t base;
	struct rte_fastmem_slot *slot = slot_self(st, node, cls, &base);
	struct fm_slot_counters *k;

	if (slot == NULL)
		return alloc_direct(st, node, cls);
	k = &this_thread.unit->counters[fm_slot_index(node->index, cls)];
	if (slot_count(slot, base) == 0 && !refill(st, node, cls, slot, k))
		return NULL;
	return *slot_take(st, node, cls, slot, 1);
}

bool
fm_cache_alloc_bulk(struct fm_state *st, struct fm_node *node, unsigned int cls, void **blocks,
		    unsigned int n)
{
	uintptr_t base;
	struct rte_fastmem_slot *slot = slot_self(st, node, cls, &base);
	struct fm_slot_counters *k;
	unsigned int had;

	if (slot == NULL)
		return false;
	k = &this_thread.unit->counters[fm_slot_index(node->index, cls)];
	while ((had = slot_count(slot, base)) < n)
		/* It may also come out with fewer, see refill(). */
		if (had + fm_class[cls].batch > fm_class[cls].entries ||
		    !refill(st, node, cls, slot, k) || slot_count(slot, base) <= had)
			return false;
	rte_fastmem_copy_entries(blocks, slot_take(st, node, cls, slot, n), n);
	return true;
}

/* ---- free */

/* Push a block for which there is room, whatever `end` says. */
static void
slot_push(struct rte_fastmem_slot *slot, void *block)
{
	*(void **)slot->top = block;
	set_top(slot, slot->top + sizeof(void *));
}

static bool
free_slow(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_slab *slab,
	  void *block)
{
	uintptr_t base;
	struct rte_fastmem_slot *slot = slot_self(st, node, cls, &base);
	unsigned int n = fm_class[cls].batch;
	struct fm_slot_counters *k;
	bool shared;

	k = fm_counters_self(st, node, cls, &shared);
	if (slot != NULL && !fm_shortage_hungry(node)) {
		if (slot_count(slot, base) == fm_class[cls].entries) {
			/* First: as in empty_slot(). */
			set_top(slot, slot->top - n * sizeof(void *));
			fm_node_put(st, node, cls,
				    &this_thread.unit->aim[fm_slot_index(node->index, cls)],
				    (void *const *)slot->top, n);
			fm_count(&k->flushed, n, false);
		}
		if (fm_is_sampling() && fm_sample_keeps_closed(node, cls)) {
			slot_push(slot, block);
			return true;
		}
		open_slot(slot, base, node, cls);
		if (rte_fastmem_slot_push(slot, block)) {
			fm_count(&k->free_misses, 1, false);
			return true;
		}
	}
	/* Past the cache, and what it holds after it if the node is hungry. */
	if (!fm_node_put_block(st, slab, block))
		return false;
	fm_count_free(k, shared);
	if (slot != NULL && slot_count(slot, base) != 0)
		empty_slot(st, slot, base, k);
	fm_shortage_fed(node);
	return true;
}

bool
fm_cache_free(struct fm_state *st, struct fm_node *node, unsigned int cls, struct fm_slab *slab,
	      void *block)
{
	struct fm_unit *u = fm_unit_self(st);
	bool done;

	fm_enter(st, u);
	done = free_slow(st, node, cls, slab, block);
	fm_exit(st, u);
	return done;
}
