/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Who is inside: marks by which an auditor, who stops nobody, finds an instant at which no thread
 * had blocks or pages in its hands.
 *
 * A thread's stack of blocks is in order at each instruction. All else that moves blocks has them
 * in hand for a while: neither free nor cached, and counted before or after. Meanwhile `inside` of
 * the thread's unit is odd; who has no unit, and the control path, count themselves in and out of
 * the state. Marks do not nest. Of a process that is killed inside, the mark is put right with its
 * cache.
 */

#ifndef FASTMEM_INSIDE_H
#define FASTMEM_INSIDE_H

#include "fastmem_priv.h"

/* The owner of a unit goes in. It writes a line of its own, and waits for nothing. */
static inline void
fm_unit_enter(struct fm_unit *u)
{
	/* Relaxed, both: the owner alone writes it; the fence orders. */
	atomic_store_explicit(&u->inside,
			      atomic_load_explicit(&u->inside, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	/* R1: who sees what is done inside sees the mark; pairs with the fences of fm_quiet(). */
	atomic_thread_fence(memory_order_release);
}

static inline void
fm_unit_exit(struct fm_unit *u)
{
	/* R2: pairs with fm_quiet(): who sees it sees all that was done inside. */
	atomic_store_explicit(&u->inside,
			      atomic_load_explicit(&u->inside, memory_order_relaxed) + 1,
			      memory_order_release);
}

/* The same for a thread, `u` being its unit; NULL: it has none, or works on nodes as a whole. */
static inline void
fm_enter(struct fm_state *st, struct fm_unit *u)
{
	if (u != NULL) {
		fm_unit_enter(u);
		return;
	}
	atomic_fetch_add_explicit(&st->begun, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release); /* R1 */
}

static inline void
fm_exit(struct fm_state *st, struct fm_unit *u)
{
	if (u != NULL)
		fm_unit_exit(u);
	else
		atomic_fetch_add_explicit(&st->ended, 1, memory_order_release); /* R2 */
}

/* The same for who may be inside already; whether it has to go out again. */
static inline bool
fm_enter_once(struct fm_state *st, struct fm_unit *u)
{
	/* Relaxed: the owner alone writes it. */
	if (u != NULL && atomic_load_explicit(&u->inside, memory_order_relaxed) % 2 != 0)
		return false;
	fm_enter(st, u);
	return true;
}

/* Was there an instant during this call at which nobody was inside? */
bool
fm_quiet(const struct fm_state *st);

#endif /* FASTMEM_INSIDE_H */
