/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the kind "auto": chooses for each allocation, takes the next best, finds it again, and counts.
 * Must not: know how a kind is allocated: memalloc_auto_place.c does.
 * Called by: memalloc.c through the interface, applications.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memalloc_auto_priv.h"
#include "rte_memalloc_system.h"

/* Facts that change while others choose by them: each is of some moment. */
struct shared_facts {
	_Atomic uint32_t nb_nodes;
	_Atomic uint32_t without;
	_Atomic uint32_t full;
	_Atomic uint32_t pressure;
	_Atomic uint64_t page_size[RTE_MEMALLOC_NB_HUGE];
	_Atomic uint64_t free[RTE_MEMALLOC_NB_HUGE];
};

struct kind_count {
	_Atomic uint64_t allocated;
	_Atomic uint64_t nb_allocs;
	_Atomic uint64_t nb_frees;
	_Atomic uint64_t nb_passed;
};

/* Of an entry of the table: serial is the kind, thread its hints, owner what it is freed by. */
struct auto_alloc {
	struct rte_memalloc base;
	struct rte_memalloc_rules rules;
	struct rte_memalloc_hints hints;
	struct shared_facts facts;
	struct auto_places places;
	struct ma_table table;
	struct ma_count count;
	struct kind_count kinds[RTE_MEMALLOC_NB_CHOICES];
};

static const struct rte_memalloc_ops auto_ops;

static struct auto_alloc *
auto_of(struct rte_memalloc *alloc)
{
	return (struct auto_alloc *)alloc;
}

static int
check(const struct rte_memalloc *alloc)
{
	if (alloc != NULL && alloc->ops == &auto_ops)
		return 0;
	return rte_memalloc_fail(-EINVAL, "this is no allocator that chooses by itself");
}

/* ---- numbers that threads share: each stands for itself, so all accesses are relaxed */

#define GET(number)    atomic_load_explicit(&(number), memory_order_relaxed)
#define SET(number, n) atomic_store_explicit(&(number), (n), memory_order_relaxed)
#define ADD(number, n) atomic_fetch_add_explicit(&(number), (n), memory_order_relaxed)

static void
facts_set(struct auto_alloc *self, const struct rte_memalloc_facts *facts)
{
	SET(self->facts.nb_nodes, facts->nb_nodes);
	SET(self->facts.without, facts->without);
	SET(self->facts.full, facts->full);
	SET(self->facts.pressure, (uint32_t)facts->pressure);
	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_HUGE; i++) {
		SET(self->facts.page_size[i], facts->huge[i].page_size);
		SET(self->facts.free[i], facts->huge[i].free);
	}
}

static void
facts_get(struct auto_alloc *self, struct rte_memalloc_facts *facts)
{
	facts->nb_nodes = GET(self->facts.nb_nodes);
	facts->can_pin = self->places.pinned != NULL;
	facts->without = GET(self->facts.without);
	facts->full = GET(self->facts.full);
	facts->pressure = (enum rte_memalloc_pressure)GET(self->facts.pressure);
	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_HUGE; i++) {
		facts->huge[i].page_size = GET(self->facts.page_size[i]);
		facts->huge[i].free = GET(self->facts.free[i]);
	}
}

static void
count_alloc(struct auto_alloc *self, const struct rte_memalloc_choice *choice, size_t size)
{
	ma_count_alloc(&self->count, size);
	ADD(self->kinds[choice->kind].allocated, size);
	ADD(self->kinds[choice->kind].nb_allocs, 1);
	for (uint32_t i = 0; i < choice->nb_passed; i++)
		ADD(self->kinds[choice->passed[i].kind].nb_passed, 1);
}

static void
count_free(struct auto_alloc *self, enum rte_memalloc_choice_kind kind, size_t size)
{
	ma_count_free(&self->count, size);
	ADD(self->kinds[kind].allocated, -(uint64_t)size);
	ADD(self->kinds[kind].nb_frees, 1);
}

/* ---- hints as a number, for the table */

static uint64_t
hints_pack(const struct rte_memalloc_hints *hints)
{
	return (uint64_t)(uint32_t)hints->node_id << 32 | (uint64_t)hints->scope << 12 |
	       (uint64_t)hints->lifetime << 8 | (uint64_t)hints->forced << 4 | hints->flags;
}

