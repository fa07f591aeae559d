/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: tables of allocations by address.
 * Must not: know what an entry is for, or call out while it holds its lock, but to show entries.
 * Called by: the kinds that have to know of each allocation.
 *
 * Open addressing: an entry is at the place that its address says, or in one of the places right
 * behind it, with no vacant one in between. At most half of the places are taken or promised.
 */

#include <errno.h>
#include <stdlib.h>

#include "memalloc_priv.h"

#define FIRST_SIZE 64

static size_t
place_of(const struct ma_table *table, const void *mem)
{
	/* Fibonacci hashing: the high bits of the product depend on all bits of the address. */
	return (size_t)(((uintptr_t)mem * UINT64_C(0x9e3779b97f4a7c15)) >> table->shift);
}

static struct ma_entry *
find(const struct ma_table *table, const void *mem)
{
	size_t at;

	if (table->size == 0)
		return NULL;
	for (at = place_of(table, mem); table->entries[at].mem != NULL;
	     at = (at + 1) & (table->size - 1)) {
		if (table->entries[at].mem == mem)
			return &table->entries[at];
	}
	return NULL;
}

static void
insert(struct ma_table *table, const struct ma_entry *entry)
{
	size_t at = place_of(table, entry->mem);

	while (table->entries[at].mem != NULL)
		at = (at + 1) & (table->size - 1);
	table->entries[at] = *entry;
	table->nb++;
}

static void
erase(struct ma_table *table, struct ma_entry *entry)
{
	size_t hole = (size_t)(entry - table->entries), at = hole, home;

	/* What stands behind, and could not be found across the hole, moves into it. */
	for (;;) {
		at = (at + 1) & (table->size - 1);
		if (table->entries[at].mem == NULL)
			break;
		home = place_of(table, table->entries[at].mem);
		if (((at - home) & (table->size - 1)) >= ((at - hole) & (table->size - 1))) {
			table->entries[hole] = table->entries[at];
			hole = at;
		}
	}
	table->entries[hole].mem = NULL;
	table->nb--;
}

static bool
grow(struct ma_table *table)
{
	struct ma_table more = *table;

	more.size = table->size == 0 ? FIRST_SIZE : 2 * table->size;
	more.shift = 64 - (unsigned int)__builtin_ctzll(more.size);
	more.nb = 0;
	more.entries = calloc(more.size, sizeof(*more.entries));
	if (more.entries == NULL)
		return false;
	for (size_t i = 0; i < table->size; i++) {
		if (table->entries[i].mem != NULL)
			insert(&more, &table->entries[i]);
	}
	free(table->entries);
	table->entries = more.entries;
	table->size = more.size;
	table->shift = more.shift;
	return true;
}

void
ma_table_init(struct ma_table *table)
{
	*table = (struct ma_table){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void
ma_table_fini(struct ma_table *table)
{
	free(table->entries);
	pthread_mutex_destroy(&table->lock);
}

int
ma_table_promise(struct ma_table *table)
{
	int ret = 0;

	pthread_mutex_lock(&table->lock);
	if (2 * (table->nb + table->promised + 1) > table->size && !grow(table))
		ret = rte_memalloc_fail(-ENOMEM, "no memory to note another allocation beside %zu",
					table->nb);
	else
		table->promised++;
	pthread_mutex_unlock(&table->lock);
	return ret;
}

void
ma_table_cancel(struct ma_table *table)
{
	pthread_mutex_lock(&table->lock);
	table->promised--;
	pthread_mutex_unlock(&table->lock);
}

bool
ma_table_add(struct ma_table *table, const struct ma_entry *entry, struct ma_entry *replaced)
{
	struct ma_entry *there;

	pthread_mutex_lock(&table->lock);
	table->promised--;
	there = find(table, entry->mem);
	if (there != NULL) {
		*replaced = *there;
		*there = *entry;
	} else {
		insert(table, entry);
	}
	pthread_mutex_unlock(&table->lock);
	return there != NULL;
}

bool
ma_table_take(struct ma_table *table, const void *mem, struct ma_entry *taken)
{
	struct ma_entry *entry;

	pthread_mutex_lock(&table->lock);
	entry = find(table, mem);
	if (entry != NULL) {
		*taken = *entry;
		erase(table, entry);
		table->promised++;
	}
	pthread_mutex_unlock(&table->lock);
	return entry != NULL;
}

bool
ma_table_find(struct ma_table *table, const void *mem, struct ma_entry *found)
{
	struct ma_entry *entry;

	pthread_mutex_lock(&table->lock);
	entry = find(table, mem);
	if (entry != NULL)
		*found = *entry;
	pthread_mutex_unlock(&table->lock);
	return entry != NULL;
}

void
ma_table_show(struct ma_table *table, bool (*show)(const struct ma_entry *entry, void *arg),
	      void *arg)
{
	bool goes_on = true;

	pthread_mutex_lock(&table->lock);
	for (size_t i = 0; goes_on && i < table->size; i++) {
		if (table->entries[i].mem != NULL)
			goes_on = show(&table->entries[i], arg);
	}
	pthread_mutex_unlock(&table->lock);
}
