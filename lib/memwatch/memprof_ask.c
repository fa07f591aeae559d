/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what there is to be known of a profile: its sums, nodes, size classes, call sites, advice.
 * Must not: change it, or write anything.
 * Called by: the application, memprof_report.c, memprof_stacks.c, memwatch_tel_profile.c.
 */

#include <errno.h>
#include <string.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

static int
no_memory(void)
{
	return mw_fail(-ENOMEM, "no memory to put the profile together");
}

static uint64_t
get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed); /* a figure */
}

/* Call sites as mp_list_make() has them; none has more live than there is. */
static int
list_sites(struct mp_profile *p, bool by_class, bool by_live, struct mp_list *list)
{
	bool exact = p->config.interval == RTE_FASTMEM_SAMPLE_ALL;
	struct mp_most live;

	mp_figures_live(&p->figures, &live);
	if (mp_list_make(&p->record.sites, exact ? NULL : &live, by_class, by_live, list) == 0)
		return 0;
	return no_memory();
}

/* ---- sums */

static void
sum_live(const struct mp_list *list, struct rte_memprof_summary *sum)
{
	const struct mp_entry *e;

	sum->live_blocks = sum->live_bytes = 0;
	for (e = list->entry; e < list->entry + list->n; e++) {
		sum->live_blocks += mp_live_blocks(e);
		sum->live_bytes += mp_live_bytes(e);
	}
}

int
mp_summary(struct mp_profile *p, struct rte_memprof_summary *out)
{
	struct rte_memprof_summary sum = { .interval = p->config.interval, .running = p->running };
	struct rte_fastmem_sample_stats stats = p->sampled;
	struct mp_list list;
	int rc;

	if (p->running) {
		rte_fastmem_sample_stats(&stats);
		mp_figures_look_at_all(&p->figures);
	}
	rc = list_sites(p, false, false, &list);
	if (rc != 0)
		return rc;
	sum.samples = stats.samples;
	sum.lost = stats.lost;
	mp_figures_sum(&p->figures, &sum);
	mp_record_sum(&p->record, &sum);
	sum.sites = list.n;
	sum_live(&list, &sum);
	mp_list_free(&list);
	sum.allocated_bytes += get(&p->record.large_bytes);
	/* Where each allocation is looked at it need not have lasted until a look. */
	if (sum.interval == RTE_FASTMEM_SAMPLE_ALL && get(&p->record.live_peak) > sum.peak_bytes)
		sum.peak_bytes = get(&p->record.live_peak);
	if (sum.allocated_bytes != 0)
		sum.mean_lifetime_ns =
			(uint64_t)((double)sum.average_bytes / (double)sum.allocated_bytes *
				   (double)sum.duration_us * 1000);
	if (sum.held_bytes != 0)
		sum.fragmentation_permille = (uint32_t)(sum.lost_bytes * 1000 / sum.held_bytes);
	*out = sum;
	return 0;
}

int
rte_memprof_summary(struct rte_memprof_summary *summary)
{
	struct mp_profile *p;
	int rc;

	if (summary == NULL)
		return mw_fail(-EINVAL, "no place for the summary");
	p = mp_lock();
	if (p == NULL)
		return -ENODATA;
	rc = mp_summary(p, summary);
	mp_unlock();
	return rc;
}

/* ---- nodes and classes */

int
mp_each_node(struct mp_profile *p, rte_memprof_node_fn fn, void *arg)
{
	int node_id, rc = 0;

	for (node_id = 0; node_id < RTE_NUMA_MAX_NODES && rc == 0; node_id++) {
		const struct mp_node_counts *counts = &p->record.node[node_id];
		const struct rte_memprof_node node = {
			.node_id = node_id,
			.allocations = get(&counts->blocks),
			.allocated_bytes = get(&counts->bytes),
			.remote_blocks = get(&counts->remote_blocks),
			.remote_bytes = get(&counts->remote_bytes),
		};

		if (node.allocations != 0)
			rc = fn(&node, arg);
	}
	return rc;
}

