/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What the profiler's files share. */

#ifndef MEMPROF_PRIV_H
#define MEMPROF_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_fastmem.h>
#include <rte_fastmem_sample.h>
#include <rte_numa_mask.h>

#include "rte_memprof.h"

/*
 * memprof_sites.c: a table of stacks that threads add to without waiting for each other.
 */

/* What is counted of a call site with a size class. All but the samples are of blocks or bytes. */
enum mp_count {
	MP_SAMPLES,
	MP_BLOCKS,
	MP_BYTES,
	MP_ASKED, /* Bytes, of blocks whose asked size is known, */
	MP_GIVEN, /* and what they have. */
	MP_ENDED, /* Blocks that are not live, */
	MP_ENDED_BYTES,
	MP_ENDS,   /* Samples whose end was seen, */
	MP_SHORTS, /* and came within RTE_MEMPROF_SHORT_NS. */
	MP_REMOTE_BYTES,
	MP_NB_COUNTS,
};

struct mp_site {
	uint64_t hash;	/* Of all that makes it one. */
	uint32_t depth; /* 0: of stacks that found no place. */
	uint32_t cls;	/* Number of its size class. */
	_Atomic uint64_t count[MP_NB_COUNTS];
	/* Sizes that were asked for; max 0: none is known. */
	_Atomic uint64_t asked_min, asked_max;
	/* Node of the thread << 32 | node of the memory, of the last that differed. */
	_Atomic uint64_t remote;
	const void *pc[];
};

struct mp_sites {
	uint32_t max, depth, mask;
	size_t stride;
	_Atomic uint32_t used;	/* Sites; the first is for stacks that find no place. */
	_Atomic uint32_t *slot; /* By hash: the site's number; 0: none yet. */
	char *site;
};

/* 0 or -ENOMEM. max: sites besides the first. */
int
mp_sites_make(struct mp_sites *sites, uint32_t max, uint32_t depth);

void
mp_sites_free(struct mp_sites *sites);

static inline struct mp_site *
mp_site_at(const struct mp_sites *sites, uint32_t number)
{
	return (struct mp_site *)(sites->site + sites->stride * number);
}

/* The number of a stack with a size class; 0 if there is no place any more. */
uint32_t
mp_sites_find(struct mp_sites *sites, const void *const *pc, uint32_t depth, uint32_t cls);

/*
 * memprof_record.c: what samples add up to.
 */

struct mp_node_counts {
	_Atomic uint64_t blocks, bytes, remote_blocks, remote_bytes;
};

struct mp_class_counts {
	_Atomic uint64_t blocks, asked, given;
};

/* What a profile notes of samples. */
struct mp_record {
	uint64_t tsc_hz;
	unsigned int nb_classes;
	const size_t *class_size; /* Ascending. */
	uint32_t max_places;
	_Atomic uint32_t *place; /* The site of each sample that is followed. */
	struct mp_sites sites;
	struct mp_node_counts *node;  /* By id. */
	struct mp_class_counts *cls;  /* And one more, for blocks above all classes. */
	_Atomic uint64_t large_bytes; /* Of these blocks. */
	_Atomic uint64_t sites_lost;
	_Atomic uint64_t live_bytes, live_peak; /* Of what is followed. */
	_Atomic uint64_t sizes[RTE_MEMPROF_NB_BINS];
	_Atomic uint64_t lifetimes[RTE_MEMPROF_NB_BINS];
	_Atomic uint64_t late; /* Blocks of these that were found. */
};

/* 0 or -ENOMEM. class_size has to stay. */
int
mp_record_make(struct mp_record *record, const struct rte_memprof_config *config,
	       const size_t *class_size, unsigned int nb_classes, uint64_t tsc_hz);

void
mp_record_free(struct mp_record *record);

/* A sample, and its stack. Any number of threads at once. */
void
mp_record_allocated(struct mp_record *record, const struct rte_fastmem_sample *sample,
		    const void *const *pc, uint32_t depth);

/* found: its end lies before tsc by some time. */
void
mp_record_freed(struct mp_record *record, const struct rte_fastmem_sample *sample, bool found,
		uint64_t tsc);

/* Which element of a histogram. */
unsigned int
mp_bin(uint64_t figure);

/* The number of the smallest class that has so many bytes; nb_classes: none. */
unsigned int
mp_class_of(const struct mp_record *record, size_t size);

/* The part of a summary that samples give. */
void
mp_record_sum(const struct mp_record *record, struct rte_memprof_summary *summary);

/*
 * memprof_list.c: what a table of sites has at a moment, put in order.
 */