static struct rte_memalloc_hints
hints_unpack(uint64_t packed)
{
	return (struct rte_memalloc_hints){
		.flags = packed & 15,
		.forced = (enum rte_memalloc_choice_kind)(packed >> 4 & 15),
		.lifetime = (enum rte_memalloc_lifetime)(packed >> 8 & 15),
		.scope = (enum rte_memalloc_scope)(packed >> 12 & 15),
		.node_id = (int)(uint32_t)(packed >> 32),
	};
}

/* ---- allocating */

/* Try what was chosen. Only what the table has to know of takes its lock. */
static int
attempt(struct auto_alloc *self, size_t size, size_t align, const struct rte_memalloc_hints *hints,
	const struct rte_memalloc_choice *choice, struct auto_piece *piece)
{
	struct ma_entry entry, replaced;
	int ret;

	if (choice->kind == RTE_MEMALLOC_CHOICE_POOL)
		return auto_place(&self->places, choice, size, align, piece);
	/* Before anything is taken: what cannot be noted cannot be freed. */
	ret = ma_table_promise(&self->table);
	if (ret != 0)
		return ret;
	ret = auto_place(&self->places, choice, size, align, piece);
	if (ret != 0) {
		ma_table_cancel(&self->table);
		return ret;
	}
	entry = (struct ma_entry){ .mem = piece->mem,
				   .size = piece->size,
				   .serial = choice->kind,
				   .thread = hints_pack(hints),
				   .owner = piece->owner };
	ma_table_add(&self->table, &entry, &replaced);
	return 0;
}

/* The best that can be had, of what is left. */
static int
get(struct auto_alloc *self, size_t size, size_t align, const struct rte_memalloc_hints *hints,
    struct rte_memalloc_choice *choice, void **mem)
{
	struct rte_memalloc_facts facts;
	struct auto_piece piece;
	int ret;

	facts_get(self, &facts);
	/* Each time round there is a kind less; standard is the last one. */
	for (;;) {
		ret = rte_memalloc_choose_by(&self->rules, &facts, size, hints, choice);
		if (ret != 0)
			return ret;
		ret = attempt(self, size, align, hints, choice, &piece);
		if (ret == 0 || choice->kind == RTE_MEMALLOC_CHOICE_STANDARD)
			break;
		if (ret == -ENOMEM)
			facts.full |= RTE_MEMALLOC_CHOICE_BIT(choice->kind);
		else
			facts.without |= RTE_MEMALLOC_CHOICE_BIT(choice->kind);
	}
	if (ret != 0)
		return ret == -ENOMEM ? ma_count_failure(&self->count, ret) : ret;
	count_alloc(self, choice, piece.size);
	*mem = piece.mem;
	return 0;
}

static int
auto_get(struct rte_memalloc *alloc, size_t size, size_t align, void **mem)
{
	struct rte_memalloc_choice choice;

	return get(auto_of(alloc), size, align, &auto_of(alloc)->hints, &choice, mem);
}

int
rte_memalloc_auto_alloc(struct rte_memalloc *alloc, size_t size, size_t align,
			const struct rte_memalloc_hints *hints, struct rte_memalloc_choice *choice,
			void **mem)
{
	struct rte_memalloc_choice own;
	int ret = check(alloc);

	if (ret == 0)
		ret = ma_alloc_check(alloc, size, &align, mem);
	if (ret == 0)
		ret = get(auto_of(alloc), size, align,
			  hints == NULL ? &auto_of(alloc)->hints : hints, &own, mem);
	if (ret == 0 && choice != NULL)
		*choice = own;
	return ret;
}

/* ---- what is allocated */

static int
refuse(const void *mem)
{
	return rte_memalloc_fail(
		-EINVAL, "%p is no allocation of this allocator (auto): was it freed twice?", mem);
}

