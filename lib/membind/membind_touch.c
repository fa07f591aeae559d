/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: next touch: making marks, and the handler that a touch of a marked page gets to.
 * Must not: allocate, or read memory of the program's, in the handler.
 * Called by: applications; the kernel, for the handler.
 */

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_numa.h>

#include "membind_priv.h"

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;

/* Written before the handler is installed, and not again. */
static struct sigaction previous;

/*
 * By node: where a page goes that a thread there touches, plus 1; 0 if that is not known. Not in the
 * topology, which is on the heap, because that may be marked.
 */
static _Atomic int16_t home[RTE_NUMA_MAX_NODES];

static void
take_along(uintptr_t page)
{
	void *addr = (void *)page;
	int node_id = membind_sys_node(), status;

	if (node_id < 0)
		return;
	/* Relaxed: a single value, and any that was ever stored will do. */
	node_id = atomic_load_explicit(&home[node_id], memory_order_relaxed) - 1;
	if (node_id < 0)
		return;
	/* Asking costs little; a move makes all CPUs hand in their lists of pages first. */
	if (membind_sys_move(1, &addr, NULL, &status) == 0 && status == node_id)
		return;
	/* One that cannot move stays where it is. */
	membind_sys_move(1, &addr, &node_id, &status);
}

/* What would have happened without us. */
static void
pass_on(int sig, siginfo_t *info, void *context)
{
	struct sigaction deadly = { .sa_handler = SIG_DFL };

	if (previous.sa_flags & SA_SIGINFO) {
		previous.sa_sigaction(sig, info, context);
	} else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
		previous.sa_handler(sig);
	} else if (info->si_code > 0) {
		/* A fault: it comes again at once, and cannot be ignored. */
		sigaction(sig, &deadly, NULL);
	} else if (previous.sa_handler == SIG_DFL) {
		/* Sent by a process: it is taken once this handler has ended. */
		sigaction(sig, &deadly, NULL);
		tgkill(getpid(), gettid(), sig);
	}
}

static void
handler(int sig, siginfo_t *info, void *context)
{
	enum membind_fault fault = MEMBIND_FAULT_OTHER;
	int saved = errno;
	uintptr_t page;

	/* Access denied: a page that is not mapped at all was not marked. */
	if (info->si_code == SEGV_ACCERR)
		fault = membind_marks_fault((uintptr_t)info->si_addr, &page);
	if (fault == MEMBIND_FAULT_MARKED)
		take_along(page);
	else if (fault == MEMBIND_FAULT_OTHER)
		pass_on(sig, info, context);
	errno = saved;
}

static int
install(void)
{
	static bool installed;
	struct sigaction ours = { .sa_sigaction = handler }, now;
	int ret = 0;

	ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
	/* I3 of membind_marks.c. */
	sigfillset(&ours.sa_mask);
	pthread_mutex_lock(&install_lock);
	sigaction(SIGSEGV, NULL, &now);
	if (!installed) {
		previous = now;
		installed = sigaction(SIGSEGV, &ours, NULL) == 0;
		ret = installed ? 0 : -errno;
	} else if (!(now.sa_flags & SA_SIGINFO) || now.sa_sigaction != handler) {
		ret = -EBUSY;
	}
	pthread_mutex_unlock(&install_lock);
	return ret < 0 ? membind_fail(ret,
				      "the handler for SIGSEGV that next touch needs was replaced "
				      "by another: install that one before the first mark") :
			 0;
}

/* The allowed node with memory that is nearest to a node. */
static void
find_homes(const struct rte_numa_topology *topo, const struct rte_numa_mask *allowed)
{
	const int *nearest;
	unsigned int n;
	int node_id;

	RTE_NUMA_FOREACH_NODE(node_id, topo, 0) {
		nearest = rte_numa_nearest(topo, node_id, &n);
		for (unsigned int i = 0; i < n; i++) {
			if (!rte_numa_mask_test(allowed, nearest[i]))
				continue;
			atomic_store_explicit(&home[node_id], nearest[i] + 1, memory_order_relaxed);
			break;
		}
	}
}

static int
prepare(void)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	struct membind_nodes have;
	int ret;

	if (topo == NULL)
		return membind_fail(-errno, "cannot read the nodes from /sys: errno %d", errno);
	ret = membind_nodes_have(&have, 0, NULL);
	if (ret < 0)
		return ret;
	find_homes(topo, &have.allowed);
	ret = membind_caps_migrate();
	if (ret < 0)
		return membind_fail(ret,
				    "pages cannot be moved, so a mark would move none: "
				    "move_pages() gives errno %d",
				    -ret);
	return install();
}

struct list {
	struct membind_mark *first, **end;
};

static int
add_mark(struct list *list, const struct membind_vma *vma, uintptr_t start, uintptr_t end, int prot)
{
	struct membind_mark *mark;
	int ret = membind_mark_new(&mark, start, end, vma->page_size, prot);

	if (ret < 0)
		return ret;
	*list->end = mark;
	list->end = &mark->next;
	return 0;
}

/* A mapping that cannot be read may be so because of marks, and in parts only. */
static int
add_marked(struct list *list, const struct membind_vma *vma)
{
	uintptr_t from = vma->start, at;
	int prot = membind_marks_prot(from), next = prot, ret = 0;

	for (at = from; ret == 0 && at < vma->end; at += vma->page_size, prot = next) {
		if (prot < 0)
			return membind_fail(-EACCES, "memory at %#zx cannot be read by anybody",
					    (size_t)at);
		next = at + vma->page_size < vma->end ? membind_marks_prot(at + vma->page_size) :
							-EACCES;
		if (next != prot) {
			ret = add_mark(list, vma, from, at + vma->page_size, prot);
			from = at + vma->page_size;
		}
	}
	return ret;
}