struct mp_entry {
	const void *const *pc;
	uint32_t depth;
	uint32_t cls;
	uint64_t count[MP_NB_COUNTS];
	uint64_t asked_min, asked_max;
	int asks, lies; /* Nodes of a thread and of what it got, that differ; -1: none did. */
};

struct mp_list {
	uint32_t n;
	struct mp_entry *entry;
};

/* Of each class how many bytes can be live at most. */
struct mp_most {
	unsigned int nb_classes;
	uint64_t bytes[RTE_FASTMEM_MAX_CLASSES];
};

/*
 * Sites with each of their classes, or without: by bytes or live bytes, most first. 0 or -ENOMEM.
 *
 * most NULL: all that was not seen to end is live.
 */
int
mp_list_make(const struct mp_sites *sites, const struct mp_most *most, bool by_class, bool by_live,
	     struct mp_list *list);

void
mp_list_free(struct mp_list *list);

/* Estimates, as are the others. */
uint64_t
mp_live_blocks(const struct mp_entry *entry);

uint64_t
mp_live_bytes(const struct mp_entry *entry);

/*
 * memprof_judge.c: advice. Pure.
 */

/* What it is judged by, beside the sites by class. */
struct mp_facts {
	const struct rte_memprof_summary *summary;
	const size_t *class_size;
	unsigned int nb_classes;
	/* The class that loses most in page runs, and how much; 0 bytes: not known. */
	size_t lost_class;
	uint64_t lost_class_bytes;
};

struct mp_advice {
	enum rte_memprof_advice_kind kind;
	const struct mp_entry *site; /* NULL: of no single one. */
	uint64_t weight; /* Bytes or blocks: what concerns most comes first of a kind. */
};

#define MP_MAX_ADVICE 24

/* How many; what is not among the heaviest of its kind is left out. */
unsigned int
mp_judge(const struct mp_facts *facts, const struct mp_list *list,
	 struct mp_advice advice[MP_MAX_ADVICE]);

/* In words. where: the site, or NULL. */
void
mp_advice_text(const struct mp_facts *facts, const struct mp_advice *advice, const char *where,
	       char text[RTE_MEMPROF_TEXT_MAX]);

/*
 * memprof_figures.c: what is counted, and how it goes over time.
 */

struct mp_figures {
	pthread_mutex_t lock;
	uint64_t start_tsc, last_tsc, walk_tsc, next_walk_tsc;
	uint64_t live_start, live, peak;
	uint64_t last_alloc, last_free; /* Of the statistics, which may begin anew. */
	uint64_t allocations, frees;
	double byte_ticks, lost_ticks, held_ticks; /* Over time. */
	uint64_t held, lost;			   /* When it was looked at last, */
	size_t lost_class;			   /* most of which is of this class. */
	uint64_t lost_class_bytes;
	unsigned int nb_classes;
	uint64_t *at_start, *allocated; /* By class. */
	struct mp_most live_by_class;	/* When it was looked at last. */
	size_t *class_size;
};

/* 0 or -ENOMEM. */
int
mp_figures_make(struct mp_figures *figures);

void
mp_figures_free(struct mp_figures *figures);

/* fastmem has to stay meanwhile. */
void
mp_figures_begin(struct mp_figures *figures);

/* What is cheap, and now and then the rest. */
void
mp_figures_look(struct mp_figures *figures);

/* All of it, as at the end. */
void
mp_figures_look_at_all(struct mp_figures *figures);

/* What is live of each class, as counted. */
void
mp_figures_live(struct mp_figures *figures, struct mp_most *live);

/* The part of a summary that is counted, but for bytes of large blocks. */
void
mp_figures_sum(struct mp_figures *figures, struct rte_memprof_summary *summary);

/*
 * memprof_stack.c
 */

/* Load what the first unwinding loads, and find which code is fastmem's. */
void
mp_stack_prepare(void);

/* Return addresses of the calling thread, without fastmem's: how many. */
uint32_t
mp_stack_take(const void **pc, uint32_t depth);

/*
 * memprof_symbol.c: names of what addresses lie in.
 */

struct mp_symbols;

/* NULL: no memory. */
struct mp_symbols *
mp_symbols_open(void);

void
mp_symbols_close(struct mp_symbols *symbols);

/* Most frames that a stack comes to, with inlined functions. */
#define MP_FRAMES (4 * RTE_MEMPROF_MAX_DEPTH)

/*
 * The frames of a stack without fastmem's own; texts stay until the symbols are closed. *skipped:
 * addresses that are fastmem's alone.
 */
unsigned int
mp_symbols_frames(struct mp_symbols *symbols, const void *const *pc, uint32_t depth,
		  struct rte_memprof_frame frames[MP_FRAMES], uint32_t *skipped);

