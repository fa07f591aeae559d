/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * Model of lib/fastmem/page.c and of what its callers do around it: workers claim pages as a run of
 * a class, take blocks, return them, find the run empty, release its pages, and claim them again
 * for another class, whose word may come to the same value.
 *
 * Run: spin -a page.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m1000000   (no error expected)
 *      spin -DWORKERS=3 ..., spin -DPAGES=2 ...                 more workers; runs of two pages
 *      spin -DHONEST ... && cc -O2 -DNP ... && ./pan -l         no cycle in which nobody gets on,
 *                                                       where takers ask the entry for the class
 *      spin -DWARM ...                 a run may be published whole, and stays until it was used
 * Planted defects, each of which must be found:
 *      -DNO_CHECK_AFTER_TAKE   the blocks taken are used without asking what class the run is now
 *      -DCHECK_BEFORE_TAKE     ... asked before they are taken (what A1 made relaxed would allow)
 *      -DNO_CHECK_AFTER_EMPTY  who emptied a run releases it as what it was before
 *      -DBACK_TO_OLD           ... or gives a foreign run back under its former class
 *      -DEMPTY_BY_STORE        a full word is set to 0 by a store
 *      -DTAKE_BY_STORE         ... blocks are taken by a store
 *      -DPUT_BY_STORE          ... blocks are returned by a store
 *      -DWORD_FIRST            a run is published before its entries (a relaxed store of the word)
 *      -DPAGES_FIRST           pages are released before their entries are 0
 *      -DKEEP_NONE             who publishes a run keeps no block: nobody finds that it is empty
 * Sequentially consistent, so it checks the algorithm, not the memory orders.
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef PAGES
#define PAGES 1
#endif

/* Class 1: two blocks in a page. Class 2: three in a page. Class 3: three in two pages. */
#define full(c)	    ((c) == 1 -> 3 : 7)
#define last_class  (PAGES == 1 -> 2 : 3)
#define last_page(p, c) ((c) == 3 -> 1 : (p))
#define lowest(w)   ((w) & (8 - (w)))

byte word[PAGES], entry[PAGES];
bool claimed[PAGES];	/* the slab's word, inverted */
byte held[PAGES];	/* what workers hold, as bits: nothing the code has */

/* From now on this worker has these blocks of page p. */
inline hold(p, bits)
{
	assert(claimed[p] && (held[p] & (bits)) == 0 && ((bits) & ~full(entry[p])) == 0);
	held[p] = held[p] | (bits);
	mine = mine | (bits);
	at = p
}

inline claim()
{
	at = p;
	if
	:: cls = 1
	:: PAGES == 1 -> cls = 2
	:: PAGES == 2 && at == 0 -> cls = 3
	fi;
	end = last_page(at, cls);
	atomic {
		if
		:: !claimed[at] && !claimed[end] -> claimed[at] = 1; claimed[end] = 1
		:: else -> goto taken
		fi
	}
	assert(word[at] == 0 && word[end] == 0 && entry[at] == 0 && entry[end] == 0);
#ifdef KEEP_NONE
	bits = 0;
#elif defined(WARM)
	select(bits : 0 .. full(cls));
#else
	select(bits : 1 .. full(cls));
#endif
#ifdef WORD_FIRST
	word[at] = full(cls) & ~bits;
#endif
	entry[at] = cls;
	entry[end] = cls;
	atomic {
		hold(at, bits);
#ifndef WORD_FIRST
		word[at] = full(cls) & ~bits
#endif
	}
progress_claim:
	skip;
taken:	skip
}

inline release(p, c)
{
	end = last_page(p, c);
	assert(held[p] == 0 && claimed[p] && claimed[end]);
#ifdef PAGES_FIRST
	atomic { claimed[p] = 0; claimed[end] = 0 };
#endif
	entry[p] = 0;
	entry[end] = 0;
#ifndef PAGES_FIRST
	atomic { claimed[p] = 0; claimed[end] = 0 }
#endif
}

/* fm_page_put() of `bits` under class `cls`, and its caller's loop. */
inline put()
{
	do
	::
#ifdef PUT_BY_STORE
	   old = word[p];
	   word[p] = old | bits;
#else
	   atomic { old = word[p]; assert((old & bits) == 0); word[p] = old | bits };
#endif
	   atomic {
		if
		:: (old | bits) != full(cls) -> old = 0; break
#ifdef EMPTY_BY_STORE
		:: else -> skip
#else
		:: else
#endif
		fi
	   }
#ifdef EMPTY_BY_STORE
	   word[p] = 0;
#else
	   atomic {
		if
		:: word[p] == full(cls) -> word[p] = 0
		:: else -> old = 0; break
		fi
	   }
#endif
	   atomic {
		now = entry[p];
#ifdef NO_CHECK_AFTER_EMPTY
		now = cls;
#endif
		assert(now != 0);
		old = 0
	   }
	   if
	   :: now == cls -> release(p, cls); break
	   :: else -> bits = full(cls);
#ifndef BACK_TO_OLD
		cls = now
#endif
	   fi
	od
}

inline take()
{
	do
	:: old = word[p];
	   if
	   :: old == 0 -> goto none
	   :: old != 0 -> bits = lowest(old)
	   :: old != 0 -> bits = old
	   fi;
#ifdef CHECK_BEFORE_TAKE
	   now = entry[p];
#endif
	   atomic {
		if
#ifdef TAKE_BY_STORE
		:: true -> word[p] = old & ~bits; break
#else
		:: word[p] == old -> word[p] = old & ~bits; break
		:: else -> skip
#endif
		fi
	   }
	od;
	old = 0;
	atomic {
#ifndef CHECK_BEFORE_TAKE
		now = entry[p];
#endif
#ifdef NO_CHECK_AFTER_TAKE
		now = cls;
#endif
		if
		:: now == cls -> assert(entry[p] == cls); hold(p, bits)
		:: else -> cls = now
		fi;
		now = 0
	}
	if
	:: (mine & bits) == 0 -> put(); goto foreign
	:: else
	fi;
none:
progress_take:
	skip;
foreign:
	skip
}

inline give()
{
	atomic {
		select(bits : 1 .. 7);
		bits = bits & mine;
		if
		:: bits == 0 -> bits = mine
		:: else
		fi;
		cls = entry[at];
		held[at] = held[at] & ~bits;
		mine = mine & ~bits
	}
	put();
progress_give:
	skip
}

proctype worker()
{
	byte at, mine, p, cls, bits, old, now, end;

	do
	:: atomic {
		bits = 0; cls = 0; now = 0; old = 0; end = 0;
		if
		:: mine == 0 -> at = 0; select(p : 0 .. PAGES - 1)
		:: else -> p = at
		fi
	   }
	   if
	   :: mine == 0 && !claimed[p] -> claim()
#ifdef HONEST
	   :: cls = entry[p]; take()
#else
	   :: select(cls : 1 .. last_class); take()
#endif
	   :: mine != 0 -> give()
	   :: mine == 0 -> break
	   fi
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
	for (i : 0 .. PAGES - 1) {
		assert(held[i] == 0);
		if
#ifdef WARM
		:: entry[i] != 0 ->
			assert(claimed[i] &&
				word[i] == (entry[i] == 3 && i == 1 -> 0 : full(entry[i])))
#endif
		:: else -> assert(word[i] == 0 && entry[i] == 0 && !claimed[i])
		fi
	}
}