/* Blocks that no class has: above them. */
static uint64_t
large_blocks(const struct mp_figures *f)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < f->nb_classes; i++)
		sum += f->allocated[i];
	return f->allocations > sum ? f->allocations - sum : 0;
}

int
mp_each_class(struct mp_profile *p, rte_memprof_class_fn fn, void *arg)
{
	unsigned int i, n = p->figures.nb_classes;
	int rc = 0;

	if (p->running)
		mp_figures_look_at_all(&p->figures);
	for (i = 0; i <= n && rc == 0; i++) {
		const struct mp_class_counts *counts = &p->record.cls[i];
		const struct rte_memprof_class cls = {
			.class_size = i == n ? 0 : p->figures.class_size[i],
			.allocations = i == n ? large_blocks(&p->figures) : p->figures.allocated[i],
			.sampled = get(&counts->blocks),
			.asked = get(&counts->asked),
			.given = get(&counts->given),
		};

		if (cls.allocations != 0 || cls.sampled != 0)
			rc = fn(&cls, arg);
	}
	return rc;
}

/* ---- call sites */

static struct rte_memprof_site
site_of(const struct mp_entry *e)
{
	return (struct rte_memprof_site){
		.samples = e->count[MP_SAMPLES],
		.allocations = e->count[MP_BLOCKS],
		.allocated_bytes = e->count[MP_BYTES],
		.live_blocks = mp_live_blocks(e),
		.live_bytes = mp_live_bytes(e),
		.asked_bytes = e->count[MP_ASKED],
		.given_bytes = e->count[MP_GIVEN],
		.remote_bytes = e->count[MP_REMOTE_BYTES],
		.ends_seen = e->count[MP_ENDS],
		.short_lives = e->count[MP_SHORTS],
	};
}

int
mp_each_site(struct mp_profile *p, bool by_live, mp_site_fn fn, void *arg)
{
	struct mp_symbols *symbols = mp_symbols_open();
	struct rte_memprof_frame frames[MP_FRAMES];
	struct rte_memprof_site site;
	struct mp_list list = { 0 };
	uint32_t i, skipped;
	int rc;

	if (p->running)
		mp_figures_look_at_all(&p->figures);
	rc = symbols == NULL ? no_memory() : list_sites(p, false, by_live, &list);
	for (i = 0; i < list.n && rc == 0; i++) {
		const struct mp_entry *e = &list.entry[i];

		site = site_of(e);
		if (by_live && site.live_blocks == 0)
			continue;
		site.nb_frames = mp_symbols_frames(symbols, e->pc, e->depth, frames, &skipped);
		site.frames = frames;
		rc = fn(&site, e->pc + skipped, e->depth - skipped, arg);
	}
	mp_list_free(&list);
	mp_symbols_close(symbols);
	return rc;
}

/* ---- advice */

/* Who allocated most bytes of a class; NULL: nobody was seen to. */
static const struct mp_entry *
most_of_class(const struct mp_facts *facts, const struct mp_list *list, size_t class_size)
{
	const struct mp_entry *most = NULL, *e;

	for (e = list->entry; e < list->entry + list->n; e++)
		if (e->depth != 0 && e->cls < facts->nb_classes &&
		    facts->class_size[e->cls] == class_size &&
		    (most == NULL || e->count[MP_BYTES] > most->count[MP_BYTES]))
			most = e;
	return most;
}

static int
tell_advice(const struct mp_facts *facts, const struct mp_list *list,
	    const struct mp_advice *advice, struct mp_symbols *symbols, rte_memprof_advice_fn fn,
	    void *arg)
{
	struct rte_memprof_frame frames[MP_FRAMES];
	const struct mp_entry *site = advice->site;
	char text[RTE_MEMPROF_TEXT_MAX], where[192];
	uint32_t skipped;
	unsigned int n;

	if (site == NULL && facts->lost_class_bytes != 0)
		site = most_of_class(facts, list, facts->lost_class);
	if (site != NULL) {
		n = mp_symbols_frames(symbols, site->pc, site->depth, frames, &skipped);
		mp_frames_where(frames, n, where, sizeof(where));
	}
	mp_advice_text(facts, advice, site != NULL ? where : NULL, text);
	return fn(advice->kind, text, arg);
}

