/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: moving pages of a range, page by page, and all pages of a process.
 * Must not: change a policy, or take the kernel's word for a move: places are asked for afterwards.
 * Called by: applications, lib/memregion, membind_thread.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <rte_numa.h>

#include "membind_priv.h"

/* What move_pages() leaves in the status of a page that it did not get to. */
#define NOT_TRIED INT_MIN

/* Pages of one mapping that are dealt with together. */
struct batch {
	const struct membind_vma *vma;
	uintptr_t addr;
	size_t n;
	struct membind_place before[MEMBIND_BATCH], after[MEMBIND_BATCH];
	int why[MEMBIND_BATCH]; /* Of the last try, 0 if there was none. */
};

struct migration {
	const struct rte_numa_mask *nodes;
	int turn; /* The node that the next page goes to. */
	struct rte_membind_migration sum;
	struct rte_membind_page *pages; /* Of our own, until all has gone well. */
	size_t nb_pages;
};

static int
next_turn(const struct rte_numa_mask *nodes, int node_id)
{
	int next = rte_numa_mask_next(nodes, node_id);

	return next >= 0 ? next : rte_numa_mask_next(nodes, -1);
}

/*
 * Move one page, to the next node where one is full. Alone, because of several at once move_pages()
 * does not say which could not move, and stops at the first node that is full.
 */
static int
move_one(const struct migration *migration, uintptr_t addr, int node_id)
{
	void *page = (void *)addr;
	int first = node_id, status;
	long ret;

	do {
		status = NOT_TRIED;
		ret = membind_sys_move(1, &page, &node_id, &status);
		if (ret == 0 && status == node_id)
			return 0;
		node_id = next_turn(migration->nodes, node_id);
	} while ((ret == -ENOMEM || status == -ENOMEM) && node_id != first);
	if (ret < 0)
		return ret;
	/* The kernel tried and gave up, without a reason: somebody holds the page. */
	return status < 0 && status != NOT_TRIED ? status : -EBUSY;
}

/* Try all at once, which is fast and mostly enough. */
static void
move_batch(struct migration *migration, const struct batch *batch, int *target)
{
	int nodes[MEMBIND_BATCH], status[MEMBIND_BATCH];
	void *pages[MEMBIND_BATCH];
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		target[i] = -1;
		if (batch->before[i].node_id < 0 ||
		    rte_numa_mask_test(migration->nodes, batch->before[i].node_id))
			continue;
		target[i] = migration->turn;
		migration->turn = next_turn(migration->nodes, migration->turn);
		nodes[n] = target[i];
		pages[n++] = (void *)(batch->addr + i * batch->vma->page_size);
	}
	/* Whatever it answers: where the pages are then is what counts. */
	if (n > 0)
		membind_sys_move(n, pages, nodes, status);
}

static int
migrate_batch(struct migration *migration, struct batch *batch)
{
	size_t page_size = batch->vma->page_size;
	int target[MEMBIND_BATCH];
	bool again = false;
	int ret = membind_places(batch->vma, batch->addr, batch->before, batch->n);

	if (ret < 0)
		return ret;
	move_batch(migration, batch, target);
	ret = membind_places(batch->vma, batch->addr, batch->after, batch->n);
	for (size_t i = 0; ret == 0 && i < batch->n; i++) {
		int now = batch->after[i].node_id;

		batch->why[i] = 0;
		if (target[i] < 0 || now < 0 || rte_numa_mask_test(migration->nodes, now))
			continue;
		batch->why[i] = move_one(migration, batch->addr + i * page_size, target[i]);
		if (batch->why[i] == -EPERM || batch->why[i] == -ENOSYS)
			return membind_fail(batch->why[i],
					    "move_pages() is refused: errno %d (a seccomp filter, "
					    "or a kernel without migration)",
					    -batch->why[i]);
		again = true;
	}
	if (ret == 0 && again)
		ret = membind_places(batch->vma, batch->addr, batch->after, batch->n);
	return ret;
}

static void
report(struct migration *migration, const struct batch *batch, size_t i)
{
	const struct membind_place *before = &batch->before[i], *after = &batch->after[i];
	size_t size = batch->vma->page_size;
	struct rte_membind_page page = {
		.addr = (void *)(batch->addr + i * size),
		.size = size,
		.from_node = before->node_id,
		.node_id = after->node_id,
	};

	if (after->node_id < 0) {
		page.why = after->why;
		migration->sum.absent += size;
	} else if (!rte_numa_mask_test(migration->nodes, after->node_id)) {
		/* Without a try it came while others were tried. */
		page.why = batch->why[i] != 0 ? batch->why[i] : -EBUSY;
		migration->sum.not_moved += size;
	} else if (after->node_id != before->node_id) {
		migration->sum.moved += size;
	} else {
		migration->sum.in_place += size;
	}
	if (migration->sum.nb_pages < migration->nb_pages)
		migration->pages[migration->sum.nb_pages] = page;
	migration->sum.nb_pages++;
}

static int
migrate_vma(struct migration *migration, const struct membind_vma *vma)
{
	struct batch batch = { .vma = vma, .addr = vma->start };
	int ret;

	for (; batch.addr < vma->end; batch.addr += batch.n * vma->page_size) {
		size_t left = (vma->end - batch.addr) / vma->page_size;

		batch.n = left < MEMBIND_BATCH ? left : MEMBIND_BATCH;
		ret = migrate_batch(migration, &batch);
		if (ret < 0)
			return ret;
		for (size_t i = 0; i < batch.n; i++)
			report(migration, &batch, i);
	}
	return 0;
}

