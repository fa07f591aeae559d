/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

#ifndef BENCH_H
#define BENCH_H

#include "board.h"
#include "machine.h"
#include "options.h"
#include "way.h"

#define BENCH_WAYS_MAX 16

/** A way's part in a scenario. */
struct part {
	const struct way *way;
	void *state;
	struct work work; /**< The main thread's. */
	uint64_t n;	  /**< Units of work that a sample takes. */
};

/** A scenario, in the process that runs it. */
struct bench {
	const struct options *opts;
	const struct machine *machine;
	struct board *board;
	const char *scenario;
	struct item sequence[ITEM_SEQUENCE];
	struct part parts[BENCH_WAYS_MAX];
	unsigned int nb_parts;
	unsigned int serial; /**< Of this process among those of its scenario. */
	bool is_disturbed;   /**< Set by what measures in other threads. */
};

/** What a scenario does in a process of its own; false: a note says why not. */
typedef bool (*bench_fn)(struct bench *bench);

/** How a scenario's process is to be. */
struct bench_process {
	bench_fn run;
	size_t reserve;		/**< Of fastmem; 0: what the options say. */
	bool without_eal;	/**< A bare process. */
	bool without_fastmem;	/**< It initialises fastmem itself, if at all. */
	bool populated;		/**< EAL's memory is there before it is used, as hugepages are. */
	bool without_hugepages; /**< EAL starts so, whatever the options say. */
	const char *eal_more;	/**< One further argument for EAL; NULL: none. */
	unsigned int serial;
};

/**
 * Run a scenario in a new process, with EAL and fastmem's reservation.
 *
 * What it measures goes to the board; that it failed or died, too. The process is ended when it
 * takes longer than any scenario may.
 */
void
bench_process(const struct bench *parent, const struct bench_process *process);

/** The same in this process, which can do it only once. */
bool
bench_process_here(struct bench *bench, const struct bench_process *process);

/**
 * Open all ways but those with one of `without` flags, and attach this thread to them.
 *
 * Those that cannot be had are noted, and left out.
 */
void
bench_open(struct bench *bench, const struct way_needs *needs, unsigned int without);

/** Undo it. */
void
bench_close(struct bench *bench);

/** Give a work what every thread's has; false: no memory for slots. */
bool
bench_work(const struct bench *bench, struct work *work, void *thread, uint32_t nb_slots);

void
bench_work_free(struct work *work);

/** Leave a way out from now on. */
void
bench_drop(struct bench *bench, unsigned int number);

/**
 * Check that ways' objects are what they should be: as many as asked for, none of them another's.
 *
 * Takes nb of 64 B, or of the sequence's items where `mixed`, and gives them back. A way that fails
 * is noted, and left out.
 */
void
bench_check(struct bench *bench, uint32_t nb, bool mixed);

#endif /* BENCH_H */
