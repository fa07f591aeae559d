/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of traps: lib/fastmem/sample_trap.c, with the inlined pop and push of rte_fastmem_fast.h and the
 * slow path of cache.c. An owner pops and pushes blocks of its slot, and gives the slot up and has it
 * anew; a sampler sets traps at any time; somebody reads from outside how much is cached.
 *
 * Run: spin -a sample_trap.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m3000000  (no error expected)
 *      spin -DSTEPS=7 ...             more operations of the owner
 * What must hold: the owner gets each block that it put there, once and in order; what is read
 * from outside is a count that was right at some instant; after the last trap was met base is what it was.
 * Planted defects, each of which must be found:
 *      -DSETTLE_BY_BASE    after a pop that failed top is raised only if it is below base
 *      -DPOP_BY_BASE       the slow path takes its block as the inlined part does
 *      -DTRAP_BY_STORE     a trap is set by a store
 *      -DRESTORE_READ      base is put back as it was last seen, not as it can be told
 * Sequentially consistent: the owner alone writes top and entries, and no order between them and base
 * matters, which is what the model shows.
 */
#ifndef STEPS
#define STEPS	6
#endif
#define ROOM	2
#define BASE	1	/* of the entries; 0: the slot has none */
#define TRAP	100	/* above any top */

byte top = 0, base = 0, lender = 0;
byte entry[ROOM + 2];
/* What nothing of the code knows. */
byte in_slot = 0, last_block = 0;
bool over = false;

/* fm_slot_base() */
#define told(b)	((b) != TRAP -> (b) : (lender == 0 -> 0 : BASE))

proctype owner()
{
	byte left = STEPS, b, t, got, seen = BASE;

	do
	:: left == 0 -> break
	:: left > 0 ->
		left--;
		if
		:: true ->	/* inlined pop */
			t = top - 1; /* 255: below all, as a signed number */
			top = t;
			b = base;
			if
			:: t != 255 && t >= b && b != TRAP ->
				atomic { got = entry[t]; assert(got == in_slot); in_slot-- }
			:: else ->
				/* fm_slot_settle() */
				b = base;
#ifdef SETTLE_BY_BASE
				if
				:: b == 0 -> top = 0
				:: b != 0 && (b == TRAP && t == 0 || t == 255 || t < BASE) -> top = top + 1
				:: else
				fi;
#else
				if
				:: b == 0 -> top = 0
				:: else -> top = top + 1
				fi;
#endif
				/* slot_self() */
				b = base;
				b = told(b);
				if
				:: b == 0 -> lender = 1; top = BASE; base = BASE
				:: else
				fi;
				if
				:: top > BASE ->
					/* slot_take() */
#ifdef POP_BY_BASE
					b = base;
					if
					:: b == TRAP -> assert(false)	/* it has blocks, and gets none */
					:: else
					fi;
#endif
					b = base;
					if
					:: b == TRAP ->
#ifdef RESTORE_READ
						base = seen
#else
						base = BASE
#endif
					:: b == TRAP -> skip	/* the trap stays for a while */
					:: else
					fi;
					t = top - 1;
					top = t;
					atomic { got = entry[t]; assert(got == in_slot); in_slot-- }
				:: else
				fi
			fi
		:: base != 0 && in_slot < ROOM ->	/* push */
			t = top;
			entry[t] = in_slot + 1;
			atomic { top = t + 1; in_slot++ }
		:: in_slot == 0 && base != 0 ->		/* the thread leaves, and comes again */
			top = 0;
			base = 0;
			lender = 0;
			seen = 0
		fi;
		assert(top == 0 || top == BASE + in_slot);
		t = 0; b = 0; got = 0
	od;
	over = true
}

proctype sampler()
{
	byte b;

	do
	:: over -> break
	:: !over ->
		b = base;
		if
		:: b != 0 && b != TRAP ->
#ifdef TRAP_BY_STORE
			base = TRAP
#else
			atomic {
				if
				:: base == b -> base = TRAP
				:: else
				fi
			}
#endif
		:: else
		fi;
		b = 0
	od
}

init
{
	atomic { run owner(); run sampler() };
	over;
	(_nr_pr == 1);
	/* All that is there can be had, trap or not. */
	assert(told(base) == 0 || top == BASE + in_slot);
	assert(told(base) != 0 || in_slot == 0)
}
