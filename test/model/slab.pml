/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/slab.c: workers claim runs of pages, within a word and across two, and
 * return them. Two words of two pages each.
 *
 * Run: spin -a slab.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000   (no error expected)
 *      spin -DWORKERS=3 ...                                          more workers
 *      cc -O2 -DNP ... && ./pan -l             lock-free: no cycle in which nobody gets on
 * Planted defects, each of which must be found:
 *      -DNO_ROLLBACK         who finds a page taken keeps what it has of the run
 *      -DROLLBACK_ALL        ... or gives the whole run back
 *      -DNO_CHECK            a claim does not look whether all its pages were free
 *      -DCLAIM_BY_STORE      a word is claimed by a store
 *      -DRELEASE_BY_STORE    ... or released by one
 *      -DWAIT                who finds a page taken waits for it (found with -DNP)
 * Sequentially consistent, so it checks the algorithm, not the memory orders.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#define PAGES 4

byte free[2] = 3;	/* 1 = free, as in struct fm_slab */
byte held = 0;		/* what workers have, as bits: nothing the code has */

#define run_mask	((((1 << n) - 1) << first) & 15)
#define mask(w)		((run_mask >> ((w) * 2)) & 3)

#ifdef WAIT
#define failed	skip
#define is_free(w)	free[w] == old && (old & mask(w)) == mask(w)
#else
#define failed	ok = 0; break
#define is_free(w)	free[w] == old
#endif

inline word_claim(w, ok)
{
	do
	:: old = free[w];
	   if
#ifndef NO_CHECK
	   :: (old & mask(w)) != mask(w) -> failed
#endif
	   :: else -> skip
	   fi;
	   atomic {
		if
#ifdef CLAIM_BY_STORE
		:: true -> free[w] = old & ~mask(w); ok = 1; break
#else
		:: is_free(w) -> free[w] = old & ~mask(w); ok = 1; break
		:: else -> skip
#endif
		fi
	   }
	od;
	old = 0
}

inline word_release(w)
{
#ifdef RELEASE_BY_STORE
	old = free[w];
	free[w] = old | mask(w)
#else
	free[w] = free[w] | mask(w)
#endif
}

inline claim()
{
	do
	:: copy = free[0];
	   copy = copy | (free[1] << 2);
	   if
	   :: (copy & run_mask) != run_mask -> n = 0; break
	   :: else -> copy = 0
	   fi;
	   got = 1;
	   if
	   :: mask(0) != 0 -> word_claim(0, got)
	   :: else
	   fi;
	   if
	   :: got && mask(1) == 0 -> skip
	   :: !got -> goto again
	   :: got && mask(1) != 0 ->
		word_claim(1, got);
		if
		:: got -> skip
		:: !got ->
#ifndef NO_ROLLBACK
			if
			:: mask(0) != 0 -> word_release(0)
			:: else
			fi;
#endif
#ifdef ROLLBACK_ALL
			word_release(1);
#endif
			goto again
		fi
	   fi;
	   atomic {
		assert((held & run_mask) == 0);
		held = held | run_mask
	   }
	   break;
again:	   skip
	od;
	copy = 0
}

inline give()
{
	atomic { assert((held & run_mask) == run_mask); held = held & ~run_mask };
	if
	:: mask(0) != 0 -> word_release(0)
	:: else
	fi;
	if
	:: mask(1) != 0 -> word_release(1)
	:: else
	fi;
	n = 0
}

proctype worker()
{
	byte first, n, old, copy;
	bit got;

	do
	:: n == 0 ->
progress_idle:
		atomic { got = 0; select(first : 0 .. PAGES - 1); select(n : 1 .. PAGES - first) };
		claim()
	:: n != 0 ->
progress_has:
		give()
	:: n == 0 -> break
	od
}

init {
	byte i;

	atomic {
		for (i : 1 .. WORKERS) {
			run worker()
		}
	}
	_nr_pr == 1;
	assert(free[0] == 3 && free[1] == 3 && held == 0)
}
