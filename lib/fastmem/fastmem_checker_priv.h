/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * What lib/fastmem tells AddressSanitizer and valgrind's memcheck: checker.c and checker_tools.c. */

#ifndef FASTMEM_CHECKER_PRIV_H
#define FASTMEM_CHECKER_PRIV_H

#include "fastmem_priv.h"

/* Where a thread did something: the 30 calls that AddressSanitizer has of malloc(), and our own. */
#define FM_ORIGIN_DEPTH 35
struct fm_origin {
	void *pc[FM_ORIGIN_DEPTH];
	int depth; /* 0: not known */
	int tid;
};

/* A block that this process has handed out, or was given back and keeps for a while. */
struct fm_record {
	const void *ptr;
	size_t size;   /* what may be used of it */
	size_t usable; /* what it has */
	bool is_freed;
	struct fm_origin given, freed;
	struct fm_record *next; /* in the order in which they were given back */
};

/* ---------------------------------------------------------------- checker.c */

/*
 * Whether a checker watches this process; set before the first block is out. No thread has a cache
 * then, so that every call comes by the slow path.
 */
extern bool fm_checking;

/* See to fm_checking. */
void
fm_checker_start(void);

/* A block was handed out of which `size` bytes were asked for. */
void
fm_checker_given(const void *ptr, size_t size);

/* A block is freed; true: that is all for now, it is kept, or it was free already, which is told. */
bool
fm_checker_freed(void *ptr);

/* All that a block has may be used. */
void
fm_checker_widen(const void *ptr);

/* Free what is kept; how many blocks. */
unsigned int
fm_checker_drain(void);

/* All memory goes back to EAL, or this process leaves it. */
void
fm_checker_stop(void);

/* Call `with` on the record whose block an address lies in, or on NULL; for a report. */
void
fm_checker_explain(const void *addr, void (*with)(const struct fm_record *r, const void *addr));

/* ---------------------------------------------------------------- what it needs of others */

/* A block counts as freed from now on, and as kept. */
void
fm_free_keep(void *ptr);

/* Free a block that nobody keeps, or that was kept. */
void
fm_free_now(void *ptr, bool kept);

/* As for fm_free_keep() of a block above RTE_FASTMEM_MAX_SIZE. */
void
fm_large_keep(struct fm_state *st, struct fm_node *node, size_t size);

/* Bytes of the block that starts there; 0: it is not ours. */
size_t
fm_block_size(const void *ptr);

/* Whether no other process uses this memory now. */
bool
fm_holder_is_alone(void);

/* ---------------------------------------------------------------- checker_tools.c */

/* Whether AddressSanitizer or memcheck runs in or around this process; gets ready to tell it. */
bool
fm_tool_start(void);

/* Where we are, for a report; nothing where the tool finds that by itself. */
void
fm_tool_origin(struct fm_origin *origin);

/* A block of so many usable bytes becomes the application's, `size` bytes of it. */
void
fm_tool_give(const void *ptr, size_t size, size_t usable);

/* It was given back: nobody may touch it. */
void
fm_tool_take(const void *ptr, size_t usable);

/* Anybody may use all of it. */
void
fm_tool_open(const void *ptr, size_t usable);

/* A block was freed twice. */
void
fm_tool_twice(const void *ptr);

#endif /* FASTMEM_CHECKER_PRIV_H */