static int
auto_free(struct rte_memalloc *alloc, void *mem)
{
	struct auto_alloc *self = auto_of(alloc);
	struct rte_memalloc_pool *pool = auto_pool_of(&self->places, mem);
	struct ma_entry entry, replaced;
	struct auto_piece piece;
	int ret;

	if (pool != NULL) {
		if (rte_memalloc_pool_put(pool, mem) != 0)
			return refuse(mem);
		count_free(self, RTE_MEMALLOC_CHOICE_POOL, pool->stride);
		return 0;
	}
	/* Who takes it out is who frees it. */
	if (!ma_table_take(&self->table, mem, &entry))
		return refuse(mem);
	piece = (struct auto_piece){ .mem = mem, .size = entry.size, .owner = entry.owner };
	ret = auto_unplace(&self->places, (enum rte_memalloc_choice_kind)entry.serial, &piece);
	if (ret != 0) {
		ma_table_add(&self->table, &entry, &replaced);
		return ret;
	}
	ma_table_cancel(&self->table);
	count_free(self, (enum rte_memalloc_choice_kind)entry.serial, entry.size);
	return 0;
}

/* False: it is none, or one that was freed. */
static bool
find(struct auto_alloc *self, const void *mem, struct ma_entry *entry)
{
	struct rte_memalloc_pool *pool = auto_pool_of(&self->places, mem);

	if (pool == NULL)
		return ma_table_find(&self->table, mem, entry);
	*entry = (struct ma_entry){
		.size = rte_memalloc_usable_size(rte_memalloc_pool_base(pool), mem),
		.serial = RTE_MEMALLOC_CHOICE_POOL,
		.thread = hints_pack(&self->hints),
	};
	return entry->size != 0;
}

static int
auto_realloc(struct rte_memalloc *alloc, void *mem, size_t size, size_t align, void **moved)
{
	struct auto_alloc *self = auto_of(alloc);
	struct rte_memalloc_choice choice;
	struct rte_memalloc_hints hints;
	struct ma_entry entry;
	void *other;
	int ret;

	if (!find(self, mem, &entry))
		return refuse(mem);
	if (size <= entry.size && size >= entry.size / 2 && (uintptr_t)mem % align == 0) {
		*moved = mem;
		return 0;
	}
	hints = hints_unpack(entry.thread);
	ret = get(self, size, align, &hints, &choice, &other);
	if (ret != 0)
		return ret;
	memcpy(other, mem, size < entry.size ? size : entry.size);
	ret = auto_free(alloc, mem);
	if (ret != 0) {
		auto_free(alloc, other);
		return ret;
	}
	*moved = other;
	return 0;
}

static size_t
auto_usable_size(struct rte_memalloc *alloc, const void *mem)
{
	struct ma_entry entry;

	return find(auto_of(alloc), mem, &entry) ? entry.size : 0;
}

int
rte_memalloc_auto_kind_of(struct rte_memalloc *alloc, const void *mem,
			  enum rte_memalloc_choice_kind *kind)
{
	struct ma_entry entry;
	int ret = check(alloc);

	if (ret != 0)
		return ret;
	if (mem == NULL || kind == NULL || !find(auto_of(alloc), mem, &entry))
		return refuse(mem);
	*kind = (enum rte_memalloc_choice_kind)entry.serial;
	return 0;
}

/* ---- the allocator */

static void
auto_stats(struct rte_memalloc *alloc, struct rte_memalloc_stats *stats)
{
	ma_count_read(&auto_of(alloc)->count, stats);
	stats->held += auto_spare(&auto_of(alloc)->places);
}

static void
auto_reset_peak(struct rte_memalloc *alloc)
{
	ma_count_reset_peak(&auto_of(alloc)->count);
}

int
rte_memalloc_auto_kinds(struct rte_memalloc *alloc, struct rte_memalloc_auto_stats *stats)
{
	struct kind_count *count;
	int ret = check(alloc);

	if (ret != 0)
		return ret;
	if (stats == NULL)
		return rte_memalloc_fail(-EINVAL, "statistics: nowhere to put them");
	for (unsigned int i = 0; i < RTE_MEMALLOC_NB_CHOICES; i++) {
		count = &auto_of(alloc)->kinds[i];
		stats->kind[i] = (struct rte_memalloc_auto_kind){
			.allocated = GET(count->allocated),
			/* Frees first: so there never seem to be more of them. */
			.nb_frees = GET(count->nb_frees),
			.nb_allocs = GET(count->nb_allocs),
			.nb_passed = GET(count->nb_passed),
		};
	}
	return 0;
}

