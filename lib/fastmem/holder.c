/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Owns which processes are alive, gets back what dead ones held in their caches, and knows whether
 * any that lives has a node's memory pinned.
 * Must not be called by who allocates or frees from what there is: it asks the kernel.
 * Called by reserve.c, chunk.c and pin.c, under the control lock, and by state.c for a process that comes.
 *
 * Each process holds a lock on a byte of its own behind the window's file, for as long as it lives,
 * however it ends (F_OFD_SETLK of fcntl(2)). A process id says less: it means another process in
 * another container, and comes again. A child that a process forked keeps the lock too.
 *
 * A cache is in order at whichever instruction its thread was stopped: its entries are those below
 * `top`, and one that leaves for elsewhere is above `top` first. So what is found was held, and at
 * most what its thread had in its hands just then is lost.
 */

#include "fastmem_trace.h"

#include "fastmem_checker_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#define LOCKS_AT    ((off_t)1 << 60) /* far behind the tables; nothing is written there */
#define MAX_HOLDERS 4096
#define PINS_AT	    (LOCKS_AT + MAX_HOLDERS + 1) /* a byte a node */

static int lock_fd = -1;

/* Nodes that this process has pinned memory of. Under the control lock. */
static bool pins[FM_MAX_NODES];

static bool
lock_at(off_t at, short type, int op, struct flock *lock)
{
	*lock = (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = at,
		.l_len = 1,
	};
	return fcntl(lock_fd, op, lock) == 0;
}

static bool
lock_byte(uint32_t holder, int op, struct flock *lock)
{
	return lock_at(LOCKS_AT + (off_t)holder, F_WRLCK, op, lock);
}

static bool
is_alive(uint32_t holder)
{
	struct flock lock;

	/* Who has no lock, and who cannot be asked about, may be. */
	return holder == 0 || holder == fm_process.holder ||
	       !lock_byte(holder, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
}

/* Give back what a process had, that is dead or, with `mine`, was before this one took its byte. */
static unsigned int
reap(struct fm_state *st, bool mine)
{
	uint32_t i, state, holder, dead = 0, living = 0;
	uint32_t nb = atomic_load_explicit(&st->nb_units, memory_order_acquire);
	unsigned int kind, nb_reclaimed = 0;

	/* Arrays last: those that are still lent then belong to no cache. */
	for (kind = FM_UNIT_CACHE; kind <= FM_UNIT_ARRAY; kind++)
		for (i = 0; i < nb; i++) {
			/* Acquire: what its holder did to it. */
			state = atomic_load_explicit(&st->unit[i]->state, memory_order_acquire);
			holder = fm_unit_holder(state);
			if (fm_unit_kind(state) != kind || (!mine && holder == living))
				continue;
			if (!(mine && holder == fm_process.holder) && holder != dead) {
				if (is_alive(holder)) {
					living = holder;
					continue;
				}
				dead = holder;
			}
			fm_cache_reclaim(st, st->unit[i]);
			nb_reclaimed++;
		}
	if (nb_reclaimed != 0)
		fm_trace_reap(nb_reclaimed);
	return nb_reclaimed;
}

unsigned int
fm_holder_reap(struct fm_state *st)
{
	return lock_fd < 0 ? 0 : reap(st, false);
}

void
fm_holder_enter(struct fm_state *st)
{
	struct flock lock;
	uint32_t i;

	/* Where EAL shares nothing there is nobody else. */
	if (st->window_file[0] == '\0')
		return;
	lock_fd = open(st->window_file, O_RDWR | O_CLOEXEC);
	if (lock_fd < 0)
		return;
	fm_control_lock(st);
	for (i = 1; i <= MAX_HOLDERS; i++) {
		if (lock_byte(i, F_OFD_SETLK, &lock)) {
			fm_process.holder = i;
			break;
		}
		if (errno != EAGAIN && errno != EACCES)
			break;
	}
	/* Without a byte this process counts as alive for ever, and cannot tell of others. */
	if (fm_process.holder != 0)
		reap(st, true);
	fm_control_unlock(st);
	if (fm_process.holder == 0)
		fm_holder_leave();
}

void
fm_holder_pin(uint32_t node, bool on)
{
	struct flock lock;

	/* Shared with others that pin it. Without a file this process is alone. */
	if (pins[node] != on && lock_fd >= 0)
		lock_at(PINS_AT + (off_t)node, on ? F_RDLCK : F_UNLCK, F_OFD_SETLK, &lock);
	pins[node] = on;
}

bool
fm_holder_is_pinned(uint32_t node)
{
	struct flock lock;

	if (pins[node] || lock_fd < 0)
		return pins[node];
	return lock_at(PINS_AT + (off_t)node, F_WRLCK, F_OFD_GETLK, &lock) &&
	       lock.l_type != F_UNLCK;
}

bool
fm_holder_is_alone(void)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCKS_AT,
		.l_len = MAX_HOLDERS + 1,
	};

	return lock_fd < 0 || (fcntl(lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
}

void
fm_holder_leave(void)
{
	if (lock_fd >= 0)
		close(lock_fd);
	lock_fd = -1;
	memset(pins, 0, sizeof(pins));
	fm_process.holder = 0;
}