/* What is to be advised, and by what. */
struct verdict {
	struct rte_memprof_summary sum;
	struct mp_facts facts;
	struct mp_list list;
	struct mp_advice advice[MP_MAX_ADVICE];
	unsigned int n;
};

/* 0, or -errno with a text. Its list is to be freed in either case. */
static int
judge(struct mp_profile *p, struct verdict *v)
{
	int rc;

	v->n = 0;
	v->list = (struct mp_list){ 0 };
	rc = mp_summary(p, &v->sum);
	if (rc == 0)
		rc = list_sites(p, true, false, &v->list);
	if (rc != 0)
		return rc;
	v->facts = (struct mp_facts){
		.summary = &v->sum,
		.class_size = p->figures.class_size,
		.nb_classes = p->figures.nb_classes,
		.lost_class = p->figures.lost_class,
		.lost_class_bytes = p->figures.lost_class_bytes,
	};
	v->n = mp_judge(&v->facts, &v->list, v->advice);
	return 0;
}

int
mp_advise(struct mp_profile *p, rte_memprof_advice_fn fn, void *arg)
{
	struct mp_symbols *symbols = NULL;
	struct verdict v;
	unsigned int i;
	int rc = judge(p, &v);

	/* To open them takes a while. */
	if (rc == 0 && v.n != 0) {
		symbols = mp_symbols_open();
		if (symbols == NULL)
			rc = no_memory();
	}
	for (i = 0; i < v.n && rc == 0; i++)
		rc = tell_advice(&v.facts, &v.list, &v.advice[i], symbols, fn, arg);
	mp_list_free(&v.list);
	mp_symbols_close(symbols);
	return rc;
}

int
mp_sums(struct rte_memprof_summary *summary, unsigned int *nb_advice)
{
	struct mp_profile *p = mp_lock();
	struct verdict v;
	int rc;

	if (p == NULL)
		return -ENODATA;
	rc = judge(p, &v);
	if (rc == 0) {
		*summary = v.sum;
		*nb_advice = v.n;
	}
	mp_list_free(&v.list);
	mp_unlock();
	return rc;
}

/* ---- what applications call */

struct told {
	rte_memprof_site_fn fn;
	void *arg;
};

static int
tell_site(const struct rte_memprof_site *site, const void *const *pc, uint32_t depth, void *arg)
{
	struct told *told = arg;

	(void)pc;
	(void)depth;
	return told->fn(site, told->arg);
}

/* The profile, locked, if there is somebody to tell; otherwise *rc says why not. */
static struct mp_profile *
lock_to_tell(bool to_whom, int *rc)
{
	struct mp_profile *p = NULL;

	*rc = -ENODATA;
	if (to_whom)
		p = mp_lock();
	else
		*rc = mw_fail(-EINVAL, "no function to tell");
	return p;
}

int
rte_memprof_nodes(rte_memprof_node_fn fn, void *arg)
{
	int rc;
	struct mp_profile *p = lock_to_tell(fn != NULL, &rc);

	if (p == NULL)
		return rc;
	rc = mp_each_node(p, fn, arg);
	mp_unlock();
	return rc;
}

int
rte_memprof_classes(rte_memprof_class_fn fn, void *arg)
{
	int rc;
	struct mp_profile *p = lock_to_tell(fn != NULL, &rc);

	if (p == NULL)
		return rc;
	rc = mp_each_class(p, fn, arg);
	mp_unlock();
	return rc;
}

int
rte_memprof_sites(rte_memprof_site_fn fn, void *arg)
{
	struct told told = { fn, arg };
	int rc;
	struct mp_profile *p = lock_to_tell(fn != NULL, &rc);

	if (p == NULL)
		return rc;
	rc = mp_each_site(p, false, tell_site, &told);
	mp_unlock();
	return rc;
}

int
rte_memprof_advise(rte_memprof_advice_fn fn, void *arg)
{
	int rc;
	struct mp_profile *p = lock_to_tell(fn != NULL, &rc);

	if (p == NULL)
		return rc;
	rc = mp_advise(p, fn, arg);
	mp_unlock();
	return rc;
}