/* A range, and whether a library that the handler may need lies in it. */
struct overlap {
	uintptr_t start, end;
	bool found;
};

static bool
is_within(const void *what, uintptr_t start, uintptr_t end)
{
	return (uintptr_t)what >= start && (uintptr_t)what < end;
}

/* 1 to look no further. The program itself is none, unless this library is a part of it. */
static int
overlaps_library(struct dl_phdr_info *object, size_t size, void *arg)
{
	struct overlap *overlap = arg;
	bool hit = false, ours = false;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		uintptr_t start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
		uintptr_t end = start + object->dlpi_phdr[i].p_memsz;

		if (object->dlpi_phdr[i].p_type != PT_LOAD)
			continue;
		hit = hit || (start < overlap->end && end > overlap->start);
		ours = ours || is_within(&home, start, end);
	}
	/* The program's name is empty here. */
	overlap->found = hit && (ours || object->dlpi_name[0] != '\0');
	return overlap->found;
}

/* What of a mapping the handler, or the thread it runs in, cannot be without; NULL: nothing. */
static const char *
what_is_needed(const struct membind_vma *vma)
{
	struct overlap overlap = { .start = vma->start, .end = vma->end };
	uintptr_t start = vma->start, end = vma->end;

	if (strcmp(vma->name, "[stack]") == 0 || is_within(&overlap, start, end))
		return "a stack";
	if (vma->prot & PROT_EXEC)
		return "code";
	if (is_within(&errno, start, end) || is_within(membind_marks_own(), start, end) ||
	    is_within((void *)pthread_self(), start, end))
		return "the thread's own variables";
	dl_iterate_phdr(overlaps_library, &overlap);
	return overlap.found ? "a library's variables" : NULL;
}

static int
make_marks(struct list *list, const struct membind_vmas *vmas)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < vmas->n; i++) {
		const struct membind_vma *vma = &vmas->vma[i];
		const char *needed = what_is_needed(vma);

		if (needed != NULL)
			return membind_fail(-EINVAL,
					    "the range holds %s, at %#zx: without it no thread "
					    "could take the signal of a touch",
					    needed, (size_t)vma->start);
		ret = vma->prot & PROT_READ ? add_mark(list, vma, vma->start, vma->end, vma->prot) :
					      add_marked(list, vma);
	}
	return ret;
}

static void
free_marks(struct list *list)
{
	struct membind_mark *mark;

	while ((mark = list->first) != NULL) {
		list->first = mark->next;
		membind_mark_free(mark);
	}
	list->end = &list->first;
}

/* One look at a range: 1 if that is outdated, because marked pages were touched meanwhile. */
static int
look(struct list *list, uintptr_t start, uintptr_t end)
{
	uint64_t changes = membind_marks_changes();
	struct membind_vmas vmas;
	int ret = membind_vmas_find(&vmas, start, &end, true);

	/* Mappings that split and join while they are listed may be missing in the list. */
	if (ret < 0)
		return ret == -EFAULT && membind_marks_changes() != changes ? 1 : ret;
	ret = make_marks(list, &vmas);
	membind_vmas_free(&vmas);
	if (ret < 0)
		free_marks(list);
	return ret == -EACCES && membind_marks_changes() != changes ? 1 : ret;
}

int
rte_membind_next_touch(void *addr, size_t size)
{
	struct list list = { .end = &list.first };
	uintptr_t start, end;
	int ret;

	ret = membind_check_range(addr, size, false, &start, &end);
	if (ret == 0)
		ret = prepare();
	if (ret < 0)
		return ret;
	do {
		ret = look(&list, start, end);
	} while (ret > 0);
	if (ret < 0)
		return ret;
	ret = membind_marks_add(list.first);
	if (ret == 0)
		return 0;
	free_marks(&list);
	return membind_fail(ret,
			    "mprotect() from %#zx to %#zx failed: errno %d (out of mappings: "
			    "raise vm.max_map_count)",
			    (size_t)start, (size_t)end, -ret);
}

int
rte_membind_next_touch_cancel(void *addr, size_t size)
{
	size_t page_size = membind_sys_page_size();
	struct membind_vmas vmas;
	uintptr_t start, end;
	bool gone;
	int ret;

	ret = membind_check_range(addr, size, false, &start, &end);
	if (ret < 0)
		return ret;
	end += (page_size - end % page_size) % page_size;
	ret = membind_vmas_find(&vmas, start, &end, true);
	/* What was unmapped while it was marked is not to stay marked for what comes there next. */
	gone = ret == -EFAULT;
	if (ret < 0 && !gone)
		return ret;
	if (!gone)
		membind_vmas_free(&vmas);
	ret = membind_marks_remove(start, end, gone);
	switch (ret) {
	case 0:
		return 0;
	case -EINVAL:
		return membind_fail(-EINVAL, "%#zx to %#zx is not of whole pages", (size_t)start,
				    (size_t)end);
	default:
		return membind_fail(ret,
				    "mprotect() from %#zx to %#zx failed: errno %d (out of "
				    "mappings: raise vm.max_map_count)",
				    (size_t)start, (size_t)end, -ret);
	}
}
