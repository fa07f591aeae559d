/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: what people read: a profile as a text, and what is live by call site.
 * Must not: find out anything that memprof_ask.c does not tell.
 * Called by: the application, memprof.c.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "memprof_priv.h"
#include "memwatch_priv.h"

/* Call sites that a text has at most, and columns of a bar. */
#define MOST_SITES 20
#define BAR	   40

static void
put_stack(FILE *file, const struct rte_memprof_site *site)
{
	const struct rte_memprof_frame *f;
	char name[512];

	if (site->nb_frames == 0)
		mp_print(file, "    (stacks that found no place in the table)\n");
	for (f = site->frames; f < site->frames + site->nb_frames; f++) {
		mp_frame_name(f, name, sizeof(name));
		mp_print(file, "    %s", name);
		if (f->file != NULL)
			mp_print(file, " %s:%u", f->file, f->line);
		mp_print(file, "%s\n", f->inlined ? " (inlined)" : "");
	}
}

static bool
is_exact(const struct rte_memprof_summary *sum)
{
	return sum->interval == RTE_FASTMEM_SAMPLE_ALL && sum->lost == 0;
}

/* ---- what is live */

static int
put_leak(const struct rte_memprof_site *site, const void *const *pc, uint32_t depth, void *arg)
{
	FILE *file = arg;

	(void)pc;
	(void)depth;
	mp_print(file, "\n%" PRIu64 " bytes in %" PRIu64 " blocks, allocated by\n",
		 site->live_bytes, site->live_blocks);
	put_stack(file, site);
	return 0;
}

int
mp_write_leaks(struct mp_profile *p, FILE *file)
{
	struct rte_memprof_summary sum;
	int rc = mp_summary(p, &sum);

	if (rc != 0)
		return rc;
	mp_print(file,
		 "live: %" PRIu64 " bytes in %" PRIu64 " blocks, of what was allocated in %s\n",
		 sum.live_bytes, sum.live_blocks, mp_ns(sum.duration_us * 1000));
	if (is_exact(&sum))
		mp_print(file, "(exact: each allocation was looked at)\n");
	else
		mp_print(file,
			 "(estimated, of a sample each %s, %" PRIu64 " samples, %" PRIu64
			 " not followed; interval=1 is exact)\n",
			 mp_bytes(sum.interval), sum.samples, sum.lost);
	rc = mp_each_site(p, true, put_leak, file);
	return rc == 0 ? mp_print_end(file) : rc;
}

/* ---- all of it */

static void
put_sums(FILE *file, const struct rte_memprof_summary *s)
{
	mp_print(file, "memory profile: %s%s, %" PRIu64 " samples (%s)\n",
		 mp_ns(s->duration_us * 1000), s->running ? " so far" : "", s->samples,
		 is_exact(s) ? "of each allocation: all is exact" :
			       "others are estimated from them");
	if (s->lost != 0)
		mp_print(file, "  not followed, for want of places: %" PRIu64 " samples\n",
			 s->lost);
	if (s->sites_lost != 0)
		mp_print(file, "  without a call site, for want of places: %" PRIu64 " samples\n",
			 s->sites_lost);
	mp_print(file, "  allocated      %" PRIu64 " blocks, %s\n", s->allocations,
		 mp_bytes(s->allocated_bytes));
	mp_print(file, "  freed          %" PRIu64 " blocks\n", s->frees);
	mp_print(file, "  in use         %s, then %s; peak %s, average %s\n",
		 mp_bytes(s->live_bytes_start), mp_bytes(s->live_bytes_end),
		 mp_bytes(s->peak_bytes), mp_bytes(s->average_bytes));
	mp_print(file, "  mean lifetime  %s of a byte, by what was in use and allocated\n",
		 mp_ns(s->mean_lifetime_ns));
	mp_print(file, "  fragmentation  %u.%u %%: of %s in page runs nobody has %s\n",
		 s->fragmentation_permille / 10, s->fragmentation_permille % 10,
		 mp_bytes(s->held_bytes), mp_bytes(s->lost_bytes));
	if (s->efficiency_permille != 0)
		mp_print(file, "  efficiency     %u.%u %% of the bytes given were asked for\n",
			 s->efficiency_permille / 10, s->efficiency_permille % 10);
}