static int
migrate_vmas(struct migration *migration, const struct membind_vmas *vmas)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < vmas->n; i++)
		ret = migrate_vma(migration, &vmas->vma[i]);
	return ret;
}

static size_t
count_pages(const struct membind_vmas *vmas)
{
	size_t n = 0;

	for (size_t i = 0; i < vmas->n; i++)
		n += (vmas->vma[i].end - vmas->vma[i].start) / vmas->vma[i].page_size;
	return n;
}

static int
check_moved(const struct migration *migration, unsigned int flags)
{
	if (!(flags & RTE_MEMBIND_F_STRICT) || migration->sum.not_moved == 0)
		return 0;
	return membind_fail(-EXDEV,
			    "%" PRIu64 " bytes could not move to nodes %s, %" PRIu64
			    " did: without strict, each page's reason is told",
			    migration->sum.not_moved, membind_list(migration->nodes).text,
			    migration->sum.moved);
}

int
rte_membind_migrate(void *addr, size_t size, const struct rte_numa_mask *nodes, unsigned int flags,
		    struct rte_membind_migration *result, struct rte_membind_page *pages,
		    size_t nb_pages)
{
	struct migration migration = { 0 };
	struct rte_numa_mask usable;
	struct membind_vmas vmas;
	uintptr_t start, end;
	int ret;

	ret = membind_check_flags(flags, MEMBIND_SET_FLAGS);
	if (ret == 0 && pages == NULL && nb_pages > 0)
		ret = membind_fail(-EINVAL, "pages is NULL, and nb_pages %zu", nb_pages);
	if (ret == 0)
		ret = membind_check_range(addr, size, false, &start, &end);
	if (ret == 0)
		ret = membind_nodes_usable(&usable, nodes, flags);
	if (ret == 0)
		ret = membind_vmas_find(&vmas, start, &end, true);
	if (ret < 0)
		return ret;
	migration.nodes = &usable;
	migration.turn = rte_numa_mask_next(&usable, -1);
	migration.nb_pages = count_pages(&vmas);
	if (migration.nb_pages > nb_pages)
		migration.nb_pages = nb_pages;
	if (migration.nb_pages > 0) {
		migration.pages = calloc(migration.nb_pages, sizeof(*migration.pages));
		if (migration.pages == NULL) {
			ret = membind_fail(-ENOMEM, "out of memory");
			goto free_vmas;
		}
	}
	ret = migrate_vmas(&migration, &vmas);
	if (ret == 0)
		ret = check_moved(&migration, flags);
	if (ret == 0 && result != NULL)
		*result = migration.sum;
	if (ret == 0 && migration.nb_pages > 0)
		memcpy(pages, migration.pages, migration.nb_pages * sizeof(*pages));
	free(migration.pages);
free_vmas:
	membind_vmas_free(&vmas);
	return ret;
}

static int
check_from(const struct rte_numa_mask *from, const struct membind_nodes *have)
{
	if (from == NULL)
		return 0;
	if (rte_numa_mask_empty(from))
		return membind_fail(-EINVAL, "no nodes are given to move from");
	if (!rte_numa_mask_within(from, &have->with_memory))
		return membind_fail(-ENODEV,
				    "pages are to move from nodes %s, and nodes with memory are %s",
				    membind_list(from).text, membind_list(&have->with_memory).text);
	return 0;
}

int
membind_empty_nodes(pid_t pid, const struct rte_numa_mask *from, const struct rte_numa_mask *to,
		    uint64_t *not_moved)
{
	long ret = membind_sys_migrate(pid, from, to);

	switch (ret) {
	case -ESRCH:
		return membind_fail(-ESRCH, "there is no process %d", pid);
	case -EPERM:
		return membind_fail(-EPERM,
				    "moving pages of process %d to nodes %s is refused: it is "
				    "another user's, its cpuset forbids a node, or a seccomp "
				    "filter is in force",
				    pid, membind_list(to).text);
	case -ENOSYS:
		return membind_fail(-ENOSYS, "this kernel has no migrate_pages()");
	default:
		if (ret < 0)
			return membind_fail(ret, "migrate_pages() of process %d: errno %d", pid,
					    (int)-ret);
		*not_moved = ret;
		return 0;
	}
}

int
rte_membind_migrate_process(pid_t pid, const struct rte_numa_mask *from,
			    const struct rte_numa_mask *to, uint64_t *not_moved)
{
	struct rte_numa_mask source, target;
	struct membind_nodes have;
	uint64_t left = 0;
	int ret;

	if (pid < 0)
		return membind_fail(-EINVAL, "process %d: not a process id", pid);
	ret = membind_nodes_have(&have, pid, to);
	if (ret == 0)
		ret = check_from(from, &have);
	if (ret == 0)
		ret = membind_usable(&target, to, true, &have);
	if (ret < 0)
		return ret;
	if (from != NULL)
		source = *from;
	else
		rte_numa_mask_andnot(&source, &have.with_memory, &target);
	/* Of all others there may be none. */
	if (!rte_numa_mask_empty(&source))
		ret = membind_empty_nodes(pid, &source, &target, &left);
	if (ret == 0 && not_moved != NULL)
		*not_moved = left;
	return ret;
}