int
rte_memalloc_auto_inform(struct rte_memalloc *alloc, const struct rte_memalloc_facts *facts)
{
	struct rte_memalloc_facts read;
	int ret = check(alloc);

	if (ret == 0 && facts == NULL) {
		ret = ma_facts_read(&read);
		facts = &read;
	}
	if (ret == 0)
		facts_set(auto_of(alloc), facts);
	return ret;
}

static int
auto_destroy(struct rte_memalloc *alloc)
{
	struct auto_alloc *self = auto_of(alloc);
	int ret = ma_count_idle(&self->count, "auto");

	if (ret == 0)
		ret = auto_places_fini(&self->places);
	if (ret != 0)
		return ret;
	ma_table_fini(&self->table);
	free(self);
	return 0;
}

static const struct rte_memalloc_ops auto_ops = {
	.kind = "auto",
	.alloc = auto_get,
	.free = auto_free,
	.realloc = auto_realloc,
	.usable_size = auto_usable_size,
	.stats = auto_stats,
	.reset_peak = auto_reset_peak,
	.destroy = auto_destroy,
};

static int
check_opts(const struct rte_memalloc_auto_opts *opts, const struct rte_memalloc_facts *facts,
	   const struct rte_memalloc_rules *rules)
{
	struct rte_memalloc_choice choice;

	if (opts->pinned != NULL &&
	    (rte_memalloc_flags(opts->pinned) & RTE_MEMALLOC_F_THREAD_SAFE) == 0)
		return rte_memalloc_fail(-EINVAL,
					 "the allocator of pinned memory (%s) is not thread-safe: "
					 "wrap it by rte_memalloc_locked_create()",
					 rte_memalloc_kind(opts->pinned));
	/* It would never have a pool, or an arena, and say that nothing is left of it. */
	if (opts->pool_blocks > RTE_MEMALLOC_POOL_CAPACITY_MAX || opts->arena_size > PTRDIFF_MAX)
		return rte_memalloc_fail(-EINVAL,
					 "pools of %" PRIu32 " blocks, arenas of %zu bytes: no "
					 "more than %" PRIu32 " and %td can be had",
					 opts->pool_blocks, opts->arena_size,
					 RTE_MEMALLOC_POOL_CAPACITY_MAX, PTRDIFF_MAX);
	return rte_memalloc_choose_by(rules, facts, 1, &opts->hints, &choice);
}

int
rte_memalloc_auto_create(const struct rte_memalloc_auto_opts *opts, struct rte_memalloc **alloc)
{
	static const struct rte_memalloc_auto_opts none;
	struct rte_memalloc_facts facts;
	struct rte_memalloc_rules rules;
	struct auto_alloc *self;
	int ret = 0;

	if (alloc == NULL)
		return rte_memalloc_fail(-EINVAL, "creating an allocator: nowhere to put it");
	opts = opts == NULL ? &none : opts;
	if (opts->rules != NULL)
		rules = *opts->rules;
	else
		rte_memalloc_rules_init(&rules);
	if (opts->facts != NULL)
		facts = *opts->facts;
	else
		ret = ma_facts_read(&facts);
	if (ret == 0)
		ret = check_opts(opts, &facts, &rules);
	if (ret != 0)
		return ret;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return rte_memalloc_fail(-ENOMEM, "creating an allocator: out of memory");
	ret = rte_memalloc_system_create(&self->places.system);
	if (ret != 0) {
		free(self);
		return ret;
	}
	self->base = (struct rte_memalloc){
		.ops = &auto_ops,
		.flags = RTE_MEMALLOC_F_THREAD_SAFE | RTE_MEMALLOC_F_REUSES | RTE_MEMALLOC_F_CHECKS,
	};
	self->rules = rules;
	self->hints = opts->hints;
	self->places.pinned = opts->pinned;
	self->places.pool_blocks = opts->pool_blocks == 0 ? RTE_MEMALLOC_AUTO_POOL_BLOCKS :
							    opts->pool_blocks;
	self->places.arena_size = opts->arena_size == 0 ? RTE_MEMALLOC_AUTO_ARENA_SIZE :
							  opts->arena_size;
	pthread_mutex_init(&self->places.lock, NULL);
	ma_table_init(&self->table);
	facts_set(self, &facts);
	*alloc = &self->base;
	return 0;
}