static void
put_bins(FILE *file, const char *title, const uint64_t *bins, const char *(*text)(uint64_t))
{
	static const char bar[] = "########################################";
	uint64_t most = 1;
	unsigned int i;

	for (i = 0; i < RTE_MEMPROF_NB_BINS; i++)
		if (bins[i] > most)
			most = bins[i];
	mp_print(file, "\n%s\n", title);
	for (i = 0; i < RTE_MEMPROF_NB_BINS; i++)
		if (bins[i] != 0)
			mp_print(file, "  from %12s %12" PRIu64 " %.*s\n", text((uint64_t)1 << i),
				 bins[i], (int)((double)bins[i] / (double)most * BAR), bar);
}

static int
put_node(const struct rte_memprof_node *node, void *arg)
{
	mp_print(arg, "  node %-4d %12" PRIu64 " blocks %12s", node->node_id, node->allocations,
		 mp_bytes(node->allocated_bytes));
	if (node->remote_blocks != 0)
		mp_print(arg, ", %" PRIu64 " (%s) for threads of other nodes", node->remote_blocks,
			 mp_bytes(node->remote_bytes));
	mp_print(arg, "\n");
	return 0;
}

static int
put_class(const struct rte_memprof_class *cls, void *arg)
{
	FILE *file = arg;

	if (cls->class_size != 0)
		mp_print(file, "  %9zu %12" PRIu64 " blocks", cls->class_size, cls->allocations);
	else
		mp_print(file, "  larger    %12" PRIu64 " blocks", cls->allocations);
	if (cls->given != 0)
		mp_print(file, ", %" PRIu64 " %% of the bytes asked for",
			 (uint64_t)((unsigned __int128)cls->asked * 100 / cls->given));
	mp_print(file, "\n");
	return 0;
}

struct listing {
	FILE *file;
	unsigned int n;
};

static int
put_advice(enum rte_memprof_advice_kind kind, const char *text, void *arg)
{
	struct listing *listing = arg;

	(void)kind;
	mp_print(listing->file, "%s  - %s\n", listing->n++ == 0 ? "\nadvice\n" : "", text);
	return 0;
}

static int
put_site(const struct rte_memprof_site *site, const void *const *pc, uint32_t depth, void *arg)
{
	struct listing *listing = arg;

	(void)pc;
	(void)depth;
	if (listing->n++ >= MOST_SITES)
		return 0;
	mp_print(listing->file, "\n  %s in %" PRIu64 " blocks", mp_bytes(site->allocated_bytes),
		 site->allocations);
	if (site->live_blocks != 0)
		mp_print(listing->file, ", of which %s in %" PRIu64 " are live",
			 mp_bytes(site->live_bytes), site->live_blocks);
	mp_print(listing->file, "\n");
	put_stack(listing->file, site);
	return 0;
}

int
mp_write_text(struct mp_profile *p, FILE *file)
{
	struct listing advice = { file, 0 }, sites = { file, 0 };
	struct rte_memprof_summary sum;
	int rc = mp_summary(p, &sum);

	if (rc != 0)
		return rc;
	put_sums(file, &sum);
	rc = mp_advise(p, put_advice, &advice);
	if (rc != 0)
		return rc;
	put_bins(file, "blocks by bytes asked for", sum.sizes, mp_bytes);
	put_bins(file, "blocks by lifetime, of those whose end was seen", sum.lifetimes, mp_ns);
	if (sum.lifetimes_late != 0)
		mp_print(file,
			 "  of these found late %10" PRIu64 ", which lived shorter than it says\n",
			 sum.lifetimes_late);
	mp_print(file, "  end not seen      %12" PRIu64 "\n", sum.lifetimes_open);
	mp_print(file, "\nnodes\n");
	mp_each_node(p, put_node, file);
	mp_print(file, "\nsize classes\n");
	mp_each_class(p, put_class, file);
	mp_print(file, "\ncall sites\n");
	rc = mp_each_site(p, false, put_site, &sites);
	if (sites.n > MOST_SITES)
		mp_print(file, "\n  and %u more call sites\n", sites.n - MOST_SITES);
	return rc == 0 ? mp_print_end(file) : rc;
}

int
mp_write(FILE *file, mp_write_fn fn)
{
	struct mp_profile *p;
	int rc;

	if (file == NULL)
		return mw_fail(-EINVAL, "no file to write to");
	p = mp_lock();
	if (p == NULL)
		return -ENODATA;
	rc = fn(p, file);
	mp_unlock();
	return rc;
}

int
rte_memprof_write_text(FILE *file)
{
	return mp_write(file, mp_write_text);
}

int
rte_memprof_leaks(FILE *file)
{
	return mp_write(file, mp_write_leaks);
}