/* Name of the function in memprof.c that the sampler calls. */
#define MP_ON_ALLOCATED "mp_on_allocated"

/* How many frames at the beginning are fastmem's own. Pure. */
unsigned int
mp_frames_own(const struct rte_memprof_frame *frames, unsigned int nb);

/* The first one that is no part of a library for memory; in a few words. Pure. */
void
mp_frames_where(const struct rte_memprof_frame *frames, unsigned int nb, char *text, size_t size);

/* A frame's name, or its address: never empty. Pure. */
void
mp_frame_name(const struct rte_memprof_frame *frame, char *text, size_t size);

/*
 * memprof_print.c
 */

/* As the usual function that writes to a file; what goes wrong the file remembers. */
void
mp_print(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes, and nanoseconds, with a unit that suits; valid until the thread's fourth call after it. */
const char *
mp_bytes(uint64_t bytes);

const char *
mp_ns(uint64_t ns);

/* 0, or -EIO with a text. */
int
mp_print_end(FILE *file);

/*
 * memprof.c: the profile that there is.
 */

/* What is written at the end, where it was asked for. */
enum mp_output {
	MP_LEAKS,
	MP_TEXT,
	MP_PPROF,
	MP_FOLDED,
	MP_NB_OUTPUTS,
};

struct mp_profile {
	bool running;
	struct rte_memprof_config config; /* With what was left open filled in. */
	struct mp_record record;
	struct mp_figures figures;
	struct rte_fastmem_sample_stats sampled;
	FILE *output[MP_NB_OUTPUTS];
};

/* Have it, so that it is neither ended nor replaced, until mp_unlock(); NULL with -ENODATA. */
struct mp_profile *
mp_lock(void);

void
mp_unlock(void);

/*
 * The process ends, and nobody called rte_fastmem_deinit(): end the profile that runs, and write its
 * files, of what was seen last if EAL was cleaned up already.
 */
void
mp_end_at_exit(void);

/* 0, -EINVAL with a text, and what was left open filled in. Pure. */
int
mp_config_check(const struct rte_memprof_config *asked, struct rte_memprof_config *config);

/*
 * memprof_ask.c: what there is to be known of a profile, which is locked.
 */

/* 0 or -ENOMEM with a text. */
int
mp_summary(struct mp_profile *profile, struct rte_memprof_summary *summary);

/* A call site, and its addresses but for those that are fastmem's. Not 0: no further ones. */
typedef int (*mp_site_fn)(const struct rte_memprof_site *site, const void *const *pc,
			  uint32_t depth, void *arg);

/* All, by bytes, or those that have something live, by live bytes. -errno with a text, or of fn. */
int
mp_each_site(struct mp_profile *profile, bool by_live, mp_site_fn fn, void *arg);

/* -errno with a text, or of fn. */
int
mp_advise(struct mp_profile *profile, rte_memprof_advice_fn fn, void *arg);

/* -errno with a text, or of fn. */
int
mp_each_node(struct mp_profile *profile, rte_memprof_node_fn fn, void *arg);

int
mp_each_class(struct mp_profile *profile, rte_memprof_class_fn fn, void *arg);

/*
 * A summary of the profile that there is, and how many pieces of advice it comes to, for who does not
 * wait for their words. 0 or -errno with a text.
 */
int
mp_sums(struct rte_memprof_summary *summary, unsigned int *nb_advice);

/*
 * memprof_report.c, memprof_stacks.c: of a profile that is locked; 0 or -errno with a text.
 */

typedef int (*mp_write_fn)(struct mp_profile *profile, FILE *file);

/* Have one of them write the profile that there is, locked meanwhile; also -EINVAL, -ENODATA. */
int
mp_write(FILE *file, mp_write_fn fn);

int
mp_write_leaks(struct mp_profile *profile, FILE *file);

int
mp_write_text(struct mp_profile *profile, FILE *file);

int
mp_write_pprof(struct mp_profile *profile, FILE *file);

int
mp_write_folded(struct mp_profile *profile, FILE *file, enum rte_memprof_value value);

/*
 * memprof_env.c
 */

/* What nobody is there to be told otherwise. */
void
mp_log(const char *text);

/* Bytes of the texts that a configuration from the environment has. */
#define MP_ENV_MAX 4096

/*
 * What FASTMEM_MEMPROF asks for: "on", or words with commas between them: interval=, samples=,
 * sites=, depth= with a number; leaks=, text=, pprof=, folded= with a file. The text is cut into
 * pieces, which the configuration has. 0, or -EINVAL with a text. Pure.
 */
int
mp_env_parse(char *text, struct rte_memprof_config *config);

#endif /* MEMPROF_PRIV_H */
